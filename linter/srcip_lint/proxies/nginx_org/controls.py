"""What NGINX Inc's ingress controller decides by the client's address: the lists and limits of Policies, and the limits
in annotations of Ingresses.

The templates write plain `allow` and `deny` on the address that was taken for the client's, allow-lists end in `deny
all`, and limits are counted for the key that is written (nginx/kubernetes-ingress `internal/configs/policy.go`,
`internal/configs/annotations.go` `parseRateLimitAnnotations`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from srcip_lint.path.hops import Keyed
from srcip_lint.proxies.behaviour import Control
from srcip_lint.proxies.classes import Served
from srcip_lint.proxies.flags import TRUE
from srcip_lint.proxies.lists import list_control
from srcip_lint.proxies.nginx_org.contexts import Context, basis_of, snippets_of
from srcip_lint.resources.addresses import address_list
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.nginx_org import AccessPolicy

_BY_ADDRESS = re.compile(r"\$(?:\{(?:binary_)?remote_addr\}|(?:binary_)?remote_addr)")
_RATE = re.compile(r"\d{1,9}r/[sm]")
_OTHERWISE = re.compile(r"\b(?:allow|deny|satisfy)\b")
_PREFIX = "nginx.org/limit-req-"

Addresses = Located[tuple[str | Unknown, ...]]
"""A list as it is written."""


def decides_otherwise(snippets: str) -> bool:
    """May snippets let in whom a list refuses, or refuse whom it lets in?"""
    return bool(_OTHERWISE.search(snippets))


def controls(context: Context, *, has_lists: bool) -> Iterator[Control]:
    """What the Policies of a context decide. Where its snippets change who is believed nothing of it can be told."""
    if "real_ip" in context.snippets:
        return
    if has_lists and "accessControl" in context.types and not decides_otherwise(context.snippets):
        yield from _lists(context)
    for policy in context.policies if "rateLimit" in context.types else ():
        if _is_by_address(policy.limit_key.value) and not policy.is_dry_run:
            yield Control(Keyed.LIMIT, "rateLimit", policy.limit_key.place, basis=context.basis)


def _lists(context: Context) -> Iterator[Control]:
    """The lists of all Policies are one, and where somebody is let in by name, nobody is refused by name: nothing can
    be told where one was not read. A Policy with what is no address, or with both lists, is an error for all."""
    policies = [each for each in context.policies if "accessControl" in each.says]
    allowing, denying = [each.allow for each in policies if each.allow], [each.deny for each in policies if each.deny]
    if context.has_unread or not all(_is_valid(each) for each in policies):
        return
    for found in allowing:
        others = [each for each in allowing if each is not found]
        yield from _list(Keyed.ALLOW, "accessControl.allow", [found, *others], context)
    for found in denying if not allowing else ():
        yield from _list(Keyed.DENY, "accessControl.deny", [found], context)


def _is_valid(policy: AccessPolicy) -> bool:
    lists = [each for each in (policy.allow, policy.deny) if each]
    return len(lists) == 1 and not address_list(lists[0].value, lists[0].place).refused


def _list(keyed: Keyed, name: str, lists: Sequence[Addresses], context: Context) -> Iterator[Control]:
    """One list that is written in several places, the first of which it is told of."""
    listed = address_list((text for each in lists for text in each.value), lists[0].place)
    control = list_control(keyed, name, listed, basis=context.basis)
    yield from [control] if control else []


def limits(ingresses: Iterable[Served]) -> Iterator[Control]:
    """The limits in annotations, which count clients by address unless they name another key."""
    for each in ingresses:
        written = each.ingress.verbatim
        is_on = bool(_RATE.fullmatch(written.get(f"{_PREFIX}rate", "")))
        is_enforced = is_on and written.get(f"{_PREFIX}dry-run") not in TRUE
        is_by_address = _is_by_address(written.get(f"{_PREFIX}key", "$binary_remote_addr"))
        if is_enforced and is_by_address and "real_ip" not in snippets_of(each.ingress):
            at = each.ingress.object.place.at("metadata", "annotations", f"{_PREFIX}rate")
            yield Control(Keyed.LIMIT, f"{_PREFIX}rate", at, basis=basis_of(each))


def _is_by_address(key: str | Unknown) -> bool:
    return isinstance(key, str) and bool(_BY_ADDRESS.fullmatch(key.strip()))
