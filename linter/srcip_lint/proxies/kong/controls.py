"""Which plugins a Kong runs that decide by the client's address.

A plugin runs where an Ingress or an HTTPRoute names it (`konghq.com/plugins`), or a Service that one of those sends to,
and everywhere where it is of the cluster, of the controller's class, and labelled `global`
(Kong/kubernetes-ingress-controller `internal/dataplane/kongstate/kongstate.go`, `internal/store/store.go`). One that
nothing names runs nowhere, and one that a consumer names too runs for that consumer only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.path.hops import Basis, Keyed
from srcip_lint.proxies.behaviour import Control
from srcip_lint.proxies.classes import Served, ServedClass, Serves, served
from srcip_lint.proxies.flags import flag
from srcip_lint.proxies.lists import list_control
from srcip_lint.resources.gateway_api import Gateway, GatewayClass, HttpRoute, Named
from srcip_lint.resources.ingress import CLASS_ANNOTATION
from srcip_lint.resources.kong import KongConsumer, KongPlugin
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.pods import Container
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import nearest

_PLUGINS = "konghq.com/plugins"
_CONTROLLER = "ingress-controllers.konghq.com/kong"
_GATEWAY_CONTROLLER = "konghq.com/kic-gateway-controller"
_CLASS = "kong"
_IMAGES = ("kubernetes-ingress-controller", "kong-ingress-controller", "nightly-ingress-controller")
_IDENTIFYING = ("auth", "jwt", "openid-connect", "session", "saml", "introspection")
"""What the names of the plugins have in them that tell a request's consumer."""

_ANONYMOUS = "no plugin tells whose requests they are, so that they are counted by address"


@dataclass(frozen=True, slots=True)
class _Running:
    """A plugin that runs, and what that rests on."""

    plugin: KongPlugin
    basis: Basis


def controls(workload: Workload, bundle: Bundle, is_kong: Callable[[Workload], bool]) -> Iterator[Control]:
    """The lists and limits of the plugins that run in a Kong, each once and at its own place."""

    def serves(each: Workload) -> ServedClass | None:
        return _serves(each, bundle) if is_kong(each) else None

    mine = serves(workload) if bundle.of(KongPlugin) else None
    if mine is None:
        return
    told: set[KongPlugin] = set()
    found = (
        *_named_by(tuple(served(workload, serves, bundle)), mine, bundle),
        *_named_by_routes(workload, mine, is_kong, bundle),
        *_global(workload, serves, bundle),
    )
    for each in found:
        if each.plugin not in told:
            told.add(each.plugin)
            yield from _of_plugin(each, bundle)


def _serves(workload: Workload, bundle: Bundle) -> ServedClass | None:
    """What the controller serves that tells a Kong what to do."""
    controller = _controlling(workload, bundle)
    if controller is None:
        return None
    word, watched = _setting(controller, "ingress-class") or _CLASS, _setting(controller, "watch-namespace")
    return ServedClass(_CONTROLLER, (word,), by_name=True, namespaces=(watched,) if watched else ())


def _controlling(workload: Workload, bundle: Bundle) -> Container | None:
    """The controller in a Kong's pods, or the nearest of its namespace."""
    own = _controller(workload)
    if own is not None:
        return own
    found = [
        each
        for each in bundle.running("ingress-controller")  # as all of them are called
        if _controller(each)
        and same_namespace(workload.object.namespace, each.object.namespace) is not Answer.NO
        and bundle.compatible(workload.object, each.object)
    ]
    near = nearest(workload.object, found)
    return _controller(near[0]) if len(near) == 1 else None


def _controller(workload: Workload) -> Container | None:
    for container in workload.template.containers:
        image = container.image.value
        if isinstance(image, str) and image.partition("@")[0].rpartition("/")[2].partition(":")[0] in _IMAGES:
            return container
    return None


def _setting(container: Container, name: str) -> str | None:
    """A flag, or the variable that stands for it; None for an empty one."""
    return flag(container, name) or dict(container.environment).get(f"CONTROLLER_{name.upper().replace('-', '_')}")


def _named_by(ingresses: tuple[Served, ...], mine: ServedClass, bundle: Bundle) -> Iterator[_Running]:
    """The plugins that Ingresses name, and the Services that those send to."""
    for each in ingresses:
        basis = Basis(assumptions=(each.assumed,) if each.assumed else ())
        for referrer in (each.ingress.object, *_sent_to(each, bundle)):
            yield from (_Running(plugin, basis) for plugin in _named(referrer, mine, bundle))


def _global(workload: Workload, serves: Serves, bundle: Bundle) -> Iterator[_Running]:
    """The plugins that run for whatever comes, in the nearest Kong of their class."""
    for plugin in (each for each in bundle.of(KongPlugin) if each.is_global):
        kongs = [
            each
            for each in bundle.workloads
            if (found := serves(each)) and _is_of_class(plugin, found) and bundle.compatible(plugin.object, each.object)
        ]
        if workload in nearest(plugin.object, kongs):
            yield _Running(plugin, Basis())


