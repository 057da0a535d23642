#!/usr/bin/env python3
"""Counts the requests that browsers send again after a refusal: refusals.py chromium|firefox

A page fetches answers with several statuses, and opens event streams that are refused. Each line
shows how many requests the server has got within 12 seconds. `docs/doors.md` has the results.
"""

import sys
import tempfile
import time

import run

# Each case: an answer, and whether the page asks by fetch or by EventSource. The page and the
# server have different origins, and the page may read only the answers `with CORS`.
CORS = "access-control-allow-origin: *\r\n"
STREAM = "content-type: text/event-stream\r\n"
CASES = {
    "fetch, 403": ("403 Forbidden", "", "fetch"),
    "fetch, 421": ("421 Misdirected Request", "", "fetch"),
    "fetch, 421 with CORS": ("421 Misdirected Request", CORS, "fetch"),
    "event stream, 403": ("403 Forbidden", "", "events"),
    "event stream, 403 with CORS": ("403 Forbidden", CORS, "events"),
    "event stream, 421": ("421 Misdirected Request", "", "events"),
    "event stream, 503 with CORS": ("503 Service Unavailable", CORS, "events"),
    "event stream, 204 with CORS": ("204 No Content", CORS, "events"),
    "event stream, 200 that the page may not read": ("200 OK", STREAM, "events"),
    "event stream, 200 with CORS that ends": ("200 OK", STREAM + CORS, "events"),
}
PAGE = """<!doctype html><script>
const other = `http://other.test:${location.port}`;
for (const [index, kind] of %s.entries())
  if (kind === "fetch") fetch(`${other}/${index}`).catch(() => {});
  else new EventSource(`${other}/${index}`);
</script>"""


class Server(run.Harness):
    def one_request(self, client):
        if (received := self.read_head(client)) is None:
            return
        target = received[0].split(b" ")[1].decode()[1:]
        status, fields, content = "200 OK", "content-type: text/html\r\n", PAGE % [kind for _, _, kind in CASES.values()]
        if target.isdigit():
            status, fields, _ = list(CASES.values())[int(target)]
            content = ""
        with self.lock:
            self.answers[target] += 1
        length = "" if status.startswith("204") else f"content-length: {len(content)}\r\n"
        client.sendall(f"HTTP/1.1 {status}\r\n{fields}{length}connection: close\r\n\r\n{content}".encode())


def main():
    match sys.argv[1:]:
        case ["chromium" | "firefox" as browser]:
            pass
        case _:
            sys.exit(__doc__)
    server = Server(0)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = run.start(browser, folder, f"http://stranger.test:{server.port}/page")
        while not server.answers["page"]:
            time.sleep(0.1)
        time.sleep(12)
        process.kill()
        process.wait()
    for index, name in enumerate(CASES):
        print(f"{browser}: {name}: {server.answers[str(index)]}")


if __name__ == "__main__":
    main()
