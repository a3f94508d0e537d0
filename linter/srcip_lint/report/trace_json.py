"""The traceroute of the manifests, for machines. The contract is `schemas/srcip_lint_schemas/trace.schema.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from srcip_lint.documents import Place
from srcip_lint.finding import ObjectRef
from srcip_lint.path.hops import Addresses, Evidence, Hop, SourcePath, State
from srcip_lint.path.verdict import verdict
from srcip_lint.report.look import Look
from srcip_lint.report.sanitize import json_document, json_string


def render(groups: Sequence[tuple[SourcePath, ...]], _look: Look) -> str:
    """All paths, ungrouped: one entry a port."""
    return json_document({"version": 1, "paths": [path_object(path) for group in groups for path in group]})


def path_object(path: SourcePath) -> dict[str, Any]:
    """One path."""
    found = verdict(path)
    key = path.key
    return {
        "origin": key.origin.name.lower(),
        "entry": key.entry.name.lower(),
        "service": reference(key.service),
        "port": key.port,
        "protocol": key.protocol,
        "hops": [_hop(hop) for hop in path.hops],
        "verdict": {
            "peer": _addresses(found.peer),
            "keepsClient": found.keeps,
            "replacedAt": _index(path, found.replaced_at),
            "carriedIn": {"header": found.carried.header, "fromRight": found.carried.from_right}
            if found.carried
            else None,
            "droppedAt": _index(path, found.dropped_at),
            "sentence": json_string(found.sentence()),
        },
    }


def _index(path: SourcePath, hop: Hop | None) -> int | None:
    """Which of the hops it is, counted from 0. Two hops may be equal, so it is looked up by identity."""
    return next((index for index, each in enumerate(path.hops) if each is hop), None)


def _hop(hop: Hop) -> dict[str, Any]:
    return {
        "kind": hop.kind,
        "name": json_string(hop.name),
        "does": json_string(hop.does),
        "object": reference(hop.object),
        "location": _location(hop.at),
        "delivered": hop.delivered.name.lower(),
        **_state(hop.state),
        "takesForClient": None if hop.takes is None else _addresses(hop.takes),
        "observations": [
            {
                "point": each.point.name.lower(),
                "what": json_string(each.what),
                "control": each.control or None,
                "header": each.header or None,
                "addresses": _addresses(each.addresses),
                "location": _location(each.at),
            }
            for each in hop.observations
        ],
        "evidence": [_evidence(each) for each in hop.basis.evidence],
        "assumptions": [json_string(each) for each in hop.assumptions],
    }


def _state(state: State) -> dict[str, Any]:
    return {
        "peer": _addresses(state.peer),
        "proxyProtocol": {"state": state.proxy_protocol.name.lower(), "source": _addresses(state.announced)},
        "headers": {
            name: {
                "forgeable": header.forgeable,
                "entries": [
                    {"author": json_string(entry.author), "addresses": _addresses(entry.addresses)}
                    for entry in header.entries
                ],
            }
            for name, header in sorted(state.headers)
        },
    }


def _addresses(addresses: Addresses) -> list[dict[str, str]]:
    ordered = sorted(addresses, key=lambda pair: (pair[0].whose.name, pair[0].name, pair[1].name))
    return [
        {"whose": atom.whose.name.lower(), "name": json_string(atom.name), "when": when.name.lower()}
        for atom, when in ordered
    ]


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {"text": json_string(evidence.text), "location": _location(evidence.at)}


def _location(at: Place | None) -> dict[str, Any] | None:
    if at is None:
        return None
    return {"path": json_string(at.source.path), "line": at.span.line, "column": at.span.column}


def reference(ref: ObjectRef | None) -> dict[str, Any] | None:
    """An object by name."""
    if ref is None:
        return None
    names = {"group": ref.group, "kind": ref.kind, "name": ref.name}
    return {key: json_string(value) for key, value in names.items()} | {
        "namespace": ref.namespace and json_string(ref.namespace)
    }
