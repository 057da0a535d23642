#!/usr/bin/env python3
"""Compares the verdicts of the debugger with those of browsers.

.ci/verdicts.py CORS [--cases N] [--seed S] [--keep DIRECTORY] [chromium] [firefox]

CORS is the command `cors`. The program makes N random requests of pages and random answers to them,
has each sent by the browsers, and writes down the heads that the server has seen and sent, half as
`curl -v` shows them and half as HAR. `cors explain` reads them, and has to give the verdict and the
place that the browser gave. --keep writes the texts and the JSON to a directory.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

from common import install

PACKAGES = {"chromium": "chromium", "firefox": "firefox-esr"}
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
# The pages, and whether they are sandboxed, so that their origin is `null`.
PAGES = [("app.test", False), ("localhost", False), ("app.test", True)]
FRAMES = '<!doctype html><meta charset="utf-8"><title>cases</title>'
PAGE = """<!doctype html><meta charset="utf-8"><title>cases</title><script>
const cases = %s;
const run = async ({id, url, ...options}) => {
  try {
    await fetch(url, options);
    return [id, "allowed"];
  } catch (error) {
    return [id, error instanceof TypeError ? "blocked" : String(error)];
  }
};
const runner = async () => {
  while (cases.length > 0) {
    const outcomes = [];
    while (cases.length > 0 && outcomes.length < 20) outcomes.push(await run(cases.shift()));
    await fetch("/outcomes", {method: "POST", mode: "no-cors", body: JSON.stringify(outcomes)});
  }
};
for (let count = 0; count < 4; count += 1) runner();
</script>"""

# Random cases. Each part of an answer is right with this probability, and else one that is often,
# but not always, wrong. So about half of all cases are allowed.
RIGHT = 0.87
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "patch", "put", "OPTIONS", "PROPFIND", "x-Do"]
HEADERS = {
    "X-A": "1",
    "X-Requested-With": "XMLHttpRequest",
    "Authorization": "Bearer abc",
    "X-Api-Key": "abc",
    "Accept": "application/json",
    "Accept-Language": "de",
    "Cache-Control": "no-cache",
    "Range": "bytes=0-10",
    "X-Long-" + "n" * 40: "v" * 200,
}
TYPES = [
    "text/plain", "text/plain;charset=UTF-8", "application/json", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/xml", "TEXT/PLAIN", "text/plain; a=(b)",
]  # fmt: skip
# `ORIGIN` is the origin that the request names. A tuple is several lines.
ORIGINS = [
    None, None, "*", "*", "null", "ORIGIN/", "ORIGIN.", "http://APP.test", "http://app.test", "https://app.test",
    "ORIGIN, ORIGIN", ("ORIGIN", "ORIGIN"), ("ORIGIN", "*"), ("*", "*"), '"ORIGIN"', "", " ORIGIN \t", "http://*.test",
    "**", "ORIGIN ORIGIN", "*, ORIGIN", "http://other.test", "NULL", "Null",
]  # fmt: skip
CREDENTIALS = [None, None, "false", "True", "TRUE", "1", "true, true", ("true", "true"), " true\t", '"true"', "", "include"]
BAD_MEMBERS = ["a b", "@x", '"x"', "x;y", "x/y", "(", "X-A:"]


def random_value(rng, right, others):
    return right if rng.random() < RIGHT else rng.choice(others)


def listed(rng, names):
    """Returns a value that lists these names in one of the ways that are right."""
    more = rng.sample(["GET", "PUT", "x-b", "Content-Type", "DELETE"], rng.randrange(3))
    names = [name.lower() if name.lower().startswith(("x-", "c")) and name != "x-Do" else name for name in names]
    members = list(dict.fromkeys([*names, *more]))
    rng.shuffle(members)
    if len(members) > 1 and rng.random() < 0.15:
        return (", ".join(members[:1]), ", ".join(members[1:]))
    return rng.choice([",", ", ", " ,\t", ",,"]).join(members)


def wrong_lists(rng, names):
    upper, lower = [name.upper() for name in names], [name.lower() for name in names]
    part = rng.sample(names, len(names) // 2)
    return [
        None, None, "*", "*", "", ", ".join(part), ", ".join(upper), ", ".join(lower), " ".join(names), ";".join(names),
        ", ".join(["*", *part]), ", ".join([*names, rng.choice(BAD_MEMBERS)]), ('*', ", ".join(part)), "*,,", "**", '"*"',
    ]  # fmt: skip


def random_answer(rng, case, is_preflight):
    """Returns the status and the fields of an answer."""
    if is_preflight:
        status = random_value(rng, rng.choice([200, 204]), [200, 201, 202, 205, 206, 299, 301, 302, 304, 307, 400, 401, 403, 404, 405, 429, 500, 501, 502, 503])
    else:
        status = rng.choice([200, 200, 200, 201, 204, 206, 300, 302, 304, 400, 401, 403, 404, 410, 418, 500, 502, 503])
    with_credentials = case["credentials"] == "include"
    star = [] if with_credentials else ["*"]
    fields = [("access-control-allow-origin", random_value(rng, rng.choice(["ORIGIN", "ORIGIN", *star]), ORIGINS))]
    if with_credentials or rng.random() < 0.3:
        fields.append(("access-control-allow-credentials", random_value(rng, "true", CREDENTIALS)))
    if is_preflight:
        methods, headers = [case["method"]], [*case["headers"]] or ["X-A"]
        star = [] if with_credentials else ["*"]
        fields.append(("access-control-allow-methods", random_value(rng, rng.choice([listed(rng, methods), *star]), wrong_lists(rng, methods))))
        fields.append(("access-control-allow-headers", random_value(rng, rng.choice([listed(rng, headers), *star]), wrong_lists(rng, headers))))
        if rng.random() < 0.3:
            fields.append(("access-control-max-age", rng.choice(["0", "60", "86400", "-1", "abc"])))
    elif rng.random() < 0.2:
        fields.append(("access-control-expose-headers", rng.choice(["*", "x-a", "a b", ""])))
    if rng.random() < 0.3:
        fields.append(("vary", rng.choice(["Origin", "*", "accept-encoding, origin"])))
    lines = []
    for name, values in fields:
        name = rng.choice([name, name.title(), name.title(), name.upper()])
        for value in values if isinstance(values, tuple) else (values,):
            if value is not None:
                lines.append((name, value))
    rng.shuffle(lines)
    return status, lines


def random_case(rng, number):
    method = rng.choice(METHODS)
    headers = {name: HEADERS[name] for name in rng.sample([*HEADERS], rng.choice([0, 0, 1, 1, 2, 3]))}
    case = {
        "page": rng.choice([0, 0, 1, 1, 2]),
        "method": method,
        "headers": headers,
        "credentials": rng.choice(["include", "omit", "same-origin"]),
    }
    if method not in ("GET", "HEAD") and rng.random() < 0.6:
        case["body"] = "a=b"
        if rng.random() < 0.7:
            headers["Content-Type"] = rng.choice(TYPES)
    # A redirect leads to the same host, or to another.
    legs = rng.choices([1, 2, 3], [88, 10, 2])[0]
    case["hosts"] = [rng.choice(["api.test", "other.test"]) for _ in range(legs)]
    case["answers"] = [(random_answer(rng, case, True), random_answer(rng, case, False)) for _ in range(legs)]
    case["redirects"] = [rng.choice([301, 302, 303, 307, 308]) for _ in range(legs - 1)]
    return case


class Server(socketserver.ThreadingTCPServer):
    """Serves the pages and the answers to one browser, and keeps the heads."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, cases):
        super().__init__(("127.0.0.1", 0), Connection)
        self.port = self.server_address[1]
        self.cases = cases
        self.outcomes = {}
        self.heads = collections.defaultdict(list)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def own_page(self, target):
        """Returns a page of the program."""
        if target == "/":
            frames = [
                f'<iframe {"sandbox=allow-scripts" if is_sandboxed else ""} src="http://{host}:{self.port}/page/{number}"></iframe>'
                for number, (host, is_sandboxed) in enumerate(PAGES)
            ]
            return FRAMES + "".join(frames)
        page = int(target.removeprefix("/page/"))
        members = ("method", "headers", "credentials", "body")
        calls = [
            {"id": number, "url": f"http://{case['hosts'][0]}:{self.port}/case/{number}/0"}
            | {name: case[name] for name in members if name in case}
            for number, case in enumerate(self.cases)
            if case["page"] == page
        ]
        return PAGE % json.dumps(calls)

    def answer(self, target, method, fields):
        """Returns the status and the fields of the answer to a request of a case."""
        number, leg = (int(part) for part in target.removeprefix("/case/").split("/"))
        case = self.cases[number]
        is_preflight = method == "OPTIONS" and "access-control-request-method" in fields
        status, lines = case["answers"][leg][0 if is_preflight else 1]
        lines = [(name, value.replace("ORIGIN", fields.get("origin", ""))) for name, value in lines]
        if not is_preflight and leg < len(case["redirects"]):
            status = case["redirects"][leg]
            lines.append(("Location", f"http://{case['hosts'][leg + 1]}:{self.port}/case/{number}/{leg + 1}"))
        return number, is_preflight, status, lines


