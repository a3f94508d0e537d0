"""Random small clusters and apps, and the same as the manifests that srcip-lint reads."""

from __future__ import annotations

import random
from typing import Any

from scheduler import HOSTNAME, App, Condition, Machine, Spread
from srcip_lint.documents import Document, Place, read
from srcip_lint.environment import DeclaredNode
from srcip_lint.placement import Inventory
from srcip_lint.resources.fields import Field
from srcip_lint.resources.workload import Workload, read_workload
from srcip_lint.sources import Source

ZONE, RACK = "topology.kubernetes.io/zone", "rack"
_ANYWHERE = next(
    Place(found) for found in read(Source("app.yaml", b"{kind: X}", named=True), ()) if isinstance(found, Document)
)


def machines(chance: random.Random, most: int) -> list[Machine]:
    return [_machine(chance, f"n{index}") for index in range(chance.randint(1, most))]


def _machine(chance: random.Random, name: str) -> Machine:
    labels = {HOSTNAME: name}
    for key, values, present in ((ZONE, "ab", 0.9), (RACK, "xyz", 0.7), ("role", ("edge", "core"), 0.7)):
        if chance.random() < present:
            labels[key] = chance.choice(values)
    if chance.random() < 0.3:
        labels["cores"] = chance.choice(("4", "16", "many"))
    taints = []
    if chance.random() < 0.2:
        taints.append(("dedicated", chance.choice(("edge", "")), chance.choice(("NoSchedule", "NoExecute"))))
    if chance.random() < 0.1:
        taints.append(("busy", "", "PreferNoSchedule"))
    if chance.random() < 0.05:
        taints.append(("node.kubernetes.io/disk-pressure", "", "NoSchedule"))
    return Machine(name, labels, tuple(taints), chance.random() < 0.07)


def app(chance: random.Random, most: int, *, kinds: tuple[str, ...] = ("Deployment", "DaemonSet")) -> App:
    surge = chance.choice((0, 1, 1, 2, "25%", "50%", "100%"))
    unavailable = chance.choice((0, 0, 1, 1, 2, "25%", "50%"))
    kind = chance.choice((kinds[0], kinds[0], *kinds))
    if kind == "DaemonSet" and surge and unavailable:  # the API wants one of them to be zero
        surge, unavailable = (0, unavailable) if chance.random() < 0.5 else (surge, 0)
    return App(
        kind=kind,
        replicas=chance.randint(1, most),
        selector={"role": chance.choice(("edge", "core"))} if chance.random() < 0.15 else {},
        terms=_terms(chance) if chance.random() < 0.2 else (),
        tolerations=_tolerations(chance) if chance.random() < 0.3 else (),
        spreads=tuple(_spread(chance) for _ in range(chance.choice((0, 1, 1, 1, 2, 3)))),
        anti=tuple(_anti(chance) for _ in range(chance.choice((0, 0, 0, 1, 1, 2)))),
        affinity=tuple(chance.choice((HOSTNAME, ZONE, RACK)) for _ in range(chance.choice((0,) * 9 + (1, 2)))),
        host_port=chance.random() < 0.1,
        surge=surge,
        unavailable=unavailable,
    )


def _spread(chance: random.Random) -> Spread:
    return Spread(
        key=chance.choice((HOSTNAME, HOSTNAME, HOSTNAME, ZONE, ZONE, RACK)),
        skew=chance.choice((1, 1, 1, 2, 3)),
        min_domains=chance.choice((None, None, None, 2, 3)),
        honour_affinity=chance.random() < 0.8,
        honour_taints=chance.random() < 0.4,
        own=chance.random() < 0.9,
        per_revision=chance.random() < 0.3,
    )


def _anti(chance: random.Random) -> tuple[str, bool, bool]:
    return chance.choice((HOSTNAME, HOSTNAME, ZONE, RACK)), chance.random() < 0.9, chance.random() < 0.3


