"""How a report is shown, and which of its findings: what the command line says of a report's looks, in one value."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from srcip_lint.finding import Finding, Report, Severity


@dataclass(frozen=True, slots=True)
class Look:
    """The looks of a report. `quiet` leaves out all but the findings; `verbose` lists every related place.

    Whether `color` and `hyperlinks` suit the terminal is decided by whoever writes there: a format only obeys.
    `here` is the working directory and `root` the repository that it stands in, both absolute, with `/`; empty where
    that is not known.
    """

    color: bool = False
    hyperlinks: bool = False
    show_info: bool = False
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False
    here: str = ""
    root: str = ""


def shown(report: Report, look: Look) -> tuple[Finding, ...]:
    """The findings to show, in the report's order. The `json` format alone does not ask: it carries them all."""
    if look.show_info:
        return report.findings
    return tuple(finding for finding in report.findings if finding.severity is not Severity.INFO)


def in_repository(path: str, look: Look) -> str:
    """A reported path as code scanning, annotations and merge requests want it: from the root of the repository. It
    stays as it is where it lies outside, where no repository is known, and where it is none (standard input)."""
    if not look.root or path == "<stdin>":
        return path
    root = look.root.rstrip("/") + "/"
    absolute = posixpath.normpath(posixpath.join(look.here, path))
    return absolute[len(root) :] if absolute.startswith(root) else path
