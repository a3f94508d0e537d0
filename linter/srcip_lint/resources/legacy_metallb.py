"""MetalLB's configuration of before 0.13: a ConfigMap with YAML in it (metallb `website/content/release-notes`,
0.13.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from srcip_lint.documents import Place
from srcip_lint.documents.nested import Nested, nested
from srcip_lint.resources.fields import Located, Unknown

_KEY = "config"


@dataclass(frozen=True, eq=False, slots=True)
class LegacyMetalLB:
    """What MetalLB read before 0.13: the names of its pools, their protocols (`layer2`, `bgp`), and how many peers.
    `place` is where the YAML stands."""

    place: Place
    pools: tuple[str, ...]
    protocols: frozenset[str]
    peers: int


def read_legacy_metallb(files: Mapping[str, Located[str | Unknown]]) -> LegacyMetalLB | None:
    """The configuration in a ConfigMap with these files; None where it holds something else."""
    found = files.get(_KEY)
    if found is None or not isinstance(found.value, str):
        return None
    if "address-pools:" not in found.value and "my-asn:" not in found.value:
        return None
    for document in nested(found.place, found.value):
        if isinstance(document, Nested) and isinstance(document.value, dict):
            pools = [item for item in _items(document.value, "address-pools") if "protocol" in item]
            peers = [item for item in _items(document.value, "peers") if "my-asn" in item]
            if pools or peers:
                names = tuple(str(pool.get("name", "")) for pool in pools)
                protocols = frozenset(str(pool["protocol"]) for pool in pools)
                return LegacyMetalLB(found.place, names, protocols, len(peers))
    return None


def _items(value: dict[Any, Any], key: str) -> Iterator[dict[Any, Any]]:
    items = value.get(key)
    yield from (item for item in (items if isinstance(items, list) else ()) if isinstance(item, dict))
