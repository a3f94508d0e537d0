"""The annotations with MetalLB's prefixes on a Service: which of them MetalLB reads, and what another one was meant as.

Source: metallb `controller/service.go`, whose constants are all there is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.metallb.allocation import ADDRESS_POOL, ALLOW_SHARED_IP, LOAD_BALANCER_IPS, PREFIXES
from srcip_lint.resources.fields import Unknown, placeholder
from srcip_lint.resources.service import Service

SETTINGS = (ADDRESS_POOL, LOAD_BALANCER_IPS, ALLOW_SHARED_IP)
"""What a user may write."""

_NOTE = "ip-allocated-from-pool"
"""What MetalLB notes itself: the pool that it took the address from."""

_ALIKE = 0.85
"""How much two names must have in common: `allow-shared` is near `allow-shared-ip`, and `loadBalancerClass` is not near
`loadBalancerIPs`."""


@dataclass(frozen=True, slots=True)
class MetalLbAnnotation:
    """An annotation with one of MetalLB's prefixes (`prefix`, with its slash), and its name behind it."""

    prefix: str
    name: str
    value: str | Unknown
    place: Place

    @property
    def key(self) -> str:
        return self.prefix + self.name

    @property
    def is_read(self) -> bool:
        """Does MetalLB read it?"""
        return self.name in SETTINGS or self.is_note

    @property
    def is_note(self) -> bool:
        """Is it MetalLB's own note?"""
        return self.name == _NOTE

    @property
    def meant(self) -> str | None:
        """The setting that one which MetalLB does not read was meant as; None where its name is near to none."""
        return None if self.is_read else _nearest(self.name)

    @property
    def is_deprecated(self) -> bool:
        """Is it a setting with the prefix from before 0.14.9?"""
        return self.prefix == PREFIXES[1] and self.name in SETTINGS


def annotations_of(service: Service) -> tuple[MetalLbAnnotation, ...]:
    """A Service's annotations with one of MetalLB's prefixes, in the order they are written. A key that a placeholder
    is part of is left out."""
    found = []
    for key, value in service.object.annotations.items():
        prefix = next((each for each in PREFIXES if key.startswith(each)), None)
        if prefix is not None and not placeholder(key):
            place = service.object.place.at("metadata", "annotations", key)
            found.append(MetalLbAnnotation(prefix, key.removeprefix(prefix), value, place))
    return tuple(found)


def _nearest(name: str) -> str | None:
    import difflib

    plain = {_plain(known): known for known in SETTINGS}
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=_ALIKE)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    """The letters and digits of a name: `load-balancer-ips` and `loadBalancerIPs` are spellings of one."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())
