"""The configuration of before 0.13: a ConfigMap with YAML in it (metallb `website/content/release-notes`, 0.13.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from srcip_lint.documents import Place
from srcip_lint.documents.nested import Nested, nested
from srcip_lint.resources.cluster import ConfigMap
from srcip_lint.resources.objects import Object

_KEY = "config"


@dataclass(frozen=True, eq=False, slots=True)
class LegacyConfig:
    """A ConfigMap that MetalLB read before 0.13, with the names of its pools and their protocols (`layer2`, `bgp`).
    `place` is where the YAML stands."""

    object: Object
    place: Place
    pools: tuple[str, ...]
    protocols: frozenset[str]
    peers: int


def legacy_config(config_map: ConfigMap) -> LegacyConfig | None:
    """MetalLB's old configuration in a ConfigMap; None where it holds something else."""
    found = config_map.files.get(_KEY)
    if found is None or not isinstance(found.value, str):
        return None
    if "address-pools:" not in found.value and "my-asn:" not in found.value:
        return None
    return _read(config_map.object, found.place, found.value)


@lru_cache(maxsize=64)  # asked for each Service
def _read(config_map: Object, place: Place, text: str) -> LegacyConfig | None:
    for document in nested(place, text):
        if isinstance(document, Nested) and isinstance(document.value, dict):
            pools = [item for item in _items(document.value, "address-pools") if "protocol" in item]
            peers = [item for item in _items(document.value, "peers") if "my-asn" in item]
            if pools or peers:
                names = tuple(str(pool.get("name", "")) for pool in pools)
                protocols = frozenset(str(pool["protocol"]) for pool in pools)
                return LegacyConfig(config_map, place, names, protocols, len(peers))
    return None


def _items(value: dict[Any, Any], key: str) -> Iterator[dict[Any, Any]]:
    items = value.get(key)
    yield from (item for item in (items if isinstance(items, list) else ()) if isinstance(item, dict))
