"""Which Service selects which workload: scopes, alternatives, namespaces, and what cannot be told."""

from __future__ import annotations

import pytest

from linting import bundle_of

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, NAMESPACE}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80}]
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, NAMESPACE}
spec:
  replicas: REPLICAS
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: LABEL}}
    spec:
      containers: [{name: web, image: web}]
"""


def service(namespace: str = "") -> str:
    return SERVICE.replace(", NAMESPACE", f", namespace: {namespace}" if namespace else "")


def deployment(name: str = "web", label: str = "web", namespace: str = "", replicas: int = 1) -> str:
    text = DEPLOYMENT.replace("{name: web,", f"{{name: {name},", 1)
    text = text.replace(", NAMESPACE", f", namespace: {namespace}" if namespace else "")
    return text.replace("LABEL", label).replace("REPLICAS", str(replicas))


def worlds(files: dict[str, str]) -> list[list[str]]:
    """What the first Service selects: for each world the workloads, as `name in file`."""
    bundle = bundle_of(files)
    selection = bundle.selected(bundle.services[0])
    return [[f"{workload.object.name} in {workload.object.path}" for workload in world] for world in selection.worlds]


def test_files_beside_each_other_are_one_bundle() -> None:
    assert worlds({"a/service.yaml": service(), "a/web.yaml": deployment()}) == [["web in a/web.yaml"]]


def test_siblings_meet_in_their_nearest_common_folder() -> None:
    files = {"app/services/web.yaml": service(), "app/workloads/web.yaml": deployment()}
    assert worlds(files) == [["web in app/workloads/web.yaml"]]


def test_the_nearest_folder_that_has_a_match_wins() -> None:
    files = {"a/service.yaml": service(), "a/web.yaml": deployment(), "b/web.yaml": deployment("other")}
    assert worlds(files) == [["web in a/web.yaml"]]


def test_two_files_that_define_one_workload_are_two_worlds() -> None:
    files = {"service.yaml": service(), "big/web.yaml": deployment(replicas=3), "small/web.yaml": deployment()}
    assert sorted(worlds(files)) == [["web in big/web.yaml"], ["web in small/web.yaml"]]


def test_two_workloads_of_different_names_are_selected_together() -> None:
    files = {"service.yaml": service(), "web.yaml": deployment(), "canary.yaml": deployment("canary")}
    assert [sorted(world) for world in worlds(files)] == [["canary in canary.yaml", "web in web.yaml"]]


def test_a_file_that_defines_the_service_again_is_another_bundle() -> None:
    files = {"one.yaml": f"{service()}---{deployment()}", "two.yaml": f"{service()}---{deployment('web-two')}"}
    assert worlds(files) == [["web in one.yaml"]]


def test_more_alternatives_than_can_be_tried_are_unknown() -> None:
    files = {f"{folder}/web{number}.yaml": deployment(f"web{number}") for folder in "ab" for number in range(5)}
    bundle = bundle_of({"service.yaml": service(), **files})
    assert not bundle.selected(bundle.services[0]).known


@pytest.mark.parametrize(
    ("of_service", "of_workload", "known", "nothing"),
    [
        ("", "", True, False),
        ("shop", "shop", True, False),
        ("shop", "bank", False, True),
        ("", "shop", False, False),  # whatever `kubectl -n` says: it may be shop
        ("shop", "", False, False),
        ("${NS}", "${NS}", True, False),  # whatever it becomes, it becomes the same
        ("${NS}", "shop", False, False),
    ],
)
def test_an_absent_namespace_may_be_any(of_service: str, of_workload: str, known: bool, nothing: bool) -> None:
    text = f"{service(of_service)}---{deployment(namespace=of_workload)}"
    bundle = bundle_of({"web.yaml": text.replace("namespace: ${NS}", 'namespace: "${NS}"')})
    selection = bundle.selected(bundle.services[0])
    assert (selection.known, selection.nothing) == (known, nothing)


def test_a_label_that_a_placeholder_stands_for_may_match() -> None:
    bundle = bundle_of({"web.yaml": service() + "---" + deployment(label='"${APP}"')})
    selection = bundle.selected(bundle.services[0])
    assert not selection.known
    assert not selection.nothing


def test_a_fragment_is_no_workload() -> None:
    bundle = bundle_of({"web.yaml": service() + "---" + deployment().replace("[{name: web, image: web}]", "[]")})
    assert bundle.workloads == ()


DUMP = """
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Service
    metadata: {name: web}
    spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec: {replicas: 1, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}]}}}
  - apiVersion: apps/v1
    kind: ReplicaSet
    metadata: {name: web-1, ownerReferences: [{kind: Deployment, name: web, controller: true}]}
    spec: {replicas: 0, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}]}}}
  - apiVersion: v1
    kind: Pod
    metadata: {name: web-1-x, labels: {app: web}, ownerReferences: [{kind: ReplicaSet, name: web-1, controller: true}]}
    spec: {containers: [{name: web}]}
  - apiVersion: v1
    kind: Pod
    metadata: {name: other, labels: {app: web}, ownerReferences: [{kind: Widget, name: x, controller: true}]}
    spec: {containers: [{name: web}]}
"""


def test_in_a_dump_of_a_cluster_only_what_nothing_else_made_counts() -> None:
    assert worlds({"dump.yaml": DUMP}) == [["web in dump.yaml", "other in dump.yaml"]]


AUTOSCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {kind: Deployment, name: web}, minReplicas: 4}
"""
SCALED_OBJECT = """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web}
spec: {scaleTargetRef: {name: web}}
"""


@pytest.mark.parametrize(
    ("beside", "least"),
    [("", 3), (AUTOSCALER, 4), (AUTOSCALER.replace(", minReplicas: 4", ""), 1), (SCALED_OBJECT, 0)],
    ids=["none", "minReplicas", "minReplicas defaults to 1", "minReplicaCount defaults to 0"],
)
def test_an_autoscaler_owns_the_number_of_replicas(beside: str, least: int) -> None:
    bundle = bundle_of({"web.yaml": f"{deployment(replicas=3)}---{beside}"})
    replicas = bundle.replicas(bundle.workloads[0])
    assert replicas is not None
    assert replicas.value == least
