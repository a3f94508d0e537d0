"""Ingresses, their classes, and what else sends to a Service from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from srcip_lint.resources.fields import Field, Located, Unknown
from srcip_lint.resources.objects import Object, read_object

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
"""How an Ingress named its class before `spec.ingressClassName`."""

_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, eq=False, slots=True)
class TargetGroupBinding:
    """A TargetGroupBinding of the AWS load balancer controller: a target group's health checks watch the Service."""

    object: Object
    services: tuple[str, ...]
    controller: str | None = "alb"


@dataclass(frozen=True, eq=False, slots=True)
class Ingress:
    """An Ingress. `class_name` is the class in its spec, `annotated` the one in the old annotation; None where there is
    none. `controller` is the one of them that counts, by name."""

    object: Object
    controller: str | None
    services: tuple[str, ...]
    class_name: Located[str | Unknown] | None
    annotated: str | Unknown | None
    verbatim: Mapping[str, str]
    """Its annotations as they are written, for those in whose language `$remote_addr` is no placeholder."""
    has_rules: bool
    """Does it say more than where everything goes by default?"""


@dataclass(frozen=True, eq=False, slots=True)
class IngressClass:
    """A class of Ingresses: which controller serves them. `is_default` says that an Ingress without a class gets this
    one."""

    object: Object
    controller: Located[str | Unknown]
    is_default: bool
    has_parameters: bool
    """Does it name an object with more settings?"""


def read_ingress(root: Field) -> Ingress:
    """An Ingress of either schema: `networking.k8s.io/v1` names Services in `service.name`, older ones in
    `serviceName`."""
    found, spec = read_object(root), root.field("spec")
    backends = [spec.field("defaultBackend"), spec.field("backend")]
    for rule in spec.field("rules").items():
        backends += [path.field("backend") for path in rule.field("http", "paths").items()]
    fields = [
        field for backend in backends for field in (backend.field("service", "name"), backend.field("serviceName"))
    ]
    names = [_text(field) for field in fields]
    class_name = spec.field("ingressClassName")
    return Ingress(
        found,
        _text(class_name) or found.annotation(CLASS_ANNOTATION),
        tuple(sorted({name for name in names if name})),
        class_name.optional_text(),
        found.annotations.get(CLASS_ANNOTATION),
        {key: each.raw for key, each in root.field("metadata", "annotations").pairs() if isinstance(each.raw, str)},
        has_rules=any(not rule.field("http").absent for rule in spec.field("rules").items()),
    )


def read_ingress_class(root: Field) -> IngressClass:
    found = read_object(root)
    is_default = found.annotation(_DEFAULT_CLASS) == "true"
    has_parameters = not root.field("spec", "parameters").absent
    return IngressClass(found, root.field("spec", "controller").text(""), is_default, has_parameters)


def read_target_group_binding(root: Field) -> TargetGroupBinding:
    name = _text(root.field("spec", "serviceRef", "name"))
    return TargetGroupBinding(read_object(root), (name,) if name else ())


def _text(field: Field) -> str:
    value = field.text("").value
    return value if isinstance(value, str) else ""
