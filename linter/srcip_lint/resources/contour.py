"""Contour's objects: what its Envoys are told (ContourConfiguration, `contour.yaml`), and hosts with their lists of
addresses (HTTPProxy).

Semantics: projectcontour/contour `apis/projectcontour/v1/httpproxy.go`, `internal/dag/httpproxy_processor.go`
(`toIPFilterRules`), `apis/projectcontour/v1alpha1/contourconfig.go`, `pkg/config/parameters.go`.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.documents import Place
from srcip_lint.documents.nested import Nested, nested
from srcip_lint.resources.addresses import AddressList, address_list
from srcip_lint.resources.fields import Field, Located, Unknown
from srcip_lint.resources.ingress import CLASS_ANNOTATION
from srcip_lint.resources.objects import Object, read_object

_CLASS_ANNOTATIONS = ("projectcontour.io/ingress.class", CLASS_ANNOTATION)


@dataclass(frozen=True, eq=False, slots=True)
class IpFilter:
    """A list of who is let in, or of who is not. `of_peer` holds for each entry whether it is about who connects,
    whatever a header says; None stands for one of which that is not known."""

    allows: bool
    addresses: AddressList
    of_peer: frozenset[bool | None]


@dataclass(frozen=True, eq=False, slots=True)
class HttpProxy:
    """An HTTPProxy. `host` is its own list, `routes` those of its routes; None where there is none, or one that Contour
    refuses. `is_root` says that it has a host, and `included` names what its routes go on in (namespace, name)."""

    object: Object
    class_name: str | Unknown
    is_root: bool
    host: IpFilter | None
    routes: tuple[IpFilter | None, ...]
    included: tuple[tuple[str | None, str], ...]


@dataclass(frozen=True, eq=False, slots=True)
class ContourSettings:
    """What decides about the client's address, None where nothing is written. `object` is None for a file, beside which
    the flags count; beside a ContourConfiguration they do not."""

    object: Object | None
    trusted_hops: Located[int | Unknown] | None
    proxy_protocol: Located[bool | Unknown] | None = None
    ports: tuple[int | Unknown | None, int | Unknown | None] = (None, None)


def read_http_proxy(root: Field) -> HttpProxy:
    found, spec = read_object(root), root.field("spec")
    host, routes = spec.field("virtualhost"), spec.field("routes").items()
    annotated = next((found.annotations[name] for name in _CLASS_ANNOTATIONS if name in found.annotations), None)
    included = ((item.field("namespace").raw, item.field("name").raw) for item in spec.field("includes").items())
    return HttpProxy(
        found,
        annotated if annotated is not None else spec.field("ingressClassName").text("").value,
        not host.absent,
        _filter(host),
        tuple(_filter(route) for route in routes),
        tuple((each if isinstance(each, str) else None, name) for each, name in included if isinstance(name, str)),
    )


def _filter(owner: Field) -> IpFilter | None:
    """The list of a host or a route. Of two kinds at once neither holds."""
    allowing, denying = owner.field("ipAllowPolicy"), owner.field("ipDenyPolicy")
    written = [each for each in (allowing, denying) if each.raw]
    if len(written) != 1:
        return None
    (entries,) = written
    addresses = address_list((item.field("cidr").text("").value for item in entries.items()), entries.place)
    sources = {"Peer": True, "Remote": False}
    of_peer = frozenset(sources.get(str(item.field("source").raw)) for item in entries.items())
    return IpFilter(entries is allowing, addresses, of_peer)


def read_contour_configuration(root: Field) -> ContourSettings:
    envoy = root.field("spec", "envoy")
    hops, announced = envoy.field("network", "numTrustedHops"), envoy.field("listener", "useProxyProtocol")
    return ContourSettings(
        read_object(root),
        None if hops.absent else hops.integer(0),
        announced.boolean(default=False),
        (envoy.field("http", "port").integer(None).value, envoy.field("https", "port").integer(None).value),
    )


def read_contour_file(place: Place, text: str) -> ContourSettings | None:
    """What `contour.yaml` says; None where it cannot be read."""
    answers = list(nested(place, text))
    if not answers:
        return ContourSettings(None, None)
    answer = answers[0]
    if len(answers) > 1 or not isinstance(answer, Nested) or not isinstance(answer.value, dict | None):
        return None
    hops = Field(answer.value, Place(answer), []).field("network", "num-trusted-hops")
    return ContourSettings(None, None if hops.absent else hops.integer(0))
