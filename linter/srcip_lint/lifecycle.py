"""What becomes of a workload's pods in time: at an update, at their end, and while there is nothing to do.

Semantics: Kubernetes API `apps/v1` types.go and `pkg/controller/deployment/util` (a Deployment rounds maxUnavailable
down and maxSurge up, and where both come to 0 it takes one pod away; a DaemonSet rounds both up); KEP-1669 (a node
hands packets to a terminating pod where it has no other); KEDA "ScaledObject specification" and its page on the CPU
scaler.
"""

from __future__ import annotations

import re

from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.pods import PodTemplate
from srcip_lint.resources.selectors import Answer, some
from srcip_lint.resources.updates import Update
from srcip_lint.resources.workload import Autoscaler, Workload

Bound = Located[int | str | Unknown | None]

DEFAULT_GRACE_PERIOD = 30
"""Seconds. Whoever writes more expects the pod to need them: to end what it has begun."""

_PAUSES = ("paused", "paused-replicas", "paused-scale-in")
_PAUSE = "autoscaling.keda.sh/"
_ALWAYS_ACTIVE = frozenset({"cpu", "memory"})
"""The triggers that KEDA leaves to the HorizontalPodAutoscaler: alone they never bring a workload to zero."""
_INTERCEPTOR = "http-add-on-interceptor"
"""What the image's name holds, whatever the registry."""


def all_at_once(workload: Workload, replicas: int | None) -> Bound | None:
    """The field by which an update takes away every pod before the first new one is ready; None where none surely does.

    `replicas` is how many there are at least, None where that is unknown.
    """
    update, kind = workload.update, workload.update.type.value
    if workload.kind == "DaemonSet":
        return update.max_unavailable if kind == "RollingUpdate" and update.max_unavailable.value == "100%" else None
    if workload.kind != "Deployment" or replicas is None or replicas < 2:
        return None
    if kind == "Recreate":
        return update.type
    gone = unavailable(update, replicas) if kind == "RollingUpdate" else None
    return update.max_unavailable if gone is not None and gone >= replicas else None


def unavailable(update: Update, replicas: int) -> int | None:
    """How many of its pods a Deployment's rolling update may take away at once; None where that is unknown."""
    gone = _count(update.max_unavailable.value, replicas, rounds_up=False)
    if gone != 0:
        return gone
    surge = _count(update.max_surge.value, replicas, rounds_up=True)
    return None if surge is None else int(surge == 0)


def leaves_nodes(workload: Workload) -> Bound | None:
    """The field by which an update stops a DaemonSet's pod on a node before its successor runs there; None where the
    new pod comes first, a person decides when (OnDelete), or that is unknown."""
    update = workload.update
    is_rolling = workload.kind == "DaemonSet" and update.type.value == "RollingUpdate"
    return update.max_surge if is_rolling and update.max_surge.value in (0, "0", "0%") else None


def holds_host_ports(template: PodTemplate) -> bool:
    """Do the pods claim ports of their node, so that an old and a new one cannot stand on it together?"""
    claimed = (port.host_port.value for container in template.containers for port in container.ports)
    return template.host_network.value is True or any(isinstance(port, int) and port > 0 for port in claimed)


def drains(template: PodTemplate) -> Answer:
    """Is anything written that keeps a pod serving for a while when it is to end: a preStop hook, or more time to end
    than the default?"""
    grace = template.grace_period.value
    longer = Answer.UNKNOWN if isinstance(grace, Unknown) else _answer(grace > DEFAULT_GRACE_PERIOD)
    hooks = (container.pre_stop.value for container in template.containers)
    return some((longer, *(Answer.UNKNOWN if isinstance(hook, Unknown) else _answer(hook) for hook in hooks)))


def falls_to_zero(scaler: Autoscaler) -> Answer:
    """Does an autoscaler leave no replica while there is nothing to do?"""
    if scaler.object.kind not in ("HorizontalPodAutoscaler", "ScaledObject") or _paused(scaler):
        return Answer.NO
    least = least_replicas(scaler).value
    if least != 0:
        return Answer.UNKNOWN if isinstance(least, Unknown) else Answer.NO
    return _looks_for_work(scaler) if scaler.object.kind == "ScaledObject" else Answer.YES


def least_replicas(scaler: Autoscaler) -> Located[int | Unknown | None]:
    """The field that says how few replicas are left while there is nothing to do."""
    return scaler.idle if scaler.idle.written else scaler.minimum


def by_timetable(scaler: Autoscaler) -> bool:
    """Is it only a timetable that decides when there is something to do?"""
    deciding = {each for each in scaler.triggers or () if each not in _ALWAYS_ACTIVE}
    return deciding == {"cron"}


def is_interceptor(workload: Workload) -> bool:
    """Is it the proxy of KEDA's HTTP add-on, which takes requests for others that have no pod, and so wakes them?"""
    images = (container.image.value for container in workload.template.containers)
    return any(isinstance(image, str) and _INTERCEPTOR in image for image in images)


def _looks_for_work(scaler: Autoscaler) -> Answer:
    """Does one of the triggers say that there is nothing to do? Load on the processor never does."""
    if scaler.triggers is None:
        return Answer.UNKNOWN
    found = (each for each in scaler.triggers)
    return some(
        _answer(each not in _ALWAYS_ACTIVE) if isinstance(each, str) and each else Answer.UNKNOWN for each in found
    )


def _paused(scaler: Autoscaler) -> bool:
    """Is the autoscaler told to leave the number of replicas alone, or may it be?"""
    written = scaler.object.annotations
    return any(written.get(_PAUSE + name, "false") != "false" for name in _PAUSES)


def _count(bound: int | str | Unknown | None, replicas: int, *, rounds_up: bool) -> int | None:
    """A bound as a number of pods; None where it is unknown, or no bound."""
    if isinstance(bound, int):
        return bound
    percentage = re.fullmatch(r"(\d{1,3})%", bound) if isinstance(bound, str) else None
    if percentage is None:
        return None
    share = replicas * int(percentage[1])
    return -(-share // 100) if rounds_up else share // 100


def _answer(truth: bool) -> Answer:
    return Answer.YES if truth else Answer.NO
