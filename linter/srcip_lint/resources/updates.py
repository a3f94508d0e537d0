"""How a workload replaces its pods when its template changes.

Defaults: Kubernetes `apps/v1` (a Deployment's maxUnavailable and maxSurge are 25 %, a DaemonSet's 1 and 0, a
StatefulSet's maxUnavailable 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from srcip_lint.resources.fields import Field, Located, Unknown, placeholder

T = TypeVar("T")


@dataclass(frozen=True, eq=False, slots=True)
class Update:
    """A Deployment's `strategy`, or a DaemonSet's or StatefulSet's `updateStrategy`. `type` is None for a kind that has
    neither, and so are the two bounds; else they are a number of pods or a percentage such as `25%`."""

    type: Located[str | Unknown | None]
    max_unavailable: Located[int | str | Unknown | None]
    max_surge: Located[int | str | Unknown | None]


def read_update(spec: Field, kind: str) -> Update:
    """The update strategy in a workload's `spec`. An Argo Rollout has its own, named by the key."""
    if kind == "Deployment":
        return _read(spec.field("strategy"), "25%", "25%")
    if kind in ("DaemonSet", "StatefulSet"):
        return _read(spec.field("updateStrategy"), 1, 0)
    nothing = Located(None, spec.place, written=False)
    return Update(nothing, nothing, nothing)


def _read(strategy: Field, unavailable: int | str | None, surge: int | str | None) -> Update:
    rolling = strategy.field("rollingUpdate")
    return Update(
        _known(strategy, strategy.field("type").text("RollingUpdate")),
        _known(strategy, _known(rolling, rolling.field("maxUnavailable").int_or_text(unavailable))),
        _known(strategy, _known(rolling, rolling.field("maxSurge").int_or_text(surge))),
    )


def _known(around: Field, found: Located[T]) -> Located[T | Unknown]:
    """What was found; of what stands inside a placeholder nothing is known, its default neither."""
    unknown = placeholder(around.raw)
    return Located(unknown, found.place) if unknown else found
