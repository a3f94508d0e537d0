"""Why MetalLB would reject a configuration.

MetalLB parses everything it is given as one configuration (metallb `internal/config/config.go` For, with
`internal/config/validation.go`). One fault makes it refuse the whole: the webhook turns the object away, and where the
webhook is not asked the old configuration stays in force and nothing that is applied later counts. What the API's own
schema refuses, and faults that need a password or a community to be told, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from srcip_lint.documents import Place
from srcip_lint.metallb.addresses import Range, known, ranges, refused
from srcip_lint.metallb.announcement import nodes_of
from srcip_lint.metallb.configuration import Configuration
from srcip_lint.metallb.reach import reaches, targets
from srcip_lint.placement import Inventory, disjoint
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.metallb import AddressPool, Advertisement, BgpPeer, Repeat
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer


@dataclass(frozen=True, eq=False, slots=True)
class Other:
    """Another place that a reason has to do with."""

    place: Place
    object: Object
    words: str


@dataclass(frozen=True, eq=False, slots=True)
class Reason:
    """One reason: what is wrong, where, and what to change."""

    place: Place
    object: Object
    words: str
    fix: str
    others: tuple[Other, ...] = ()


def reasons(configuration: Configuration, *, native: bool = False, inventory: Inventory | None = None) -> list[Reason]:
    """The reasons that are sure from what is written. `native`: MetalLB surely speaks BGP in its native mode."""
    advertisements = [each for each in configuration.advertisements if not each.is_l2]
    found = [reason for pool in configuration.pools for reason in _refused(pool)]
    found += _overlaps(configuration.pools)
    found += (_repeat(owner, repeat) for owner, repeat in _repeats(configuration))
    for advertisement in advertisements:
        found += _aggregation(advertisement)
        found += _too_short(advertisement, configuration.pools)
    found += _preferences(advertisements, configuration.pools, inventory)
    found += _native(configuration, advertisements) if native else _echoes(configuration, advertisements)
    return found


def _refused(pool: AddressPool) -> Iterator[Reason]:
    """ParseCIDR."""
    for text, place, why in refused(pool):
        fix = "write a network (192.0.2.0/28) or a range (192.0.2.10-192.0.2.20)"
        yield Reason(place, pool.object, f"the addresses {text!r} cannot be read: {why}", fix)


def _overlaps(pools: Iterable[AddressPool]) -> Iterator[Reason]:
    """poolsFor: no two ranges of any pools may share an address, those of one pool neither. Two definitions of one pool
    are one pool, and that is another fault."""
    items = [(pool, each) for pool in pools for each in ranges(pool)]
    for (one, earlier), (other, later) in combinations(items, 2):
        is_apart = one is not other and (one.object.ref == other.object.ref or not _read_together(one, other))
        if not is_apart and earlier.overlaps(later):
            whose = "this pool" if one is other else f"pool {one.object.name}"
            yield Reason(
                later.place,
                other.object,
                f"{later.text} overlaps {earlier.text} of {whose}",
                "give each pool addresses of its own",
                (Other(earlier.place, one.object, "the addresses that it overlaps"),),
            )


def _repeats(configuration: Configuration) -> Iterator[tuple[Object, Repeat]]:
    """validateDuplicate, validateLabelSelectorDuplicate."""
    yield from ((pool.object, repeat) for pool in configuration.pools for repeat in pool.repeats)
    yield from ((each.object, repeat) for each in configuration.advertisements for repeat in each.repeats)
    yield from ((peer.object, repeat) for peer in configuration.peers for repeat in peer.repeats)


def _repeat(owner: Object, repeat: Repeat) -> Reason:
    words = f"the same is written twice {repeat.what}"
    first = Other(repeat.first, owner, "it stands here already")
    return Reason(repeat.place, owner, words, "take one of the two away", (first,))


def _aggregation(each: Advertisement) -> Iterator[Reason]:
    """bgpAdvertisementFromCR."""
    for length, field, longest in _lengths(each):
        if isinstance(length.value, int) and length.value > longest:
            words = f"{field} {length.value} is longer than an address (/{longest})"
            yield Reason(length.place, each.object, words, f"write {longest} or less")
        elif isinstance(length.value, int) and length.value != longest and each.service_selectors.any_of:
            selectors = Other(each.service_selectors.place, each.object, "the serviceSelectors")
            words = f"{field} {length.value} stands beside serviceSelectors, and only one of the two may be set"
            fix = f"take {field} away, or the serviceSelectors"
            yield Reason(length.place, each.object, words, fix, (selectors,))


def _lengths(each: Advertisement) -> tuple[tuple[Located[int | Unknown], str, int], ...]:
    return (
        (each.aggregation_length, "aggregationLength", 32),
        (each.aggregation_length_v6, "aggregationLengthV6", 128),
    )


def _too_short(each: Advertisement, pools: Iterable[AddressPool]) -> Iterator[Reason]:
    """validateBGPAdvPerPool: an aggregate may not be larger than what the pool holds."""
    for length, field, longest in _lengths(each):
        found = (
            (pool, item)
            for pool in pools
            if _surely_reaches(each, pool)
            for item in ranges(pool)
            if item.first.max_prefixlen == longest and _is_shorter(length.value, item)
        )
        pool, item = next(found, (None, None))
        if pool and item:
            largest = _largest(item)
            yield Reason(
                length.place,
                each.object,
                f"{field} {length.value} makes an aggregate larger than {item.text} of pool {pool.object.name}, whose "
                f"largest block is a /{largest}",
                f"write {largest} or more, or give the pool the whole /{length.value}",
                (Other(item.place, pool.object, "the addresses that the aggregate goes beyond"),),
            )


def _is_shorter(length: int | Unknown, item: Range) -> bool:
    return isinstance(length, int) and length < _largest(item)


def _largest(item: Range) -> int:
    """The prefix length of the largest block in a range."""
    return min(network.prefixlen for network in item.networks)


def _preferences(
    advertisements: list[Advertisement], pools: tuple[AddressPool, ...], inventory: Inventory | None
) -> Iterator[Reason]:
    """BGPAdvertisementsHaveCompatibleLocalPref: one prefix cannot be sent to one peer from one node with two
    preferences. Advertisements with service selectors are not compared."""
    for one, other in combinations(advertisements, 2):
        shared = [pool for pool in pools if _surely_reaches(one, pool) and _surely_reaches(other, pool)]
        clash = next((pool for pool in shared if _same_lengths(one, other, pool)), None)
        if clash and _differ(one, other) and _same_peers(one, other) and _same_nodes(one, other, inventory):
            later, earlier = (other, one) if other.local_pref.written else (one, other)
            yield Reason(
                later.local_pref.place,
                later.object,
                f"localPref {later.local_pref.value} contradicts {earlier.local_pref.value} of {earlier.object.ref}, "
                f"which announces the same prefixes of pool {clash.object.name} to the same peers",
                "give both the same localPref, or other peers, nodes or aggregation lengths",
                (Other(earlier.local_pref.place, earlier.object, "the other localPref"),),
            )


def _differ(one: Advertisement, other: Advertisement) -> bool:
    values = one.local_pref.value, other.local_pref.value
    is_known = all(isinstance(value, int) for value in values)
    return is_known and values[0] != values[1] and one.service_selectors.absent and other.service_selectors.absent


def _same_lengths(one: Advertisement, other: Advertisement, pool: AddressPool) -> bool:
    """Do both announce prefixes of one length, in the families that the pool has? isAggrLengthDifferent, negated."""
    versions = {item.version for item in ranges(pool)}
    same = {
        4: one.aggregation_length.value == other.aggregation_length.value,
        6: one.aggregation_length_v6.value == other.aggregation_length_v6.value,
    }
    return known(pool) and any(same[version] for version in versions)


def _same_peers(one: Advertisement, other: Advertisement) -> bool:
    names = [{item.value for item in each.peers} for each in (one, other)]
    return not all(names) or bool(names[0] & names[1])


def _same_nodes(one: Advertisement, other: Advertisement, inventory: Inventory | None) -> bool:
    """Is there surely a node that both name? Without an inventory only where both name all nodes."""
    if inventory is None:
        return one.node_selectors.absent and other.node_selectors.absent
    nodes = nodes_of(one.node_selectors), nodes_of(other.node_selectors)
    return disjoint(*nodes, inventory.nodes) is Answer.NO


def _echoes(configuration: Configuration, advertisements: list[Advertisement]) -> Iterator[Reason]:
    """validateConfig: BFD's echo does not work with IPv6."""
    for profile in configuration.bfd_profiles:
        users = [peer for peer in configuration.peers if peer.bfd_profile.value == profile.object.name]
        found = (
            (each, pool, item)
            for each in advertisements
            if any(targets(each, peer.object.name) is Answer.YES and _read_together(each, peer) for peer in users)
            for pool in configuration.pools
            if _surely_reaches(each, pool)
            for item in ranges(pool)
            if item.version == 6
        )
        first = next(found, None)
        if profile.echo_mode.value is True and first:
            each, pool, item = first
            yield Reason(
                profile.echo_mode.place,
                profile.object,
                f"{each.object.ref} announces the IPv6 addresses {item.text} to a peer with this profile, and echo "
                "mode does not work with IPv6",
                "take echoMode away, or send the IPv6 addresses to other peers",
                (Other(item.place, pool.object, "the IPv6 addresses"),),
            )


