"""nginx and OpenResty, configured by files in ConfigMaps that are mounted where they read them.

    mounts -> images (which nginx, what it brings) -> includes and config (one tree) -> servers (listeners) -> routes

Every directive stands at its real line in the manifest. What was not read, or is no nginx configuration, makes the
behaviour incomplete and is never guessed. `crossplane`, and what makes listeners of directives, are imported only where
there is something to parse.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.proxies.behaviour import Listener, ProxyBehaviour, Reads, Route
from srcip_lint.proxies.mounts import Mounted, is_below, mounted
from srcip_lint.proxies.nginx.config import MAX_CHARACTERS, Directive, is_filled_in
from srcip_lint.proxies.nginx.images import CONFIGURATION, Flavour, files_of, flavour, main_file, runs_something_else
from srcip_lint.proxies.nginx.includes import Reader
from srcip_lint.proxies.nginx.sockets import SETTING
from srcip_lint.resources.cluster import ConfigMap
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload

_NOT_KNOWN = "its image's own nginx.conf is not known"
_LOOKS_LIKE_NGINX = re.compile(r"^[ \t]*(?:server|upstream[ \t]+\S{1,99})\s{0,9}\{", re.MULTILINE)
_CERTAINLY_NGINX = re.compile(
    r"(?:^|[{;\s])(?:listen|proxy_pass|location|server_name|set_real_ip_from)\s[^{};]{1,200}[{;]"
)
_UNKNOWABLE = re.compile(
    r"(?:rewrite|access|set|server_rewrite)_by_lua(?:_\w+)?|more_(?:set|clear)_input_headers|perl_set|js_set"
)
"""Directives by which code may change the request's headers or refuse it."""
_DECISIVE = ("real_ip_header", "real_ip_recursive", "satisfy")
"""Directives that mean nothing where a placeholder stands in them; others are unknown only for themselves."""


def behaviour(workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    """What the nginx containers of a workload do; None where it runs none. They share the pod's ports."""
    found = [each for container in workload.template.containers if (each := _of(container, workload, bundle))]
    if len(found) < 2:
        return found[0] if found else None
    return ProxyBehaviour(
        found[0].product,
        tuple(listener for each in found for listener in each.listeners),
        all(each.complete for each in found),
        "; ".join(each.why_incomplete for each in found if each.why_incomplete),
    )


def _of(container: Container, workload: Workload, bundle: Bundle) -> ProxyBehaviour | None:
    mounts = mounted(workload, container, bundle)
    known = flavour(container, mounts)
    if known is None:
        return None
    if not _is_touched(container, mounts):
        stock = tuple(_stock_listeners(container, known))
        return ProxyBehaviour(known.product, stock, known.is_known, "" if known.is_known else _NOT_KNOWN)
    reader = _reader(container, known, mounts)
    found = _listeners(reader, main_file(container, known), known)
    return ProxyBehaviour(known.product, found, not reader.reasons, "; ".join(map(_one_line, reader.reasons[:3])))


def _one_line(reason: str) -> str:
    """A reason that may hold words of a manifest, fit for a message."""
    return " ".join(reason.split())[:200]


def _is_touched(container: Container, mounts: Mounted) -> bool:
    """May anything but what its image brings decide what it does?"""
    paths = (*mounts.files, *mounts.closed, *mounts.opaque)
    has_templates = any(name.startswith("NGINX_ENVSUBST_") for name, _ in container.environment)
    return (
        has_templates
        or bool(container.arguments)
        or any(is_below(path, folder) or is_below(folder, path) for path in paths for folder in CONFIGURATION)
    )


def _stock_listeners(container: Container, known: Flavour) -> Iterator[Listener]:
    """The images' own server, which serves files."""
    at = container.image.place
    if known.port is None:
        return
    for families in ((4,), (6,)) if known.is_docker_nginx else ((4,),):
        yield Listener(known.port, Reads.NOT, at, (Route("location /", at),), families=families, setting=SETTING)


def _reader(container: Container, known: Flavour, mounts: Mounted) -> Reader:
    main = main_file(container, known)
    files = files_of(container, known, mounts)
    is_guessed = not known.is_known and main not in mounts.files
    reader = Reader(files, mounts, ("/etc/nginx",) if is_guessed else known.folders, posixpath.dirname(main))
    if main not in files:
        reader.reasons.append(f"its {main} is not in these files")
    elif is_guessed:
        reader.reasons.append(_NOT_KNOWN)
    if runs_something_else(container):
        reader.reasons.append("its command is not nginx itself, and may write the configuration")
    return reader


def _listeners(reader: Reader, main: str, known: Flavour) -> tuple[Listener, ...]:
    from srcip_lint.proxies.nginx.servers import listeners

    directives = reader.directives(main) if main in reader.files else ()
    reader.reasons += dict.fromkeys(_unknowable(directives))
    blocks = [each for each in directives if each.name in ("http", "stream") and each.block is not None]
    if directives and not blocks:
        reader.reasons.append(f"{main} has neither an http nor a stream block")
    return tuple(listener for block in blocks for listener in listeners(block, known.default_port, reader.reasons))


def _unknowable(directives: Sequence[Directive]) -> Iterator[str]:
    """What stands in the configuration that no reading of it can tell."""
    for directive in directives:
        if _UNKNOWABLE.fullmatch(directive.name):
            yield f"{directive.name} runs code that may change headers"
        elif directive.name in _DECISIVE and any(map(is_filled_in, directive.arguments)):
            yield f"a placeholder stands in {directive.name}"
        elif is_filled_in(directive.name):
            yield "a placeholder stands where a directive is named"
        yield from _unknowable(directive.block or ())


def loose(bundle: Bundle) -> tuple[tuple[ConfigMap, Place], ...]:
    """The files in ConfigMaps that look like nginx configuration and that no workload in these files mounts where nginx
    reads it: nothing judges them."""
    suspects = [
        (config_map, file.place)
        for config_map in bundle.config_maps
        for file in config_map.files.values()
        if isinstance(file.value, str) and looks_like_nginx(file.value)
    ]
    if not suspects:
        return ()
    read = {(place.document, place.path) for workload in bundle.workloads for place in _read_places(workload, bundle)}
    return tuple((config_map, place) for config_map, place in suspects if (place.document, place.path) not in read)


def looks_like_nginx(text: str) -> bool:
    """Does a text look like a configuration of nginx, and of nothing else?"""
    return bool(len(text) <= MAX_CHARACTERS and _LOOKS_LIKE_NGINX.search(text) and _CERTAINLY_NGINX.search(text))


def _read_places(workload: Workload, bundle: Bundle) -> Iterator[Place]:
    """The places of the files that nginx reads in a workload's containers."""
    for container in workload.template.containers:
        mounts = mounted(workload, container, bundle)
        known = flavour(container, mounts)
        if known is not None:
            reader = _reader(container, known, mounts)
            _listeners(reader, main_file(container, known), known)
            yield from (reader.files[path].place for path in reader.read)
