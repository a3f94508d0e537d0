"""Whether MetalLB takes a configuration, transcribed from its parser for tests to compare with. It knows nothing of
this project: pools, advertisements and nodes are dicts as in the manifests, and the first fault ends it, as in MetalLB.

`internal/config/config.go` poolsFor, ParseCIDR, setBGPAdvertisementsToPools, bgpAdvertisementFromCR,
validateBGPAdvPerPool, BGPAdvertisementsHaveCompatibleLocalPref, isAggrLengthDifferent, validateDuplicate.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network, summarize_address_range
from typing import Any

from metallb_speakers import matches

Manifest = dict[str, Any]
Networks = list[IPv4Network | IPv6Network]


class Rejected(Exception):
    """MetalLB returns an error."""


def parse(text: str) -> Networks:
    if "-" not in text:
        if text.count("/") != 1 or not text.split("/")[1].isdigit():
            raise Rejected(text)
        try:
            return [ip_network(text, strict=False)]
        except ValueError as error:
            raise Rejected(text) from error
    parts = text.split("-", 1)
    try:
        start, end = ip_address(parts[0].strip()), ip_address(parts[1].strip())
    except ValueError as error:
        raise Rejected(text) from error
    if start.version == end.version and int(start) > int(end):
        raise Rejected(text)
    return list(summarize_address_range(start, end)) if start.version == end.version else []


def check(pools: list[Manifest], advertisements: list[Manifest], nodes: list[Manifest]) -> None:
    """Raises Rejected where MetalLB would refuse BGP advertisements with pools."""
    taken: Networks = []
    parsed: dict[str, list[Networks]] = {}
    for pool in pools:
        parsed[pool["metadata"]["name"]] = [parse(text) for text in pool["spec"]["addresses"]]
        for network in (each for item in parsed[pool["metadata"]["name"]] for each in item):
            if any(network.version == other.version and network.overlaps(other) for other in taken):
                raise Rejected("overlap")
            taken.append(network)
    attached: dict[str, list[Manifest]] = {name: [] for name in parsed}
    for advertisement in advertisements:
        spec = advertisement["spec"]
        for field in ("ipAddressPools", "peers"):
            if len(set(spec.get(field, ()))) < len(spec.get(field, ())):
                raise Rejected("duplicate")
        parse_advertisement(spec)
        for name in spec.get("ipAddressPools") or list(parsed):
            if name in parsed:
                attach(spec, parsed[name], attached[name], nodes)
                attached[name].append(spec)


def parse_advertisement(spec: Manifest) -> None:
    v4, v6 = spec.get("aggregationLength"), spec.get("aggregationLengthV6")
    if spec.get("serviceSelectors") and (v4 not in (None, 32) or v6 not in (None, 128)):
        raise Rejected("both")
    if (v4 or 0) > 32 or (v6 or 0) > 128:
        raise Rejected("too long")


def attach(spec: Manifest, pool: list[Networks], others: list[Manifest], nodes: list[Manifest]) -> None:
    for item in pool:
        if item:
            length = spec.get("aggregationLength", 32) if item[0].version == 4 else spec.get("aggregationLengthV6", 128)
            if length < min(network.prefixlen for network in item):
                raise Rejected("too short")
    if spec.get("serviceSelectors"):
        return
    for other in others:
        if not other.get("serviceSelectors") and not compatible(spec, other, pool, nodes):
            raise Rejected("preference")


def compatible(one: Manifest, other: Manifest, pool: list[Networks], nodes: list[Manifest]) -> bool:
    if one.get("localPref", 0) == other.get("localPref", 0):
        return True
    versions = {item[0].version for item in pool if item}
    differs4 = one.get("aggregationLength", 32) != other.get("aggregationLength", 32)
    differs6 = one.get("aggregationLengthV6", 128) != other.get("aggregationLengthV6", 128)
    if not versions or (differs4 and 6 not in versions) or (differs6 and 4 not in versions) or (differs4 and differs6):
        return True
    if one.get("peers") and other.get("peers") and not set(one["peers"]) & set(other["peers"]):
        return True
    return not (named(one, nodes) & named(other, nodes))


def named(spec: Manifest, nodes: list[Manifest]) -> set[str]:
    selectors = spec.get("nodeSelectors")
    return {
        node["name"]
        for node in nodes
        if not selectors or any(matches(selector, node["labels"]) for selector in selectors)
    }
