"""Settings as they were written to what they mean: one name for each setting, typed values, the declared environment.

The layer has been checked against the schema, so nothing here meets a value of the wrong type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srcip_lint.config.globs import relative
from srcip_lint.config.layers import Layer, repository
from srcip_lint.config.settings import ConfigError, Override
from srcip_lint.documents import Document, Place, Skipped, Template, Unreadable, read_all
from srcip_lint.environment import DeclaredNode, Edge, Environment, ObjectPattern
from srcip_lint.finding import Severity
from srcip_lint.resources import load
from srcip_lint.resources.cluster import Node
from srcip_lint.sources import Source, single

HOSTNAME = "kubernetes.io/hostname"

_ALIASES = {
    "lb": ("loadBalancer",),
    "platform": ("loadBalancer",),
    "nodeCIDRs": ("cidrs", "nodes"),
    "podCIDRs": ("cidrs", "pods"),
}
_BALANCER_ALIASES = {"cloud-hc": "health-checked"}


@dataclass(frozen=True, slots=True)
class NodeFile:
    """A Node list that is named but not read yet: another layer may take its place.

    It must lie below `bound`, for a configuration may come with a pull request from anyone; None where it was named on
    the command line.
    """

    given: str
    path: Path
    bound: Path | None
    where: str


def canonical(layer: Layer) -> dict[str, Any]:
    """The settings of a layer under their first names, with what has places (`overrides`, `nodes`) already resolved.

    Raises ConfigError where a setting is written under two names.
    """
    flat: dict[tuple[str, ...], Any] = {}
    for key, path, value in _entries(layer.value):
        if path in flat:
            raise ConfigError(
                f'{layer.where((key,), "key")}: "{key}" is another name of a setting that is already given; keep one'
            )
        flat[path] = value
    settings: dict[str, Any] = {}
    for path, value in flat.items():
        settings = merged(settings, {path[0]: value if len(path) == 1 else {path[1]: value}})
    if "loadBalancer" in settings:
        settings["loadBalancer"] = _BALANCER_ALIASES.get(settings["loadBalancer"], settings["loadBalancer"])
    if isinstance(settings.get("nodes"), str):
        settings["nodes"] = _node_file(settings["nodes"], layer)
    elif "nodes" in settings:
        _check_names(settings["nodes"], layer)
    if "overrides" in settings:
        settings["overrides"] = tuple(
            _override(item, number, layer) for number, item in enumerate(settings["overrides"])
        )
    return settings


def _entries(value: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Each setting: the key as written, the setting's path under its first name, and its value."""
    for key, setting in value.items():
        if key == "cidrs":
            for name, ranges in setting.items():
                yield key, (key, name), ranges
        else:
            yield key, _ALIASES.get(key, (key,)), setting


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two layers as one: mappings are merged, everything else is replaced."""
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def environment(settings: Mapping[str, Any]) -> Environment:
    """The environment that the settings declare. Raises ConfigError where a Node list cannot be read."""
    cidrs = settings.get("cidrs", {})
    return Environment(
        dataplane=settings.get("dataplane"),
        load_balancer=settings.get("loadBalancer"),
        nodes=_nodes(settings.get("nodes", ())),
        node_cidrs=tuple(cidrs.get("nodes", ())),
        pod_cidrs=tuple(cidrs.get("pods", ())),
        service_cidrs=tuple(cidrs.get("services", ())),
        trusted_proxies=tuple(settings.get("trustedProxies", ())),
        edges=tuple(map(_edge, settings.get("edges", ()))),
        metallb=settings.get("metallb", {}),
        cilium_version=_numbers(settings.get("cilium", {}).get("version")),
        kubernetes_version=_version(settings.get("kubernetesVersion")),
        closed_world=settings.get("closedWorld", False),
        node_ports_closed=settings.get("nodePortsClosed", False),
        require_client_ip=tuple(map(_pattern, settings.get("requireClientIP", ()))),
    )


def _override(item: Mapping[str, Any], number: int, layer: Layer) -> Override:
    path = ("overrides", number)
    return Override(
        paths=tuple(item["paths"]),
        rules=tuple(item.get("ignore", ())),
        severity={word: Severity(level) for word, level in item.get("severity", {}).items()},
        reason=item.get("reason", ""),
        spot=layer.spot((*path, "ignore") if "ignore" in item else path),
        origin=layer.where(path),
    )


def _edge(item: Mapping[str, Any]) -> Edge:
    return Edge(
        service=item["service"],
        front=item.get("front"),
        hops=item.get("hops"),
        target_nodes=item.get("targetNodes"),
        front_health_check=item.get("frontHealthCheck", False),
    )


def _pattern(item: str | Mapping[str, Any]) -> ObjectPattern:
    if not isinstance(item, str):
        return ObjectPattern(item.get("namespace", "*"), item.get("name", "*"), item.get("labels", {}))
    namespace, slash, name = item.partition("/")
    return ObjectPattern(namespace, name) if slash else ObjectPattern(name=item)


def _version(text: str | None) -> tuple[int, int] | None:
    numbers = _numbers(text)
    return (numbers[0], numbers[1]) if numbers else None


def _numbers(text: str | None) -> tuple[int, ...] | None:
    return tuple(map(int, re.findall(r"[0-9]+", text or ""))) or None


def _node_file(given: str, layer: Layer) -> NodeFile:
    bound = repository(layer.folder.resolve()) if layer.source else None
    return NodeFile(given, (layer.folder / given).resolve(), bound, layer.where(("nodes",)))


def _nodes(declared: NodeFile | Iterable[Mapping[str, Any]]) -> tuple[DeclaredNode, ...]:
    if isinstance(declared, NodeFile):
        return _read_nodes(declared)
    return tuple(
        DeclaredNode(
            name=item["name"],
            labels={HOSTNAME: item["name"], **item.get("labels", {})},
            taints=tuple((taint["key"], taint.get("value", ""), taint["effect"]) for taint in item.get("taints", ())),
            unschedulable=item.get("unschedulable", False),
        )
        for item in declared
    )


def _check_names(items: Iterable[Any], layer: Layer) -> None:
    """Raise ConfigError where two listed nodes have one name."""
    seen: set[str] = set()
    for number, item in enumerate(items):
        if item["name"] in seen:
            raise ConfigError(f'{layer.where(("nodes", number, "name"))}: the node "{item["name"]}" is listed twice')
        seen.add(item["name"])


def _read_nodes(file: NodeFile) -> tuple[DeclaredNode, ...]:
    """The nodes in the output of `kubectl get nodes -o yaml` (or `-o json`, or a file with one document a node)."""
    if file.bound and file.bound not in file.path.parents:
        raise ConfigError(
            f'{file.where}: "{file.given}" lies outside {file.bound}, where a configuration must not reach;'
            " name it on the command line: --set nodes=PATH"
        )
    try:
        source = single(str(file.path))
    except ValueError as error:
        shown = relative(str(file.path), str(Path.cwd()))
        raise ConfigError(f"{file.where}: the Node list {shown}: cannot be read: {error}") from error
    found = [node for answer in read_all(source) for node in _nodes_of(answer, source)]
    if not found:
        raise ConfigError(f"{file.where}: there is no Node in {source.path}; write it with: kubectl get nodes -o yaml")
    seen: dict[str, Node] = {}
    for node in found:
        if seen.setdefault(node.object.name, node) is not node:
            raise ConfigError(f'{_shown(node.object.place)}: the node "{node.object.name}" is listed twice')
    return tuple(map(DeclaredNode.of, found))


def _nodes_of(answer: Document | Unreadable | Template | Skipped, source: Source) -> Iterator[Node]:
    """The Nodes of one document. Raises ConfigError where it cannot be read, or a Node in it has a wrong shape."""
    if isinstance(answer, Skipped):
        return
    if not isinstance(answer, Document):
        reason = getattr(answer, "reason", "a template must be rendered first")
        raise ConfigError(f"{source.path}:{answer.span.line}:{answer.span.column}: {reason}")
    loaded = load(answer)
    for owner, problem in loaded.problems:
        if owner.kind in ("Node", "List"):
            raise ConfigError(f"{_shown(problem.place)}: {problem.found} where {problem.expected} belongs")
    yield from (found for found in loaded.resources if isinstance(found, Node))


def _shown(place: Place) -> str:
    span = place.span
    return f"{place.source.path}:{span.line}:{span.column}"
