"""The clients of the lab: reads requests as JSON lines, sends each, answers with what came of it.

Run by itself in the clients' network namespace. A request is {"id", "source", "address", "port", "protocol", "route",
"url", "headers", "announces"}; the answer {"status", "outcome"}. `status` is 0 where no HTTP answer came; `outcome` is
`answered`, `no answer` (nothing came back in time), `refused`, or `closed` (without an answer).
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any

PATIENCE = 1.5
"""Seconds before nothing is taken for an answer. A lost packet is sent again after one second."""


def send(request: dict[str, Any]) -> dict[str, Any]:
    if request["route"]:
        route = ["ip", "route", "replace", f"{request['address']}/32", "via", request["route"]]
        subprocess.run(route, check=True)
    try:
        return _udp(request) if request["protocol"] == "UDP" else _tcp(request)
    except TimeoutError:
        return {"status": 0, "outcome": "no answer"}
    except ConnectionRefusedError:
        return {"status": 0, "outcome": "refused"}
    except ConnectionResetError:
        return {"status": 0, "outcome": "closed"}


def _tcp(request: dict[str, Any]) -> dict[str, Any]:
    target = (request["address"], request["port"])
    with socket.create_connection(target, PATIENCE, (request["source"], 0)) as connection:
        lines = [f"GET {request['url']} HTTP/1.1", "Host: lab", "Connection: close", f"X-Lab-Request: {request['id']}"]
        lines += [f"{name}: {value}" for name, value in request["headers"].items()]
        announced = (
            f"PROXY TCP4 {request['announces']} {request['address']} 1234 80\r\n" if request["announces"] else ""
        )
        connection.sendall((announced + "\r\n".join(lines) + "\r\n\r\n").encode())
        answer = connection.recv(4096)
    words = answer.split(b" ", 2)
    if len(words) > 1 and words[1].isdigit():
        return {"status": int(words[1]), "outcome": "answered"}
    return {"status": 0, "outcome": "closed"}


def _udp(request: dict[str, Any]) -> dict[str, Any]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(PATIENCE)
        connection.bind((request["source"], 0))
        connection.connect((request["address"], request["port"]))
        connection.send(request["id"].encode())
        connection.recv(64)
    return {"status": 200, "outcome": "answered"}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(send(json.loads(line))), flush=True)
