"""One scenario, built and asked. Run by `run.observe` in namespaces of its own, which end with it.

Prints one JSON object: {"answers": {request: {"status", "outcome"}}, "notes": {workload: {request: note}}}, where a
note is {"id", "node", "peer", "takes", "headers"}.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from lab.network import build
from lab.processes import ROOM, log_of, start
from lab.requests import requests
from lab.scenario import Pod, Scenario, read

_IN_MEMORY = ("/run", "/var/log", "/var/lib/nginx", "/var/lib/haproxy")
"""Folders that the programs write to: what they write must not outlive them."""


def main(name: str) -> None:
    for folder in _IN_MEMORY:
        if Path(folder).is_dir():
            subprocess.run(["mount", "-t", "tmpfs", "lab", folder], check=True)
    for path in (Path("/run/netns"), Path("/var/log/nginx"), ROOM):
        path.mkdir(parents=True)
    scenario = read(name)
    build(scenario)
    processes = start(scenario)
    answers = _ask(scenario)
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait()
    notes: dict[str, dict[str, Any]] = {}
    for pod in scenario.pods:
        notes.setdefault(pod.workload, {}).update(_notes(pod))
    print(json.dumps({"answers": answers, "notes": notes}))


def _ask(scenario: Scenario) -> dict[str, Any]:
    """Send all requests, one after the other."""
    sent = requests(scenario)
    client = Path(__file__).with_name("client.py")
    command = ["ip", "netns", "exec", "client", sys.executable, "-S", str(client)]
    text = "".join(json.dumps(request.as_sent()) + "\n" for request in sent)
    done = subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.PIPE)
    return dict(zip((request.id for request in sent), map(json.loads, done.stdout.splitlines()), strict=True))


def _notes(pod: Pod) -> dict[str, Any]:
    """What a pod's process logged, by request. HAProxy's log is its output, Caddy's has a form of its own."""
    log = ROOM / "logs" / f"{pod.name}.out" if pod.image == "haproxy" else log_of(pod)
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    found = [json.loads(line) for line in lines if line.startswith("{")]
    notes = map(_of_caddy if pod.image == "caddy" else _as_it_is, found)
    return {note["id"]: {**note, "node": pod.node} for note in notes if note["id"]}


def _as_it_is(note: dict[str, Any]) -> dict[str, Any]:
    headers = {name: "" if value == "-" else value for name, value in note["headers"].items()}
    request = note.get("id") or headers.pop("x-lab-request", "")
    return {"id": request, "peer": note["peer"], "takes": note.get("takes", note["peer"]), "headers": headers}


def _of_caddy(line: dict[str, Any]) -> dict[str, Any]:
    request = line.get("request", {})
    headers = {name.lower(): ", ".join(values) for name, values in request.get("headers", {}).items()}
    wanted = {name: headers.get(name, "") for name in ("x-forwarded-for", "x-real-ip", "forwarded")}
    peer = request.get("remote_ip", "")
    return {"id": headers.get("x-lab-request", ""), "peer": peer, "takes": peer, "headers": wanted}


if __name__ == "__main__":
    main(sys.argv[1])
