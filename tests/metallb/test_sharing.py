"""Who may share an address: the model against a transcription of MetalLB's allocator, on pairs of small Services."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from linting import bundle_of
from srcip_lint.metallb.allocation import requested
from srcip_lint.metallb.sharing import admitted, refusals
from srcip_lint.resources.service import Service

KEYS = (None, "", "a", "b")
BACKENDS: tuple[tuple[str, dict[str, str]], ...] = (
    ("Cluster", {"app": "one"}),
    ("Local", {"app": "one"}),
    ("Local", {"app": "two"}),
    ("Local", {}),
)
PORTS = ((("TCP", 80),), (("UDP", 80),), (("TCP", 80), ("TCP", 443)))
Ask = tuple[str | None, tuple[str, Mapping[str, str]], tuple[tuple[str, int], ...]]


class Allocator:
    """One address, as metallb's `internal/allocator` keeps it (checkSharing, sharingOK, assign)."""

    def __init__(self) -> None:
        self.key: tuple[str, str] | None = None
        self.ports: dict[tuple[str, int], str] = {}

    def assign(self, name: str, ask: Ask) -> bool:
        key, (policy, selector), ports = ask
        backend = ",".join(f"{label}={value}" for label, value in sorted(selector.items()))
        mine = (key or "", backend if policy == "Local" else "")
        if self.key is not None and not (self.key[0] and mine[0] and self.key == mine):
            return False
        if any(port in self.ports for port in ports):
            return False
        self.key = mine
        self.ports.update(dict.fromkeys(ports, name))
        return True


def service(name: str, ask: Ask) -> str:
    key, (policy, selector), ports = ask
    annotations = {} if key is None else {"metallb.io/allow-shared-ip": key}
    spec: dict[str, Any] = {
        "type": "LoadBalancer",
        "externalTrafficPolicy": policy,
        "ports": [
            {"name": f"p{number}", "protocol": proto, "port": port} for number, (proto, port) in enumerate(ports)
        ],
    }
    if selector:
        spec["selector"] = dict(selector)
    metadata = {"name": name, "annotations": annotations}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})


def read(*texts: str) -> tuple[Service, ...]:
    return bundle_of({"web.yaml": "---\n".join(texts)}).services


def test_the_model_refuses_what_the_allocator_refuses() -> None:
    asks: list[Ask] = list(itertools.product(KEYS, BACKENDS, PORTS))
    services = read(*(service(f"s{number}", ask) for number, ask in enumerate(asks)))
    for (one, first), (other, second) in itertools.product(zip(services, asks, strict=True), repeat=2):
        allocator = Allocator()
        assert allocator.assign("one", first)
        grants = allocator.assign("other", second)
        assert admitted(one, other) is grants
        assert bool(refusals(one, other)) is not grants


@pytest.mark.parametrize(
    ("annotations", "field", "count", "unknown"),
    [
        ({}, None, 0, False),
        ({"metallb.io/loadBalancerIPs": "192.0.2.5, 2001:db8::5"}, None, 2, False),
        ({"metallb.io/loadBalancerIPs": "192.0.2.5,x"}, None, 1, True),
        ({"metallb.io/loadBalancerIPs": ""}, "192.0.2.5", 1, False),
        ({}, "192.0.2.5,192.0.2.6", 0, True),
        ({}, "${ADDRESS}", 0, True),
    ],
)
def test_the_annotation_lists_addresses_and_the_field_holds_one(
    annotations: Mapping[str, str], field: str | None, count: int, unknown: bool
) -> None:
    found = yaml.safe_load(service("web", ("a", BACKENDS[0], PORTS[0])))
    found["metadata"]["annotations"] = dict(annotations)
    found["spec"]["loadBalancerIP"] = field
    asks = requested(read(yaml.safe_dump(found))[0])
    assert (len(asks.addresses), asks.unknown) == (count, unknown)
