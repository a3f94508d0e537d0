"""Service, Endpoints and EndpointSlice.

Defaults are those of the API server (Kubernetes `pkg/apis/core/v1/defaults.go`), remembered as defaults.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.resources.fields import Field, Located, Unknown, placeholder
from srcip_lint.resources.objects import Object, read_object
from srcip_lint.resources.selectors import Labels

_STAND_IN = "192.192.192.192"

SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")


@dataclass(frozen=True, eq=False, slots=True)
class ServicePort:
    """One port. `target_port` defaults to `port`; a name means the container port of that name."""

    name: Located[str | Unknown] | None
    protocol: Located[str | Unknown]
    port: Located[int | Unknown | None]
    target_port: Located[int | str | Unknown | None]
    node_port: Located[int | Unknown | None]


@dataclass(frozen=True, eq=False, slots=True)
class Service:
    """A Service. `external_traffic_policy` and `internal_traffic_policy` hold what is written, also where it is wrong;
    None where nothing is written and no default applies."""

    object: Object
    type: Located[str | Unknown]
    cluster_ip: Located[str | Unknown | None]
    external_ips: tuple[Located[str | Unknown], ...]
    external_traffic_policy: Located[str | Unknown | None]
    internal_traffic_policy: Located[str | Unknown | None]
    health_check_node_port: Located[int | Unknown]
    load_balancer_class: Located[str | Unknown | None]
    load_balancer_ip: Located[str | Unknown | None]
    source_ranges: tuple[Located[str | Unknown], ...]
    allocate_node_ports: Located[bool | Unknown]
    session_affinity: Located[str | Unknown]
    publish_not_ready: Located[bool | Unknown]
    selector: Located[Labels]
    ports: tuple[ServicePort, ...]
    external_ips_unknown: bool = False
    source_ranges_unknown: bool = False
    traffic_distribution: Located[str | Unknown] | None = None
    """Which endpoints are preferred; None where nothing is written."""

    @property
    def headless(self) -> bool:
        return self.cluster_ip.value == "None"

    @property
    def external(self) -> bool:
        """Surely externally accessible, in the API's sense: LoadBalancer, NodePort, or ClusterIP with externalIPs."""
        return self.type.value in ("LoadBalancer", "NodePort") or (
            self.type.value == "ClusterIP" and bool(self.external_ips)
        )

    @property
    def not_external(self) -> bool:
        """Surely not externally accessible. Not the opposite of `external`: the type may be unknown."""
        if self.type.value == "ExternalName":
            return True
        return self.type.value == "ClusterIP" and not self.external_ips and not self.external_ips_unknown

    @property
    def partial(self) -> bool:
        """A patch or fragment: a Service that needs ports and has none cannot be applied as it stands."""
        return not self.ports and not self.headless and self.type.value != "ExternalName"


@dataclass(frozen=True, eq=False, slots=True)
class Endpoint:
    """One address of an Endpoints or EndpointSlice object; without a node name it is local to no node."""

    node_name: Located[str | Unknown | None]
    place: Located[str | Unknown | None]

    @property
    def nameless(self) -> bool:
        """Does it surely name no node?"""
        return self.node_name.value is None or self.node_name.value == ""


@dataclass(frozen=True, eq=False, slots=True)
class Endpoints:
    """Endpoints or an EndpointSlice, hand-written or dumped. `service` is the name of the Service it belongs to."""

    object: Object
    service: str | None
    endpoints: tuple[Endpoint, ...]

    @property
    def stands_in(self) -> bool:
        """Does it only fill the place of endpoints, as what Cilium writes for a Service whose packets its own proxy
        takes on every node (Cilium `operator/pkg/model/translation`, and its Ingress chart)?"""
        return any(endpoint.place.value == _STAND_IN for endpoint in self.endpoints)


