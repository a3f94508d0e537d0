"""What the model answers about nodes: which there are, and where a bundle's pods stand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from linting import model_of
from srcip_lint.environment import DeclaredNode
from srcip_lint.model import Model
from srcip_lint.placement import Coverage, Manner, Pace
from srcip_lint.resources.workload import Workload

NODE = "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{role: {role}}}}}\n"
WEB = """\
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{type: NodePort, externalTrafficPolicy: Local, selector: {{app: web}}, ports: [{{port: 80}}]}}
---
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      {spec}
      containers: [{{name: web, image: web}}]
"""
SPREAD = (
    "topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, "
    "labelSelector: {matchLabels: {app: web}}}]"
)
NODES = ("nodes", "[{name: a, labels: {role: edge}}, {name: b, labels: {role: core}}]")


def web(spec: str = "", kind: str = "Deployment", replicas: int = 2, name: str = "web") -> str:
    return WEB.format(kind=kind, replicas=replicas, spec=spec, name=name)


def nodes(*found: str) -> str:
    return "---\n".join(NODE.format(name=each, role="edge") for each in found)


def model(files: dict[str, str], *given: tuple[str, str]) -> tuple[Model, Workload]:
    found = model_of(files, given)
    return found, found.bundle.workloads[0]


class TestInventory:
    def test_without_nodes_there_is_none_and_no_placement(self) -> None:
        found, workload = model({"web.yaml": web()})
        assert found.siting.inventory(workload) is None
        assert found.siting.placement(workload) is None
        assert found.siting.pace(workload) == Pace(Manner.ROLLING, surge=1, unavailable=0)

    def test_declared_nodes_stand_over_node_objects(self) -> None:
        found, workload = model({"web.yaml": web(), "nodes.yaml": nodes("c")}, NODES)
        inventory = found.siting.inventory(workload)
        assert inventory
        assert [node.name for node in inventory.nodes] == ["a", "b"]
        assert (inventory.declared, inventory.assumption) == (True, "")
        assert inventory.source == "the nodes declared in the configuration"

    def test_node_objects_are_an_inventory_with_an_assumption_and_their_places(self) -> None:
        found, workload = model({"web.yaml": web(), "nodes.yaml": nodes("c", "d")})
        inventory = found.siting.inventory(workload)
        assert inventory
        assert [node.name for node in inventory.nodes] == ["c", "d"]
        assert not inventory.declared
        assert "all nodes of the cluster" in inventory.assumption
        assert [(place.source.path, place.span.line) for place in inventory.places] == [
            ("nodes.yaml", 2),
            ("nodes.yaml", 6),
        ]

    @pytest.mark.parametrize(
        ("folders", "expected"),
        [
            (("prod/", "lab/", ""), ["c-prod"]),
            (("lab/", ""), ["c-"]),
            (("prod/tests/", "lab/"), None),  # a test's, or another cluster's
        ],
    )
    def test_the_nearest_node_objects_around_count(self, folders: tuple[str, ...], expected: list[str] | None) -> None:
        files = {f"{folder}nodes.yaml": nodes(f"c-{folder.strip('/')}") for folder in folders}
        found, workload = model({"prod/web.yaml": web(), **files})
        inventory = found.siting.inventory(workload)
        assert (inventory and [node.name for node in inventory.nodes]) == expected

    def test_node_objects_of_a_file_that_defines_the_workload_again_are_of_another_bundle(self) -> None:
        found = model_of({"one.yaml": web(), "two.yaml": f"{web()}---\n{nodes('c')}"})
        one, two = found.bundle.workloads
        assert found.siting.inventory(one) is None
        assert found.siting.inventory(two)

    def test_a_node_that_is_written_twice_is_one(self) -> None:
        found, workload = model({"web.yaml": web(), "nodes.yaml": nodes("c", "c", "d")})
        inventory = found.siting.inventory(workload)
        assert inventory
        assert [node.name for node in inventory.nodes] == ["c", "d"]

    def test_a_label_that_a_placeholder_stands_for_is_unknown(self) -> None:
        found, workload = model(
            {"web.yaml": web("nodeSelector: {role: edge}"), "nodes.yaml": NODE.format(name="c", role="'${ROLE}'")}
        )
        placement = found.siting.placement(workload)
        assert placement
        assert placement.possibly == {"c"}
        assert not placement.known


class TestPlacement:
    def test_of_a_deployment(self) -> None:
        found, workload = model({"web.yaml": web(SPREAD)}, NODES)
        placement = found.siting.placement(workload)
        assert placement
        assert placement.steady == Coverage(frozenset({"a", "b"}), 2)
        assert placement is found.siting.placement(workload)

    def test_an_autoscaler_decides_how_many_pods_there_are_at_least(self) -> None:
        scaler = (
            "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\n"
            "spec: {minReplicas: 1, scaleTargetRef: {kind: Deployment, name: web}}\n"
        )
        found, workload = model({"web.yaml": web(SPREAD) + scaler}, NODES)
        placement = found.siting.placement(workload)
        assert placement
        assert (placement.replicas, placement.steady.at_least) == (1, 1)

    @pytest.mark.parametrize(("folder", "expected"), [("shop", 0), ("shop/canary", 0), ("other", 2), ("", 2)])
    def test_pods_of_a_workload_beside_it_may_be_counted_too(self, folder: str, expected: int) -> None:
        canary = web(name="web-canary").partition("---\n")[2]
        path = f"{folder}/canary.yaml" if folder else "canary.yaml"
        found = model_of({"shop/web.yaml": web(SPREAD), path: canary}, [NODES])
        workload = next(each for each in found.bundle.workloads if each.object.name == "web")
        placement = found.siting.placement(workload)
        assert placement
        assert placement.steady.at_least == expected

    def test_the_chosen_nodes_need_no_inventory(self) -> None:
        found, workload = model({"web.yaml": web("nodeSelector: {role: edge}")})
        assert str(found.pods.chosen_nodes(workload)) == "role=edge"


class TestTargets:
    def targets(self, *given: tuple[str, str], files: Sequence[str] = ()) -> list[str]:
        found, _ = model({"web.yaml": web(), **{f"{n}.yaml": text for n, text in enumerate(files)}}, *given)
        return [node.name for node in found.siting.targets(found.bundle.services[0])]

    def test_all_nodes_unless_the_declared_edge_chooses(self) -> None:
        assert self.targets() == []
        assert self.targets(NODES) == ["a", "b"]
        assert self.targets(NODES, ("edges", "[{service: web, targetNodes: {role: edge}}]")) == ["a"]
        assert self.targets(NODES, ("edges", "[{service: web, targetNodes: {kubernetes.io/hostname: b}}]")) == ["b"]
        assert self.targets(NODES, ("edges", "[{service: other, targetNodes: {role: edge}}]")) == ["a", "b"]

    def test_also_of_node_objects(self) -> None:
        assert self.targets(files=[nodes("c", "d")]) == ["c", "d"]

    def test_a_dead_target_is_one_that_can_run_none_of_the_pods(self) -> None:
        edges = ("edges", "[{service: web, targetNodes: {role: edge}}]")
        for given, spec, expected in (
            ((NODES, edges), "nodeSelector: {role: core}", ("a", True)),
            ((NODES,), "nodeSelector: {role: core}", ("a", False)),
            ((NODES, edges), "nodeSelector: {role: edge}", None),
            ((NODES,), "", None),
            ((), "nodeSelector: {role: core}", None),
        ):
            found, workload = model({"web.yaml": web(spec)}, *given)
            target = found.siting.dead_target(found.bundle.services[0], (workload,))
            assert (target and (target.name, target.chosen)) == expected

    def test_a_node_without_ordinary_pods_is_dead_only_if_it_is_chosen(self) -> None:
        tainted = ("nodes", "[{name: a, labels: {role: edge}, taints: [{key: x, effect: NoSchedule}]}, {name: b}]")
        found, workload = model({"web.yaml": web()}, tainted)
        assert found.siting.dead_target(found.bundle.services[0], (workload,)) is None
        found, workload = model({"web.yaml": web()}, tainted, ("edges", "[{service: web, targetNodes: {role: edge}}]"))
        target = found.siting.dead_target(found.bundle.services[0], (workload,))
        assert target
        assert target.why == "the pods do not tolerate its taint x:NoSchedule"


def test_a_declared_node_is_what_a_node_object_says() -> None:
    found = model_of({"nodes.yaml": nodes("c")}).bundle.nodes[0]
    assert DeclaredNode.of(found) == DeclaredNode("c", {"role": "edge"})
