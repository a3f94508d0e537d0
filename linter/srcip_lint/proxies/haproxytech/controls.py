"""What HAProxy Technologies' ingress controller decides by the client's address: lists and limits of its ConfigMap,
which hold for every request, and of the Ingresses that it serves, which hold beside them.

Lists are compared with, and limits counted for, the address that it took for the client's. An Ingress that says nothing
of its own has no second rule. A list of a pattern file is not told (haproxytech/kubernetes-ingress
`pkg/annotations/ingress/accessControl.go`, `reqRateLimit.go`, `pkg/ingress/ingress.go`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from srcip_lint.path.hops import Basis, Keyed
from srcip_lint.proxies.behaviour import Control
from srcip_lint.proxies.classes import Served
from srcip_lint.proxies.haproxytech.settings import Layer, Settings, annotated
from srcip_lint.proxies.lists import list_control
from srcip_lint.proxies.versions import is_since
from srcip_lint.resources.addresses import comma_separated
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.pods import Container

_LISTS = ((Keyed.ALLOW, "allow-list", "whitelist"), (Keyed.DENY, "deny-list", "blacklist"))
"""Each with its name of old."""

_NEW_NAMES_SINCE = (1, 11)
_LETS_IN = re.compile(r"\bhttp-request\s+(?:\S+\s+)?allow\b|\baccept\b")
"""What in a snippet may let in whom a list refuses."""


def controls(settings: Settings, ingresses: Iterable[Served], container: Container) -> Iterator[Control]:
    """Every list and limit, the ConfigMap's first. An Ingress with a header of its own for the address judges what that
    says."""
    if _LETS_IN.search(settings.snippets):
        return
    has_new_names = is_since(container, _NEW_NAMES_SINCE)
    yield from _of([settings.data], has_new_names=has_new_names)
    for each in ingresses:
        own = annotated(each.ingress.object)
        if each.ingress.has_rules and "src-ip-header" not in own:
            basis = Basis(assumptions=(each.assumed,) if each.assumed else ())
            found = _of([own, settings.data], has_new_names=has_new_names)
            yield from (replace(control, basis=basis) for control in found)


def _of(layers: Sequence[Layer], *, has_new_names: bool) -> Iterator[Control]:
    """What the first layer says, as far as no other name says it in any of them."""
    for keyed, name, old_name in _LISTS:
        written = (_first(name, layers) if has_new_names else None) or _first(old_name, layers)
        if written and any(each is written for each in layers[0].values()):
            yield from _list(keyed, written)
    limit = layers[0].get("rate-limit-requests")
    has_exceptions = any("rate-limit-whitelist" in layer for layer in layers)
    if limit and isinstance(limit.value, str) and re.fullmatch(r"0*[1-9]\d{0,17}", limit.value) and not has_exceptions:
        yield Control(Keyed.LIMIT, str(limit.place.path[-1]), limit.place)


def _first(name: str, layers: Sequence[Layer]) -> Located[str | Unknown] | None:
    """What counts: the first that is there, and nothing where that is empty."""
    written = next((layer[name] for layer in layers if name in layer), None)
    return written if written and written.value else None


def _list(keyed: Keyed, written: Located[str | Unknown]) -> Iterator[Control]:
    """A list that names somebody. One with a part that is no address is refused, or is the name of a pattern file."""
    control = list_control(keyed, str(written.place.path[-1]), comma_separated(written))
    yield from [control] if control else []