class Connection(socketserver.StreamRequestHandler):
    """One connection of the browser, with any number of requests."""

    def handle(self):
        while start := self.rfile.readline():
            method, target, _ = start.decode().split(" ")
            lines = []
            while line := self.rfile.readline().decode("latin-1").rstrip("\r\n"):
                name, _, value = line.partition(":")
                lines.append((name, value.strip()))
            fields = {name.lower(): value for name, value in lines}
            content = self.rfile.read(int(fields.get("content-length", 0)))
            if target.startswith("/case/"):
                number, is_preflight, status, answer = self.server.answer(target, method, fields)
                has_content = status not in (204, 205, 304)
                answer = [*answer, ("Content-Length", "2")] if has_content else answer
                self.server.heads[number].append((is_preflight, (method, target, lines), (status, answer)))
                self.send(status, answer, b"ok" if has_content and method != "HEAD" else b"")
            elif target == "/outcomes":
                self.server.outcomes.update(json.loads(content))
                self.send(204, [], b"")
            elif target == "/" or target.startswith("/page/"):
                page = self.server.own_page(target).encode()
                self.send(200, [("Content-Type", "text/html"), ("Content-Length", str(len(page)))], page)
            else:
                self.send(404, [("Content-Length", "0")], b"")

    def send(self, status, lines, content):
        head = f"HTTP/1.1 {status} Answer\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines)
        self.wfile.write(head.encode("latin-1") + b"\r\n" + content)


