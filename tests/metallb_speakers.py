"""Who announces an address, transcribed from MetalLB's speakers for tests to compare with. It knows nothing of this
project: nodes, advertisements and peers are dicts as in the manifests.

`speaker/layer2_controller.go` ShouldAnnounce, speakersForAds, sortL2Candidates, preferredScoresFor;
`speaker/bgp_controller.go` ShouldAnnounce, syncPeers; `internal/config/config.go` set*AdvertisementsToPools.
"""

from __future__ import annotations

import hashlib
from ipaddress import ip_interface
from typing import Any

EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers"
Manifest = dict[str, Any]


def matches(selector: Manifest, labels: dict[str, str]) -> bool:
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for expression in selector.get("matchExpressions", []):
        key, operator, values = expression["key"], expression["operator"], expression.get("values", [])
        has = key in labels
        if operator == "In" and not (has and labels[key] in values):
            return False
        if operator == "NotIn" and has and labels[key] in values:
            return False
        if (operator == "Exists" and not has) or (operator == "DoesNotExist" and has):
            return False
    return True


def any_matches(selectors: list[Manifest], labels: dict[str, str]) -> bool:
    return any(matches(selector, labels) for selector in selectors)


def ads_of(pool: Manifest, ads: list[Manifest], kind: str) -> list[Manifest]:
    found = []
    for ad in ads:
        if ad["kind"] != kind:
            continue
        spec = ad["spec"]
        names, selectors = spec.get("ipAddressPools", []), spec.get("ipAddressPoolSelectors", [])
        everything = not names and not selectors
        if (
            everything
            or pool["metadata"]["name"] in names
            or any_matches(selectors, pool["metadata"].get("labels", {}))
        ):
            found.append(ad)
    return found


def for_service(ads: list[Manifest], service: Manifest) -> list[Manifest]:
    labels = service["metadata"].get("labels", {})
    return [
        ad
        for ad in ads
        if not ad["spec"].get("serviceSelectors") or any_matches(ad["spec"]["serviceSelectors"], labels)
    ]


def on_node(ad: Manifest, node: Manifest) -> bool:
    selectors = ad["spec"].get("nodeSelectors", [])
    return not selectors or any_matches(selectors, node["metadata"].get("labels", {}))


def l2_leader(
    service: Manifest, address: str, pool: Manifest, ads: list[Manifest], nodes: list[Manifest], endpoints: set[str]
) -> str | None:
    """With memberlist, a speaker on every node, and the exclusion honoured."""
    if not endpoints:
        return None
    ours = for_service(ads_of(pool, ads, "L2Advertisement"), service)
    speakers = [
        node
        for node in nodes
        if EXCLUDE not in node["metadata"].get("labels", {}) and any(on_node(ad, node) for ad in ours)
    ]
    if service["spec"].get("externalTrafficPolicy") == "Local":
        speakers = [node for node in speakers if node["metadata"]["name"] in endpoints]
    scores: dict[str, int] = {}
    for ad in ours:
        for node in nodes:
            if on_node(ad, node):
                for preferred in ad["spec"].get("preferredNodeSelectors", []):
                    if matches(preferred["preference"], node["metadata"].get("labels", {})):
                        name = node["metadata"]["name"]
                        scores[name] = scores.get(name, 0) + preferred["weight"]
    names = sorted(
        (node["metadata"]["name"] for node in speakers),
        key=lambda name: (-scores.get(name, 0), hashlib.sha256(f"{name}#{address}".encode()).digest()),
    )
    return names[0] if names else None


def bgp_routes(
    service: Manifest,
    address: str,
    pool: Manifest,
    ads: list[Manifest],
    peers: list[Manifest],
    nodes: list[Manifest],
    endpoints: set[str],
) -> set[tuple[str, str, str]]:
    """(node, peer, prefix), for an IPv4 address."""
    found = set()
    is_local = service["spec"].get("externalTrafficPolicy") == "Local"
    for node in nodes:
        name, labels = node["metadata"]["name"], node["metadata"].get("labels", {})
        if EXCLUDE in labels or not endpoints or (is_local and name not in endpoints):
            continue
        for ad in for_service(ads_of(pool, ads, "BGPAdvertisement"), service):
            if not on_node(ad, node):
                continue
            length = ad["spec"].get("aggregationLength", 32)
            prefix = str(ip_interface(f"{address}/{length}").network)
            for peer in peers:
                selectors, wanted = peer["spec"].get("nodeSelectors", []), ad["spec"].get("peers", [])
                has_session = not selectors or any_matches(selectors, labels)
                if has_session and (not wanted or peer["metadata"]["name"] in wanted):
                    found.add((name, peer["metadata"]["name"], prefix))
    return found
