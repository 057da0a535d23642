#!/usr/bin/env python3
"""Puts servers under load: axum with the layer for tower, and nginx with the module.

    benches/load/run.py [ROUNDS] [SECONDS]

It is run by hand. It starts all servers, each on one thread, and sends each in turn requests for
some seconds by wrk, in several rounds, since the machine may be shared. It writes
benches/load/results.txt: for each server, its CPU time for a request, its requests per second and
its 99th percentile of the time to answer, divided by those of the same server without CORS in the
same round; the median and the range of the rounds. CPU time depends least on other programs.
`.ci/bench.py --page` then writes the page anew.

It needs Debian's packages nginx, nginx-dev, gcc, make, binutils and wrk."""

import math
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "benches" / "load"
BUILD = ROOT / "target" / "benchmarks"
CONNECTIONS = 32
FEW, MANY = 1, 100_000
# The server, what it does, and the number of origins. The first of each server has no CORS.
SERVERS = [
    ("axum", "none", 0),
    ("axum", "embedded-cors", FEW),
    ("axum", "embedded-cors", MANY),
    ("axum", "tower-http", FEW),
    # Each request copies its list, so with a longer one it answers nothing within a second.
    ("axum", "tower-http", 1_000),
    ("nginx", "none", 0),
    ("nginx", "embedded-cors", FEW),
    ("nginx", "embedded-cors", MANY),
]


def origin(number):
    return f"https://tenant-{number:06}.customers.example.com"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start_axum(layer, size, port, _):
    return [str(BUILD / "release" / "load"), str(port), layer, str(size)]


def start_nginx(layer, size, port, scratch):
    module = ROOT / "target" / "capi" / "nginx" / "ngx_http_ecors_module.so"
    directives = ["cors on;"] + [f"cors_origin {origin(number)};" for number in range(size)]
    directory = scratch / f"nginx-{port}"
    directory.mkdir()
    (directory / "nginx.conf").write_text(
        f"""{f"load_module {module};" if size else ""}
daemon off;
master_process off;
worker_processes 1;
user root;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {chr(10).join(directives) if size else ""}
        location / {{ return 200 "hello\\n"; }}
    }}
}}
"""
    )
    return ["nginx", "-p", str(directory), "-c", str(directory / "nginx.conf"), "-e", str(directory / "error.log")]


def ask(port, own):
    """Returns the head of a response to a GET from this origin."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: {own}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    return answer.decode().lower()


def wait(port):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"no server listens on port {port}")


def on_cpu(process):
    """Returns the nanoseconds that the only thread of a process has run."""
    return int(pathlib.Path(f"/proc/{process.pid}/schedstat").read_text().split()[0])


def load(process, port, own, seconds):
    """Returns the CPU time of a request in nanoseconds, the requests per second, and the 99th
    percentile in microseconds."""
    before = on_cpu(process)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-H", f"Origin: {own}", f"http://127.0.0.1:{port}/"]
    printed = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    if "Non-2xx" in printed or "Socket errors" in printed:
        sys.exit(printed)
    rate = float(re.search(r"Requests/sec: +([\d.]+)", printed)[1])
    if not rate:
        return math.inf, 0, math.inf
    requests = int(re.search(r"(\d+) requests in", printed)[1])
    number, unit = re.search(r"99% +([\d.]+)(us|ms|s)", printed).groups()
    return (on_cpu(process) - before) / requests, rate, float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def main():
    rounds, seconds = (int(word) for word in (sys.argv[1:] + ["15", "1"][len(sys.argv) - 1 :])[:2])
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILD)}
    subprocess.run([str(ROOT / ".ci" / "install"), "nginx", "nginx-dev", "gcc", "make", "binutils", "wrk"], check=True)
    command = ["cargo", "build", "--quiet", "--locked", "--release", "--manifest-path", str(HERE / "Cargo.toml")]
    subprocess.run(command, check=True, env=environment)
    subprocess.run(["make", "--no-print-directory", "--silent", "-C", str(ROOT / "capi" / "examples" / "nginx")], check=True)

    running, results = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        try:
            for server, layer, size in SERVERS:
                port = free_port()
                start = {"axum": start_axum, "nginx": start_nginx}[server]
                running.append((port, subprocess.Popen(start(layer, size, port, pathlib.Path(scratch)))))
                wait(port)
                own = origin(max(size, 1) - 1)
                allowed = f"access-control-allow-origin: {own}\r\n" in ask(port, own)
                stranger = "access-control-allow-origin" in ask(port, "https://stranger.example")
                if (allowed, stranger) != (size > 0, False):
                    sys.exit(f"{server}, {layer}, {size}: an allowed origin {allowed}, a stranger {stranger}")
            for number in range(rounds):
                # Each round starts with another server.
                for turn in range(len(SERVERS)):
                    at = (turn + number) % len(SERVERS)
                    own = origin(max(SERVERS[at][2], 1) - 1)
                    results.setdefault(SERVERS[at], []).append(load(running[at][1], running[at][0], own, seconds))
        finally:
            for _, process in running:
                process.terminate()
            for _, process in running:
                process.wait()

    lines = [
        f"# CPU time of a request, requests per second and 99th percentile beside the same server without CORS: median, least and greatest of {rounds} rounds of"
        f" {seconds} s. Written by benches/load/run.py.",
    ]
    for server, layer, size in SERVERS:
        alone = results[server, "none", 0]
        for at, what in enumerate(("cpu", "rate", "p99")):
            ratios = [own[at] / other[at] for own, other in zip(results[server, layer, size], alone)]
            if layer == "none":
                # Beside its own median, so that the spread of the machine is known.
                middle = statistics.median(each[at] for each in alone)
                ratios = [each[at] / middle for each in alone]
            numbers = statistics.median(ratios), min(ratios), max(ratios)
            lines.append(" ".join([server, layer, str(size), what, *(f"{number:.3f}" for number in numbers)]))
    (HERE / "results.txt").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


main()
