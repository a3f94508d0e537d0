"""Lists of addresses, as controllers read them out of annotations and custom resources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from srcip_lint.networks import Network
from srcip_lint.resources.fields import Unknown


@dataclass(frozen=True, slots=True)
class AddressList:
    """The networks of a list. `has_more` says that a placeholder stands for some of it."""

    networks: tuple[Network, ...]
    has_more: bool = False

    @property
    def tells_clients_apart(self) -> bool:
        """Does it name somebody, and not everybody?"""
        return bool(self.networks) and not any(network.prefixlen == 0 for network in self.networks)


def read_list(texts: Iterable[str | Unknown]) -> AddressList | None:
    """What a list names, its own loopback left out; None where an entry is no network, which controllers refuse."""
    found, has_more = [], False
    for text in texts:
        if isinstance(text, Unknown):
            has_more = True
            continue
        network = read_network(text)
        if network is None:
            return None
        found += [] if network.is_loopback else [network]
    return AddressList(tuple(found), has_more)


def read_network(text: str) -> Network | None:
    """A network, or an address as a network of its own; None for anything else."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None
