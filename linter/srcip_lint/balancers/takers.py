"""Controllers that take LoadBalancer Services without a class, told by the workloads that run them.

Two of them in one cluster take the same Services. Sources: kube-vip `pkg/kubevip/config_envvar.go`, `cmd/kube-vip.go`,
`pkg/services/watch_services.go` (lbClassFilter, lbClassFilterLegacy); kube-vip-cloud-provider `pkg/provider`;
k3s-io/docs "Networking Services" (ServiceLB runs a DaemonSet `svclb-...` for each Service that it takes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload


@dataclass(frozen=True, slots=True)
class Taker:
    """A controller that takes Services without a class, and the workload that shows it. `does` says what happens to
    them, `instead` how it is kept from them."""

    label: str
    workload: Workload
    does: str
    instead: str


@dataclass(frozen=True, slots=True)
class _Product:
    label: str
    image: str
    takes: Callable[[Container], bool]
    does: str
    instead: str


def takers(bundle: Bundle) -> Iterator[Taker]:
    """Every such controller besides MetalLB that was read."""
    for product in _PRODUCTS:
        for workload in bundle.running(product.image):
            images = [each for each in workload.template.containers if _runs(each, product.image)]
            if any(map(product.takes, images)):
                yield Taker(product.label, workload, product.does, product.instead)


def announcing_kube_vips(bundle: Bundle) -> Iterator[Workload]:
    """The workloads that run a kube-vip which looks, or may look, after Services: it announces their addresses, whoever
    assigned them."""
    for workload in bundle.running("kube-vip"):
        images = [each for each in workload.template.containers if _runs(each, "kube-vip")]
        if any(_set(each, "svc_enable", "--services") is not False for each in images):
            yield workload


def _runs(container: Container, image: str) -> bool:
    name = str(container.image.value).partition("@")[0].rpartition("/")[2].partition(":")[0]
    return name == image


def _kube_vip_takes(container: Container) -> bool:
    """Does kube-vip look after Services, those without a class too, and does it write their status?"""
    return (
        _set(container, "svc_enable", "--services") is True
        and _set(container, "lb_class_only", "--lbClassOnly") is False
        and _set(container, "disable_service_updates", "--disableServiceUpdates") is False
        and _set(container, "lb_class_legacy_handling", "--lbClassNameLegacyHandling", default=True) is True
    )


def _cloud_provider_takes(container: Container) -> bool:
    return _set(container, "KUBEVIP_ENABLE_LOADBALANCERCLASS", "") is False


def _set(container: Container, variable: str, flag: str, *, default: bool = False) -> bool | None:
    """Is a setting on, by a variable or a flag as Go reads them? None where something else fills the variable in."""
    told = dict(container.environment).get(variable, "")
    flags = [argument.partition("=") for argument in container.arguments if argument.partition("=")[0] == flag]
    if told is None:
        return None
    if told:
        return told.lower() in _TRUE
    return (flags[-1][2] or "true").lower() in _TRUE if flags else default


_TRUE = ("1", "t", "true")
_FLIPS = "both write their status and announce their addresses, which move from node to node while connections break"

_PRODUCTS = (
    _Product(
        "kube-vip",
        "kube-vip",
        _kube_vip_takes,
        _FLIPS,
        'set `lb_class_only: "true"` for kube-vip, or `svc_enable: "false"` where it is for the control plane only',
    ),
    _Product(
        "the kube-vip cloud provider",
        "kube-vip-cloud-provider",
        _cloud_provider_takes,
        "the provider writes `spec.loadBalancerIP`, and MetalLB refuses an address that is not of its pools",
        'set `KUBEVIP_ENABLE_LOADBALANCERCLASS: "true"` for the kube-vip cloud provider, or remove it',
    ),
    _Product(
        "k3s ServiceLB",
        "klipper-lb",
        lambda _: True,
        "both write their status, and what comes in through ServiceLB loses the client's address on some nodes",
        "start the k3s servers with `--disable servicelb`",
    ),
)
