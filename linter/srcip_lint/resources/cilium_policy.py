"""CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy, as far as they admit addresses to pods.

A rule without any source admits everybody to its ports, and an empty one nobody: that is how pods are isolated
(Cilium `Documentation/security/policy/intro`, "Ingress Default Deny").
"""

from __future__ import annotations

from dataclasses import replace

from srcip_lint.resources.fields import Field, Unknown
from srcip_lint.resources.objects import read_object
from srcip_lint.resources.policy import (
    IngressRule,
    IpBlock,
    NetworkPolicy,
    PolicyPort,
    PolicySpec,
    Product,
    port_number,
    read_block,
    read_cidr,
    readable_list,
    readable_mapping,
)
from srcip_lint.resources.selectors import Answer, Selector, label_selector

_EVERYBODY = frozenset({"all", "world"})
_NOBODY_OUTSIDE = frozenset({"health", "init", "kube-apiserver", "none", "unmanaged"})
"""Entities that are neither clients outside nor nodes in general. What is not listed (`cluster`, `remote-node`,
`ingress`) may stand for whoever hands a client's connection on."""

_SOURCES = ("fromEndpoints", "fromRequires", "fromCIDR", "fromCIDRSet", "fromEntities", "fromGroups", "fromNodes")
_OWN_KEYS = ("io.kubernetes.pod.", "io.cilium.")
"""Labels that Cilium makes up itself: no pod template shows them."""


def read_cilium_policy(root: Field) -> NetworkPolicy:
    """Either kind: one `spec`, or several `specs`, of which those about nodes are left out."""
    found = read_object(root)
    fields = [field for field in (root.field("spec"), *root.field("specs").items()) if not field.absent]
    specs = tuple(_spec(field) for field in fields if field.field("nodeSelector").absent)
    return NetworkPolicy(found, Product.CILIUM, specs, found.kind == "CiliumClusterwideNetworkPolicy")


def _spec(field: Field) -> PolicySpec:
    ingress, denied = field.field("ingress"), field.field("ingressDeny")
    rules = tuple(_rule(item) for item in ingress.items() if item.raw != {})
    if not readable_list(ingress) or not readable_mapping(field):
        rules = (*rules, IngressRule(field.place, unknown=True))
    return PolicySpec(_pods(field.field("endpointSelector")), _isolates(field, ingress, denied), rules)


def _isolates(field: Field, ingress: Field, denied: Field) -> Answer:
    """It does where it has rules for what comes in, unless `enableDefaultDeny` says otherwise."""
    wanted = field.field("enableDefaultDeny", "ingress").boolean(None).value
    if isinstance(wanted, bool):
        return Answer.YES if wanted else Answer.NO
    if isinstance(wanted, Unknown) or not readable_list(ingress) or not readable_list(denied):
        return Answer.UNKNOWN
    return Answer.YES if ingress.raw or denied.raw else Answer.NO


def _pods(field: Field) -> Selector | None:
    """A selector without the sources of labels (`k8s:app`) in its keys; about labels of Cilium's own it is unknown.
    None for one that selects no pod but what Cilium made up (`reserved:ingress`)."""
    selector = label_selector(field)
    if selector is None or any(part.key.startswith("reserved") for part in selector.requirements):
        return None
    parts = [replace(part, key=part.key.removeprefix("k8s:").removeprefix("any:")) for part in selector.requirements]
    known = tuple(part for part in parts if not part.key.startswith(_OWN_KEYS))
    return Selector(known, unknown=selector.unknown or len(known) < len(parts))


def _rule(item: Field) -> IngressRule:
    entities = [each.text("").value for each in item.field("fromEntities").items()]
    found = [_of_cidr(each) for each in item.field("fromCIDR").items()]
    found += [_of_set(each) for each in item.field("fromCIDRSet").items()]
    written = [item.field(name) for name in _SOURCES if not item.field(name).absent]
    whole = readable_mapping(item) and all(readable_list(field) for field in written)
    others = [each for each in entities if each not in _EVERYBODY | _NOBODY_OUTSIDE]
    more = any(item.field(name).raw for name in ("fromGroups", "fromNodes", "fromRequires"))
    ports, ports_whole = _ports(item.field("toPorts"))
    return IngressRule(
        place=item.place,
        ports=ports,
        ports_unknown=not ports_whole,
        everyone=whole and (not written or any(each in _EVERYBODY for each in entities)),
        blocks=tuple(block for block in found if block),
        unknown=not whole or None in found or bool(others) or more or _reserved(item.field("fromEndpoints")),
    )


def _of_cidr(field: Field) -> IpBlock | None:
    network = read_cidr(field)
    return IpBlock(network) if network else None


def _of_set(field: Field) -> IpBlock | None:
    """An entry of `fromCIDRSet`; None for one that names a group of networks defined elsewhere."""
    return read_block(field.field("cidr"), field.field("except"))


def _reserved(endpoints: Field) -> bool:
    """Do selected endpoints include those that Cilium made up (`reserved:ingress`), or may they?"""
    keys = [key for item in endpoints.items() for key, _ in item.field("matchLabels").pairs()]
    keys += [
        str(part.field("key").raw) for item in endpoints.items() for part in item.field("matchExpressions").items()
    ]
    return any(key.startswith("reserved") for key in keys)


def _ports(field: Field) -> tuple[tuple[PolicyPort, ...], bool]:
    """The ports of a rule, and whether that is all of them: one with a list of its own that is empty names none."""
    found: list[PolicyPort] = []
    whole = readable_list(field)
    for group in field.items():
        ports = group.field("ports")
        whole = whole and readable_list(ports) and readable_mapping(group) and bool(ports.raw)
        found += [_port(port) for port in ports.items()]
    return tuple(found), whole


def _port(item: Field) -> PolicyPort:
    protocol = item.field("protocol").text("ANY").value
    last = item.field("endPort").integer(None).value
    port = port_number(item.field("port").int_or_text(None).value)
    unread = Unknown("its last port") if isinstance(last, Unknown) or not readable_mapping(item) else None
    return PolicyPort(
        None if protocol == "ANY" else protocol,
        unread or (None if port == 0 else port),
        last if isinstance(last, int) else None,
    )
