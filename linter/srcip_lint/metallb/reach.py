"""Which advertisement reaches which pool, and which Services it speaks for.

An advertisement without pools and without pool selectors reaches every pool; one whose selectors match nothing reaches
none, and names of pools that are not there are passed over (metallb `internal/config/config.go`
setL2AdvertisementsToPools, setBGPAdvertisementsToPools). Selectors of one list are alternatives.
"""

from __future__ import annotations

from srcip_lint.resources.fields import Unknown, placeholder
from srcip_lint.resources.metallb import AddressPool, Advertisement
from srcip_lint.resources.selectors import Answer, some
from srcip_lint.resources.service import Service


def reaches(advertisement: Advertisement, pool: AddressPool) -> Answer:
    """Does an advertisement reach a pool?"""
    is_open = not advertisement.pools and not advertisement.pools_unknown and advertisement.pool_selectors.absent
    if is_open:
        return Answer.YES
    named = [_names(item.value, pool) for item in advertisement.pools]
    unread = [Answer.UNKNOWN] if advertisement.pools_unknown else []
    return some([*named, *unread, advertisement.pool_selectors.matches(pool.object.labels)])


def speaks_for(advertisement: Advertisement, service: Service) -> Answer:
    """Does an advertisement speak for a Service, by its labels? One without selectors does for all."""
    if advertisement.service_selectors.absent:
        return Answer.YES
    return advertisement.service_selectors.matches(service.object.labels)


def targets(advertisement: Advertisement, peer_name: str) -> Answer:
    """Does a BGPAdvertisement go to a peer? One that names no peers goes to all (metallb `internal/bgp`
    MatchesPeer)."""
    if not advertisement.peers:
        return Answer.YES
    return some(
        Answer.UNKNOWN if isinstance(item.value, Unknown) else _equal(item.value, peer_name)
        for item in advertisement.peers
    )


def _names(name: str | Unknown, pool: AddressPool) -> Answer:
    """Does a name name a pool? Nobody knows what the API server, or whoever fills in a placeholder, will call one."""
    is_open = pool.object.generated or placeholder(pool.object.name) is not None
    return Answer.UNKNOWN if isinstance(name, Unknown) or is_open else _equal(name, pool.object.name)


def _equal(one: str, other: str) -> Answer:
    """Are two names the same? The name of an object may be a placeholder too."""
    if one != other and placeholder(other):
        return Answer.UNKNOWN
    return Answer.YES if one == other else Answer.NO
