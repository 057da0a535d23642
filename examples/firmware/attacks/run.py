#!/usr/bin/env python3
"""Attacks a lamp with real browsers, and checks who gets in.

run.py PORT open|closed chromium|firefox [serial]

The lamp listens at this port of 127.0.0.1. `open` means that it was built without doors, so every
attack has to succeed; with doors, `closed`, every attack has to fail. The lamp's own page and a
page that the policy lists have to work in both cases. `serial` is the lamp in C: a serial line is
one connection that does not end, and this lamp has no WebSocket, no event stream and no page.

All names lead the browser to a proxy. It serves the attacking pages, and passes all else on to the
lamp, byte for byte. So a page of `rebound.test` and the lamp have the same host, as after DNS
rebinding.
"""

import collections
import contextlib
import http.client
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

FOLDER = pathlib.Path(__file__).parent
PAGE = """<!doctype html><meta charset="utf-8"><title>attack</title><body>
<script>const status = %s, missing = %s;</script><script src="/attack.js"></script>"""
MISSING = ["websocket", "event stream", "page"]
CHROMIUM = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--no-proxy-server",
    "--host-resolver-rules=MAP * 127.0.0.1",
]  # fmt: skip
FIREFOX = {
    "app.update.auto": False,
    "browser.aboutwelcome.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.forceResolve": "127.0.0.1",
    "network.proxy.type": 0,
    "toolkit.telemetry.enabled": False,
}


class Harness:
    """The proxy, and what it has seen."""

    def __init__(self, lamp_port, is_serial=False):
        self.lamp_port = lamp_port
        self.is_serial = is_serial
        self.status = "/led" if is_serial else "/status"
        self.turn = threading.Lock() if is_serial else contextlib.nullcontext()
        self.results = {}
        self.answers = collections.Counter()
        self.lock = threading.Lock()
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            with client:
                self.one_request(client)
        except OSError:
            pass  # The browser has gone.

    @staticmethod
    def read_head(client):
        """Returns the head of a request, and the bytes after it. Returns None if none comes."""
        received = b""
        while b"\r\n\r\n" not in received:
            piece = client.recv(4096)
            if not piece:
                return None
            received += piece
        return received.split(b"\r\n\r\n", 1)

    def one_request(self, client):
        """Handles one request, and closes the connection after it."""
        if (received := self.read_head(client)) is None:
            return
        head, content = received
        lines = head.split(b"\r\n")
        method, target, _ = lines[0].decode().split(" ")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
        if target in ("/attack.html", "/attack.js") or target.startswith("/harness/"):
            content = self.whole(client, fields, content)
            body, kind = self.own(target, content)
            answer = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            client.sendall(answer.encode() + body)
            return
        if self.is_serial:
            content = self.whole(client, fields, content)
        with self.turn, self.to_lamp() as lamp:
            # A WebSocket needs the connection, and all else ends with its answer.
            if b"upgrade" not in fields:
                lines = [line for line in lines if not line.lower().startswith(b"connection:")] + [b"Connection: close"]
            lamp.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + content)
            if self.is_serial:
                status = self.copy_one(lamp, client)
            else:
                threading.Thread(target=self.copy, args=(client, lamp), daemon=True).start()
                status = self.copy(lamp, client)
            with self.lock:
                host = fields.get(b"host", b"").decode().split(":")[0]
                self.answers[host, method, target, status] += 1

    @staticmethod
    def whole(source, fields, content):
        """Returns the content of a message, whose first bytes are given."""
        length = int(fields.get(b"content-length", 0))
        while len(content) < length:
            content += source.recv(4096)
        return content

    def copy_one(self, lamp, client):
        """Copies one answer, and returns its status."""
        lamp.settimeout(30)
        head, content = self.read_head(lamp)
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in head.split(b"\r\n"))}
        client.sendall(head + b"\r\n\r\n" + self.whole(lamp, fields, content))
        return head[9:12].decode("latin-1")

    def to_lamp(self):
        # The lamp has no queue for connections, so a client may have to try again.
        for _ in range(50):
            try:
                return socket.create_connection(("127.0.0.1", self.lamp_port), 10)
            except OSError:
                time.sleep(0.1)
        raise ConnectionError("the lamp does not answer")

    @staticmethod
    def copy(source, target):
        """Copies bytes until the end. Returns the status of the answer, if the bytes are one."""
        start = b""
        try:
            source.settimeout(30)
            while piece := source.recv(4096):
                start = start or piece
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return start[9:12].decode("latin-1")

    def own(self, target, content):
        match target:
            case "/attack.html":
                missing = MISSING if self.is_serial else []
                return (PAGE % (json.dumps(self.status), json.dumps(missing))).encode(), "text/html"
            case "/attack.js":
                return (FOLDER / "page.js").read_bytes(), "text/javascript"
            case "/harness/off":
                self.lamp("POST", "/led", "on=false")
                return b"", "text/plain"
            case "/harness/state":
                return (b"on" if json.loads(self.lamp("GET", self.status))["on"] else b"off"), "text/plain"
            case "/harness/results":
                name, results = json.loads(content)
                self.results[name] = {attempt: (got, is_on) for attempt, got, is_on in results}
                return b"", "text/plain"

    def lamp(self, method, path, content=None):
        """Sends the lamp a request as a program that is not a browser does."""
        for attempt in range(50):
            connection = http.client.HTTPConnection("127.0.0.1", self.lamp_port, timeout=10)
            try:
                with self.turn:
                    connection.request(method, path, content, {"Connection": "close"})
                    content_of_answer = connection.getresponse().read()
                    connection.close()
                return content_of_answer
            except (OSError, http.client.HTTPException):
                if attempt == 49:
                    raise
                time.sleep(0.1)
            finally:
                connection.close()


