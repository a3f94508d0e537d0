"""MetalLB's configuration: pools, advertisements, peers, BFD profiles.

Fields and defaults are those of MetalLB's API types (metallb `api/v1beta1`, `api/v1beta2`), remembered as defaults.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Field, Located, Unknown
from srcip_lint.resources.objects import Object, read_object
from srcip_lint.resources.selectors import Answer, Labels, Selector, label_selector, some

GROUP = "metallb.io"


@dataclass(frozen=True, eq=False, slots=True)
class Selectors:
    """A list of label selectors, of which any may match. An empty list is `absent`, and means something else to each
    field."""

    any_of: tuple[Selector, ...]
    place: Place
    unknown: bool = False
    """Is the list itself a placeholder?"""

    @property
    def absent(self) -> bool:
        return not self.any_of and not self.unknown

    def matches(self, labels: Labels) -> Answer:
        """Does any selector match?"""
        answers = [selector.matches(labels) for selector in self.any_of]
        return some([*answers, Answer.UNKNOWN] if self.unknown else answers)


@dataclass(frozen=True, eq=False, slots=True)
class ServiceAllocation:
    """Which Services a pool is kept for: by namespace, or by their labels. One without any of them takes every
    Service."""

    priority: Located[int | Unknown]
    namespaces: tuple[Located[str | Unknown], ...]
    namespace_selectors: Selectors
    service_selectors: Selectors


@dataclass(frozen=True, eq=False, slots=True)
class AddressPool:
    """An IPAddressPool; or an AddressPool of before 0.13, which later versions do not read (`legacy`)."""

    object: Object
    addresses: tuple[Located[str | Unknown], ...]
    auto_assign: Located[bool | Unknown]
    avoid_buggy_ips: Located[bool | Unknown]
    allocation: ServiceAllocation | None
    place: Place
    """Where `addresses` stands."""
    legacy: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Preference:
    """A node preference of an L2Advertisement."""

    weight: Located[int | Unknown]
    selector: Selector | None
    place: Place


@dataclass(frozen=True, eq=False, slots=True)
class Advertisement:
    """An L2Advertisement or a BGPAdvertisement (`is_l2` tells). What the other kind has is empty, or its default."""

    object: Object
    pools: tuple[Located[str | Unknown], ...]
    pool_selectors: Selectors
    node_selectors: Selectors
    service_selectors: Selectors
    interfaces: tuple[Located[str | Unknown], ...]
    preferences: tuple[Preference, ...]
    aggregation_length: Located[int | Unknown]
    aggregation_length_v6: Located[int | Unknown]
    local_pref: Located[int | Unknown]
    peers: tuple[Located[str | Unknown], ...]
    pools_unknown: bool = False
    """Is the list of pools itself a placeholder?"""

    @property
    def is_l2(self) -> bool:
        return self.object.kind == "L2Advertisement"


@dataclass(frozen=True, eq=False, slots=True)
class BgpPeer:
    """A BGPPeer: the sessions of the nodes that it selects."""

    object: Object
    node_selectors: Selectors
    bfd_profile: Located[str | Unknown]
    vrf: Located[str | Unknown]
    keepalive_time: Located[str | Unknown | None]


@dataclass(frozen=True, eq=False, slots=True)
class BfdProfile:
    object: Object


def read_pool(root: Field) -> AddressPool:
    """An IPAddressPool."""
    spec = root.field("spec")
    return _pool(root, spec, _allocation(spec.field("serviceAllocation")))


def read_legacy_pool(root: Field) -> AddressPool:
    """An AddressPool, whose advertisements stood in it."""
    return _pool(root, root.field("spec"), None, legacy=True)


def _pool(root: Field, spec: Field, allocation: ServiceAllocation | None, *, legacy: bool = False) -> AddressPool:
    addresses = spec.field("addresses")
    return AddressPool(
        object=read_object(root),
        addresses=tuple(item.text("") for item in addresses.items()),
        auto_assign=spec.field("autoAssign").boolean(default=True),
        avoid_buggy_ips=spec.field("avoidBuggyIPs").boolean(default=False),
        allocation=allocation,
        place=addresses.place,
        legacy=legacy,
    )


def _allocation(field: Field) -> ServiceAllocation | None:
    if field.absent:
        return None
    return ServiceAllocation(
        priority=field.field("priority").integer(0),
        namespaces=tuple(item.text("") for item in field.field("namespaces").items()),
        namespace_selectors=read_selectors(field.field("namespaceSelectors")),
        service_selectors=read_selectors(field.field("serviceSelectors")),
    )


def read_advertisement(root: Field) -> Advertisement:
    """An L2Advertisement or a BGPAdvertisement."""
    spec = root.field("spec")
    pools = spec.field("ipAddressPools")
    return Advertisement(
        object=read_object(root),
        pools=tuple(item.text("") for item in pools.items()),
        pool_selectors=read_selectors(spec.field("ipAddressPoolSelectors")),
        node_selectors=read_selectors(spec.field("nodeSelectors")),
        service_selectors=read_selectors(spec.field("serviceSelectors")),
        interfaces=tuple(item.text("") for item in spec.field("interfaces").items()),
        preferences=tuple(_preference(item) for item in spec.field("preferredNodeSelectors").items()),
        aggregation_length=spec.field("aggregationLength").integer(32),
        aggregation_length_v6=spec.field("aggregationLengthV6").integer(128),
        local_pref=spec.field("localPref").integer(0),
        peers=tuple(item.text("") for item in spec.field("peers").items()),
        pools_unknown=not pools.absent and not isinstance(pools.raw, list),
    )


def _preference(item: Field) -> Preference:
    return Preference(item.field("weight").integer(0), label_selector(item.field("preference")), item.place)


def read_bgp_peer(root: Field) -> BgpPeer:
    spec = root.field("spec")
    return BgpPeer(
        object=read_object(root),
        node_selectors=read_selectors(spec.field("nodeSelectors")),
        bfd_profile=spec.field("bfdProfile").text(""),
        vrf=spec.field("vrf").text(""),
        keepalive_time=spec.field("keepaliveTime").text(None),
    )


def read_bfd_profile(root: Field) -> BfdProfile:
    return BfdProfile(read_object(root))


def read_selectors(field: Field) -> Selectors:
    """A list of label selectors; a null one selects nothing."""
    found = tuple(label_selector(item) or Selector(unknown=True) for item in field.items())
    return Selectors(found, field.place, unknown=not field.absent and not isinstance(field.raw, list))
