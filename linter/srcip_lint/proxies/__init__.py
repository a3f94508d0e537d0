"""Proxies: one adapter a product, from configuration objects to what it does with the client address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from srcip_lint.bundle import Bundle
from srcip_lint.proxies.behaviour import ProxyBehaviour
from srcip_lint.resources.workload import Workload

Adapter = Callable[[Workload, Bundle], "ProxyBehaviour | None"]


def adapters() -> tuple[Adapter, ...]:
    """Every product that is known. The first that recognises a workload speaks for it."""
    # Imported here, since `proxies.behaviour` is asked for its types where no pod is.
    from srcip_lint.proxies import (
        contour,
        haproxy_ingress,
        haproxytech,
        ingress_nginx,
        istio,
        kong,
        nginx,
        nginx_org,
        traefik,
    )

    return (
        ingress_nginx.behaviour,
        nginx_org.behaviour,
        haproxytech.behaviour,
        haproxy_ingress.behaviour,
        istio.behaviour,
        contour.behaviour,
        kong.behaviour,
        traefik.behaviour,
        nginx.behaviour,
    )


def behaviours(workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    """What the proxy of a workload does; None where no product is recognised. Where a pod runs several, the first is
    told, and that it is not the whole of it."""
    found = [behaviour for adapter in adapters() if (behaviour := adapter(workload, bundle))]
    if len(found) < 2:
        return found[0] if found else None
    others = ", ".join(behaviour.product for behaviour in found[1:])
    return replace(found[0], complete=False, why_incomplete=found[0].why_incomplete or f"{others} runs in the same pod")
