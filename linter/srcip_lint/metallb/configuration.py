"""MetalLB's custom resources that are applied together.

MetalLB reads its configuration as one thing, but a repository may hold the configurations of several clusters, or
several examples of one, side by side. So resources are compared with one another only where they stand in one stream
(a file, a kustomization), or in streams of one folder that define nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from srcip_lint.bundle import Bundle
from srcip_lint.resources.metallb import AddressPool, Advertisement, BfdProfile, BgpPeer
from srcip_lint.resources.objects import Object


@dataclass(frozen=True, eq=False, slots=True)
class Configuration:
    """What is applied together. `pools` are IPAddressPools; AddressPools of before 0.13 are not among them."""

    pools: tuple[AddressPool, ...] = ()
    advertisements: tuple[Advertisement, ...] = ()
    peers: tuple[BgpPeer, ...] = ()
    bfd_profiles: tuple[BfdProfile, ...] = ()

    @property
    def looks_whole(self) -> bool:
        """Are pools and their advertisements there? Then the rest is probably kept here too."""
        return bool(self.pools and self.advertisements)


def configurations(bundle: Bundle) -> dict[str, Configuration]:
    """The configuration that each stream is part of."""
    streams: dict[tuple[str, ...], dict[str, Object]] = defaultdict(dict)
    for found in bundle.metallb_objects:
        streams[found.folder].setdefault(found.stream, found)
    together: dict[str, Configuration] = {}
    for in_folder in streams.values():
        agree = all(bundle.compatible(one, other) for one, other in combinations(in_folder.values(), 2))
        for group in [tuple(in_folder)] if agree else [(stream,) for stream in in_folder]:
            configuration = _configuration(bundle, group)
            together.update(dict.fromkeys(group, configuration))
    return together


def _configuration(bundle: Bundle, streams: tuple[str, ...]) -> Configuration:
    def of(resources: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(each for each in resources if each.object.stream in streams)

    return Configuration(
        tuple(pool for pool in of(bundle.pools) if not pool.legacy),
        of(bundle.advertisements),
        of(bundle.bgp_peers),
        of(bundle.bfd_profiles),
    )
