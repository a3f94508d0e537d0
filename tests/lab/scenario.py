"""A scenario: a manifest bundle, and what it leaves open (where the pods stand, what the load balancer does)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.addresses import cluster_address, external_address, pod_address

SCENARIOS = Path(__file__).parent / "scenarios"
FIRST_NODE_PORT = 30080


@dataclass(frozen=True, slots=True)
class Front:
    """What the load balancer does. `mode` is `passthrough` (packets come to a node as they are), or a connection of its
    own: `tcp`, `http-append` or `http-overwrite` (to X-Forwarded-For). `targets` are the nodes it sends to: `nodes`,
    `nodes-with-pods`, or `pods` themselves."""

    mode: str = "passthrough"
    proxy_protocol: str = ""
    targets: str = "nodes"


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of a workload, on a node. `files` are what its container finds at its paths, out of ConfigMaps."""

    name: str
    workload: str
    """As `srcip-lint trace` names it: `Deployment shop/web`."""
    namespace: str
    labels: Mapping[str, str]
    node: int
    address: str
    image: str
    host_network: bool
    ports: tuple[Mapping[str, Any], ...]
    files: Mapping[str, str]
    folders: frozenset[str]
    """The folders that a whole ConfigMap is mounted over, so that nothing of the image is seen in them."""

    def number(self, target: int | str) -> int:
        """The container port that a target port means. Raises StopIteration where no port has the name."""
        return (
            target
            if isinstance(target, int)
            else next(int(p["containerPort"]) for p in self.ports if p["name"] == target)
        )


@dataclass(frozen=True, slots=True)
class Port:
    """One port of a Service."""

    port: int
    protocol: str
    target: int | str
    node_port: int


