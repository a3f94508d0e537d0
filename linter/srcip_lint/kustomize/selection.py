"""Which objects a patch or a replacement is for: kustomize's target selectors.

Group, version, kind, name and namespace are regular expressions over the whole of each; name and namespace match as
they were originally or as they are now. A selector may not be decidable here (a label behind a placeholder, an
expression that could take for ever): that is an answer too, None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from srcip_lint.documents import Undetermined
from srcip_lint.kustomize.member import Member
from srcip_lint.kustomize.tree import Node, at, fields_of, scalar, text

_MAX_NAME = 253
"""The longest name of a Kubernetes object."""

_QUANTIFIED_GROUP = re.compile(r"\)[*+{?]")
_QUANTIFIER = re.compile(r"(?<![\\(])[*+{?]")
_MAX_QUANTIFIERS, _MAX_GROUPS, _MAX_LENGTH = 2, 2, 500
"""Expressions within these bounds take at most some ten thousand steps, whoever wrote them."""

_REQUIREMENT = re.compile(
    r"\s*(?:(?P<absent>!)\s*(?P<missing>[^\s,=!()<>]+)"
    r"|(?P<key>[^\s,=!()<>]+)\s*(?:(?P<operator>==|!=|=)\s*(?P<value>[^\s,=!()<>]*)"
    r"|\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?)\s*(?:,|$)"
)


@dataclass(frozen=True, slots=True)
class Target:
    """A selector. An empty part means any; `labels` and `annotations` are selectors in kubectl's notation."""

    group: str = ""
    version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    labels: str = ""
    annotations: str = ""

    def matches(self, member: Member) -> bool | None:
        """Is the object meant? None where that cannot be told."""
        now, once = member.identity, member.original
        namespaces, names = {now.namespace or "_non_namespaceable_", once.namespace}, {now.name, once.name}
        return _all(
            (
                _any(_fits(self.namespace, each) for each in namespaces),
                _any(_fits(self.name, each) for each in names),
                _fits(self.group, now.group),
                _fits(self.version, now.version),
                _fits(self.kind, now.kind),
                _selects(self.labels, at(member.node, "metadata", "labels")),
                _selects(self.annotations, at(member.node, "metadata", "annotations")),
            )
        )


def target(node: Node) -> Target:
    """The selector that a mapping holds."""
    names = ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector")
    return Target(*(text(node, name) for name in names))


def _all(answers: Iterable[bool | None]) -> bool | None:
    seen = set(answers)
    return False if False in seen else None if None in seen else True


def _any(answers: Iterable[bool | None]) -> bool | None:
    seen = set(answers)
    return True if True in seen else None if None in seen else False


@lru_cache(maxsize=4096)
def _fits(pattern: str, name: str) -> bool | None:
    """Does the whole name match? An expression that could take very long, or that is none, is not tried."""
    if not pattern or pattern == name:
        return True
    if len(name) > _MAX_NAME or not _is_tame(pattern):
        return None
    try:
        return bool(re.fullmatch(pattern, name))
    except re.error:
        return None


def _is_tame(pattern: str) -> bool:
    few = len(_QUANTIFIER.findall(pattern)) <= _MAX_QUANTIFIERS and pattern.count("(") <= _MAX_GROUPS
    return few and len(pattern) <= _MAX_LENGTH and not _QUANTIFIED_GROUP.search(pattern)


def _selects(selector: str, node: Node | None) -> bool | None:
    """A label selector over labels or annotations."""
    if not selector.strip():
        return True
    labels = {key: scalar(value) for key, value in (fields_of(node) or {}).items()}
    answers, index = [], 0
    while index < len(selector):
        match = _REQUIREMENT.match(selector, index)
        if not match or match.end() == index:
            return None
        answers.append(_meets(match, labels))
        index = match.end()
    return _all(answers)


def _meets(match: re.Match[str], labels: dict[str, object]) -> bool | None:
    if match["absent"]:
        return match["missing"] not in labels
    key = match["key"]
    value = labels.get(key)
    if isinstance(value, Undetermined):
        return None
    if match["operator"] == "!=":
        return value != match["value"]
    if match["operator"]:
        return value == match["value"]
    if match["set"]:
        values = {each.strip() for each in match["values"].split(",")}
        return (value in values) is (match["set"] == "in")
    return key in labels