def _native(configuration: Configuration, advertisements: list[Advertisement]) -> Iterator[Reason]:
    """DiscardFRROnly: what only FRR can do."""
    fix = "run MetalLB in FRR mode (METALLB_BGP_TYPE: frr), or take it away"
    for peer in configuration.peers:
        for field, place in peer.frr_only:
            yield Reason(place, peer.object, f"MetalLB's native BGP mode does not know {field}", fix)
    for profile in configuration.bfd_profiles:
        words = "MetalLB's native BGP mode refuses any BFDProfile"
        yield Reason(profile.object.place.at("kind"), profile.object, words, fix)
    for pool in configuration.pools:
        announcing = [each for each in advertisements if _surely_reaches(each, pool)]
        for item in ranges(pool) if announcing else ():
            if item.version == 6:
                owner = announcing[0].object
                words = f"MetalLB's native BGP mode does not know IPv6, and {owner.ref} announces {item.text}"
                other = Other(owner.place.at("kind"), owner, "the advertisement")
                yield Reason(item.place, pool.object, words, fix, (other,))


def _surely_reaches(each: Advertisement, pool: AddressPool) -> bool:
    return reaches(each, pool) is Answer.YES and _read_together(each, pool)


def _read_together(one: AddressPool | Advertisement | BgpPeer, other: AddressPool | Advertisement | BgpPeer) -> bool:
    """Are two resources surely in one namespace? MetalLB reads its own only."""
    return same_namespace(one.object.namespace, other.object.namespace) is Answer.YES
