"""What a node itself filters by address, before it translates anything."""

from __future__ import annotations

from ipaddress import ip_network

from srcip_lint.path.hops import CLIENT, Entry, Network, Observation, Point, State, always
from srcip_lint.resources.service import Service

SOURCE_RANGES = "loadBalancerSourceRanges"


def source_ranges(service: Service, entry: Entry, state: State) -> tuple[Observation, ...]:
    """What `loadBalancerSourceRanges` judges: kube-proxy drops packets to the load balancer's address at the prerouting
    hook, before it translates the destination and before it masquerades (kubernetes `pkg/proxy/nftables/README.md`).

    None for node ports and external IPs, which it does not cover, and none behind a load balancer that opens
    connections of its own: those come to node ports, and the load balancer filters by itself.
    """
    if entry is not Entry.LOAD_BALANCER or not service.source_ranges or state.peer != always(CLIENT):
        return ()
    what = f"{SOURCE_RANGES} allows by address"
    at = service.source_ranges[0].place
    networks = tuple(found for written in service.source_ranges if (found := _network(written.value)))
    return (Observation(Point.NODE, what, state.peer, at, control=SOURCE_RANGES, networks=networks),)


def _network(written: object) -> Network | None:
    """A range, None where it cannot be read. White space around it is no fault (kubernetes
    `pkg/proxy/serviceport.go`)."""
    try:
        return ip_network(str(written).strip(), strict=False)
    except ValueError:
        return None
