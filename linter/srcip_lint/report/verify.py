"""How to see for oneself what `trace` says: commands to copy, each with the address it should show. They are never run
here.

Names from manifests are quoted for a shell, and what a terminal would obey is escaped.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from srcip_lint.finding import ObjectRef
from srcip_lint.path.hops import Entry, Hop, SourcePath, Whose, atoms, spelled
from srcip_lint.path.verdict import describe, verdict
from srcip_lint.report.look import Look
from srcip_lint.report.sanitize import no_commands, terminal

_FORGED = "192.0.2.1"
"""An address for documentation (RFC 5737): nobody's, so it is in a log only where the header was believed."""

_ADDRESS = {
    Entry.LOAD_BALANCER: "{.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}",
    Entry.EXTERNAL_IP: "{.spec.externalIPs[0]}",
}


def render(groups: Sequence[tuple[SourcePath, ...]], _look: Look) -> str:
    """One block of commands for each group of paths."""
    blocks = ["\n".join(_block(group[0])) for group in groups]
    return no_commands("\n\n".join(blocks) + "\n") if blocks else ""


def _block(path: SourcePath) -> Iterator[str]:
    service, port = path.key.service, terminal(path.key.port)
    owner = service or next((hop.object for hop in path.hops if hop.object), "")
    yield f"# {terminal(str(owner))}, by {path.key.entry.value}, port {port}/{path.key.protocol}"
    yield "# 1. from outside the cluster (note the public address you call from: compare it with what the pods see)"
    if service is None:
        yield "#    to the address of a node that runs the pod: kubectl get nodes -o wide"
        yield _curl(f"NODE-ADDRESS:{port}")
    else:
        yield from _call(path, service, port)
    yield "# 2. what arrived (logs show one pod: where there are several, ask each)"
    yield from _look_at(path)
    yield f"# => {terminal(verdict(path).sentence())}"


def _call(path: SourcePath, service: ObjectRef, port: str) -> Iterator[str]:
    get = f"kubectl {_namespace(service)}get service {_word(service.name)}"
    if path.key.entry is Entry.NODE_PORT:
        query = shlex.quote(f"{{.spec.ports[?(@.port=={port})].nodePort}}")
        yield f"PORT=$({get} -o jsonpath={query})"
        yield "#    each node in turn (kubectl get nodes -o wide); under Local one without a pod does not answer"
        yield _curl('NODE-ADDRESS:"$PORT"')
    else:
        query = shlex.quote(_ADDRESS.get(path.key.entry, "{.spec.clusterIP}"))
        yield f"ADDRESS=$({get} -o jsonpath={query})"
        yield _curl(f'"$ADDRESS":{_word(path.key.port)}')


def _curl(target: str) -> str:
    return f"curl -s --max-time 5 -H 'X-Forwarded-For: {_FORGED}' http://{target}/"


def _look_at(path: SourcePath) -> Iterator[str]:
    """Where to read the address, and which one to expect: at every pod on the way, and in the headers at the end."""
    for hop in path.hops:
        if hop.kind == "pod" and hop.object is not None and hop.object.kind != "Service":
            yield f"kubectl {_namespace(hop.object)}logs {_word(_resource(hop.object))} --all-containers --tail=5"
            yield f"#    expect as the peer: {terminal(_expected(hop))}"
    last = path.hops[-1].state
    for name, header in last.headers:
        if header.entries:
            forged = [_FORGED] if header.forgeable and name == "x-forwarded-for" else []
            entries = [describe(entry.addresses) for entry in header.entries]
            yield f"#    expect in {terminal(spelled(name))} at the end: {terminal(', '.join([*forged, *entries]))}"


def _expected(hop: Hop) -> str:
    """Which numbers stand for a node: masquerading takes the address of the outgoing interface."""
    is_node = any(atom.whose is Whose.NODE for atom in atoms(hop.state.peer))
    meaning = " (of kubectl get nodes -o wide, or a pod-network gateway such as 10.244.0.1)" if is_node else ""
    return describe(hop.state.peer) + meaning


def _resource(ref: ObjectRef) -> str:
    return f"{ref.kind.lower()}/{ref.name}"


def _namespace(ref: ObjectRef) -> str:
    return f"-n {_word(ref.namespace)} " if ref.namespace else ""


def _word(text: str) -> str:
    return shlex.quote(terminal(text))
