"""Traefik in a bundle, for tests: the Deployment, its middlewares and routes."""

from __future__ import annotations

import textwrap

from nginx_pods import bundle_of
from srcip_lint.proxies import traefik
from srcip_lint.proxies.behaviour import Control, Listener, ProxyBehaviour, Route

WEB = "--entryPoints.web.address=:8000"
CRD = "--providers.kubernetescrd"
INGRESS = "--providers.kubernetesingress"


def deployment(
    *arguments: str, container: str = "", pod: str = "", image: str = "traefik:v3.3", name: str = "t"
) -> str:
    """A Deployment in the namespace `edge`; `container` and `pod` are more fields of theirs."""
    args = "".join(f"        - '{each}'\n" for each in arguments)
    written = f"        args:\n{args}" if args else ""
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: edge}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: traefik
        image: {image}
{written}{textwrap.indent(textwrap.dedent(container), " " * 8)}
{textwrap.indent(textwrap.dedent(pod), " " * 6)}
"""


def with_file(key: str, text: str, *arguments: str, path: str = "/etc/traefik") -> tuple[str, str]:
    """A Deployment that mounts a ConfigMap with one file, and that ConfigMap."""
    config = (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf, namespace: edge}}\ndata:\n  {key}: |\n"
        + textwrap.indent(textwrap.dedent(text).strip("\n"), "    ")
    )
    mounts = f"volumeMounts: [{{name: conf, mountPath: {path}}}]"
    volumes = "volumes: [{name: conf, configMap: {name: conf}}]"
    return deployment(*arguments, container=mounts, pod=volumes), config


def middleware(spec: str, name: str = "office", namespace: str | None = "shop", kind: str = "Middleware") -> str:
    return f"apiVersion: traefik.io/v1alpha1\nkind: {kind}\n{_metadata(name, namespace)}spec:\n" + textwrap.indent(
        textwrap.dedent(spec).strip("\n"), "  "
    )


def route(*middlewares: str, spec: str = "", namespace: str | None = "shop", kind: str = "IngressRoute") -> str:
    """An IngressRoute of one route; each of the middlewares is a flow mapping, or a name."""
    named = [each if each.startswith("{") else f"{{name: {each}}}" for each in middlewares]
    match = "Host(`a.example`)" if kind == "IngressRoute" else "HostSNI(`*`)"
    return f"""\
apiVersion: traefik.io/v1alpha1
kind: {kind}
{_metadata("r", namespace)}spec:
{textwrap.indent(textwrap.dedent(spec), "  ")}
  routes:
  - match: {match}
    middlewares: [{", ".join(named)}]
    services: [{{name: app, port: 80}}]
"""


def ingress(middlewares: str, more: str = "", namespace: str | None = "shop") -> str:
    """An Ingress without a class."""
    prefix = "traefik.ingress.kubernetes.io/router"
    named = f"name: i, namespace: {namespace}" if namespace else "name: i"
    return (
        f"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  {named.replace(', ', chr(10) + '  ')}\n"
        f"  annotations:\n    {prefix}.middlewares: {middlewares}\n{textwrap.indent(textwrap.dedent(more), '    ')}\n"
        "spec: {}\n"
    )


def _metadata(name: str, namespace: str | None) -> str:
    return f"metadata: {{name: {name}{f', namespace: {namespace}' if namespace else ''}}}\n"


def behaviour(*texts: str) -> ProxyBehaviour:
    """What the first workload's Traefik does."""
    bundle = bundle_of(*texts)
    found = traefik.behaviour(bundle.workloads[0], bundle)
    assert found
    return found


def listener(*texts: str) -> Listener:
    """The first entry point."""
    found = behaviour(*texts)
    assert found.complete, found.why_incomplete
    return found.listeners[0]


def http(*texts: str) -> Route:
    """The HTTP routes of the first entry point."""
    return listener(*texts).routes[0]


def controls(*texts: str) -> tuple[Control, ...]:
    """The lists and limits on the HTTP routes of the first entry point."""
    return http(*texts).controls
