"""What a configuration comes to: frozen values, and the one exception for what cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from srcip_lint.documents import Spot
from srcip_lint.environment import Environment
from srcip_lint.finding import Severity


class ConfigError(Exception):
    """A configuration that cannot be used: one line a fault, `file:line:column: reason`.

    An option of the command line stands in for the place where it is at fault. The text may hold words from a file;
    whoever prints it escapes them.
    """


@dataclass(frozen=True, slots=True)
class Override:
    """What holds for some paths only: `rules` are ignored there (`reason` says why), `severity` replaces severities.

    `paths` are read as in a `.gitignore` in the configuration's folder. `spot` is where the override is written, and
    `origin` the same in words.
    """

    paths: tuple[str, ...]
    rules: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    reason: str = ""
    spot: Spot | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of a run. Rules are named as they were written: by id, by name, or by the start of their ids.

    `path` is the file, as it is shown; `folder` what the patterns of `overrides` and `exclude` are relative to.
    `origins` says where the word for a rule was written, by (setting, word), for the message if there is no such rule.
    """

    path: str | None = None
    environment: Environment = field(default_factory=Environment)
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    exclude: tuple[str, ...] = ()
    folder: str = "."
    origins: Mapping[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)
