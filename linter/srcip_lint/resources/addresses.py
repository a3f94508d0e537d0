"""Lists of addresses and networks, as proxies' configuration objects write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Field, Located, Unknown
from srcip_lint.resources.policy import Network


@dataclass(frozen=True, eq=False, slots=True)
class AddressList:
    """A list of networks, a bare address as one of its own. `open` says that it names more than could be read (a
    placeholder), `refused` that something in it is no network, so that whoever reads it refuses it."""

    networks: tuple[Network, ...]
    open: bool
    refused: bool
    place: Place

    @property
    def names_clients(self) -> bool:
        """Does it tell some clients from others? Not where it holds everybody, or nobody but the host itself."""
        return bool(self.telling) and not any(network.prefixlen == 0 for network in self.networks)

    @property
    def telling(self) -> tuple[Network, ...]:
        """The networks that a client may be in."""
        return tuple(network for network in self.networks if not network.is_loopback)


def read_addresses(field: Field) -> AddressList:
    """The addresses of a list; one that is a placeholder as a whole is open."""
    whole = field.absent or isinstance(field.raw, list)
    return address_list((item.text("").value for item in field.items()), field.place, whole=whole)


def address_list(values: Iterable[str | Unknown], at: Place, *, whole: bool = True) -> AddressList:
    """The list of these values."""
    written = tuple(values)
    parsed = [network(value.strip()) for value in written if isinstance(value, str)]
    return AddressList(
        tuple(each for each in parsed if each is not None),
        open=not whole or len(parsed) < len(written),
        refused=None in parsed,
        place=at,
    )


def comma_separated(written: Located[str | Unknown]) -> AddressList:
    """The list that a text is, separated by commas."""
    if isinstance(written.value, Unknown):
        return AddressList((), open=True, refused=False, place=written.place)
    return address_list((part for part in written.value.split(",") if part.strip()), written.place)


def network(text: str) -> Network | None:
    """A network, or an address as one; None where the text is neither."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
