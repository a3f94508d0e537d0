"""What conditions leave of one label: whether it may be absent, and which values it may have."""

from __future__ import annotations

from dataclasses import dataclass, replace

from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.selectors import Answer, Requirement, whole_number


@dataclass(frozen=True, slots=True)
class Allowed:
    """`values` are the only values, None where any may be; `barred` are not allowed in any case. `above` and `below`
    are bounds, themselves excluded, that only whole numbers keep. What it bars is surely barred."""

    absent: bool = True
    values: frozenset[str] | None = None
    barred: frozenset[str] = frozenset()
    above: int | None = None
    below: int | None = None

    @property
    def possible(self) -> bool:
        """Is there a label that is allowed: an absent one, or some value?"""
        return self.absent or self.present

    @property
    def present(self) -> bool:
        """May the label be there with some value?"""
        if self.values is not None:
            return any(map(self.permits, self.values))
        return self.above is None or self.below is None or self.below - self.above > 1

    def permits(self, value: str) -> bool:
        """May the label have that value?"""
        if value in self.barred or (self.values is not None and value not in self.values):
            return False
        if self.above is None and self.below is None:
            return True
        number = whole_number(value)
        return (
            number is not None
            and (self.above is None or number > self.above)
            and (self.below is None or number < self.below)
        )


ANYTHING = Allowed()


def narrowed(found: Allowed, requirement: Requirement) -> Allowed:
    """What a further requirement leaves. One that is unknown leaves everything, for it may bar anything or nothing."""
    known = {value for value in requirement.values if isinstance(value, str)}
    is_whole = len(known) == len(set(requirement.values))
    match requirement.operator:
        case "In":
            values = (known if found.values is None else known & found.values) if is_whole else found.values
            return replace(found, absent=False, values=None if values is None else frozenset(values))
        case "NotIn":
            return replace(found, barred=found.barred | known)
        case "Exists":
            return replace(found, absent=False)
        case "DoesNotExist":
            return replace(found, values=frozenset())
        case "Gt" | "Lt" if is_whole:
            return _bounded(found, requirement)
    return found


def _bounded(found: Allowed, requirement: Requirement) -> Allowed:
    bound = whole_number(next((value for value in requirement.values if isinstance(value, str)), None))
    if bound is None:
        return replace(found, absent=False, values=frozenset())
    if requirement.operator == "Gt":
        return replace(found, absent=False, above=bound if found.above is None else max(found.above, bound))
    return replace(found, absent=False, below=bound if found.below is None else min(found.below, bound))


def implies(found: Allowed, requirement: Requirement) -> bool:
    """Does everything that is allowed surely meet a requirement?"""
    if not requirement.operator or any(isinstance(value, Unknown) for value in requirement.values):
        return False
    values = tuple(value for value in requirement.values if isinstance(value, str))
    match requirement.operator:
        case "NotIn":
            return not any(map(found.permits, values))
        case "DoesNotExist":
            return not found.present
        case "Exists":
            return not found.absent
    if found.absent:
        return False
    if found.values is not None:
        return all(
            requirement.matches({requirement.key: value}) is Answer.YES
            for value in found.values
            if found.permits(value)
        )
    bound = whole_number(values[0]) if len(values) == 1 else None
    if requirement.operator == "Gt":
        return bound is not None and found.above is not None and found.above >= bound
    return requirement.operator == "Lt" and bound is not None and found.below is not None and found.below <= bound