def _sent_to(each: Served, bundle: Bundle) -> Iterator[Object]:
    """The Services that an Ingress sends to."""
    found = each.ingress.object
    yield from _services(found, [(None, name) for name in each.ingress.services], bundle)


def _services(referrer: Object, names: Iterable[Named], bundle: Bundle) -> Iterator[Object]:
    """The Services of these names that surely are those that an object sends to."""
    wanted = {(namespace or referrer.namespace, name) for namespace, name in names}
    for service in bundle.services:
        found = service.object
        if (found.namespace, found.name) in wanted and bundle.compatible(referrer, found):
            yield found


def _named_by_routes(
    workload: Workload, mine: ServedClass, is_kong: Callable[[Workload], bool], bundle: Bundle
) -> Iterator[_Running]:
    """The plugins that HTTPRoutes name, and the Services that those send to."""
    for each in bundle.of(HttpRoute):
        referrers = [found for found in (each.object, *_services(each.object, each.services, bundle)) if _names(found)]
        if not referrers:
            continue
        kongs = [
            kong
            for kong in bundle.workloads
            if is_kong(kong) and bundle.compatible(each.object, kong.object) and _hangs_on(each, kong, bundle)
        ]
        if nearest(each.object, kongs) == [workload] and mine.watches(each.object):
            for referrer in referrers:
                yield from (_Running(plugin, Basis()) for plugin in _named(referrer, mine, bundle))


def _hangs_on(route: HttpRoute, kong: Workload, bundle: Bundle) -> bool:
    """Is a Gateway that a route hangs on of a class that a Kong's controller serves?"""
    controller = _controlling(kong, bundle)
    name = (_setting(controller, "gateway-api-controller-name") or _GATEWAY_CONTROLLER) if controller else ""
    wanted = {(namespace or route.object.namespace, each) for namespace, each in route.gateways}
    found = [each for each in bundle.of(Gateway) if (each.object.namespace, each.object.name) in wanted]
    gateways = nearest(route.object, [each for each in found if bundle.compatible(route.object, each.object)])
    classes = {each.class_name for each in gateways}
    of_class = [
        each
        for each in bundle.of(GatewayClass)
        if each.object.name in classes and bundle.compatible(route.object, each.object)
    ]
    return {each.controller for each in nearest(route.object, of_class)} == {name}


def _named(referrer: Object, mine: ServedClass, bundle: Bundle) -> Iterator[KongPlugin]:
    """The plugins that an object names: of its own namespace, else of the cluster."""
    for name in _names(referrer):
        found = [
            each
            for each in bundle.of(KongPlugin)
            if each.object.name == name and bundle.compatible(referrer, each.object)
        ]
        own = [
            each
            for each in found
            if not each.in_cluster and same_namespace(referrer.namespace, each.object.namespace) is Answer.YES
        ]
        near = nearest(referrer, own or [each for each in found if each.in_cluster and _is_of_class(each, mine)])
        yield from near if len(near) == 1 else ()


def _names(referrer: Object) -> list[str]:
    """The names of the plugins that an object names."""
    written = (name.strip() for name in (referrer.annotation(_PLUGINS) or "").split(","))
    return [name for name in written if name]


def _is_of_class(plugin: KongPlugin, mine: ServedClass) -> bool:
    return plugin.object.annotation(CLASS_ANNOTATION) in mine.words


def _of_plugin(running: _Running, bundle: Bundle) -> Iterator[Control]:
    """The lists and limits of a plugin, unless a consumer names it."""
    plugin = running.plugin
    beside = [each for each in bundle.of(KongConsumer) if bundle.compatible(plugin.object, each.object)]
    if any(plugin.object.name in _names(each.object) for each in beside):
        return
    lists = ((Keyed.ALLOW, "ip-restriction allow", plugin.allow), (Keyed.DENY, "ip-restriction deny", plugin.deny))
    for keyed, name, listed in lists:
        control = list_control(keyed, name, listed, basis=running.basis) if listed else None
        yield from [control] if control else []
    if plugin.limits and plugin.limit_by == "ip":
        yield Control(Keyed.LIMIT, "rate-limiting", plugin.limits, basis=running.basis)
    elif plugin.limits and plugin.limit_by in ("consumer", "credential") and not beside and _is_anonymous(bundle):
        basis = running.basis + Basis(assumptions=(_ANONYMOUS,))
        yield Control(Keyed.LIMIT, "rate-limiting", plugin.limits, basis=basis)


def _is_anonymous(bundle: Bundle) -> bool:
    """Is there no plugin that may tell whose request it is?"""
    return not any(
        not isinstance(each.plugin, str) or any(part in each.plugin for part in _IDENTIFYING)
        for each in bundle.of(KongPlugin)
    )