def read_service(root: Field) -> Service:
    """The Service at `root`; wrong types are noted in the field's problems."""
    spec = root.field("spec")
    kind = spec.field("type").choice(SERVICE_TYPES, "ClusterIP")
    ips, ranges = spec.field("externalIPs"), spec.field("loadBalancerSourceRanges")
    external_ips = tuple(item.text("") for item in ips.items())
    is_external = kind.value in ("LoadBalancer", "NodePort") or bool(external_ips)
    has_cluster_ip = kind.value != "ExternalName"
    return Service(
        object=read_object(root),
        type=kind,
        cluster_ip=spec.field("clusterIP").text(None),
        external_ips=external_ips,
        external_traffic_policy=_policy(spec.field("externalTrafficPolicy"), "Cluster" if is_external else None),
        internal_traffic_policy=_policy(spec.field("internalTrafficPolicy"), "Cluster" if has_cluster_ip else None),
        health_check_node_port=spec.field("healthCheckNodePort").integer(0),
        load_balancer_class=spec.field("loadBalancerClass").text(None),
        load_balancer_ip=spec.field("loadBalancerIP").text(None),
        source_ranges=tuple(item.text("") for item in ranges.items()),
        allocate_node_ports=spec.field("allocateLoadBalancerNodePorts").boolean(default=True),
        session_affinity=spec.field("sessionAffinity").choice(("None", "ClientIP"), "None"),
        publish_not_ready=spec.field("publishNotReadyAddresses").boolean(default=False),
        selector=Located(
            spec.field("selector").text_map(), spec.field("selector").place, not spec.field("selector").absent
        ),
        ports=tuple(_port(item) for item in spec.field("ports").items()),
        external_ips_unknown=not ips.absent and not isinstance(ips.raw, list),
        source_ranges_unknown=not ranges.absent and not isinstance(ranges.raw, list),
        traffic_distribution=spec.field("trafficDistribution").optional_text(),
    )


def _policy(field: Field, default: str | None) -> Located[str | Unknown | None]:
    """A traffic policy as it is written. The empty string is absent, as it is to the API server."""
    if field.raw == "":
        return Located(default, field.place, written=False)
    return field.text(default)


def _port(item: Field) -> ServicePort:
    port = item.field("port").integer(None)
    target = item.field("targetPort")
    return ServicePort(
        name=item.field("name").optional_text(),
        protocol=item.field("protocol").choice(("TCP", "UDP", "SCTP"), "TCP"),
        port=port,
        target_port=Located(port.value, target.place, written=False) if target.absent else target.int_or_text(None),
        node_port=item.field("nodePort").integer(None),
    )


def read_endpoints(root: Field) -> Endpoints:
    """An Endpoints object: it has its Service's name."""
    addresses = [
        address
        for subset in root.field("subsets").items()
        for name in ("addresses", "notReadyAddresses")
        for address in subset.field(name).items()
    ]
    found = read_object(root)
    return Endpoints(
        found,
        found.name,
        tuple(Endpoint(_node_name(item), item.field("ip").text(None)) for item in addresses),
    )


def read_endpoint_slice(root: Field) -> Endpoints:
    """An EndpointSlice: its Service is named by the label `kubernetes.io/service-name`."""
    found = read_object(root)
    service = found.labels.get("kubernetes.io/service-name")
    items = root.field("endpoints").items()
    endpoints = tuple(Endpoint(_node_name(item), _first_address(item)) for item in items)
    return Endpoints(found, service if isinstance(service, str) else None, endpoints)


def _node_name(item: Field) -> Located[str | Unknown | None]:
    """The node of an endpoint. `v1beta1` named it in `topology`, and the API server reads it from there."""
    name, unknown = item.field("nodeName"), placeholder(item.raw)
    if unknown:
        return Located(unknown, item.place)
    return item.field("topology", "kubernetes.io/hostname").text(None) if name.absent else name.text(None)


def _first_address(item: Field) -> Located[str | Unknown | None]:
    addresses = item.field("addresses").items()
    return addresses[0].text(None) if addresses else Located(None, item.place, written=False)
