"""Lists of addresses, as what a proxy decides by them, and as whom it believes."""

from __future__ import annotations

from srcip_lint.path.hops import Basis, Keyed
from srcip_lint.proxies.behaviour import Control, Entry, Trust
from srcip_lint.resources.addresses import AddressList


def list_control(
    keyed: Keyed,
    name: str,
    listed: AddressList,
    *,
    basis: Basis | None = None,
    judges_peer: bool = False,
    entry: Entry | None = None,
) -> Control | None:
    """The list as a control. None for one that names nobody, or everybody, and for one that holds what is no network,
    which every product refuses."""
    if listed.refused or not listed.names_clients:
        return None
    return Control(
        keyed,
        name,
        listed.place,
        listed.telling,
        unreadable=listed.open,
        basis=basis or Basis(),
        judges_peer=judges_peer,
        entry=entry,
    )


def trust_of(listed: AddressList) -> Trust:
    """Those of a list, as whom a proxy believes."""
    return Trust(listed.networks, unreadable=listed.refused or listed.open, at=listed.place)
