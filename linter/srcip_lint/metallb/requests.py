"""What a Service may not ask of MetalLB: such a Service gets no address at all.

Source: metallb `controller/service.go` getDesiredLbIPs, `internal/ipfamily` ForAddressesIPs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.metallb.addresses import parse_address
from srcip_lint.metallb.allocation import LOAD_BALANCER_IPS, asked
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.service import Service


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why MetalLB surely refuses a request for addresses, where, and what to change."""

    why: str
    place: Place
    fix: str


def conflicts(service: Service) -> tuple[Conflict, ...]:
    """Why MetalLB surely refuses the addresses that a Service asks for; empty where it does not, or where that cannot
    be told."""
    listed, field = asked(service, LOAD_BALANCER_IPS), service.load_balancer_ip
    if listed is not None and isinstance(field.value, str) and field.value:
        same = listed.value == field.value
        return (
            Conflict(
                "loadBalancerIPs and spec.loadBalancerIP are both set, and MetalLB takes one of them only",
                field.place,
                "remove spec.loadBalancerIP" if same else "keep the annotation or spec.loadBalancerIP, not both",
            ),
        )
    if listed is not None:
        return tuple(_list(listed))
    if isinstance(field.value, str) and field.value and parse_address(field.value) is None:
        return (_no_address(field.value, field.place),)
    return ()


def _list(listed: Located[str | Unknown]) -> Iterator[Conflict]:
    if not isinstance(listed.value, str):
        return
    parts = [part.strip() for part in listed.value.split(",")]
    addresses = [address for address in map(parse_address, parts) if address is not None]
    for part in parts:
        if parse_address(part) is None:
            yield _no_address(part, listed.place)
    one_of_each = "name one address of each family"
    if len(addresses) > 2:
        yield Conflict("it asks for more than two addresses", listed.place, one_of_each)
    elif len(addresses) == 2 and addresses[0].version == addresses[1].version:
        yield Conflict(f"it asks for two IPv{addresses[0].version} addresses", listed.place, one_of_each)


def _no_address(text: str, place: Place) -> Conflict:
    what = f"{text} is no address" if text else "one of the addresses is empty"
    return Conflict(what, place, "write one IPv4 or IPv6 address, without a prefix length or a range")
