"""Istio's objects about a gateway: who may come in (AuthorizationPolicy), what stands in front of it (the mesh's
configuration), and patches of what Envoy is told (EnvoyFilter).

Semantics: istio/istio `pilot/pkg/security/authz/model/model.go` (the sources of a rule are alternatives, the fields of
a source and the conditions hold together) and `generator.go` (`ipBlocks` is Envoy's `direct_remote_ip`,
`remoteIpBlocks` its `remote_ip`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.documents.nested import Nested, nested
from srcip_lint.resources.addresses import AddressList, read_addresses
from srcip_lint.resources.fields import Field, Located, Unknown, placeholder
from srcip_lint.resources.objects import Object, read_object
from srcip_lint.resources.selectors import Selector, equality_selector

_LISTS = ("ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks")
_CONDITIONS = {
    "source.ip": {"values": "ipBlocks", "notValues": "notIpBlocks"},
    "remote.ip": {"values": "remoteIpBlocks", "notValues": "notRemoteIpBlocks"},
}
"""The conditions (`when`) that mean the same as a list of a source."""

_DRY_RUN = "istio.io/dry-run"
_GATEWAY_KIND = "Gateway"


@dataclass(frozen=True, eq=False, slots=True)
class SourceList:
    """A list of addresses that a rule looks at. `field` is what it is called in a source."""

    field: str
    addresses: AddressList

    @property
    def excepts(self) -> bool:
        """Is it about all others than those that it names?"""
        return self.field.startswith("not")

    @property
    def of_peer(self) -> bool:
        """Is it about who connects, whatever a header says?"""
        return self.field in ("ipBlocks", "notIpBlocks")


@dataclass(frozen=True, eq=False, slots=True)
class AuthorizationRule:
    """A rule. `sources` are alternatives, each the lists that hold together there, and everybody without a list; None
    stands for one that asks for something else too, or could not be read. `about` is what requests the rule is about,
    word for word; `hosts` are the host names among that, None where they may be any."""

    sources: tuple[tuple[SourceList, ...] | None, ...]
    about: str
    hosts: frozenset[str] | None


@dataclass(frozen=True, eq=False, slots=True)
class AuthorizationPolicy:
    """An AuthorizationPolicy. `targets` are the names of the Gateways that it is tied to, None where it goes by labels.
    `rules` is None where they could not be read."""

    object: Object
    selector: Selector
    targets: tuple[str, ...] | None
    action: str | Unknown
    rules: tuple[AuthorizationRule, ...] | None


@dataclass(frozen=True, eq=False, slots=True)
class GatewayTopology:
    """What a gateway is told of what stands in front of it; None where it is told nothing."""

    trusted_proxies: Located[int | Unknown] | None = None
    proxy_protocol: Located[bool | Unknown] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class MeshSettings:
    """An object that holds the mesh's configuration: an IstioOperator, or an Istio of the Sail operator."""

    object: Object
    topology: GatewayTopology
    root_namespace: str | Unknown | None


@dataclass(frozen=True, eq=False, slots=True)
class EnvoyFilter:
    """Patches of what Envoy is told. `words` are all names and values in it, in lower case."""

    object: Object
    selector: Selector
    words: str


def read_authorization_policy(root: Field) -> AuthorizationPolicy:
    found, spec = read_object(root), root.field("spec")
    rules = spec.field("rules")
    found_rules = tuple(_rule(item) for item in rules.items())
    is_read = rules.absent or isinstance(rules.raw, list)
    action = "AUDIT" if found.annotation(_DRY_RUN) == "true" else spec.field("action").text("ALLOW").value
    return AuthorizationPolicy(
        found,
        _labels(spec.field("selector")),
        _targets(spec),
        action,
        found_rules if is_read else None,
    )


def _labels(selector: Field) -> Selector:
    labels = selector.field("matchLabels")
    readable = all(field.absent or (isinstance(field.raw, dict)) for field in (selector, labels))
    return Selector(equality_selector(labels.text_map()).requirements, unknown=not readable)


def _targets(spec: Field) -> tuple[str, ...] | None:
    single = spec.field("targetRef")
    references = (*spec.field("targetRefs").items(), *((single,) if single.raw else ()))
    names = (each.field("name").raw for each in references if each.field("kind").raw == _GATEWAY_KIND)
    is_tied = bool(references) or placeholder(spec.field("targetRefs").raw) is not None
    return tuple(name for name in names if isinstance(name, str)) if is_tied else None


