"""PodDisruptionBudgets: how many of its pods may be evicted at once.

Semantics: Kubernetes API `policy/v1` types.go. A null selector selects no pod; an empty one selects every pod of the
namespace, but in `policy/v1beta1` none.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.resources.fields import Field, Located, Unknown
from srcip_lint.resources.objects import Object, read_object
from srcip_lint.resources.selectors import Selector, label_selector


@dataclass(frozen=True, eq=False, slots=True)
class PodDisruptionBudget:
    """A PodDisruptionBudget. `selector` is None where it selects no pod. Of the two bounds one is written; each is a
    number of pods, or a percentage such as `50%`."""

    object: Object
    selector: Selector | None
    min_available: Located[int | str | Unknown | None]
    max_unavailable: Located[int | str | Unknown | None]


def read_budget(root: Field) -> PodDisruptionBudget:
    """The PodDisruptionBudget at `root`."""
    found, spec = read_object(root), root.field("spec")
    selector = label_selector(spec.field("selector"))
    selects_none = found.version == "v1beta1" and selector is not None and selector.empty
    return PodDisruptionBudget(
        found,
        None if selects_none else selector,
        spec.field("minAvailable").int_or_text(None),
        spec.field("maxUnavailable").int_or_text(None),
    )
