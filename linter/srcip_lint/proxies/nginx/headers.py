"""What an nginx location writes into the forwarding headers of a request that it passes on.

`proxy_set_header` of an outer block holds only where a block has none of its own; a header that none sets goes on as
the client sent it (nginx documentation, `ngx_http_proxy_module`, "proxy_set_header").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from srcip_lint.path.hops import FORWARDED_HEADERS
from srcip_lint.proxies.behaviour import HeaderWrite, Writes
from srcip_lint.proxies.nginx.config import FILLED_IN, Directive, Level, is_filled_in, last_argument, nearest
from srcip_lint.proxies.nginx.variables import Variables, name_of

Meaning = tuple[Writes, bool, str]
"""What is written, whether the peer is the one before any replacement, and from which header (lower case)."""

_SET = "proxy_set_header"
_UNKNOWN: Meaning = (Writes.UNKNOWN, False, "")
_PLAIN: dict[str, Meaning] = {
    "": (Writes.CLEARS, False, ""),
    "$remote_addr": (Writes.REPLACES, False, ""),
    "$realip_remote_addr": (Writes.REPLACES, True, ""),
    "$proxy_protocol_addr": (Writes.PROXY_PROTOCOL, False, ""),
    "$proxy_add_x_forwarded_for": (Writes.APPENDS, False, "x-forwarded-for"),
}
_ADDRESS = re.compile(
    r"\$(?:remote_addr|realip_remote_addr|proxy_protocol_addr|proxy_add_x_forwarded_for|http_\w*(?:ip|for\w*))\b"
)
_REQUEST_HEADER = re.compile(r"\$http_(\w+)")
_APPENDED = re.compile(r"\$http_(\w+),\s*(\$remote_addr|\$realip_remote_addr)")
_FOR = re.compile(r"(?:^|[;,\s])for=\"?\[?(\$\w+)\]?\"?", re.IGNORECASE)


def header_writes(levels: Sequence[Level], variables: Variables, passed: Directive) -> Iterator[HeaderWrite]:
    """One write for each forwarding header, and for each other one that an address is written into. `passed` is the
    `proxy_pass`, where a header stands that is not set at all."""
    setting = [each for each in nearest(levels, _SET).named(_SET) if len(each.arguments) == 2]
    names = [each.arguments[0].lower() for each in setting]
    others = [name for name, each in zip(names, setting, strict=True) if _ADDRESS.search(each.arguments[1])]
    for header in dict.fromkeys((*FORWARDED_HEADERS, *others)):
        lines = [each for name, each in zip(names, setting, strict=True) if name == header]
        if lines:
            meanings = {_meaning(each.arguments[1], header, variables) for each in lines}
            yield _write(header, meanings.pop() if len(meanings) == 1 else _UNKNOWN, lines[-1])
        elif any(map(is_filled_in, names)):
            yield _write(header, _UNKNOWN, passed)
        else:
            is_off = last_argument(levels, "proxy_pass_request_headers") == "off"
            yield _write(header, (Writes.CLEARS if is_off else Writes.PASSES, False, ""), passed)


def _write(header: str, meaning: Meaning, at: Directive) -> HeaderWrite:
    writes, is_original, source = meaning
    return HeaderWrite(header, writes, at.at, is_original, source if source != header else "")


def _meaning(text: str, header: str, variables: Variables) -> Meaning:
    kept = _if_absent(text, variables)
    if kept:
        return kept
    meanings = {_of_value(value.strip(), header) for value in variables.values(text)}
    return meanings.pop() if len(meanings) == 1 else _UNKNOWN


def _of_value(value: str, header: str) -> Meaning:
    """What one value means, all variables followed."""
    if FILLED_IN in value:
        return _UNKNOWN
    if value in _PLAIN:
        return _PLAIN[value]
    passed = _REQUEST_HEADER.fullmatch(value)
    if passed:
        return (Writes.PASSES, False, _header_name(passed[1]))
    appended = _APPENDED.fullmatch(value)
    if appended:
        return (Writes.APPENDS, appended[2] == "$realip_remote_addr", _header_name(appended[1]))
    return _of_forwarded(value) if header == "forwarded" else _UNKNOWN


def _of_forwarded(value: str) -> Meaning:
    """`for=...` of RFC 7239, alone or behind what the client sent."""
    addresses = _FOR.findall(value)
    if len(addresses) != 1 or addresses[0] not in ("$remote_addr", "$realip_remote_addr", "$proxy_protocol_addr"):
        return _UNKNOWN
    if "$http_forwarded" not in value:
        return _PLAIN[addresses[0]]
    is_last = value.rfind("$http_forwarded") < value.find(addresses[0])
    appends = is_last and addresses[0] != "$proxy_protocol_addr"
    return (Writes.APPENDS, addresses[0] == "$realip_remote_addr", "") if appends else _UNKNOWN


def _if_absent(text: str, variables: Variables) -> Meaning | None:
    """A `map` of a request's header that passes it on, and the peer where there is none."""
    found = variables.maps.get(name_of(text))
    source = _REQUEST_HEADER.fullmatch(found.source.lower()) if found else None
    if found is None or source is None:
        return None
    values = dict(found.entries)
    passes = len(values) == 2 and values["default"].lower() == found.source.lower() and values.get("") == "$remote_addr"
    return (Writes.IF_ABSENT, False, _header_name(source[1])) if passes else None


def _header_name(variable: str) -> str:
    return variable.replace("_", "-")
