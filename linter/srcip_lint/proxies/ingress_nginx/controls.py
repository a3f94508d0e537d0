"""What ingress-nginx decides by the client's address: annotations of the Ingresses that it serves, and keys of its
ConfigMap.

The template writes plain `allow` and `deny` on the address that it took for the client's, and keys its limits on
`$binary_remote_addr` unless `limit-conn-zone-variable` says otherwise (kubernetes/ingress-nginx
`rootfs/etc/nginx/template/nginx.tmpl`, `docs/user-guide/nginx-configuration/annotations.md` and `configmap.md`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from srcip_lint.path.hops import Basis, Keyed
from srcip_lint.proxies.behaviour import Control
from srcip_lint.proxies.classes import Served
from srcip_lint.proxies.lists import list_control
from srcip_lint.resources.addresses import comma_separated
from srcip_lint.resources.fields import Located, Unknown

_ALLOW = ("allowlist-source-range", "whitelist-source-range")
"""Two names of one annotation (`internal/ingress/annotations/ipallowlist/main.go`)."""

_DENY = "denylist-source-range"
_BLOCKED = "block-cidrs"
_LIMITS = ("limit-connections", "limit-rps", "limit-rpm")
_LIMIT_KEY = "limit-conn-zone-variable"
_PASSWORDS = ("auth-type", "auth-url", "auth-tls-secret")
_SNIPPETS = ("server-snippet", "configuration-snippet")


def controls(settings: Mapping[str, Located[str]], ingresses: Iterable[Served], prefix: str) -> Iterator[Control]:
    """Every list and limit, the ConfigMap's first. An Ingress whose snippets change whom it believes has none that can
    be told."""
    for key in (*_ALLOW, _DENY, _BLOCKED):
        if key in settings:
            keyed = Keyed.ALLOW if key in _ALLOW else Keyed.DENY
            yield from _list(keyed, key, settings[key])
    limit_key = settings[_LIMIT_KEY].value if _LIMIT_KEY in settings else "$binary_remote_addr"
    for each in ingresses:
        basis = Basis(assumptions=(each.assumed,) if each.assumed else ())
        written = _annotations(each, prefix)
        if not any("real_ip" in str(written[name].value) for name in _SNIPPETS if name in written):
            found = _of_ingress(written, prefix, counts_clients=limit_key.endswith("remote_addr"))
            yield from (replace(control, basis=basis) for control in found)


def _annotations(each: Served, prefix: str) -> dict[str, Located[str | Unknown]]:
    """Its annotations without the prefix, each with its place."""
    found = each.ingress.object
    at = found.place.at("metadata", "annotations")
    return {
        key.removeprefix(f"{prefix}/"): Located(value, at.at(key))
        for key, value in found.annotations.items()
        if key.startswith(f"{prefix}/")
    }


def _of_ingress(
    written: Mapping[str, Located[str | Unknown]], prefix: str, *, counts_clients: bool
) -> Iterator[Control]:
    is_any = "satisfy" in written and written["satisfy"].value == "any"
    has_alternative = is_any and any(name in written for name in _PASSWORDS)
    for name in (*_ALLOW, _DENY):
        keyed = Keyed.DENY if name == _DENY else Keyed.ALLOW
        for control in _list(keyed, f"{prefix}/{name}", written[name]) if name in written else ():
            yield replace(control, has_alternative=has_alternative)
    for name in _LIMITS if counts_clients else ():
        number = written[name].value if name in written else ""
        if isinstance(number, str) and number.isdigit() and int(number):
            yield Control(Keyed.LIMIT, f"{prefix}/{name}", written[name].place)


def _list(keyed: Keyed, name: str, written: Located[str | Unknown]) -> Iterator[Control]:
    """The networks of a list, separated by commas. Where a part is no network the controller refuses the annotation,
    and closes the location whoever comes (`ipallowlist/main.go`)."""
    control = list_control(keyed, name, comma_separated(written))
    yield from [control] if control else []