def start(browser, folder, url):
    profile = pathlib.Path(folder) / browser
    profile.mkdir()
    if browser == "chromium":
        command = ["chromium", *CHROMIUM, f"--user-data-dir={profile}", url]
    else:
        prefs = [f'user_pref("{name}", {json.dumps(value)});\n' for name, value in FIREFOX.items()]
        (profile / "user.js").write_text("".join(prefs))
        command = ["firefox-esr", "--headless", "--no-remote", "--profile", str(profile), url]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)


# The texts.


def as_curl(heads):
    """Writes heads as `curl -v` does."""
    text = []
    for _, (method, target, lines), (status, answer) in heads:
        text.append(f"> {method} {target} HTTP/1.1")
        text += [f"> {name}: {value}" for name, value in lines]
        text += [">", f"< HTTP/1.1 {status} Answer"]
        text += [f"< {name}: {value}" for name, value in answer]
        text += ["<"]
    return "\n".join(text) + "\n"


def as_entries(heads):
    """Writes heads as entries of a HAR file."""
    entries = []
    for is_preflight, (method, target, lines), (status, answer) in heads:
        host = next(value for name, value in lines if name.lower() == "host")
        request = {"method": method, "url": f"http://{host}{target}", "headers": as_members(lines)}
        entry = {"request": request, "response": {"status": status, "headers": as_members(answer)}}
        entries.append(entry | ({"_resourceType": "preflight"} if is_preflight else {}))
    return entries


