"""`srcip-lint trace`: the traceroute of the manifests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path

from srcip_lint.cli.console import has_color, say, write_stdout
from srcip_lint.config import Config, Given, load, matcher
from srcip_lint.inputs import gather
from srcip_lint.model import Model
from srcip_lint.path.changes import Way, changes
from srcip_lint.path.hops import PathKey, SourcePath
from srcip_lint.report import Look
from srcip_lint.report.sanitize import terminal
from srcip_lint.resources.objects import Object
from srcip_lint.resources.service import Service
from srcip_lint.sources import Reading

CLEAN = 0
NOTHING_TRACED = 3

FORMATS: Mapping[str, str] = {"text": "trace_text", "json": "trace_json", "verify": "verify"}
"""Each format's module in `srcip_lint.report`."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for. `service` is a glob over `namespace/name`, or over the name where it has no
    slash; `since` is a commit to compare with."""

    paths: tuple[str, ...]
    given: Given = field(default_factory=Given)
    service: str = "*"
    output_format: str = "text"
    color: str = "auto"
    stdin_filename: str | None = None
    since: str | None = None


def run(request: Request) -> int:
    """Print every way into the Services that are asked for, or those that changed. Raises ConfigError, Refused."""
    config = load(request.given, Path.cwd())
    reading = Reading(request.paths, request.stdin_filename or "<stdin>", matcher(config.exclude, config.folder))
    model = _model(reading, config)
    return _print_paths(request, model) if request.since is None else _print_changes(request, model, reading, config)


def _print_paths(request: Request, model: Model) -> int:
    for place in model.unmounted_configurations:
        say(f"{terminal(place.source.path)}:{place.span.line}: not judged: no workload mounts this proxy configuration")
    groups = [group for _, paths in _traced(request, model) for group in grouped(paths)]
    if not groups:
        say("nothing to trace: no Service that is reachable from outside was read")
        return NOTHING_TRACED
    render = import_module(f"srcip_lint.report.{FORMATS[request.output_format]}").render
    write_stdout(render(groups, Look(color=has_color(request.color, sys.stdout, os.environ))))
    return CLEAN


def _print_changes(request: Request, model: Model, reading: Reading, config: Config) -> int:
    """What shows another address than at a commit, judged by today's configuration."""
    from srcip_lint.cli.past import at_commit
    from srcip_lint.report import trace_changes

    with at_commit(request.since or "", reading) as (commit, earlier):
        before = _ways(request, Model.of(gather(earlier, earlier), config.environment))
    now = _ways(request, model)
    if not before and not now:
        say("nothing to trace: no Service that is reachable from outside was read, neither now nor at that commit")
        return NOTHING_TRACED
    found = tuple(changes(before, now))
    compared = trace_changes.Compared(request.since or "", commit, found, len(now))
    render = trace_changes.as_json if request.output_format == "json" else trace_changes.text
    write_stdout(render(compared, Look(color=has_color(request.color, sys.stdout, os.environ))))
    return CLEAN


def _ways(request: Request, model: Model) -> list[Way]:
    """The ways in that are asked for, those of one Service, entry and port together."""
    found: list[Way] = []
    for owner, paths in _traced(request, model):
        by_key: dict[PathKey, list[SourcePath]] = {}
        for path in paths:
            by_key.setdefault(path.key, []).append(path)
        found += [Way(key, owner.ref, owner.stream, tuple(same)) for key, same in by_key.items()]
    return found


def _traced(request: Request, model: Model) -> Iterator[tuple[Object, list[SourcePath]]]:
    """The Services that are asked for with the ways into them; and, where no Service is, pods with those past all."""
    for service in model.bundle.services:
        if service.external and _asked(service, request.service):
            yield service.object, telling(model.paths(service))
    for workload in model.bundle.workloads if request.service == "*" else ():
        yield workload.object, telling(model.direct_paths(workload))


def _model(reading: Reading, config: Config) -> Model:
    inputs = gather(reading, reading)
    for bad in inputs.unreadable:
        say(f"{terminal(bad.spot.source.path)}:{bad.spot.span.line}: not read: {terminal(bad.reason)}")
    return Model.of(inputs, config.environment)


def _asked(service: Service, pattern: str) -> bool:
    found = service.object
    return fnmatchcase(f"{found.namespace or ''}/{found.name}" if "/" in pattern else found.name, pattern)


def telling(paths: Iterable[SourcePath]) -> list[SourcePath]:
    """The paths without those that end in a proxy which answers itself and judges nothing, where others of the same
    port go on: the rest of a server that has locations."""
    found = list(paths)
    onward = {path.key for path in found if path.hops[-1].kind != "proxy"}
    return [path for path in found if path.key not in onward or path.hops[-1].kind != "proxy" or _judges(path)]


def _judges(path: SourcePath) -> bool:
    return any(observation.control for observation in path.hops[-1].observations)


def grouped(paths: Iterable[SourcePath]) -> Iterator[tuple[SourcePath, ...]]:
    """The paths that differ in nothing but their ports, together, in the order of the first of each."""
    groups: dict[object, list[SourcePath]] = {}
    for path in paths:
        way = tuple((hop.kind, hop.name, hop.state, hop.delivered, hop.takes) for hop in path.hops)
        groups.setdefault((path.key.entry, path.key.service, way), []).append(path)
    return (tuple(group) for group in groups.values())
