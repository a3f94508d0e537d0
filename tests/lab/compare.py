"""Predicted against observed: one row for each thing that was compared.

What is predicted must hold everything that was observed, and what is predicted must have been observed in one request
at least: a prediction that is wider than the truth is a disagreement too, unless it says that it does not know, or the
scenario says why it must be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import Any

from lab.addresses import CLIENTS, Owner, gateway, owners
from lab.prediction import OTHER_NODE, SAME_NODE, Traced, name, whose
from lab.requests import ANNOUNCING, FORGING, Request, Way
from lab.scenario import Scenario

Observed = Mapping[str, Any]
"""What `inside.py` prints."""

AGREES, WIDER, OPEN, DISAGREES = "agrees", "wider", "not predicted", "DISAGREES"
_BY_WEIGHT = (AGREES, WIDER, OPEN, DISAGREES)
_OK, _BAD_REQUEST = 200, 400
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `verdict` is AGREES, DISAGREES, WIDER where the prediction holds more than it need, and OPEN
    where the trace says that it is not known."""

    where: str
    what: str
    predicted: str
    observed: str
    verdict: str


@dataclass(slots=True)
class Seen:
    """What was observed of one thing, over several requests: each time the owners that an address may have."""

    predicted: frozenset[Owner]
    observed: list[frozenset[Owner]]
    texts: set[str]

    def row(self, where: str, what: str) -> Row:
        return Row(where, what, _words(self.predicted), _said(self.observed, self.texts), self._verdict)

    @property
    def _verdict(self) -> str:
        if any(owner == _UNKNOWN for owner, _ in self.predicted):
            return OPEN
        if not all(each & self.predicted for each in self.observed):
            return DISAGREES
        is_sharp = all(any(owner in each for each in self.observed) for owner in self.predicted)
        return AGREES if is_sharp else WIDER


_WORDS = {
    "client": "the client",
    "node": "a node",
    "balancer": "the load balancer",
    "forged": "what the client wrote",
}


def _words(found: frozenset[Owner]) -> str:
    """Owners for a person: by name where they have one."""
    return " or ".join(sorted(name or _WORDS.get(owner, owner) for owner, name in found)) or "nothing"


