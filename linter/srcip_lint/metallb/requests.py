"""What a Service may not ask of MetalLB: such a Service gets no address at all.

Sources: metallb `controller/service.go` (getDesiredLbIPs, allocateIPs), `internal/ipfamily` (ForAddressesIPs),
`internal/allocator` (Assign, poolFor).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.metallb.addresses import Address, known, parse_address, ranges
from srcip_lint.metallb.allocation import ADDRESS_POOL, LOAD_BALANCER_IPS, allocated_to, asked, requested
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.metallb import AddressPool
from srcip_lint.resources.selectors import Answer, Labels
from srcip_lint.resources.service import Service


@dataclass(frozen=True, slots=True)
class RequestConflict:
    """Why MetalLB surely refuses a request for addresses, where, and what to change. `is_removal` says that the fix
    takes no decision: the field is taken away."""

    why: str
    place: Place
    fix: str
    is_removal: bool = False


def conflicts(service: Service) -> tuple[RequestConflict, ...]:
    """Why MetalLB surely refuses the addresses that a Service asks for; empty where it does not, or where that cannot
    be told."""
    listed, field = asked(service, LOAD_BALANCER_IPS), service.load_balancer_ip
    if listed is not None and isinstance(field.value, str) and field.value:
        same = listed.value == field.value
        return (
            RequestConflict(
                "loadBalancerIPs and spec.loadBalancerIP are both set, and MetalLB takes one of them only",
                field.place,
                "remove spec.loadBalancerIP" if same else "keep the annotation or spec.loadBalancerIP, not both",
                is_removal=same,
            ),
        )
    if listed is not None:
        return tuple(_list(listed))
    if isinstance(field.value, str) and field.value and parse_address(field.value) is None:
        return (_no_address(field.value, field.place),)
    return ()


def unavailable(
    service: Service, pools: Sequence[AddressPool], namespaces: Mapping[str, Labels]
) -> RequestConflict | None:
    """Why none of these pools, which are all there are, can give a Service the addresses it asks for; None where one
    can, or where that cannot be told. `namespaces` are the labels of the namespaces that were read."""
    asks = requested(service)
    if not asks.addresses or asks.place is None or asks.unknown or not pools or not all(map(_is_read, pools)):
        return None
    named = ", ".join(map(str, asks.addresses))
    holding = [pool for pool in pools if _holds(pool, asks.addresses)]
    if not holding:
        known_pools = ", ".join(pool.object.name for pool in pools)
        fix = f"ask for addresses of one pool ({known_pools}), or add them to one"
        return RequestConflict(f"no pool holds {named}", asks.place, fix)
    wanted = asked(service, ADDRESS_POOL)
    for pool in holding:
        why, fix = None, ""
        if any(_is_left_out(pool, address) for address in asks.addresses):
            why = f"{pool.object.ref} leaves out the addresses that end in .0 and .255 (avoidBuggyIPs)"
            fix = "ask for another address"
        elif wanted and isinstance(wanted.value, str) and wanted.value != pool.object.name:
            why = f"{named} is of {pool.object.ref}, and address-pool names {wanted.value}"
            fix = f"write address-pool: {pool.object.name}, or remove it"
        elif allocated_to(service, pool, namespaces) is Answer.NO:
            why = f"the serviceAllocation of {pool.object.ref} excludes it"
            fix = "ask for an address of a pool that is open to it, or open this one"
        if why:
            return RequestConflict(why, asks.place, fix)
    return None


def _is_read(pool: AddressPool) -> bool:
    return known(pool) and isinstance(pool.avoid_buggy_ips.value, bool)


def _holds(pool: AddressPool, addresses: Sequence[Address]) -> bool:
    """Are all addresses in one pool? MetalLB takes them from no two."""
    return all(any(found.has(address) for found in ranges(pool)) for address in addresses)


def _is_left_out(pool: AddressPool, address: Address) -> bool:
    return pool.avoid_buggy_ips.value is True and address.version == 4 and int(address) & 0xFF in (0, 255)


def _list(listed: Located[str | Unknown]) -> Iterator[RequestConflict]:
    if not isinstance(listed.value, str):
        return
    parts = [part.strip() for part in listed.value.split(",")]
    addresses = [address for address in map(parse_address, parts) if address is not None]
    for part in parts:
        if parse_address(part) is None:
            yield _no_address(part, listed.place)
    one_of_each = "name one address of each family"
    if len(addresses) > 2:
        yield RequestConflict("it asks for more than two addresses", listed.place, one_of_each)
    elif len(addresses) == 2 and addresses[0].version == addresses[1].version:
        yield RequestConflict(f"it asks for two IPv{addresses[0].version} addresses", listed.place, one_of_each)


def _no_address(text: str, place: Place) -> RequestConflict:
    what = f"{text} is no address" if text else "one of the addresses is empty"
    return RequestConflict(what, place, "write one IPv4 or IPv6 address, without a prefix length or a range")
