"""Kong's plugins as objects: KongPlugin, KongClusterPlugin, and the consumers that a plugin may be for.

Semantics: Kong/kong `kong/plugins/ip-restriction/handler.lua` (both lists are looked at, the refused first) and
`kong/plugins/rate-limiting/handler.lua`, `schema.lua` (by consumer unless told otherwise, and by address where there is
none).
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.resources.addresses import AddressList, read_addresses
from srcip_lint.resources.fields import Field, Unknown
from srcip_lint.resources.objects import Object, read_object

_PERIODS = ("second", "minute", "hour", "day", "month", "year")
_ALLOW = ("allow", "whitelist")
_DENY = ("deny", "blacklist")
"""How the lists are called, and were before Kong 2.1."""


@dataclass(frozen=True, eq=False, slots=True)
class KongPlugin:
    """A plugin. `allow` and `deny` are the lists of an ip-restriction, `limits` the place of a rate-limiting's first
    limit, which `limit_by` says whom it counts by; None where it has none, is off, or is configured elsewhere too."""

    object: Object
    plugin: str | Unknown
    allow: AddressList | None = None
    deny: AddressList | None = None
    limits: Place | None = None
    limit_by: str | Unknown = ""

    @property
    def in_cluster(self) -> bool:
        """Is it of the cluster, and of no namespace?"""
        return self.object.kind == "KongClusterPlugin"

    @property
    def is_global(self) -> bool:
        """Does it run for whatever comes, without anything that names it?"""
        return self.in_cluster and self.object.labels.get("global") == "true"


@dataclass(frozen=True, eq=False, slots=True)
class KongConsumer:
    """A KongConsumer or KongConsumerGroup: a plugin that it names is for its requests only."""

    object: Object


def read_kong_plugin(root: Field) -> KongPlugin:
    found, config, plugin = read_object(root), root.field("config"), root.field("plugin").text("").value
    disabled = root.field("disabled").boolean(default=False).value
    elsewhere = not root.field("configFrom").absent or not root.field("configPatches").absent
    if disabled is not False or elsewhere:
        return KongPlugin(found, plugin)
    if plugin == "ip-restriction":
        return KongPlugin(found, plugin, _list(config, _ALLOW), _list(config, _DENY))
    if plugin == "rate-limiting":
        limits = (config.field(period) for period in _PERIODS)
        first = next((each.place for each in limits if isinstance(each.raw, int)), None)
        return KongPlugin(found, plugin, limits=first, limit_by=config.field("limit_by").text("consumer").value)
    return KongPlugin(found, plugin)


def _list(config: Field, names: tuple[str, ...]) -> AddressList | None:
    written = (config.field(name) for name in names)
    return next((read_addresses(each) for each in written if each.raw), None)


def read_kong_consumer(root: Field) -> KongConsumer:
    return KongConsumer(read_object(root))
