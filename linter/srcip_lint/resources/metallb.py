"""MetalLB's configuration: pools, advertisements, peers, BFD profiles.

Fields and defaults are those of MetalLB's API types (metallb `api/v1beta1`, `api/v1beta2`), remembered as defaults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Field, Located, Unknown, placeholder
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
class Repeat:
    """What stands in a list once more, although MetalLB takes each of its items once only."""

    what: str
    place: Place
    first: Place


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
    repeats: tuple[Repeat, ...] = ()


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
    repeats: tuple[Repeat, ...] = ()

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
    repeats: tuple[Repeat, ...] = ()
    frr_only: tuple[tuple[str, Place], ...] = ()
    """The fields that are set and that the native BGP mode does not know."""


@dataclass(frozen=True, eq=False, slots=True)
class BfdProfile:
    object: Object
    echo_mode: Located[bool | Unknown]


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
        addresses=tuple(_address(item) for item in addresses.items()),
        auto_assign=spec.field("autoAssign").boolean(default=True),
        avoid_buggy_ips=spec.field("avoidBuggyIPs").boolean(default=False),
        allocation=allocation,
        place=addresses.place,
        legacy=legacy,
        repeats=_repeats(spec.field("serviceAllocation"), ("namespaces",), ("namespaceSelectors", "serviceSelectors")),
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
        repeats=_repeats(
            spec,
            ("ipAddressPools", "communities", "peers"),
            ("ipAddressPoolSelectors", "nodeSelectors", "serviceSelectors"),
        ),
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
        repeats=_repeats(spec, (), ("nodeSelectors",)),
        frr_only=tuple((name, spec.field(name).place) for name in _FRR_ONLY if _is_set(spec.field(name))),
    )


_FRR_ONLY = (
    "bfdProfile",
    "keepaliveTime",
    "vrf",
    "connectTime",
    "enableGracefulRestart",
    "disableMP",
    "dualStackAddressFamily",
    "dynamicASN",
    "interface",
    "localASN",
)
"""What the native mode refuses in a BGPPeer (metallb `internal/config/validation.go` DiscardFRROnly)."""


def _is_set(field: Field) -> bool:
    """Is a field written, with more than the zero of its type? A connect time of zero counts too."""
    if not field.raw or placeholder(field.raw):
        return False
    is_duration = field.place.path[-1] == "keepaliveTime"
    return not is_duration or any(digit in str(field.raw) for digit in "123456789")


_NO_ADDRESS = re.compile(r"[A-Z]+|[A-Za-z]+(?:[-_ ][A-Za-z]+)+|.*(?:^|[.\-/])[xyzXYZ]+(?:$|[.\-/]).*", re.DOTALL)


def _address(item: Field) -> Located[str | Unknown]:
    """A range of a pool. `your-ip-range`, `RANGE` and `192.168.1.XXX/32` wait to be filled in."""
    found = item.text("")
    if isinstance(found.value, str) and _NO_ADDRESS.fullmatch(found.value):
        return Located(Unknown(f"the placeholder {found.value}"), found.place, written=found.written)
    return found


def read_bfd_profile(root: Field) -> BfdProfile:
    return BfdProfile(read_object(root), root.field("spec", "echoMode").boolean(default=False))


def read_selectors(field: Field) -> Selectors:
    """A list of label selectors; a null one selects nothing."""
    found = tuple(label_selector(item) or Selector(unknown=True) for item in field.items())
    return Selectors(found, field.place, unknown=not field.absent and not isinstance(field.raw, list))


def _repeats(spec: Field, names: tuple[str, ...], selectors: tuple[str, ...]) -> tuple[Repeat, ...]:
    """What stands twice in these lists of names and of label selectors, as MetalLB compares them (metallb
    `internal/config/config.go` validateDuplicate, validateLabelSelectorDuplicate): selectors by what is written, with
    the values of a condition in any order."""
    found: list[Repeat] = []
    for name in names:
        found += _twice(f"in {name}", spec.field(name).items(), lambda item: item.raw)
    for name in selectors:
        items = spec.field(name).items()
        found += _twice(f"in {name}", items, _written_selector)
        for item in items:
            expressions = item.field("matchExpressions").items()
            found += _twice(f"in a selector of {name}", expressions, _written_expression)
            for expression in expressions:
                values = expression.field("values").items()
                found += _twice(f"among the values of a selector of {name}", values, lambda value: value.raw)
    return tuple(found)


def _twice(where: str, items: tuple[Field, ...], key: Callable[[Field], object]) -> Iterator[Repeat]:
    first: dict[str, Field] = {}
    for item in items:
        if not _is_open(item.raw):
            earlier = first.setdefault(repr(key(item)), item)
            if earlier is not item:
                yield Repeat(where, item.place, earlier.place)


def _is_open(raw: object) -> bool:
    """Is anything in a value filled in later?"""
    if isinstance(raw, dict):
        return placeholder(raw) is not None or any(_is_open(part) for pair in raw.items() for part in pair)
    return any(map(_is_open, raw)) if isinstance(raw, list) else placeholder(raw) is not None


def _written_selector(item: Field) -> object:
    expressions = [_written_expression(each) for each in item.field("matchExpressions").items()]
    return sorted(item.field("matchLabels").text_map().items(), key=lambda pair: pair[0]), expressions


def _written_expression(item: Field) -> object:
    values = sorted(str(value.raw) for value in item.field("values").items())
    return item.field("key").raw, item.field("operator").raw, values
