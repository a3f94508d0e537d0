"""What sends to Services from outside: Ingresses, and their like of single products."""

from __future__ import annotations

from typing import Protocol

from srcip_lint.resources.ingress import Ingress, TargetGroupBinding
from srcip_lint.resources.nginx_org import VirtualServer
from srcip_lint.resources.objects import Object
from srcip_lint.resources.traefik import IngressRoute


class Sender(Protocol):
    """Something that names Services. `controller` is its class by name, None where it names none."""

    @property
    def object(self) -> Object: ...
    @property
    def controller(self) -> str | None: ...
    @property
    def services(self) -> tuple[str, ...]: ...


SENDERS: tuple[type[Sender], ...] = (Ingress, TargetGroupBinding, IngressRoute, VirtualServer)