def _terms(chance: random.Random) -> tuple[tuple[Condition, ...], ...]:
    def condition() -> Condition:
        operator = chance.choice(("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "name"))
        if operator == "name":
            return "field", "metadata.name", chance.choice(("In", "NotIn")), (f"n{chance.randint(0, 3)}",)
        if operator in ("Gt", "Lt"):
            return "label", "cores", operator, ("8",)
        key, values = chance.choice(((ZONE, "ab"), ("role", ("edge", "core")), (HOSTNAME, ("n0", "n1", "n2"))))
        count = 0 if operator in ("Exists", "DoesNotExist") else chance.randint(1, 2)
        return "label", key, operator, tuple(chance.choice(values) for _ in range(count))

    return tuple(tuple(condition() for _ in range(chance.choice((0, 1, 1, 2)))) for _ in range(chance.randint(1, 2)))


def _tolerations(chance: random.Random) -> tuple[tuple[str | None, str, str | None, str | None], ...]:
    kinds = (
        (None, "Exists", None, None),
        (None, "Exists", None, "NoSchedule"),
        ("dedicated", "Exists", None, None),
        ("dedicated", "Equal", "edge", None),
        ("dedicated", "Equal", None, "NoExecute"),
        ("node.kubernetes.io/unschedulable", "Exists", None, "NoSchedule"),
        ("other", "Exists", None, None),
    )
    return tuple(chance.choice(kinds) for _ in range(chance.randint(1, 2)))


def workload_of(app: App) -> Workload:
    """What srcip-lint reads of the app's manifest."""
    return read_workload(Field(manifest(app), _ANYWHERE, []))


def inventory_of(found: list[Machine]) -> Inventory:
    return Inventory(tuple(DeclaredNode(each.name, each.labels, each.taints, each.cordoned) for each in found))


def manifest(app: App) -> dict[str, Any]:
    own, other = {"matchLabels": {"app": "web"}}, {"matchLabels": {"app": "other"}}
    revision = {"matchLabelKeys": ["controller-revision-hash" if app.kind == "DaemonSet" else "pod-template-hash"]}
    port = {"containerPort": 80, **({"hostPort": 80} if app.host_port else {})}
    spec: dict[str, Any] = {"containers": [{"name": "web", "ports": [port]}], "nodeSelector": dict(app.selector)}
    spec["tolerations"] = [
        {name: value for name, value in zip(("key", "operator", "value", "effect"), each, strict=True) if value}
        for each in app.tolerations
    ]
    spec["topologySpreadConstraints"] = [
        {
            "maxSkew": each.skew,
            "topologyKey": each.key,
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": own if each.own else other,
            "nodeAffinityPolicy": "Honor" if each.honour_affinity else "Ignore",
            **({"nodeTaintsPolicy": "Honor"} if each.honour_taints else {}),
            **({"minDomains": each.min_domains} if each.min_domains else {}),
            **(revision if each.per_revision else {}),
        }
        for each in app.spreads
    ]
    spec["affinity"] = {
        "podAntiAffinity": required(
            [
                {"topologyKey": key, "labelSelector": own if matches else other, **(revision if per_revision else {})}
                for key, matches, per_revision in app.anti
            ]
        ),
        "podAffinity": required([{"topologyKey": key, "labelSelector": own} for key in app.affinity]),
    }
    if app.terms:
        spec["affinity"]["nodeAffinity"] = required({"nodeSelectorTerms": [_term(term) for term in app.terms]})
    bounds = {"maxSurge": app.surge, "maxUnavailable": app.unavailable}
    return {
        "apiVersion": "apps/v1",
        "kind": app.kind,
        "metadata": {"name": "web"},
        "spec": {
            "replicas": app.replicas,
            ("updateStrategy" if app.kind == "DaemonSet" else "strategy"): {"rollingUpdate": bounds},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": spec},
        },
    }


def required(terms: object) -> dict[str, object]:
    return {"requiredDuringSchedulingIgnoredDuringExecution": terms}


def _term(term: tuple[Condition, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for kind, name in (("label", "matchExpressions"), ("field", "matchFields")):
        found[name] = [
            {"key": key, "operator": operator, "values": list(values)}
            for where, key, operator, values in term
            if where == kind
        ]
    return found
