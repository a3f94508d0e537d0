"""The ports that ingress-nginx carries without looking inside: the ConfigMap of `--tcp-services-configmap`.

An entry is `"9000": namespace/service:port`, with `:PROXY` behind it where nginx is to read the PROXY protocol, and a
second one where it is to send it. One whose key or reference cannot be read, and one for a port of its own, the
controller skips (kubernetes/ingress-nginx `docs/user-guide/exposing-tcp-udp-services.md`,
`internal/ingress/controller/controller.go`, getStreamServices).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from srcip_lint.bundle import Bundle
from srcip_lint.proxies.behaviour import Listener, Reads, Route, Upstream
from srcip_lint.proxies.flags import flag
from srcip_lint.resources.fields import Located, Unknown
from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload

_FLAG = "tcp-services-configmap"
_PROXY = "proxy"
_SETTING = "`:PROXY` behind the port of its entry"


def streams(workload: Workload, container: Container, bundle: Bundle, taken: Collection[int]) -> Iterator[Listener]:
    """A listener for each entry. None where the ConfigMap was not read: of those ports nothing is known then."""
    named = (flag(container, _FLAG) or "").rpartition("/")[2]
    config = bundle.config_map(workload.object, named) if named else None
    for key, entry in config.data.items() if config else ():
        if key.isdigit() and int(key) not in taken:
            yield from _stream(int(key), entry)


def _stream(number: int, entry: Located[str | Unknown]) -> Iterator[Listener]:
    parts = entry.value.split(":") if isinstance(entry.value, str) else []
    namespace, _, name = parts[0].partition("/") if len(parts) > 1 else ("", "", "")
    if not (namespace and name):
        return
    reads = len(parts) > 2 and parts[2].lower() == _PROXY
    sends = len(parts) == 4 and parts[3].lower() == _PROXY
    at = entry.place
    upstream = Upstream(f"{name}.{namespace}", int(parts[1]) if parts[1].isdigit() else None, at)
    route = Route(f"port {number}", at, upstream=upstream, sends_proxy_protocol=sends)
    how = Reads.STRICTLY if reads else Reads.NOT
    yield Listener(number, how, at, (route,), protocol="tcp", setting=_SETTING)
