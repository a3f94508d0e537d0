"""By which protocols a Service's address is announced."""

from __future__ import annotations

import pytest

from linting import model_of
from srcip_lint.resources.selectors import Answer

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, labels: {exposure: public}}
spec:
  type: LoadBalancer
  ports: [{port: 80}]
"""
POOLS = """
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: one}
spec: {addresses: [192.0.2.0/28]}
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: two}
spec: {addresses: [192.0.2.16/28]}
"""
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


def advertisement(kind: str, spec: str = "{}") -> str:
    return f"apiVersion: metallb.io/v1beta1\nkind: {kind}\nmetadata: {{name: {kind.lower()}}}\nspec: {spec}"


L2, BGP = "L2Advertisement", "BGPAdvertisement"

CASES = {
    "one kind for all pools": ([advertisement(L2)], (YES, NO)),
    "both kinds for all pools": ([advertisement(L2), advertisement(BGP)], (YES, YES)),
    "one kind a pool": (
        [advertisement(L2, "{ipAddressPools: [one]}"), advertisement(BGP, "{ipAddressPools: [two]}")],
        (UNKNOWN, UNKNOWN),
    ),
    "some of the pools": ([advertisement(L2, "{ipAddressPools: [one]}")], (UNKNOWN, NO)),
    "no pool": ([advertisement(L2, "{ipAddressPools: [three]}")], (NO, NO)),
    "a pool that a placeholder names": ([advertisement(BGP, '{ipAddressPools: ["${POOL}"]}')], (NO, UNKNOWN)),
    "Services with this label": (
        [advertisement(BGP, "{serviceSelectors: [{matchLabels: {exposure: public}}]}")],
        (NO, YES),
    ),
    "Services with another label": (
        [advertisement(L2), advertisement(BGP, "{serviceSelectors: [{matchLabels: {exposure: inner}}]}")],
        (YES, NO),
    ),
}


@pytest.mark.parametrize(("documents", "expected"), CASES.values(), ids=CASES)
def test_the_advertisements_tell(documents: list[str], expected: tuple[Answer, Answer]) -> None:
    model = model_of({"all.yaml": "\n---\n".join([SERVICE, POOLS, *documents])})
    found = model.metallb.protocols(model.bundle.services[0])
    assert (found.l2, found.bgp) == expected


@pytest.mark.parametrize(
    ("declared", "expected"),
    [("metallb-l2", (YES, NO)), ("metallb-bgp", (NO, YES)), ("metallb", (YES, NO)), ("gke", (UNKNOWN, UNKNOWN))],
)
def test_what_is_declared_wins(declared: str, expected: tuple[Answer, Answer]) -> None:
    text = "\n---\n".join([SERVICE, POOLS, advertisement(L2)])
    model = model_of({"all.yaml": text}, [("loadBalancer", declared)])
    found = model.metallb.protocols(model.bundle.services[0])
    assert (found.l2, found.bgp) == expected
