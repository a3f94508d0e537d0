"""How to see for oneself what `trace` says: commands to copy, each with the address it should show. They are never run
here.

Names from manifests are quoted for a shell, and what a terminal would obey is escaped.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from srcip_lint.finding import ObjectRef
from srcip_lint.path.hops import Entry, Hop, SourcePath
from srcip_lint.path.verdict import describe, verdict
from srcip_lint.report.look import Look
from srcip_lint.report.sanitize import no_commands, terminal

_EXAMPLE = "198.51.100.1"
"""An address for documentation (RFC 5737): nobody's, so nobody's log shows it unless the header was believed."""

_ADDRESS = {
    Entry.LOAD_BALANCER: "{.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}",
    Entry.EXTERNAL_IP: "{.spec.externalIPs[0]}",
}


def render(groups: Sequence[tuple[SourcePath, ...]], _look: Look) -> str:
    """One block of commands for each group of paths."""
    blocks = ["\n".join(_block(group[0])) for group in groups]
    return no_commands("\n\n".join(blocks) + "\n") if blocks else ""


def _block(path: SourcePath) -> Iterator[str]:
    service = path.key.service
    yield f"# {terminal(str(service or path.hops[-1].object or ''))} by {path.key.entry.value}, port {path.key.port}"
    if service is None:
        yield "# from outside the cluster, to the address of a node that runs the pod:"
        yield f"curl -s http://NODE-ADDRESS:{path.key.port}/"
    else:
        yield from _call(path, service)
    yield from _look_at(path)


def _call(path: SourcePath, service: ObjectRef) -> Iterator[str]:
    get = f"kubectl {_namespace(service)}get service {_word(service.name)}"
    yield f"{get} -o wide"
    port = path.key.port
    if path.key.entry is Entry.NODE_PORT:
        yield f"PORT=$({get} -o jsonpath='{{.spec.ports[?(@.port=={port})].nodePort}}')"
        yield "# through each node in turn; under Local a node without a pod does not answer:"
        yield "kubectl get nodes -o wide"
        yield f"curl -s --max-time 5 -H 'X-Forwarded-For: {_EXAMPLE}' http://NODE-ADDRESS:$PORT/"
    else:
        yield f"ADDRESS=$({get} -o jsonpath='{_ADDRESS.get(path.key.entry, '{.spec.clusterIP}')}')"
        yield f"curl -s --max-time 5 -H 'X-Forwarded-For: {_EXAMPLE}' http://$ADDRESS:{port}/"


def _look_at(path: SourcePath) -> Iterator[str]:
    """Where to read the address, and which one to expect: at every pod on the way."""
    for hop in path.hops:
        if hop.kind == "pod" and hop.object is not None and hop.object.kind != "Service":
            yield f"kubectl {_namespace(hop.object)}logs {_word(_resource(hop.object))} --tail=5"
            yield f"#   expect as the peer: {terminal(describe(hop.state.peer))}{_meaning(hop)}"
    yield f"# {terminal(verdict(path).sentence())}"


def _meaning(hop: Hop) -> str:
    """Which numbers stand for a node: masquerading takes the address of the outgoing interface."""
    is_node = any(atom.whose.name == "NODE" for atom, _ in hop.state.peer)
    return " (kubectl get nodes -o wide, or a pod-network gateway such as 10.244.0.1)" if is_node else ""


def _resource(ref: ObjectRef) -> str:
    return f"{ref.kind.lower()}/{ref.name}"


def _namespace(ref: ObjectRef) -> str:
    return f"-n {_word(ref.namespace)} " if ref.namespace else ""


def _word(text: str) -> str:
    return shlex.quote(terminal(text))