def _said(observed: list[frozenset[Owner]], texts: set[str]) -> str:
    found = frozenset(owner for each in observed for owner in each)
    return f"{_words(found)} ({', '.join(sorted(texts))})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One scenario's prediction and observation."""

    scenario: Scenario
    paths: tuple[Traced, ...]
    requests: tuple[Request, ...]
    observed: Observed

    def rows(self) -> Iterator[Row]:
        """All rows. A prediction may be wider than the truth only where the scenario says why."""
        for row in self._rows():
            yield row if row.verdict != WIDER or self.scenario.wider else replace(row, verdict=DISAGREES)

    def _rows(self) -> Iterator[Row]:
        """A request that no path speaks of, and a path that no request went, are disagreements."""
        gone: set[int] = set()
        for (way, via, url), asked in self._asked().items():
            where = f"{way} by {self.scenario.nodes[via - 1]}" + (f" {url}" if len(self.scenario.urls) > 1 else "")
            paths = [path for path in self.paths if path.way == way and self._answers(path, url)]
            for path, requests in self._shared_out(paths, asked):
                gone.add(id(path))
                yield from self._of_path(path, where, via, requests)
            if not paths:
                yield Row(where, "path", "none", "a way in", DISAGREES)
        for path in self.paths:
            if id(path) not in gone:
                yield Row(str(path.way), "path", path.hops[-1]["name"], "was not gone", DISAGREES)
        yield from self._steps()

    def _asked(self) -> dict[tuple[Way, int, str], list[Request]]:
        """The ordinary requests, by the way in, the node and the URL."""
        found: dict[tuple[Way, int, str], list[Request]] = defaultdict(list)
        for request in self.requests:
            if not request.is_step:
                found[request.way, request.via, request.url].append(request)
        return found

    def _shared_out(self, paths: list[Traced], requests: list[Request]) -> Iterator[tuple[Traced, list[Request]]]:
        """Which of several paths each request took, told by the first pod's log."""
        for path in paths:
            took = [request for request in requests if len(paths) == 1 or self._note(path.first_pod, request)]
            if took:
                yield path, took

    def _answers(self, path: Traced, url: str) -> bool:
        """Is it the path of the route that answers this URL?"""
        route = self.scenario.urls[url]
        proxies = [hop for hop in path.hops if hop["kind"] == "proxy"]
        return not route or any(hop["does"].startswith(f"{route}:") for hop in proxies)

    def _of_path(self, path: Traced, where: str, via: int, requests: list[Request]) -> Iterator[Row]:
        """All that is compared on one path, apart for a pod on the receiving node and for one on another."""
        for on_node in (True, False):
            same = [request for request in requests if self._is_on_node(path, request, via) is on_node]
            if same:
                yield from self._of_placement(path, where, same, on_node=on_node)

    def _is_on_node(self, path: Traced, request: Request, via: int) -> bool:
        """Did a pod on the receiving node get it? For a request that reached none: is there one?"""
        note = self._note(path.first_pod, request)
        if note is not None:
            return bool(note["node"] == via)
        return any(pod.node == via for pod in self.scenario.pods if pod.workload == path.first_pod)

    def _of_placement(self, path: Traced, where: str, requests: list[Request], *, on_node: bool) -> Iterator[Row]:
        condition = SAME_NODE if on_node else OTHER_NODE
        yield from self._deliveries(path, where, requests, on_node=on_node)
        found: dict[str, Seen] = {}
        for request in requests:
            for what, predicted, text in self._addresses(path, request, condition):
                seen = found.setdefault(what, Seen(predicted, [], set()))
                seen.observed.append(owners(text, self._owners))
                seen.texts.add(text)
        yield from (seen.row(where, what) for what, seen in found.items())
        yield from self._unlogged(path, where, requests)
        yield from self._headers(path, where, requests, condition)
        yield from self._source_ranges(path, where, requests)

    def _unlogged(self, path: Traced, where: str, requests: list[Request]) -> Iterator[Row]:
        """A request that was answered must stand in the log of the last pod, or nothing would be compared."""
        last = [name(hop) for hop in path.hops if hop["kind"] == "pod"][-1]
        for request in requests:
            if self._answer(request)["status"] == _OK and self._note(last, request) is None:
                yield Row(where, f"log of {last}", "a line", "none", DISAGREES)

    @property
    def _owners(self) -> dict[str, frozenset[Owner]]:
        found: dict[str, set[Owner]] = defaultdict(set)
        for pod in self.scenario.pods:
            if pod.host_network:
                found[pod.address].add(("node", pod.workload))
                found[gateway(pod.node)].add(("node", pod.workload))
            else:
                found[pod.address].add(("proxy", pod.workload))
        return {address: frozenset(names) for address, names in found.items()}

    def _answer(self, request: Request) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.observed["answers"][request.id]
        return answer

    def _note(self, workload: str, request: Request) -> Mapping[str, Any] | None:
        note: Mapping[str, Any] | None = self.observed["notes"].get(workload, {}).get(request.id)
        return note

    def _lived(self, request: Request) -> bool:
        """Did the connection live: was the request understood, whatever the answer?"""
        return self._answer(request)["status"] not in (0, _BAD_REQUEST)

    def _deliveries(self, path: Traced, where: str, requests: list[Request], *, on_node: bool) -> Iterator[Row]:
        predicted = _delivered(path, on_node=on_node)
        plain = [each for each in requests if each.kind != ANNOUNCING]
        announcing = [each for each in requests if each.kind == ANNOUNCING]
        yield from self._connections(path, where, "connection", plain, predicted)
        # Where it fails since nobody sends the PROXY protocol, a client that lies and sends it must get in.
        predicted = True if predicted is False and _is_missed(path) else predicted
        yield from self._connections(path, where, "connection that announces a client", announcing, predicted)

    def _connections(
        self, path: Traced, where: str, what: str, requests: list[Request], predicted: bool | None
    ) -> Iterator[Row]:
        admitted = [request for request in requests if self._admitted(path, request)]
        lived = {self._lived(request) for request in admitted}
        outcomes = sorted({self._outcome(request) for request in admitted})
        verdict = OPEN if predicted is None else AGREES if lived == {predicted} else DISAGREES
        if admitted:
            said = {True: "reaches the process", False: "does not", None: "not known"}[predicted]
            yield Row(where, what, said, ", ".join(outcomes), verdict)

    def _outcome(self, request: Request) -> str:
        answer = self._answer(request)
        return f"answered {answer['status']}" if answer["status"] else str(answer["outcome"])

    def _addresses(self, path: Traced, request: Request, condition: str) -> Iterator[tuple[str, frozenset[Owner], str]]:
        """What each process on the way took for its peer, and for the client."""
        for hop in path.hops:
            note = self._note(name(hop), request)
            if note is None or hop["kind"] not in ("pod", "proxy"):
                continue
            if hop["kind"] == "pod":
                yield f"{name(hop)}: peer", whose(hop["peer"], condition), note["peer"]
            elif hop["takesForClient"] is not None:
                yield f"{name(hop)}: takes for client", whose(hop["takesForClient"], condition), note["takes"]
                for control in hop["observations"]:
                    if control["control"]:
                        yield f"{name(hop)}: {control['what']}", whose(control["addresses"], condition), note["takes"]

    def _headers(self, path: Traced, where: str, requests: list[Request], condition: str) -> Iterator[Row]:
        """The headers as they arrived at each pod."""
        for hop in path.hops:
            for header, told in hop["headers"].items() if hop["kind"] == "pod" and path.way.protocol == "TCP" else ():
                got = [
                    (request, note["headers"][header])
                    for request in requests
                    if (note := self._note(name(hop), request)) and note["id"]
                ]
                if got:
                    yield self._header(told, got, f"{name(hop)}: {header}", where, condition)

    def _header(
        self, told: Mapping[str, Any], got: list[tuple[Request, str]], what: str, where: str, condition: str
    ) -> Row:
        """One header at one pod: first what the client wrote, where it may, then the entries of the proxies."""
        predicted = [whose(entry["addresses"], condition) for entry in told["entries"]]
        seen = [Seen(each, [], set()) for each in predicted]
        fits = True
        for request, text in got:
            entries = [entry.strip() for entry in text.split(",") if entry.strip()]
            forged = len(entries) - len(seen)
            fits &= forged == self._in_front(told, predicted, request, entries)
            for each, entry in zip(seen, entries[max(forged, 0) :], strict=False):
                each.observed.append(owners(entry, self._owners))
                each.texts.add(entry)
        rows = [each.row(where, what) for each in seen]
        verdict = max((AGREES, *(row.verdict for row in rows)), key=_BY_WEIGHT.index) if fits else DISAGREES
        front = ["<client's own>"] if told["forgeable"] else []
        words = [f"({row.predicted})" if " or " in row.predicted else row.predicted for row in rows]
        texts = sorted({text or "absent" for _, text in got})
        return Row(where, what, ", ".join(front + words) or "absent", "; ".join(texts), verdict)

    @staticmethod
    def _in_front(
        told: Mapping[str, Any], predicted: list[frozenset[Owner]], request: Request, entries: list[str]
    ) -> int:
        """How many entries of the client's own must stand in front: the one that it forged, where the header lets it
        through, unless that is what the first proxy's entry holds."""
        if request.kind != FORGING or not told["forgeable"]:
            return 0
        is_the_entry = len(entries) == len(predicted) and predicted and ("forged", "") in predicted[0]
        return 0 if is_the_entry else 1

    def _source_ranges(self, path: Traced, where: str, requests: list[Request]) -> Iterator[Row]:
        """Which address did the node's filter judge? Told by who came through."""
        controls = [
            (hop, seen) for hop in path.hops if hop["kind"] == "node" for seen in hop["observations"] if seen["control"]
        ]
        for _, control in controls:
            predicted = whose(control["addresses"], SAME_NODE)
            fits = all(self._lived(request) == self._in_ranges(path, CLIENTS[request.client]) for request in requests)
            observed = frozenset({("client", "")}) if fits else frozenset({("somebody else", "")})
            verdict = AGREES if predicted == observed else DISAGREES
            outcomes = sorted({f"{request.client}: {self._outcome(request)}" for request in requests})
            yield Row(where, control["what"], _words(predicted), f"{_words(observed)} ({', '.join(outcomes)})", verdict)

    def _in_ranges(self, path: Traced, address: str) -> bool:
        ranges = next(s.source_ranges for s in self.scenario.services if f"{s.namespace}/{s.name}" == path.way.service)
        return not ranges or any(ip_address(address) in ip_network(each) for each in ranges)

    def _admitted(self, path: Traced, request: Request) -> bool:
        """Is the request none that the node's own filter refuses?"""
        judged = any(seen["control"] for hop in path.hops if hop["kind"] == "node" for seen in hop["observations"])
        return not judged or self._in_ranges(path, CLIENTS[request.client])

    def _steps(self) -> Iterator[Row]:
        """The steps that a scenario adds, each with what must come of it."""
        for request, step in zip((each for each in self.requests if each.is_step), self.scenario.steps, strict=True):
            outcome = self._answer(request)
            where = f"{step.entry.replace('_', ' ')} by {step.via}"
            predicted = f"answered {step.status}" if step.status else "no answer"
            verdict = AGREES if outcome["status"] == step.status else DISAGREES
            yield Row(where, f"{step.client} asks for {step.url}", predicted, self._outcome(request), verdict)


def _is_missed(path: Traced) -> bool:
    """Does the connection fail at a proxy that demands the PROXY protocol, which nobody before it sends?"""
    for before, hop in pairwise(path.hops):
        if hop["delivered"] == "no":
            return bool(hop["kind"] == "proxy" and before["proxyProtocol"]["state"] != "present")
    return False


def _delivered(path: Traced, *, on_node: bool) -> bool | None:
    """Does a connection reach the process that answers? None where the trace does not know."""
    answers: list[bool | None] = []
    for hop in path.hops:
        local = hop["kind"] == "node" and hop["delivered"] == "maybe"
        answers.append(on_node if local else {"yes": True, "no": False}.get(hop["delivered"]))
    return False if False in answers else None if None in answers else True