@dataclass(frozen=True, slots=True)
class Service:
    """A Service, with the addresses that a control plane would have given it."""

    name: str
    namespace: str
    type: str
    local: bool
    headless: bool
    selector: Mapping[str, str]
    ports: tuple[Port, ...]
    cluster_ip: str
    balancer_ip: str
    external_ips: tuple[str, ...]
    source_ranges: tuple[str, ...]
    index: int

    def pods(self, pods: tuple[Pod, ...]) -> tuple[Pod, ...]:
        """Its endpoints: all pods are ready."""
        return tuple(
            pod
            for pod in pods
            if self.selector
            and pod.namespace == self.namespace
            and all(pod.labels.get(key) == value for key, value in self.selector.items())
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A request beyond the ordinary ones, and what must come of it: a status, or 0 for no answer at all."""

    client: str
    entry: str
    via: str
    url: str
    status: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario file. `urls` are what is asked for, each with the beginning of the route's name that answers;
    `forges` says whether requests with forged headers are sent too, `announces` whether the client also sends a PROXY
    protocol header of its own. `wider` is why a prediction here may hold more than was observed."""

    name: str
    summary: str
    nodes: tuple[str, ...]
    pods: tuple[Pod, ...]
    services: tuple[Service, ...]
    front: Front
    urls: Mapping[str, str]
    announces: bool
    wider: str
    steps: tuple[Step, ...]
    given: Mapping[str, Any]
    manifests: str
    objects: tuple[Mapping[str, Any], ...] = field(repr=False)

    def node(self, name: str) -> int:
        """A node's number, from 1."""
        return self.nodes.index(name) + 1


def names() -> list[str]:
    return sorted(path.stem for path in SCENARIOS.glob("*.yaml"))


def read(name: str) -> Scenario:
    """The scenario of that name. Raises OSError, KeyError, ValueError where the file does not say what it must."""
    text = (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8")
    head, _, manifests = text.partition("\n---\n")
    described = yaml.safe_load(head)
    lab = described["lab"]
    objects = tuple(document for document in yaml.safe_load_all(manifests) if document)
    nodes = tuple(lab.get("nodes", ["a", "b"]))
    return Scenario(
        name=name,
        summary=lab["summary"],
        nodes=nodes,
        pods=tuple(_pods(objects, lab.get("pods", {}), nodes)),
        services=tuple(_services(objects)),
        front=Front(**{key.replace("-", "_"): value for key, value in lab.get("front", {}).items()}),
        urls=lab.get("urls", {"/": ""}),
        announces=lab.get("announces", False),
        wider=lab.get("wider", ""),
        steps=tuple(_step(step) for step in lab.get("steps", [])),
        given=described.get("given") or {},
        manifests=manifests,
        objects=objects,
    )


def _step(step: Mapping[str, Any]) -> Step:
    return Step(step.get("from", "client"), step["entry"], step["via"], step.get("url", "/"), step["status"])


def _pods(
    objects: tuple[Mapping[str, Any], ...], places: Mapping[str, list[str]], nodes: tuple[str, ...]
) -> Iterator[Pod]:
    """The pods where the scenario puts them; those of a DaemonSet stand on every node."""
    on_node = dict.fromkeys(range(1, len(nodes) + 1), 0)
    for one in objects:
        if one["kind"] not in ("Deployment", "DaemonSet", "StatefulSet"):
            continue
        name, namespace = one["metadata"]["name"], one["metadata"].get("namespace", "default")
        for where in nodes if one["kind"] == "DaemonSet" else places[name]:
            node = nodes.index(where) + 1
            on_node[node] += 1
            yield _pod(
                one, f"{name}-{where}{on_node[node]}", namespace, node, pod_address(node, on_node[node]), objects
            )


def _pod(
    workload: Mapping[str, Any],
    name: str,
    namespace: str,
    node: int,
    address: str,
    objects: tuple[Mapping[str, Any], ...],
) -> Pod:
    template = workload["spec"]["template"]
    spec = template["spec"]
    (container,) = spec["containers"]
    on_host = spec.get("hostNetwork", False)
    return Pod(
        name=name,
        workload=f"{workload['kind']} {namespace}/{workload['metadata']['name']}",
        namespace=namespace,
        labels=template["metadata"]["labels"],
        node=node,
        address=f"192.0.2.{10 + node}" if on_host else address,
        image=container["image"].split(":")[0],
        host_network=on_host,
        ports=tuple(container.get("ports", ())),
        files=_files(spec, container, namespace, objects),
        folders=frozenset(m["mountPath"] for m in container.get("volumeMounts", ()) if "subPath" not in m),
    )


def _files(
    spec: Mapping[str, Any], container: Mapping[str, Any], namespace: str, objects: tuple[Mapping[str, Any], ...]
) -> dict[str, str]:
    volumes = {volume["name"]: volume["configMap"]["name"] for volume in spec.get("volumes", ())}
    data = {
        one["metadata"]["name"]: one["data"]
        for one in objects
        if one["kind"] == "ConfigMap" and one["metadata"].get("namespace", "default") == namespace
    }
    files = {}
    for mount in container.get("volumeMounts", ()):
        content = data[volumes[mount["name"]]]
        if "subPath" in mount:
            files[mount["mountPath"]] = content[mount["subPath"]]
        else:
            files |= {f"{mount['mountPath']}/{key}": text for key, text in content.items()}
    return files


def _services(objects: tuple[Mapping[str, Any], ...]) -> Iterator[Service]:
    number = 0
    for index, one in enumerate(each for each in objects if each["kind"] == "Service"):
        spec = one["spec"]
        ports = []
        for port in spec["ports"]:
            number += 1
            ports.append(
                Port(
                    port["port"],
                    port.get("protocol", "TCP"),
                    port.get("targetPort", port["port"]),
                    port.get("nodePort", FIRST_NODE_PORT + number),
                )
            )
        yield Service(
            name=one["metadata"]["name"],
            namespace=one["metadata"].get("namespace", "default"),
            type=spec.get("type", "ClusterIP"),
            local=spec.get("externalTrafficPolicy") == "Local",
            headless=spec.get("clusterIP") == "None",
            selector=spec.get("selector", {}),
            ports=tuple(ports),
            cluster_ip=cluster_address(index),
            balancer_ip=external_address(index),
            external_ips=tuple(spec.get("externalIPs", ())),
            source_ranges=tuple(spec.get("loadBalancerSourceRanges", ())),
            index=index,
        )
