#!/usr/bin/env python3
"""Sends a server what rude and broken clients send, and many clients at once.

.ci/clients.py lamp PORT           a lamp of `examples/firmware`, which is off, at 127.0.0.1
.ci/clients.py serve PORT ORIGIN   the API of `examples/serve`; pages of the origin may use it
"""

import socket
import sys
import threading
import time

match sys.argv[1:]:
    case ["lamp", port]:
        PATH, ORIGIN, CONTENT = b"/status", b"http://localhost:3000", b'{"on":false}\n'
    case ["serve", port, origin]:
        PATH, ORIGIN, CONTENT = b"/api/led", origin.encode(), b'{"led":"on"}'
    case _:
        sys.exit(__doc__)
PORT = int(port)
SHARED = b"access-control-allow-origin: " + ORIGIN + b"\r\n"
ORIGIN = b"Origin: " + ORIGIN + b"\r\n"
START = b"GET " + PATH + b" HTTP/1.1\r\nHost: lamp.local\r\n" + ORIGIN
GET = START + b"\r\n"
NOT_FOUND = GET.replace(PATH, b"/nowhere")
# A lamp would be on after this request, and no server may answer it.
HIDDEN = b"PUT /led HTTP/1.1\r\nHost: lamp.local\r\nAuthorization: Bearer lamp\r\nContent-Length: 11\r\n\r\n" + b'{"on":true}'


def connect(timeout=20):
    connection = socket.create_connection(("127.0.0.1", PORT), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def response(connection, rest=b""):
    """Reads one response. Returns its head, its content, and the bytes after it."""
    while b"\r\n\r\n" not in rest:
        piece = connection.recv(4096)
        if not piece:
            raise ConnectionResetError(f"closed after {rest!r}")
        rest += piece
    head, rest = rest.split(b"\r\n\r\n", 1)
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0])
    while len(rest) < length:
        rest += connection.recv(4096)
    return head + b"\r\n", rest[:length], rest[length:]


def expect(is_right, sentence):
    if not is_right:
        sys.exit(f"FAILED: {sentence}")


def is_as_before():
    with connect() as connection:
        connection.sendall(GET)
        return response(connection)[1] == CONTENT


def pipelined():
    with connect() as connection:
        connection.sendall(GET * 5 + NOT_FOUND)
        rest = b""
        for number in range(6):
            head, content, rest = response(connection, rest)
            is_right = content == CONTENT if number < 5 else head.startswith(b"HTTP/1.1 404")
            expect(is_right, f"answer {number} is {head!r} {content!r}")


def last_request():
    for head in (GET.replace(b"HTTP/1.1", b"HTTP/1.0"), START + b"Connection: x, close\r\n\r\n"):
        with connect() as connection:
            connection.sendall(head + GET)
            _, content, rest = response(connection)
            expect(content == CONTENT and rest + connection.recv(4096) == b"", f"the server goes on after {head!r}")


def hidden_requests():
    """None of these may make the server answer the request in the content of another one."""
    preflight = b"OPTIONS /led HTTP/1.1\r\n" + ORIGIN + b"Access-Control-Request-Method: PUT\r\n"
    post = b"POST /led HTTP/1.1\r\n" + ORIGIN
    padded = HIDDEN + b"x" * (2000 - len(HIDDEN))
    framings = [
        preflight + b"Content-Length: 2000",
        post + b"Content-Length: 2000",
        post + b"Content-Length : 2000",
        post + b"Content-Length: +2000",
        post + b"Content-Length: 0\r\nContent-Length: 2000",
        post + b"Transfer-Encoding: chunked\r\nContent-Length: 0",
        post + b"Transfer-Encoding: chunked",
    ]
    for framing in framings:
        with connect() as connection:
            connection.sendall(framing + b"\r\n\r\n" + padded)
            head, _, rest = response(connection)
            expect(b"connection: close\r\n" in head and head[9:10] == b"4", f"{framing!r} is answered {head!r}")
            expect(rest + connection.recv(4096) == b"", f"there is a second answer to {framing!r}")
        expect(is_as_before(), f"{framing!r} has changed something")


def too_late():
    """A request that stops, and one that goes on slowly, are answered 408, which the page sees."""
    def stops():
        with connect() as connection:
            connection.sendall(START)
            return response(connection)[0]

    def drips():
        with connect() as connection:
            connection.sendall(START + b"X: ")
            connection.settimeout(1)
            for _ in range(15):
                connection.sendall(b"x")
                try:
                    return response(connection)[0]
                except TimeoutError:
                    pass
            raise TimeoutError("a client that sends a byte each second is served for 15 seconds")

    heads = {}
    threads = [threading.Thread(target=lambda client=client: heads.update({client: client()})) for client in (stops, drips)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in (stops, drips):
        head = heads.get(client, b"no answer")
        expect(head.startswith(b"HTTP/1.1 408 ") and SHARED in head, f"the client that {client.__name__} gets {head!r}")


def crowd():
    """Ten clients that say nothing must not keep out twenty that do."""
    idle = [connect() for _ in range(10)]
    served, tries, lock = [0] * 20, [0], threading.Lock()

    def busy(number):
        end = time.monotonic() + 40
        while served[number] < 5 and time.monotonic() < end:
            try:
                with lock:
                    tries[0] += 1
                with connect(5) as connection:
                    connection.sendall(GET)
                    if response(connection)[1] == CONTENT:
                        served[number] += 1
            except OSError:
                time.sleep(0.1)

    threads = [threading.Thread(target=busy, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for connection in idle:
        connection.close()
    expect(served == [5] * 20, f"of 20 busy clients beside 10 idle ones, answered: {served}")
    return f"20 busy clients beside 10 idle ones got 5 answers each, in {tries[0]} connections"


def main():
    expect(is_as_before(), "the server does not answer")
    pipelined()
    last_request()
    hidden_requests()
    too_late()
    print(f"rude clients: framed rightly, 408 in time, {crowd()}")


if __name__ == "__main__":
    main()
