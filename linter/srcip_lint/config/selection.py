"""Which rules run, and how severe their findings are.

A rule is named by its id (`SRC301`), its name, or the first characters of ids (`SRC3`, `SRC3xx`). The more exact word
wins; between equally exact ones, `ignore` wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from srcip_lint.config.globs import matcher
from srcip_lint.config.settings import Config, ConfigError
from srcip_lint.finding import Severity
from srcip_lint.shapes import did_you_mean

ALWAYS = "SRC001"
"""Unreadable input: always judged, never ignored, so that a run which could not read everything cannot end in 0."""

UNUSED_SUPPRESSION = "SRC003"

_EXACT = 100
_BY_DEFAULT = 1
_FAMILY = re.compile(r"(SRC[0-9]{0,3})x*")


class Named(Protocol):
    """What choosing needs to know of a rule."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def default(self) -> bool: ...


R = TypeVar("R", bound=Named)


def choose(rules: Sequence[R], config: Config) -> tuple[R, ...]:
    """The rules that run, in their order. Raises ConfigError where the configuration names one that does not exist."""
    _check(rules, config)
    return tuple(rule for rule in rules if rule.id == ALWAYS or _runs(rule, config))


def exactness(word: str, rule_id: str, name: str) -> int:
    """How exactly a word names a rule: 0 not at all, more the longer its family is, most by id or name."""
    if word in (rule_id, name):
        return _EXACT
    family = _FAMILY.fullmatch(word)
    return len(family[1]) if family and rule_id.startswith(family[1]) else 0


def severities(config: Config) -> Callable[[str, str, str, Severity], Severity]:
    """The severity of a finding, given its rule's id and name, its path, and the severity that the rule reported.

    An override for the path is stronger than `severity`, and a later override stronger than an earlier one.
    """
    by_path = [(matcher(each.paths, config.folder), each.severity) for each in config.overrides if each.severity]

    def severity(rule_id: str, name: str, path: str, reported: Severity) -> Severity:
        if rule_id == ALWAYS:
            return reported
        for covers, levels in reversed(by_path):
            level = _level(levels, rule_id, name) if covers(path) else None
            if level:
                return level
        return _level(config.severity, rule_id, name) or reported

    return severity


def _level(levels: Mapping[str, Severity], rule_id: str, name: str) -> Severity | None:
    words = [word for word in levels if exactness(word, rule_id, name)]
    return levels[max(words, key=lambda word: exactness(word, rule_id, name))] if words else None


def _runs(rule: Named, config: Config) -> bool:
    selected = _exactness(config.select, rule) if config.select else _BY_DEFAULT
    extended = _exactness(config.extend_select, rule)
    if not (rule.default or selected == _EXACT or extended):
        return False
    return max(selected, extended) > _exactness(config.ignore, rule)


def _exactness(words: Iterable[str], rule: Named) -> int:
    return max((exactness(word, rule.id, rule.name) for word in words), default=0)


def _check(rules: Sequence[Named], config: Config) -> None:
    """Raise ConfigError for words that name no rule, and for an attempt to silence what cannot be silenced."""
    faults = []
    for place, word, silences in _words(config):
        if not any(exactness(word, rule.id, rule.name) for rule in rules):
            known = [name for rule in rules for name in (rule.id, rule.name)]
            faults.append(f'{place}: there is no rule "{word}"{did_you_mean(word, known)}')
        elif silences and any(exactness(word, rule.id, rule.name) == _EXACT for rule in rules if rule.id == ALWAYS):
            faults.append(
                f"{place}: {ALWAYS} says that an input was not judged and cannot be silenced; exclude the path instead"
            )
    if faults:
        raise ConfigError("\n".join(faults))


def _words(config: Config) -> Iterable[tuple[str, str, bool]]:
    """Every word for a rule: where it was written, the word, and whether it silences the rule (or softens it)."""
    settings = {
        "select": config.select,
        "extendSelect": config.extend_select,
        "ignore": config.ignore,
        "severity": config.severity,
    }
    for setting, words in settings.items():
        for word in words:
            place = config.origins.get((setting, word), setting)
            yield place, word, setting in ("ignore", "severity")
    for override in config.overrides:
        for word in (*override.rules, *override.severity):
            yield override.origin, word, True
