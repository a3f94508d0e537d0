"""Calico's NetworkPolicy and GlobalNetworkPolicy, as far as they admit addresses to pods.

Its policies are ordered, and the first rule that matches decides. Only what `Allow` admits is kept: for the question
whether somebody is not admitted that is enough, and for whoever asks more it is a policy of another product.
"""

from __future__ import annotations

import re
from ipaddress import ip_network

from srcip_lint.resources.fields import Field, Located, Unknown, placeholder
from srcip_lint.resources.objects import read_object
from srcip_lint.resources.policy import (
    IngressRule,
    IpBlock,
    NetworkPolicy,
    PolicyPort,
    PolicySpec,
    Product,
    port_number,
    read_cidr,
    readable_list,
    readable_mapping,
)
from srcip_lint.resources.selectors import Answer, Requirement, Selector

_HOST_ONLY = ("preDNAT", "doNotTrack")
"""With these a policy is about the host's own interfaces, before any address is translated."""

_BY_LABEL = ("selector", "namespaceSelector", "notSelector", "serviceAccounts", "services")
_ANY = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def read_calico_policy(root: Field) -> NetworkPolicy:
    """Either kind."""
    found, spec = read_object(root), root.field("spec")
    on_host = any(spec.field(name).raw is True for name in _HOST_ONLY)
    specs = () if on_host else (_spec(spec),)
    return NetworkPolicy(found, Product.CALICO, specs, found.kind == "GlobalNetworkPolicy")


def _spec(spec: Field) -> PolicySpec:
    ingress = spec.field("ingress")
    rules = tuple(rule for item in ingress.items() for rule in (_rule(item),) if rule)
    if not readable_list(ingress) or not readable_mapping(spec):
        rules = (*rules, IngressRule(spec.place, unknown=True))
    return PolicySpec(_pods(spec), _isolates(spec), rules)


def _isolates(spec: Field) -> Answer:
    """`types` says, and without it the rules that are there: one with rules for what goes out only is about that."""
    types = spec.field("types")
    if types.absent or types.raw == []:
        return Answer.NO if spec.field("ingress").absent and not spec.field("egress").absent else Answer.YES
    if not readable_list(types):
        return Answer.UNKNOWN
    found = [item.text("").value for item in types.items()]
    if "Ingress" in found:
        return Answer.YES
    return Answer.UNKNOWN if any(isinstance(each, Unknown) for each in found) else Answer.NO


def _rule(item: Field) -> IngressRule | None:
    """What a rule admits; None for one that denies or only logs. `Pass` leaves it to policies further on."""
    action = item.field("action").text("").value
    if action in ("Deny", "Log"):
        return None
    source = item.field("source")
    ports, whole = _ports(item)
    blocks = _blocks(source)
    by_label = [name for name in _BY_LABEL if not source.field(name).absent]
    known = action == "Allow" and readable_mapping(item) and blocks is not None and not by_label
    return IngressRule(
        place=item.place,
        ports=ports,
        ports_unknown=not whole,
        everyone=known and not blocks,
        blocks=blocks or (),
        unknown=not known,
    )


def _blocks(source: Field) -> tuple[IpBlock, ...] | None:
    """The networks of `nets` without those of `notNets`, which alone leave everybody else; None where one of them
    cannot be read."""
    nets, excluded = source.field("nets"), source.field("notNets")
    found, taken = ([read_cidr(item) for item in field.items()] for field in (nets, excluded))
    if not (readable_list(nets) and readable_list(excluded)) or None in found or None in taken:
        return None
    exceptions = tuple(each for each in taken if each)
    if not found and exceptions:
        found = [Located(network, excluded.place) for network in _ANY]
    return tuple(
        IpBlock(each, tuple(other for other in exceptions if other.value.version == each.value.version))
        for each in found
        if each
    )


def _ports(item: Field) -> tuple[tuple[PolicyPort, ...], bool]:
    """The ports of a rule's destination, numbers, names and ranges (`8000:8999`), and whether that is all of them."""
    protocol, ports = item.field("protocol").int_or_text(None).value, item.field("destination", "ports")
    named = protocol.upper() if isinstance(protocol, str) else protocol
    number = Unknown("a protocol by its number") if isinstance(named, int) else named
    whole = readable_list(ports) and item.field("notProtocol").absent and item.field("destination", "notPorts").absent
    found = tuple(_port(port, number) for port in ports.items())
    return found or ((PolicyPort(number, None),) if number is not None else ()), whole


def _port(field: Field, protocol: str | Unknown | None) -> PolicyPort:
    value = port_number(field.int_or_text(None).value)
    span = re.fullmatch(r"([0-9]{1,5}):([0-9]{1,5})", value) if isinstance(value, str) else None
    return PolicyPort(protocol, int(span[1]), int(span[2])) if span else PolicyPort(protocol, value)


_KEY = r"[A-Za-z0-9_./-]{1,512}"
_TEXT = r"'[^']*'|\"[^\"]*\""
_CONDITION = re.compile(
    rf"\s*(?:(?P<all>all\(\))|(?P<no>!?)\s*has\(\s*(?P<has>{_KEY})\s*\)|(?P<key>{_KEY})\s*"
    rf"(?:(?P<equal>==|!=)\s*(?P<value>{_TEXT})|(?P<set>in|not\s+in)\s*\{{(?P<values>[^{{}}]*)\}}))\s*"
)
MAX_SELECTOR = 4096
"""No selector that a person wrote is longer (characters)."""

_MADE_UP = "projectcalico.org/"
"""Labels that Calico makes up itself (`projectcalico.org/namespace`): no pod template shows them."""


def _pods(spec: Field) -> Selector:
    """Which pods a policy selects: all where there is no selector. Conditions on their namespace or service account are
    not known, nor is what is more than a conjunction."""
    text = spec.field("selector").text("").value
    others = [spec.field(name) for name in ("namespaceSelector", "serviceAccountSelector")]
    unknown = any(not field.absent and field.raw not in ("", "all()") for field in others)
    if not isinstance(text, str) or placeholder(text):
        return Selector(unknown=True)
    selector = parse_selector(text)
    return Selector(selector.requirements, unknown=unknown or selector.unknown)


def parse_selector(text: str) -> Selector:
    """A selector of Calico's language (`app == 'web' && has(tier)`), where it is a conjunction; else one of which
    nothing is known."""
    found: list[Requirement] = []
    unknown = False
    if len(text) > MAX_SELECTOR:
        return Selector(unknown=True)
    for part in text.split("&&") if text.strip() else ():
        match = _CONDITION.fullmatch(part)
        if match is None:
            return Selector(unknown=True)
        requirement = _requirement(match)
        made_up = requirement is not None and requirement.key.startswith(_MADE_UP)
        unknown = unknown or made_up
        found += [requirement] if requirement and not made_up else []
    return Selector(tuple(found), unknown)


def _requirement(match: re.Match[str]) -> Requirement | None:
    """One condition; None for `all()`, which is none."""
    if match["all"]:
        return None
    if match["has"]:
        return Requirement(match["has"], "DoesNotExist" if match["no"] else "Exists")
    if match["equal"]:
        return Requirement(match["key"], "In" if match["equal"] == "==" else "NotIn", (match["value"][1:-1],))
    values = tuple(each[1:-1] for each in re.findall(_TEXT, match["values"]))
    return Requirement(match["key"], "In" if match["set"] == "in" else "NotIn", values)
