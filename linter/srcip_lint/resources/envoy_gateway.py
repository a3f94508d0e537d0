"""Envoy Gateway's policy about clients (`gateway.envoyproxy.io`, ClientTrafficPolicy)."""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.resources.fields import Field, Located, Unknown
from srcip_lint.resources.objects import Object, read_object


@dataclass(frozen=True, eq=False, slots=True)
class ClientTrafficPolicy:
    """`trusted` are the networks from which it takes X-Forwarded-For; none where it does not go by networks."""

    object: Object
    trusted: tuple[Located[str | Unknown], ...]


def read_client_traffic_policy(root: Field) -> ClientTrafficPolicy:
    forwarded = root.field("spec", "clientIPDetection", "xForwardedFor")
    return ClientTrafficPolicy(
        read_object(root), tuple(each.text("") for each in forwarded.field("trustedCIDRs").items())
    )