def _rule(item: Field) -> AuthorizationRule:
    lists = [item.field(name) for name in ("from", "to", "when")]
    is_whole = isinstance(item.raw, dict) and all(each.absent or isinstance(each.raw, list) for each in lists)
    conditions = [_condition(each) for each in item.field("when").items()]
    sources = [_source(each.field("source")) for each in item.field("from").items()]
    about, hosts = str(item.field("to").raw or ""), _hosts(item.field("to"))
    if None in conditions or not is_whole:
        return AuthorizationRule((None,), about, hosts)
    always = tuple(found for each in conditions for found in each or ())
    found = tuple(None if each is None else (*each, *always) for each in sources or [()])
    return AuthorizationRule(found, about, hosts)


def _condition(item: Field) -> tuple[SourceList, ...] | None:
    """The lists of addresses that a condition is; None where it is about something else."""
    names = _CONDITIONS.get(str(item.field("key").raw))
    if names is None:
        return None
    written = ((name, item.field(key)) for key, name in names.items())
    return tuple(SourceList(name, read_addresses(field)) for name, field in written if field.raw)


def _source(source: Field) -> tuple[SourceList, ...] | None:
    """The lists of a source; None where it asks for something else, too."""
    lists = tuple(SourceList(name, read_addresses(source.field(name))) for name in _LISTS if source.field(name).raw)
    if not isinstance(source.raw, dict) or any(value and name not in _LISTS for name, value in source.raw.items()):
        return None
    return lists


def _hosts(operations: Field) -> frozenset[str] | None:
    """The host names that a rule is about, as far as they are written out."""
    found = set()
    for item in operations.items():
        hosts = [host.text("").value for host in item.field("operation", "hosts").items()]
        if not hosts or any(not isinstance(host, str) or "*" in host for host in hosts):
            return None
        found |= {str(host).lower() for host in hosts}
    return frozenset(found) or None


def read_envoy_filter(root: Field) -> EnvoyFilter:
    labels = root.field("spec", "workloadSelector", "labels")
    selector = Selector(equality_selector(labels.text_map()).requirements, unknown=bool(placeholder(labels.raw)))
    return EnvoyFilter(read_object(root), selector, str(root.field("spec").raw).lower())


def read_istio_operator(root: Field) -> MeshSettings:
    """An IstioOperator of `istioctl`, or an Istio of the Sail operator."""
    spec = root.field("spec")
    mesh = spec.field("meshConfig") if spec.field("meshConfig").raw else spec.field("values", "meshConfig")
    return MeshSettings(read_object(root), read_topology(mesh.field("defaultConfig")), _root_namespace(mesh))


def read_mesh(found: Object, written: Located[str | Unknown]) -> MeshSettings:
    """The mesh's configuration in the text of a ConfigMap."""
    for root in _roots(written):
        return MeshSettings(found, read_topology(root.field("defaultConfig")), _root_namespace(root))
    unknown = Unknown("the mesh's configuration could not be read")
    return MeshSettings(found, GatewayTopology(Located(unknown, written.place)), unknown)


def read_proxy_config(written: Located[str | Unknown]) -> GatewayTopology:
    """What the annotation `proxy.istio.io/config` of a pod says."""
    for root in _roots(written):
        return read_topology(root)
    return GatewayTopology(Located(Unknown("the annotation could not be read"), written.place))


def read_topology(config: Field) -> GatewayTopology:
    topology = config.field("gatewayTopology")
    proxies, announced = topology.field("numTrustedProxies"), topology.field("proxyProtocol")
    return GatewayTopology(
        None if proxies.absent else proxies.integer(0), None if announced.absent else announced.presence()
    )


def _root_namespace(mesh: Field) -> str | Unknown | None:
    return mesh.field("rootNamespace").text(None).value


def _roots(written: Located[str | Unknown]) -> Iterator[Field]:
    """The mapping in a text; none where it cannot be read. An empty text is an empty mapping."""
    if isinstance(written.value, str):
        for answer in nested(written.place, written.value):
            if isinstance(answer, Nested) and isinstance(answer.value, dict):
                yield Field(answer.value, Place(answer), [])
