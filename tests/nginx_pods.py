"""Pods that run nginx with files out of ConfigMaps, for tests."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import yaml

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.inputs import gather
from srcip_lint.proxies.behaviour import Listener, ProxyBehaviour, Route
from srcip_lint.proxies.nginx import behaviour
from srcip_lint.sources import Reading, Source

CONF_D = "/etc/nginx/conf.d"


def bundle_of(*texts: str) -> Bundle:
    """The bundle of some manifests, one file each."""
    sources = [Source(f"{number}.yaml", text.encode(), named=True) for number, text in enumerate(texts)]
    return Bundle(gather(sources, Reading([])))


def config_map(files: Mapping[str, str], name: str = "conf") -> str:
    """A ConfigMap with block scalars, as people write them."""
    data = "".join(f"  {key}: |\n{textwrap.indent(text, '    ')}\n" for key, text in files.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n{data}"


def deployment(
    mounts: list[dict[str, Any]] | None = None,
    volumes: list[dict[str, Any]] | None = None,
    image: str = "nginx:1.27",
    **container: Any,
) -> str:
    """A Deployment of one container; by default it has the ConfigMap `conf` at /etc/nginx/conf.d."""
    mounts = [{"name": "conf", "mountPath": CONF_D}] if mounts is None else mounts
    volumes = [{"name": "conf", "configMap": {"name": "conf"}}] if volumes is None else volumes
    pod = {"containers": [{"name": "web", "image": image, "volumeMounts": mounts, **container}], "volumes": volumes}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": pod}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    return yaml.safe_dump({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})


def behaviour_in(bundle: Bundle) -> ProxyBehaviour:
    """What the nginx of the bundle's only workload does."""
    found = behaviour(bundle.workloads[0], bundle)
    assert found is not None
    return found


def behaviour_of(configuration: str, **container: Any) -> ProxyBehaviour:
    """What nginx does with a configuration in /etc/nginx/conf.d/default.conf."""
    return behaviour_in(bundle_of(config_map({"default.conf": configuration}), deployment(**container)))


def listener_of(configuration: str) -> Listener:
    found = behaviour_of(configuration)
    assert found.complete, found.why_incomplete
    return found.listeners[0]


def route_of(configuration: str, name: str = "location /") -> Route:
    """The route of a location; by default of `location /`."""
    return next(route for route in listener_of(configuration).routes if route.name == name)


def text_at(place: Place) -> str:
    """What stands at a place in its file, on one line."""
    span = place.span
    assert span.line == span.end_line
    return place.source.lines.line(span.line)[span.column - 1 : span.end_column - 1]
