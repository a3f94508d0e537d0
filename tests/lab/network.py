"""The network of a scenario: clients, a load balancer, nodes and pods as network namespaces on one segment.

    client, front, node-a, node-b, ... on the bridge of the namespace `fabric`
    pod-...                            each behind its node, as the ptp plugin sets it up: a veth pair, routed

A pod's packets to anybody go through its node, also to a pod beside it: so the node's rules see them all.
"""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from lab.addresses import CLIENTS, FRONT, PODS, ROUTER, SERVICES, external_address, gateway, node_address
from lab.kube_proxy import rules
from lab.scenario import Pod, Scenario

_NODE_SETTINGS = (
    "net/ipv4/ip_forward=1",
    "net/ipv4/conf/all/send_redirects=0",
    "net/ipv4/conf/default/send_redirects=0",
)
_CLIENT_SETTINGS = ("net/ipv4/ip_forward=1", *_NODE_SETTINGS[1:], "net/ipv4/conf/all/accept_redirects=0")


def node_name(scenario: Scenario, node: int) -> str:
    return f"node-{scenario.nodes[node - 1]}"


def namespace_of(scenario: Scenario, pod: Pod) -> str:
    """Where a pod's processes run; those of the host's network on the node itself."""
    return node_name(scenario, pod.node) if pod.host_network else f"pod-{pod.name}"


def build(scenario: Scenario) -> None:
    """Make everything, in the network and mount namespaces that this process is in. Raises CalledProcessError."""
    numbers = range(1, len(scenario.nodes) + 1)
    hosts = ["fabric", "client", "front", *(node_name(scenario, number) for number in numbers)]
    pods = [pod for pod in scenario.pods if not pod.host_network]
    _ip("", [f"netns add {name}" for name in [*hosts, *(f"pod-{pod.name}" for pod in pods)]])
    _set("client", _CLIENT_SETTINGS)
    for number in numbers:
        _set(node_name(scenario, number), _NODE_SETTINGS)
    _ip("fabric", ["link add br0 type bridge", "link set br0 up", "link set lo up"])
    for commands in (_segment(scenario), _pods(scenario, pods)):
        by_namespace = defaultdict(list)
        for namespace, command in commands:
            by_namespace[namespace].append(command)
        for namespace, lines in by_namespace.items():
            _ip(namespace, lines)
    for number in numbers:
        _run("ip", "netns", "exec", node_name(scenario, number), "nft", "-f", "-", text=rules(scenario, number))


def _segment(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Everybody on the bridge. The clients' namespace is the router too."""
    members = [("client", ROUTER), ("front", FRONT)]
    members += [(node_name(scenario, index), node_address(index)) for index in range(1, len(scenario.nodes) + 1)]
    for namespace, address in members:
        yield "fabric", f"link add {namespace[:14]} type veth peer name eth0 netns {namespace}"
        yield "fabric", f"link set {namespace[:14]} master br0 up"
        yield namespace, "link set lo up"
        yield namespace, f"addr add {address}/24 dev eth0"
        yield namespace, "link set eth0 up"
        if namespace != "client":
            yield namespace, f"route add default via {ROUTER}"
    for address in CLIENTS.values():
        yield "client", f"addr add {address}/32 dev eth0"
    for service in scenario.services if scenario.front.mode != "passthrough" else ():
        for index in range(1, len(scenario.nodes) + 1):
            yield "front", f"addr add {external_address(service.index, index)}/32 dev lo"
    for index in range(1, len(scenario.nodes) + 1):
        for namespace, _ in members:
            if namespace != node_name(scenario, index):
                yield namespace, f"route add {gateway(index)[:-1]}0/24 via {node_address(index)}"


def _pods(scenario: Scenario, pods: list[Pod]) -> Iterator[tuple[str, str]]:
    for number, pod in enumerate(pods):
        inside, outside, node = f"pod-{pod.name}", f"veth{number}", node_name(scenario, pod.node)
        yield node, f"link add {outside} type veth peer name eth0 netns {inside}"
        yield node, f"addr add {gateway(pod.node)}/32 dev {outside}"
        yield node, f"link set {outside} up"
        yield node, f"route add {pod.address}/32 dev {outside} src {gateway(pod.node)}"
        yield inside, "link set lo up"
        yield inside, f"addr add {pod.address}/32 dev eth0"
        yield inside, "link set eth0 up"
        yield inside, f"route add {gateway(pod.node)}/32 dev eth0"
        for networks in ("default", PODS, SERVICES):
            yield inside, f"route add {networks} via {gateway(pod.node)} dev eth0"


def _set(namespace: str, settings: tuple[str, ...]) -> None:
    """Kernel settings of a namespace: `path=value`, the path below /proc/sys."""
    script = "; ".join("echo {1} > /proc/sys/{0}".format(*setting.split("=")) for setting in settings)
    _run("ip", "netns", "exec", namespace, "sh", "-ec", script)


def _ip(namespace: str, commands: list[str]) -> None:
    _run("ip", *(("-n", namespace) if namespace else ()), "-batch", "-", text="\n".join(commands))


def _run(*command: str, text: str = "") -> None:
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        numbered = "\n".join(f"{number}: {line}" for number, line in enumerate(text.splitlines(), start=1))
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}\n{numbered}")


def hosts_file(scenario: Scenario, namespace: str) -> str:
    """What the cluster's DNS would answer to a pod of that (Kubernetes) namespace."""
    lines = ["127.0.0.1 localhost"]
    for service in scenario.services:
        names = [f"{service.name}.{service.namespace}{rest}" for rest in ("", ".svc", ".svc.cluster.local")]
        names += [service.name] if service.namespace == namespace else []
        pods = service.pods(scenario.pods)
        addresses = [pod.address for pod in pods] if service.headless else [service.cluster_ip]
        lines += [f"{address} {' '.join(names)}" for address in addresses]
    return "\n".join(lines) + "\n"


def listening(pid: int, protocol: str) -> set[int]:
    """The ports that are listened on in the network namespace of a process."""
    found: set[int] = set()
    for suffix in ("", "6"):
        file = Path(f"/proc/{pid}/net/{protocol.lower()}{suffix}")
        for line in file.read_text(encoding="ascii").splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == "0A" or protocol == "UDP":
                found.add(int(local.rsplit(":", 1)[1], 16))
    return found