def start(browser, folder, url):
    profile = pathlib.Path(folder) / "profile"
    profile.mkdir()
    if browser == "chromium":
        command = ["chromium", *CHROMIUM, f"--user-data-dir={profile}", url]
    else:
        prefs = [f'user_pref("{name}", {json.dumps(value)});\n' for name, value in FIREFOX.items()]
        (profile / "user.js").write_text("".join(prefs))
        command = ["firefox-esr", "--headless", "--no-remote", "--profile", str(profile), url]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


ON = ("on", True)


def check(results, answers, doors, is_serial):
    """Returns sentences about what is not as expected."""
    faults = []

    def expect(is_right, sentence):
        if not is_right:
            faults.append(sentence)

    for page in ("own", "allowed"):
        for attempt, (got, is_on) in results[page].items():
            is_right = {
                "read": '"on":false' in got,
                "post": got == "200" and is_on,
                "websocket": got.startswith('{"on":') and is_on,
                "event stream": got == '{"on":false}',
                "page": got == "on" and is_on,
            }[attempt]
            expect(is_right, f"{page} page, {attempt}: {got!r}, on: {is_on}")
    for page in ("stranger", "rebound"):
        for attempt, (got, is_on) in results[page].items():
            if attempt == "read":
                expect(('"on":' in got) == (doors == "open"), f"{page} page reads {got!r}")
            elif attempt != "event stream":
                expect(is_on == (doors == "open"), f"{page} page, {attempt}: {got!r}, on: {is_on}")
    # A post that a browser has not sent shows nothing.
    posts = [status for (host, method, target, status) in answers.elements() if (host, target) == ("lamp.local", "/led")]
    expect(posts.count("403") == (2 if doors == "closed" else 0), f"posts are answered {posts}")
    if is_serial:
        return faults
    streams = {status for (host, _, target, status) in answers if target == "/events"}
    expect(("403" in streams) == (doors == "closed"), f"event streams are answered {streams}")
    return faults


def main():
    match sys.argv[1:]:
        case [port, "open" | "closed" as doors, "chromium" | "firefox" as browser]:
            is_serial = False
        case [port, "open" | "closed" as doors, "chromium" | "firefox" as browser, "serial"]:
            is_serial = True
        case _:
            sys.exit(__doc__)
    harness = Harness(int(port), is_serial)
    pages = ["stranger", "rebound", "own", "allowed"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = start(browser, folder, f"http://stranger.test:{harness.port}/attack.html#{','.join(pages)}")
        deadline = time.monotonic() + 150
        while len(harness.results) < len(pages) and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.1)
        process.kill()
        process.wait()
    missing = [page for page in pages if page not in harness.results]
    if missing:
        sys.exit(f"FAILED: {browser} has not reported {missing}; the rest is {harness.results}, {harness.answers}")
    faults = check(harness.results, harness.answers, doors, is_serial)
    if faults:
        sys.exit("FAILED: " + "\n".join([f"{browser}, doors {doors}:", *faults, str(harness.answers)]))
    refused = harness.answers["lamp.local", "GET", "/events", "403"]
    attempts = sum(len(harness.results[page]) for page in ("stranger", "rebound"))
    outcome = "succeed without doors" if doors == "open" else "fail"
    if refused > 0:
        outcome += f"; {refused} refused event streams in 8 seconds"
    print(f"{browser}: {attempts} attacks {outcome}; the lamp's own page and an app work")


if __name__ == "__main__":
    main()
