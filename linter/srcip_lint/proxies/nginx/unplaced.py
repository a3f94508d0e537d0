"""Whom a file would make nginx believe, where no workload that was read gets it: the servers of the file, taken for
themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srcip_lint.proxies.behaviour import RealIp
from srcip_lint.proxies.mounts import File
from srcip_lint.proxies.nginx.config import FILLED_IN, Directive, Level, Unparsable, parse
from srcip_lint.proxies.nginx.trust import real_ips


def told_by(file: File) -> tuple[RealIp, ...]:
    """The replacements in a file's servers and their locations, each once. None in a template, of which nobody knows
    what it comes to."""
    try:
        parsed = parse(file)
    except Unparsable:
        return ()
    outer = next((each.block for each in parsed.directives if each.name == "http"), None)
    found = () if parsed.is_template else _of_servers(Level(parsed.directives if outer is None else outer))
    return tuple(dict.fromkeys(each for each in found if not _is_filled_in(each.source)))


def _of_servers(outer: Level) -> Iterator[RealIp]:
    for server in outer.named("server"):
        yield from _of_block((outer,), server)


def _of_block(levels: Sequence[Level], block: Directive) -> Iterator[RealIp]:
    inner = (*levels, Level(block.block or ()))
    yield from real_ips(inner)
    for location in inner[-1].named("location"):
        yield from _of_block(inner, location)


def _is_filled_in(source: str) -> bool:
    """Does a placeholder stand for the header? Its name is in lower case by now, and has no variable in it."""
    return "$" in source or FILLED_IN in source
