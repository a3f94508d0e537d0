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
from srcip_lint.path.hops import SourcePath
from srcip_lint.report import Look
from srcip_lint.report.sanitize import terminal
from srcip_lint.resources.service import Service
from srcip_lint.sources import Reading

CLEAN = 0
NOTHING_TRACED = 3

FORMATS: Mapping[str, str] = {"text": "trace_text", "json": "trace_json", "verify": "verify"}
"""Each format's module in `srcip_lint.report`."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for. `service` is a glob over `namespace/name`, or over the name where it has no
    slash."""

    paths: tuple[str, ...]
    given: Given = field(default_factory=Given)
    service: str = "*"
    output_format: str = "text"
    color: str = "auto"
    stdin_filename: str | None = None


def run(request: Request) -> int:
    """Print every way into the Services that are asked for. Raises ConfigError, Refused."""
    config = load(request.given, Path.cwd())
    model = _model(request, config)
    for place in model.unmounted_configurations:
        say(f"{terminal(place.source.path)}:{place.span.line}: not judged: no workload mounts this proxy configuration")
    services = [service for service in model.bundle.services if service.external and _asked(service, request.service)]
    groups = [group for service in services for group in grouped(telling(model.paths(service)))]
    if request.service == "*":
        groups += [
            group for workload in model.bundle.workloads for group in grouped(telling(model.direct_paths(workload)))
        ]
    if not groups:
        say("nothing to trace: no Service that is reachable from outside was read")
        return NOTHING_TRACED
    render = import_module(f"srcip_lint.report.{FORMATS[request.output_format]}").render
    write_stdout(render(groups, Look(color=has_color(request.color, sys.stdout, os.environ))))
    return CLEAN


def _model(request: Request, config: Config) -> Model:
    reading = Reading(request.paths, request.stdin_filename or "<stdin>", matcher(config.exclude, config.folder))
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
