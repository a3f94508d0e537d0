"""Label selectors, and the three-valued logic in which they answer.

An absent label is a plain no; a label that a placeholder stands for makes the answer unknown, unless another
requirement already says no. Semantics: Kubernetes API, `metav1.LabelSelector` (a null selector selects nothing, an
empty one everything).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from srcip_lint.resources.fields import Field, Unknown, placeholder

Labels = Mapping[str, "str | Unknown"]


class Answer(Enum):
    """Yes, no, or not to be told from the manifests."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def every(answers: Iterable[Answer]) -> Answer:
    """Kleene's conjunction: one no decides, else one unknown does."""
    seen = set(answers)
    if Answer.NO in seen:
        return Answer.NO
    return Answer.UNKNOWN if Answer.UNKNOWN in seen else Answer.YES


def some(answers: Iterable[Answer]) -> Answer:
    """Kleene's disjunction: one yes decides, else one unknown does."""
    seen = set(answers)
    if Answer.YES in seen:
        return Answer.YES
    return Answer.UNKNOWN if Answer.UNKNOWN in seen else Answer.NO


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label. `operator` is In, NotIn, Exists or DoesNotExist; on a node's labels Gt and Lt too."""

    key: str
    operator: str
    values: tuple[str | Unknown, ...] = ()

    def __str__(self) -> str:
        """As `kubectl get -l` would take it: `app=web`, `tier in (a, b)`, `!legacy`; `?` stands for what is unknown."""
        values = ["?" if isinstance(value, Unknown) else value for value in self.values]
        if not self.operator:
            return "?"
        if self.operator in ("Exists", "DoesNotExist"):
            return self.key if self.operator == "Exists" else f"!{self.key}"
        if self.operator == "In" and len(values) == 1:
            return f"{self.key}={values[0]}"
        return f"{self.key} {self.operator.lower()} ({', '.join(values)})"

    def matches(self, labels: Labels) -> Answer:
        if self.operator in ("Exists", "DoesNotExist"):
            return _answer((self.key in labels) is (self.operator == "Exists"))
        if self.operator in ("Gt", "Lt"):
            return self._compares(labels.get(self.key))
        if self.operator not in ("In", "NotIn"):
            return Answer.UNKNOWN
        wants_in = self.operator == "In"
        if self.key not in labels:
            return _answer(not wants_in)
        value = labels[self.key]
        if isinstance(value, Unknown):
            return Answer.UNKNOWN
        if value in self.values:
            return _answer(wants_in)
        has_unknown = any(isinstance(allowed, Unknown) for allowed in self.values)
        return Answer.UNKNOWN if has_unknown else _answer(not wants_in)

    def _compares(self, value: str | Unknown | None) -> Answer:
        """Gt and Lt compare whole numbers; what is no number does not match."""
        bound = self.values[0] if len(self.values) == 1 else None
        if isinstance(value, Unknown) or isinstance(bound, Unknown):
            return Answer.UNKNOWN
        number, limit = whole_number(value), whole_number(bound)
        if number is None or limit is None:
            return Answer.NO
        return _answer(number > limit if self.operator == "Gt" else number < limit)


@dataclass(frozen=True, slots=True)
class Selector:
    """A conjunction of requirements. `unknown` says that part of it could not be read."""

    requirements: tuple[Requirement, ...] = ()
    unknown: bool = False

    def matches(self, labels: Labels) -> Answer:
        answer = every(requirement.matches(labels) for requirement in self.requirements)
        return Answer.UNKNOWN if self.unknown and answer is Answer.YES else answer

    @property
    def empty(self) -> bool:
        return not self.requirements and not self.unknown


OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")

_NUMBER = re.compile(r"[+-]?[0-9]{1,19}")


def whole_number(text: str | None) -> int | None:
    """The number that Gt and Lt see in a label's value, as Go's `strconv.ParseInt` reads it; None where it is none."""
    return int(text) if text is not None and _NUMBER.fullmatch(text) else None


def unreadable(why: Unknown) -> Requirement:
    """A condition of which only its being there is known. It equals itself and no other."""
    return Requirement("", "", (why,))


def equality_selector(labels: Labels) -> Selector:
    """A Service's or ReplicationController's selector: every label must be equal."""
    return Selector(tuple(Requirement(key, "In", (value,)) for key, value in labels.items()))


def label_selector(field: Field) -> Selector | None:
    """A `metav1.LabelSelector`; None where it is null, which selects nothing.

    A part that is a placeholder, or of a type the API rejects, leaves a selector of which only a no is sure.
    """
    if field.absent:
        return None
    labels, conditions = field.field("matchLabels"), field.field("matchExpressions")
    equal = equality_selector(labels.text_map()).requirements
    every_part = (*equal, *(_expression(item) for item in conditions.items()))
    known = tuple(part for part in every_part if part and not placeholder(part.key))
    whole = _is(field, dict) and _is_or_absent(labels, dict) and _is_or_absent(conditions, list)
    return Selector(known, unknown=not whole or len(known) < len(every_part))


def requirement_values(field: Field) -> tuple[str | Unknown, ...]:
    """The values of a requirement; one unknown value stands for a list that cannot be read."""
    unreadable = placeholder(field.raw)
    return (unreadable,) if unreadable else tuple(value.text("").value for value in field.items())


def _expression(item: Field) -> Requirement | None:
    """One of `matchExpressions`; None where it cannot be read, or the API rejects it (In and NotIn need values)."""
    key, operator = item.field("key").text("").value, item.field("operator").choice(OPERATORS, "").value
    values = requirement_values(item.field("values"))
    if not isinstance(key, str) or not isinstance(operator, str) or not operator:
        return None
    return None if operator in ("In", "NotIn") and not values else Requirement(key, operator, values)


def _is(field: Field, kind: type) -> bool:
    return isinstance(field.raw, kind) and not placeholder(field.raw)


def _is_or_absent(field: Field, kind: type) -> bool:
    return field.absent or _is(field, kind)


def _answer(truth: bool) -> Answer:
    return Answer.YES if truth else Answer.NO
