"""An application of the lab: answers HTTP, and UDP, and logs whom it takes for its peer and what it was sent.

Run by itself in a pod: `python app.py LOG tcp:80 udp:53 ...`. One JSON object a request is appended to LOG.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Thread

LOG = Path(sys.argv[1])


class Server(ThreadingHTTPServer):
    """The library's looks its own name up when it starts, which takes seconds where no DNS answers."""

    def server_bind(self) -> None:
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "lab", self.server_address[1]


def note(request: str, peer: str, headers: dict[str, str] | None = None) -> None:
    with LOG.open("a", encoding="utf-8") as log:
        log.write(json.dumps({"id": request, "peer": peer, "headers": headers or {}}) + "\n")


class Answer(BaseHTTPRequestHandler):
    """Answers every request with 200, and a connection that does not speak HTTP with 400."""

    def do_GET(self) -> None:
        wanted = ("X-Forwarded-For", "X-Real-IP", "Forwarded")
        headers = {name.lower(): ", ".join(self.headers.get_all(name) or []) for name in wanted}
        note(self.headers.get("X-Lab-Request", ""), self.client_address[0], headers)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def answer_datagrams(port: int) -> None:
    found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    found.bind(("", port))
    with selectors.DefaultSelector() as ready:
        ready.register(found, selectors.EVENT_READ)
        while ready.select():
            data, peer = found.recvfrom(2048)
            note(data.decode(), peer[0])
            found.sendto(b"answer", peer)


def main() -> None:
    threads = []
    for each in sys.argv[2:]:
        protocol, _, port = each.partition(":")
        if protocol == "udp":
            threads.append(Thread(target=answer_datagrams, args=(int(port),)))
        else:
            threads.append(Thread(target=Server(("", int(port)), Answer).serve_forever))
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main()
