"""Where Policies hold together: in a server, for what no location decides itself, and in a location.

A Policy does nothing until a VirtualServer, a path of it or of a VirtualServerRoute, or an Ingress names it. In one
context the lists of all are one, and an allow-list makes deny-lists void; a path's Policies come in place of its
VirtualServer's of the same type, a VirtualServerRoute's in place of those of the path that hands on to it
(nginx/kubernetes-ingress `internal/configs/virtualserver.go`, `internal/configs/policy.go`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from srcip_lint.bundle import Bundle
from srcip_lint.path.hops import Basis
from srcip_lint.proxies.classes import Served, ServedClass, Serves, claim_of
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.ingress import Ingress
from srcip_lint.resources.nginx_org import AccessPolicy, PolicyReference, Route, VirtualServer
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import nearest

R = TypeVar("R", AccessPolicy, VirtualServer)

_ON_INGRESS = frozenset({"accessControl", "cors", "externalAuth", "ingressMTLS", "egressMTLS", "waf"})
"""The types that an Ingress may name; with another one it answers 500 to everybody (`IsPolicySupportedOnIngress`)."""

_ANNOTATIONS = ("nginx.org/policies", "nginx.com/policies")
_SNIPPETS = ("nginx.org/server-snippets", "nginx.org/location-snippets")
_ELSEWHERE = ("nginx.org/listen-ports", "nginx.org/listen-ports-ssl")


@dataclass(frozen=True, slots=True)
class Context:
    """Policies that hold together. `has_unread` says that others may be among them; `types` are those that are in
    force; `snippets` is what is written beside them in nginx's language."""

    policies: tuple[AccessPolicy, ...]
    has_unread: bool
    snippets: str = ""
    basis: Basis = field(default_factory=Basis)
    types: tuple[str, ...] = ("accessControl", "rateLimit")

    def surely_lacks(self, kind: str) -> bool:
        """Is none of its Policies of a type?"""
        return not self.has_unread and not any(kind in each.says for each in self.policies)


def virtual_servers(workload: Workload, serves: Serves, bundle: Bundle) -> Iterator[VirtualServer]:
    """The VirtualServers that a controller surely serves: those of its class, and those of none."""
    controllers = [(each, found) for each in bundle.workloads if (found := serves(each))]
    for server in bundle.of(VirtualServer):
        claims = {each: "" if _takes(found, server) else None for each, found in controllers}
        is_whole = server.object.kind == "VirtualServer" and not server.has_listeners
        if is_whole and claim_of(workload, server.object, claims, bundle) is not None:
            yield server


def _takes(served_class: ServedClass, server: VirtualServer) -> bool:
    return server.class_name in ("", *served_class.words) and served_class.watches(server.object)


def of_virtual_server(server: VirtualServer, words: Sequence[str], bundle: Bundle) -> Iterator[Context]:
    """Its own context, for the types that some location leaves to it, and those of its locations."""
    locations = list(_locations(server, words, bundle))
    yield from locations
    whole = _context(server.policies, server.object, words, bundle)
    is_left = {kind for kind in whole.types if any(each.surely_lacks(kind) for each in locations)}
    in_force = tuple(kind for kind in whole.types if kind in is_left or not server.routes)
    yield replace(whole, snippets=server.server_snippets, types=in_force)


def _locations(server: VirtualServer, words: Sequence[str], bundle: Bundle) -> Iterator[Context]:
    for route in server.routes:
        for owner, policies, snippets in _paths(server, route, words, bundle):
            context = _context(policies, owner, words, bundle)
            yield replace(context, snippets=f"{server.server_snippets}\n{snippets}")


def _paths(
    server: VirtualServer, route: Route, words: Sequence[str], bundle: Bundle
) -> Iterator[tuple[Object, tuple[PolicyReference, ...], str]]:
    """A path, or those of the VirtualServerRoute that it hands on to, where that was read: whose Policies, which ones,
    and which snippets."""
    if route.hands_on_to is None:
        yield server.object, route.policies, route.snippets
        return
    further = _handed_on_to(server, route.hands_on_to, bundle)
    if further is None or further.host != server.host or further.class_name not in ("", *words):
        return
    for path in further.routes:
        owner = further.object if path.policies else server.object
        yield owner, path.policies or route.policies, path.snippets or route.snippets


def _handed_on_to(server: VirtualServer, named: str | Unknown, bundle: Bundle) -> VirtualServer | None:
    if isinstance(named, Unknown):
        return None
    namespace, _, name = named.rpartition("/")
    routes = [each for each in bundle.of(VirtualServer) if each.object.kind == "VirtualServerRoute"]
    return _named(routes, server.object, namespace or server.object.namespace, name, bundle)


def of_ingresses(ingresses: Iterable[Served], words: Sequence[str], bundle: Bundle) -> Iterator[Context]:
    """What the annotations of Ingresses name, where all of it is of a type that an Ingress may have."""
    for each in ingresses:
        found = each.ingress.object
        named = [found.annotations[key] for key in _ANNOTATIONS if key in found.annotations]
        references = tuple(reference for value in named for reference in _references(value))
        context = _context(references, found, words, bundle)
        if all(_ON_INGRESS.issuperset(policy.says) for policy in context.policies):
            yield replace(context, snippets=snippets_of(each.ingress), basis=basis_of(each))


def listens_elsewhere(ingress: Ingress) -> bool:
    """Is it served on other ports than the default ones?"""
    return any(key in ingress.verbatim for key in _ELSEWHERE)


def snippets_of(ingress: Ingress) -> str:
    """What its annotations add in nginx's language."""
    return "\n".join(ingress.verbatim[key] for key in _SNIPPETS if key in ingress.verbatim)


def basis_of(served: Served) -> Basis:
    """What it rests on that the controller serves an Ingress."""
    return Basis(assumptions=(served.assumed,) if served.assumed else ())


def _references(value: str | Unknown) -> Iterator[PolicyReference]:
    """A list of names, each perhaps with its namespace in front."""
    if isinstance(value, Unknown):
        yield PolicyReference(value, None)
        return
    for part in value.split(","):
        namespace, _, name = part.strip().rpartition("/")
        yield PolicyReference(name, namespace or None)


def _context(references: Iterable[PolicyReference], owner: Object, words: Sequence[str], bundle: Bundle) -> Context:
    """The Policies that are named; none where one of them is another controller's, for that is an error for all."""
    policies, has_unread = [], False
    for reference in references:
        found = _policy(reference, owner, bundle)
        if found is None or isinstance(found.class_name, Unknown):
            has_unread = True
        elif found.class_name not in ("", *words) or len(found.says) != 1:
            return Context((), has_unread=True)
        else:
            policies.append(found)
    return Context(tuple(policies), has_unread)


def _policy(reference: PolicyReference, owner: Object, bundle: Bundle) -> AccessPolicy | None:
    if isinstance(reference.name, Unknown) or isinstance(reference.namespace, Unknown):
        return None
    return _named(bundle.of(AccessPolicy), owner, reference.namespace or owner.namespace, reference.name, bundle)


def _named(found: Iterable[R], referrer: Object, namespace: str | None, name: str, bundle: Bundle) -> R | None:
    """The object of that name, in the nearest scope that has one; None where none was read, or several."""
    fitting = [
        each
        for each in found
        if each.object.name == name
        and same_namespace(namespace, each.object.namespace) is not Answer.NO
        and bundle.compatible(referrer, each.object)
    ]
    near = nearest(referrer, fitting)
    return near[0] if len(near) == 1 else None
