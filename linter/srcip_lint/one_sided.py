"""Connections that fail over the PROXY protocol: one side sends it and the other does not read it, or one demands it
and the other sends none.

The walk tells what is sent and how a listener reads. What is asked here is whether that holds of all the pods that a
connection may come to, and which two places contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from srcip_lint.balancers import identify
from srcip_lint.balancers.proxy_protocol import can_send, mentions
from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.environment import Environment
from srcip_lint.path.hops import Delivered, Hop, Listening, ProxyProtocol, SourcePath
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service


class Fault(Enum):
    """What is wrong between the two sides."""

    NOT_READ = "it is sent, and not read"
    NOT_SENT = "it is demanded, and not sent"
    HANDED_ON = "it is sent, and handed on unread to an application"


@dataclass(frozen=True, slots=True)
class OneSided:
    """A connection that is not answered, on one way in. `sender` opens it, with the PROXY protocol or without;
    `receiver` is the proxy whose `listener` does not fit."""

    service: Service
    path: SourcePath
    fault: Fault
    sender: Hop
    receiver: Hop
    listener: Listening
    reads_elsewhere: bool
    """Is it read on another way into the same Service?"""
    can_send: bool
    """May there be a way to let the load balancer send it?"""

    @property
    def asked_at(self) -> Place | None:
        """Where a load balancer is asked to send it."""
        evidence = self.sender.sending.evidence if self.sender.sending else ()
        return evidence[0].at if evidence and self.fault is not Fault.NOT_SENT else None

    @property
    def target(self) -> str:
        """Where the receiver sends what it hands on."""
        names = {hop.kind: hop.name for hop in self.path.hops[self.path.hops.index(self.receiver) + 1 :]}
        return names.get("service") or names.get("upstream") or "the application"

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it rests on that the two sides are as they are told."""
        sent = self.sender.sending.assumptions if self.sender.sending else ()
        unread = (f"{self.target} does not read the PROXY protocol itself",) if self.fault is Fault.HANDED_ON else ()
        read = (self.listener.assumed,) if self.listener.assumed else ()
        return (*dict.fromkeys((*sent, *self.receiver.basis.assumptions, *read, *unread)),)


class Asked(Protocol):
    """What the model answers."""

    @property
    def bundle(self) -> Bundle: ...
    @property
    def environment(self) -> Environment: ...
    def paths(self, service: Service) -> tuple[SourcePath, ...]: ...
    def owner(self, at: Place) -> Object | None: ...


@dataclass(frozen=True, slots=True)
class _Failure:
    """A fault on a path, at the proxy with this number among its hops."""

    fault: Fault
    sender: Hop
    at: int


def one_sided(model: Asked, service: Service) -> Iterator[OneSided]:
    """Every way in that fails. Where some of the pods that a Service leads to would answer, or where
    what is applied in the end is open, nothing is told."""
    paths = model.paths(service)
    failures = {path: failure for path in paths if (failure := _failure(path))}
    is_read = any(map(_reads, paths))
    can = can_send(identify(service, model.bundle, model.environment))
    for path, failure in failures.items():
        receiver = path.hops[failure.at]
        listener = receiver.listener
        elsewhere = is_read and failure.fault is not Fault.NOT_SENT and failure.sender.kind != "proxy"
        if (
            listener is None
            or (failure.fault is Fault.HANDED_ON and not elsewhere)
            or (failure.fault is Fault.NOT_SENT and _may_be_asked_elsewhere(model, service))
            or not all(each in failures for each in _beside(path, failure, paths))
            or not _is_settled(model, service, listener)
        ):
            continue
        yield OneSided(service, path, failure.fault, failure.sender, receiver, listener, elsewhere, can)


def _failure(path: SourcePath) -> _Failure | None:
    """The first fault on a path."""
    handing: int | None = None
    for number, hop in enumerate(path.hops):
        if hop.kind != "proxy" or hop.listener is None:
            handing = None if hop.kind == "proxy" else handing
            continue
        sender = next((each for each in reversed(path.hops[:number]) if each.sending is not None), None)
        is_sent = path.hops[number - 1].state.proxy_protocol is ProxyProtocol.PRESENT
        if hop.delivered is Delivered.NO:
            fault = Fault.NOT_READ if is_sent else Fault.NOT_SENT
            at = handing if is_sent and handing is not None else number
            return _Failure(fault, sender, at) if sender else None
        is_handed_on = is_sent and hop.listener.hands_on
        handing = (handing if handing is not None else number) if is_handed_on else None
    if handing is None:
        return None
    sender = next((each for each in reversed(path.hops[:handing]) if each.sending is not None), None)
    return _Failure(Fault.HANDED_ON, sender, handing) if sender else None


def _reads(path: SourcePath) -> bool:
    """Is the PROXY protocol sent on a way in, and read by the first proxy?"""
    proxy = path.edge_proxy
    pod = path.edge_pod
    is_sent = pod is not None and pod.state.proxy_protocol is ProxyProtocol.PRESENT
    return is_sent and proxy is not None and proxy.listener is not None and proxy.listener.reads


def _beside(path: SourcePath, failure: _Failure, paths: tuple[SourcePath, ...]) -> Iterator[SourcePath]:
    """The paths that are one with it up to the pod of the proxy: a connection may take any of them."""
    common = path.hops[: failure.at - 1]
    return (each for each in paths if each.key == path.key and each.hops[: len(common)] == common)


def _is_settled(model: Asked, service: Service, listener: Listening) -> bool:
    """Is the configuration of the listener the one that stands nearest to the Service too? A folder beside it may hold
    another, to be applied over it."""
    owner = model.owner(listener.at)
    if owner is None or same_namespace(service.object.namespace, owner.namespace) is Answer.NO:
        return True
    found = model.bundle.config_map(service.object, owner.name)
    return found is not None and found.object is owner


def _may_be_asked_elsewhere(model: Asked, service: Service) -> bool:
    """Does another definition of the Service, a patch or one for another place, speak of the PROXY protocol?"""
    others = [
        each
        for each in model.bundle.services
        if each is not service
        and each.object.name == service.object.name
        and same_namespace(service.object.namespace, each.object.namespace) is not Answer.NO
    ]
    return any(map(mentions, (*others, *model.bundle.patches_of(service))))