def as_members(lines):
    return [{"name": name, "value": value.strip()} for name, value in lines]


def explain(cors, cases, heads, keep):
    """Returns the verdicts and places that the debugger gives, by the number of the case."""
    verdicts = {}
    for mode in ("include", "omit"):
        numbers = [number for number in heads if (cases[number]["credentials"] == "include") == (mode == "include")]
        har = [entry for number in numbers[::2] for entry in as_entries(heads[number])]
        texts = {
            "har": json.dumps({"log": {"version": "1.2", "creator": {"name": "verdicts"}, "entries": har}}, indent=1),
            "txt": "".join(as_curl(heads[number]) for number in numbers[1::2]),
        }
        for kind, text in texts.items():
            path = keep / f"{mode}.{kind}"
            path.write_text(text)
            command = [cors, "explain", "--json", "--credentials", mode, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
            path.with_suffix(f".{kind}.json").write_text(done.stdout)
            for exchange in json.loads(done.stdout)["exchanges"]:
                number = int(exchange["request"]["url"].partition("/case/")[2].split("/")[0])
                place = exchange["cause"] and exchange["cause"]["place"]
                verdicts.setdefault(number, []).append((exchange["verdict"], place))
    return verdicts


def compare(browser, cors, cases, server, keep):
    """Returns how many cases are allowed, and texts about each difference."""
    verdicts = explain(cors, cases, server.heads, keep)
    faults, allowed = [], 0
    for number, case in enumerate(cases):
        outcome, heads = server.outcomes.get(number), server.heads.get(number, [])
        allowed += outcome == "allowed"
        place = None
        if outcome == "blocked" and heads:
            # The request that the server saw last is the one that failed.
            is_preflight, (_, target, _), (status, fields) = heads[-1]
            is_redirected = not target.endswith("/0") or (not is_preflight and case["redirects"])
            place = "redirect" if is_redirected else "preflight" if is_preflight else "actual"
            is_missing = not any(name.lower() == "access-control-allow-origin" for name, _ in fields)
            if not is_preflight and status in (502, 503) and is_missing:
                # The debugger takes it for the answer of a gateway, and that concerns no policy.
                place = "not-cors"
        found = verdicts.get(number)
        if found != [(outcome, place)]:
            said = {name: case[name] for name in case if name not in ("answers", "redirects")}
            faults.append(f"case {number} in {browser}: {outcome} {place}, the debugger: {found}\n{said}\n{as_curl(heads)}")
    return allowed, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cors")
    parser.add_argument("browsers", nargs="*", choices=[*PACKAGES, []], metavar="BROWSER")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    browsers = arguments.browsers or [*PACKAGES]
    install(*(PACKAGES[browser] for browser in browsers))
    rng = random.Random(arguments.seed)
    cases = [random_case(rng, number) for number in range(arguments.cases)]
    faults = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        servers = {browser: Server(cases) for browser in browsers}
        processes = {
            browser: start(browser, folder, f"http://app.test:{server.port}/") for browser, server in servers.items()
        }
        deadline = time.monotonic() + 60 + arguments.cases / 10
        try:
            while any(len(server.outcomes) < len(cases) for server in servers.values()) and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            for process in processes.values():
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for browser, server in servers.items():
            keep = (arguments.keep or pathlib.Path(folder) / "texts") / browser
            keep.mkdir(parents=True, exist_ok=True)
            allowed, differences = compare(browser, arguments.cors, cases, server, keep)
            print(f"{browser}: {len(server.outcomes)} random exchanges, {allowed} allowed; {len(differences)} differences")
            faults += differences
            if allowed < 0.4 * len(cases):
                faults.append(f"{browser} allows only {allowed} of {len(cases)} cases, so the comparison says little")
    if faults:
        sys.exit("FAILED: " + "\n".join([*faults[:10], f"{len(faults)} faults, seed {arguments.seed}"]))


if __name__ == "__main__":
    main()
