"""What tells when a pod can take packets.

A pod is ready when all its containers are, and when its readiness gates are open; a container without a readiness or
startup probe is ready as soon as it runs (Kubernetes, "Pod Lifecycle", sections on container probes and readiness).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.resources.cluster import Namespace
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.pods import Container, PodTemplate
from srcip_lint.resources.selectors import Labels
from srcip_lint.resources.service import Service

_INJECTED = {
    "sidecar.istio.io/inject": ("true",),
    "linkerd.io/inject": ("enabled", "ingress"),
    "consul.hashicorp.com/connect-inject": ("true",),
    "kuma.io/sidecar-injection": ("enabled", "true"),
    "openservicemesh.io/sidecar-injection": ("enabled", "true", "yes"),
}
"""Labels and annotations of a pod, or of its namespace, by which a mesh puts a proxy with probes of its own into it."""

_INJECTING = {"istio-injection": ("enabled",), "istio.io/rev": None}
"""Labels of a namespace that do so too; None stands for any value."""


def unguarded(service: Service, template: PodTemplate) -> tuple[Container, ...]:
    """The containers that take a Service's packets, where surely nothing tells when they can; else none."""
    if template.readiness_gates.value is not False:
        return ()
    serving = tuple(_serving(service, (*template.containers, *template.sidecars)))
    return serving if all(map(_unprobed, serving)) else ()


def probed(template: PodTemplate) -> bool:
    """Does anything in the template tell when its pods can take packets, or may it?"""
    containers = (*template.containers, *template.sidecars)
    return template.readiness_gates.value is not False or not all(map(_unprobed, containers))


def injected(template: PodTemplate, namespaces: Iterable[Namespace]) -> bool:
    """Is a mesh asked, or perhaps asked, to put a proxy into the template's pods, by their own marks or by those of
    one of the namespaces?"""
    around = tuple(mark for each in namespaces for mark in (each.object.labels, each.object.annotations))
    marks = (template.labels, template.annotations, *around)
    return any(_has(mark, key, values) for mark in marks for key, values in _INJECTED.items()) or any(
        _has(mark, key, values) for mark in around for key, values in _INJECTING.items()
    )


def _has(mark: Labels, key: str, values: tuple[str, ...] | None) -> bool:
    value = mark.get(key)
    return isinstance(value, Unknown) or (value is not None and (values is None or value.lower() in values))


def _unprobed(container: Container) -> bool:
    return container.readiness_probe.value is False and container.startup_probe.value is False


def _serving(service: Service, containers: tuple[Container, ...]) -> Iterator[Container]:
    """The containers with a port that the Service sends to; all where none names it, for naming one is optional."""
    targets = {port.target_port.value for port in service.ports}
    naming = [container for container in containers if any(_is_one(port, targets) for port in _names(container))]
    named = {name for container in naming for name in _names(container)}
    is_whole = all(isinstance(target, int | str) and target in named for target in targets)
    yield from naming if is_whole else containers


def _names(container: Container) -> Iterator[object]:
    for port in container.ports:
        yield from (port.name.value, port.number.value)


def _is_one(name: object, targets: set[int | str | Unknown | None]) -> bool:
    return isinstance(name, Unknown) or (name is not None and name in targets)
