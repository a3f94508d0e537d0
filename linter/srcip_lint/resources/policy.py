"""Network policies: which pods one selects, whether it isolates them, and whom it admits to which ports.

Kubernetes' own (`networking.k8s.io/v1` NetworkPolicy), Cilium's and Calico's are read into the same form. Only what is
admitted is kept in it: what a policy of theirs denies can only take away from that.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_network

from srcip_lint.documents import Place
from srcip_lint.resources.fields import Field, Located, Unknown
from srcip_lint.resources.objects import Object, read_object
from srcip_lint.resources.selectors import Answer, Selector, label_selector, some

Network = IPv4Network | IPv6Network


class Product(Enum):
    """Whose kind of policy it is: they differ in what a network of addresses matches."""

    KUBERNETES = "Kubernetes"
    CILIUM = "Cilium"
    CALICO = "Calico"


@dataclass(frozen=True, eq=False, slots=True)
class IpBlock:
    """A network that a rule admits, without its exceptions, each with its place."""

    network: Located[Network]
    exceptions: tuple[Located[Network], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class PolicyPort:
    """A port of a rule. No number or name means every port, no protocol every protocol; `last` ends a range."""

    protocol: str | Unknown | None
    port: int | str | Unknown | None
    last: int | None = None

    def covers(self, number: int | None, protocol: str, named: dict[str, int], name: str | None) -> Answer:
        """Is a container port meant? `named` are the ports of the pod's containers, by name, `name` is that by which
        the Service calls its target; a number that is None is not known."""
        if isinstance(self.protocol, str) and self.protocol != protocol:
            return Answer.NO
        found = self._covers_port(number, named, name)
        return Answer.UNKNOWN if isinstance(self.protocol, Unknown) and found is Answer.YES else found

    def _covers_port(self, number: int | None, named: dict[str, int], name: str | None) -> Answer:
        if self.port is None or (isinstance(self.port, str) and self.port == name):
            return Answer.YES
        first = named.get(self.port) if isinstance(self.port, str) else self.port
        if number is None or not isinstance(first, int):
            return Answer.UNKNOWN
        return Answer.YES if first <= number <= (self.last or first) else Answer.NO


@dataclass(frozen=True, eq=False, slots=True)
class IngressRule:
    """Who is admitted to which ports; without ports to all. `everyone` are all sources, `unknown` says that it may
    admit more than the blocks tell: nodes, a set of networks defined elsewhere, what a placeholder stands for. The pods
    that it admits are left out, for no client outside and no node is one."""

    place: Place
    ports: tuple[PolicyPort, ...] = ()
    ports_unknown: bool = False
    everyone: bool = False
    blocks: tuple[IpBlock, ...] = ()
    unknown: bool = False

    def covers(self, number: int | None, protocol: str, named: dict[str, int], name: str | None) -> Answer:
        """Does the rule speak of a container port?"""
        if self.ports_unknown:
            return Answer.UNKNOWN
        answers = [port.covers(number, protocol, named, name) for port in self.ports]
        return some(answers) if answers else Answer.YES

    @property
    def admits_addresses(self) -> bool:
        """May it admit anybody who is no pod?"""
        return self.everyone or bool(self.blocks) or self.unknown


@dataclass(frozen=True, eq=False, slots=True)
class PolicySpec:
    """One specification of a policy: the pods it selects (None: none of them), whether it isolates them, so that only
    who is admitted may connect, and its rules."""

    selector: Selector | None
    isolates: Answer
    rules: tuple[IngressRule, ...]


@dataclass(frozen=True, eq=False, slots=True)
class NetworkPolicy:
    """A network policy. `clusterwide` says that it selects pods of all namespaces, as far as its selector does."""

    object: Object
    product: Product
    specs: tuple[PolicySpec, ...]
    clusterwide: bool = False


def read_kubernetes_policy(root: Field) -> NetworkPolicy:
    """A NetworkPolicy of `networking.k8s.io`, or of the old `extensions`."""
    spec = root.field("spec")
    selected = label_selector(spec.field("podSelector")) or Selector()
    types, rules = spec.field("policyTypes"), spec.field("ingress")
    found = tuple(_kubernetes_rule(item) for item in rules.items())
    whole = readable_list(rules)
    unread = () if whole else (IngressRule(rules.place, unknown=True),)
    isolates = _isolates(types)
    if isolates is Answer.NO:
        return NetworkPolicy(read_object(root), Product.KUBERNETES, ())
    return NetworkPolicy(read_object(root), Product.KUBERNETES, (PolicySpec(selected, isolates, (*found, *unread)),))


def _isolates(types: Field) -> Answer:
    """Is a policy about connections to its pods? Without `policyTypes` it is, whatever else it holds."""
    if types.absent or types.raw == []:
        return Answer.YES
    if not readable_list(types):
        return Answer.UNKNOWN
    found = [item.text("").value for item in types.items()]
    if "Ingress" in found:
        return Answer.YES
    return Answer.UNKNOWN if any(isinstance(each, Unknown) for each in found) else Answer.NO


def _kubernetes_rule(item: Field) -> IngressRule:
    sources, ports = item.field("from"), item.field("ports")
    found = [_peer(peer) for peer in sources.items()]
    blocks = tuple(block for block in found if isinstance(block, IpBlock))
    whole = readable_list(sources) and readable_mapping(item)
    return IngressRule(
        place=item.place,
        ports=tuple(_kubernetes_port(port) for port in ports.items()),
        ports_unknown=not readable_list(ports) or not readable_mapping(item),
        everyone=whole and not found,
        blocks=blocks,
        unknown=not whole or None in found,
    )


def _peer(item: Field) -> IpBlock | bool | None:
    """A source: a block of addresses, True for pods, None for what cannot be read."""
    block = item.field("ipBlock")
    if block.absent:
        selects_pods = isinstance(item.raw, dict) and bool({"podSelector", "namespaceSelector"} & item.raw.keys())
        return True if selects_pods else None
    return read_block(block.field("cidr"), block.field("except"))


def _kubernetes_port(item: Field) -> PolicyPort:
    last = item.field("endPort").integer(None).value
    port = item.field("port").int_or_text(None).value
    protocol = item.field("protocol").choice(("TCP", "UDP", "SCTP"), "TCP").value
    unread = Unknown("its last port") if isinstance(last, Unknown) or not readable_mapping(item) else None
    return PolicyPort(protocol, unread or port, last if isinstance(last, int) else None)


def read_block(cidr: Field, exceptions: Field) -> IpBlock | None:
    """A CIDR and those that are taken out of it; None where one of them cannot be read, or is none."""
    network = read_cidr(cidr)
    found = tuple(read_cidr(item) for item in exceptions.items())
    if network is None or None in found or not readable_list(exceptions):
        return None
    return IpBlock(network, tuple(each for each in found if each))


def read_cidr(field: Field) -> Located[Network] | None:
    """A CIDR, bits behind the prefix cut off as the API server does; a bare address is none."""
    text = field.text("").value
    try:
        return Located(ip_network(text, strict=False), field.place) if isinstance(text, str) and "/" in text else None
    except ValueError:
        return None


def readable_list(field: Field) -> bool:
    """Is it a list, or absent, rather than something that is filled in later?"""
    return field.absent or isinstance(field.raw, list)


def readable_mapping(field: Field) -> bool:
    """Is it a mapping, whose fields are those that are written?"""
    return isinstance(field.raw, dict) and not any(not isinstance(key, str) for key in field.raw)


def port_number(value: str | int | Unknown | None) -> int | str | Unknown | None:
    """A port that may be a number in quotes, as Cilium and Calico write them."""
    return int(value) if isinstance(value, str) and value.isdigit() else value
