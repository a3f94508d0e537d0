"""What becomes of a workload's pods in time: tables of strategies, endings and autoscalers."""

from __future__ import annotations

import pytest

from srcip_lint.documents import Document, Place, read
from srcip_lint.lifecycle import (
    all_at_once,
    by_timetable,
    drains,
    falls_to_zero,
    holds_host_ports,
    is_interceptor,
    least_replicas,
    leaves_nodes,
    unavailable,
)
from srcip_lint.resources.fields import Field, Unknown
from srcip_lint.resources.pods import read_template
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.workload import Autoscaler, Workload, read_autoscaler, read_rollout_reference, read_workload
from srcip_lint.sources import Source

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


def root(text: str) -> Field:
    document = next(iter(read(Source("w.yaml", text.encode(), named=True), ())))
    assert isinstance(document, Document)
    return Field(document.value, Place(document), [])


def workload(kind: str, spec: str) -> Workload:
    body = f"{{{spec}{', ' if spec else ''}template: {{spec: {{containers: [{{name: app}}]}}}}}}"
    return read_workload(root(f"{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: web}}, spec: {body}}}"))


def scaler(spec: str, annotations: str = "{}", kind: str = "ScaledObject") -> Autoscaler:
    metadata = f"{{name: web, annotations: {annotations}}}"
    return read_autoscaler(root(f"{{apiVersion: x/v1, kind: {kind}, metadata: {metadata}, spec: {{{spec}}}}}"))


def rolling(unavailable: str = "", surge: str = "") -> str:
    bounds = [f"maxUnavailable: {unavailable}"] if unavailable else []
    bounds += [f"maxSurge: {surge}"] if surge else []
    return f"strategy: {{rollingUpdate: {{{', '.join(bounds)}}}}}"


BOUNDS = [
    ("", 1, 0),  # a quarter of one, rounded down; the surge of one, rounded up, lets it be none
    ("", 3, 0),
    ("", 4, 1),
    ("", 8, 2),
    (rolling("50%"), 3, 1),
    (rolling("99%"), 3, 2),
    (rolling("100%"), 3, 3),
    (rolling("0%", "0%"), 3, 1),  # both come to nothing: then it is one
    (rolling("10%", "0"), 3, 1),
    (rolling("10%", "1%"), 3, 0),
    (rolling("0", "1"), 3, 0),
    (rolling("5"), 3, 5),
    (rolling("10%", "'${SURGE}'"), 3, None),
    (rolling("'${MAX}'"), 3, None),
    (rolling("a third"), 3, None),
    ("strategy: '${STRATEGY}'", 3, None),
    ("strategy: {rollingUpdate: '${ROLLING}'}", 3, None),
]


@pytest.mark.parametrize(("spec", "replicas", "gone"), BOUNDS)
def test_maxunavailable_is_rounded_down_maxsurge_up_and_both_zero_are_one(
    spec: str, replicas: int, gone: int | None
) -> None:
    assert unavailable(workload("Deployment", spec).update, replicas) == gone


@pytest.mark.parametrize("spec", ["'${STRATEGY}'", "{type: '${TYPE}', rollingUpdate: '${ROLLING}'}"])
def test_of_what_stands_inside_a_placeholder_nothing_is_known(spec: str) -> None:
    update = workload("DaemonSet", f"updateStrategy: {spec}").update
    assert all(isinstance(each.value, Unknown) for each in (update.type, update.max_unavailable, update.max_surge))


AT_ONCE = [
    ("Deployment", "strategy: {type: Recreate}", 2, "type"),
    ("Deployment", "strategy: {type: Recreate}", 1, None),
    ("Deployment", "strategy: {type: Recreate}", None, None),
    ("Deployment", "strategy: {type: '${TYPE}'}", 2, None),
    ("Deployment", rolling("100%"), 2, "maxUnavailable"),
    ("Deployment", rolling("2"), 2, "maxUnavailable"),
    ("Deployment", rolling("2"), 3, None),
    ("Deployment", "", 9, None),
    ("DaemonSet", "updateStrategy: {rollingUpdate: {maxUnavailable: 100%}}", None, "maxUnavailable"),
    ("DaemonSet", "updateStrategy: {type: OnDelete, rollingUpdate: {maxUnavailable: 100%}}", None, None),
    ("DaemonSet", "updateStrategy: {rollingUpdate: {maxUnavailable: 50%}}", None, None),
    ("DaemonSet", "updateStrategy: {rollingUpdate: {maxUnavailable: 100}}", None, None),
    ("StatefulSet", "updateStrategy: {rollingUpdate: {maxUnavailable: 100%}}", 3, None),
    ("Rollout", "strategy: {canary: {maxUnavailable: 100%}}", 3, None),
    ("ReplicaSet", "strategy: {type: Recreate}", 3, None),
]


@pytest.mark.parametrize(("kind", "spec", "replicas", "field"), AT_ONCE)
def test_which_field_takes_all_pods_at_once(kind: str, spec: str, replicas: int | None, field: str | None) -> None:
    found = all_at_once(workload(kind, spec), replicas)
    assert (found.place.path[-1] if found else None) == field


NODE_BY_NODE = [
    ("DaemonSet", "", True),
    ("DaemonSet", "updateStrategy: {rollingUpdate: {maxSurge: 0}}", True),
    ("DaemonSet", "updateStrategy: {rollingUpdate: {maxSurge: 0%}}", True),
    ("DaemonSet", "updateStrategy: {rollingUpdate: {maxSurge: 1}}", False),
    ("DaemonSet", "updateStrategy: {rollingUpdate: {maxSurge: 10%}}", False),
    ("DaemonSet", "updateStrategy: {rollingUpdate: {maxSurge: '${SURGE}'}}", False),
    ("DaemonSet", "updateStrategy: {rollingUpdate: '${ROLLING}'}", False),
    ("DaemonSet", "updateStrategy: '${STRATEGY}'", False),
    ("DaemonSet", "updateStrategy: {type: OnDelete}", False),
    ("Deployment", "strategy: {rollingUpdate: {maxSurge: 0}}", False),
]


@pytest.mark.parametrize(("kind", "spec", "leaves"), NODE_BY_NODE)
def test_which_daemon_sets_leave_a_node_without_a_pod(kind: str, spec: str, leaves: bool) -> None:
    assert (leaves_nodes(workload(kind, spec)) is not None) is leaves


ENDINGS = [
    ("containers: [{name: a}]", NO),
    ("terminationGracePeriodSeconds: 30, containers: [{name: a}]", NO),
    ("terminationGracePeriodSeconds: 31, containers: [{name: a}]", YES),
    ("terminationGracePeriodSeconds: '${GRACE}', containers: [{name: a}]", UNKNOWN),
    ("containers: [{name: a, lifecycle: {preStop: {sleep: {seconds: 5}}}}]", YES),
    ("containers: [{name: a, lifecycle: {postStart: {exec: {command: [x]}}}}]", NO),
    ("containers: [{name: a, lifecycle: {preStop: null}}]", NO),
    ("containers: [{name: a}, {name: b, lifecycle: {preStop: {exec: {command: [x]}}}}]", YES),
    ("containers: [{name: a, lifecycle: '${LIFECYCLE}'}]", UNKNOWN),
    ("containers: [{name: a, lifecycle: {preStop: '${HOOK}'}}]", UNKNOWN),
    ("containers: [{name: a, lifecycle: '${L}'}, {name: b, lifecycle: {preStop: {sleep: {seconds: 5}}}}]", YES),
]


@pytest.mark.parametrize(("spec", "answer"), ENDINGS)
def test_what_keeps_an_ending_pod_serving(spec: str, answer: Answer) -> None:
    assert drains(read_template(root(f"{{metadata: {{}}, spec: {{{spec}}}}}"))) is answer


KAFKA = "triggers: [{type: kafka}]"
TO_ZERO = [
    (scaler(KAFKA), YES),
    (scaler(f"minReplicaCount: 0, {KAFKA}"), YES),
    (scaler(f"minReplicaCount: 1, {KAFKA}"), NO),
    (scaler(f"minReplicaCount: '${{MIN}}', {KAFKA}"), UNKNOWN),
    (scaler(f"minReplicaCount: 5, idleReplicaCount: 0, {KAFKA}"), YES),
    (scaler(f"idleReplicaCount: 1, {KAFKA}"), NO),
    (scaler(f"idleReplicaCount: '${{IDLE}}', {KAFKA}"), UNKNOWN),
    (scaler("triggers: [{type: cpu}]"), NO),
    (scaler("triggers: [{type: cpu}, {type: memory}]"), NO),
    (scaler("triggers: [{type: cpu}, {type: kafka}]"), YES),
    (scaler("triggers: [{type: cpu}, {type: '${TYPE}'}]"), UNKNOWN),
    (scaler("triggers: [{type: kafka}, {type: '${TYPE}'}]"), YES),
    (scaler("triggers: [{}]"), UNKNOWN),
    (scaler("triggers: []"), NO),
    (scaler("triggers: '${TRIGGERS}'"), UNKNOWN),
    (scaler(KAFKA, "{autoscaling.keda.sh/paused: 'true'}"), NO),
    (scaler(KAFKA, "{autoscaling.keda.sh/paused: 'false'}"), YES),
    (scaler(KAFKA, "{autoscaling.keda.sh/paused: '${PAUSED}'}"), NO),
    (scaler(KAFKA, "{autoscaling.keda.sh/paused-replicas: '2'}"), NO),
    (scaler(KAFKA, "{autoscaling.keda.sh/paused-scale-in: 'true'}"), NO),
    (scaler("minReplicas: 0", kind="HorizontalPodAutoscaler"), YES),
    (scaler("minReplicas: 1", kind="HorizontalPodAutoscaler"), NO),
    (scaler("", kind="HorizontalPodAutoscaler"), NO),
]


@pytest.mark.parametrize(("found", "answer"), TO_ZERO)
def test_which_autoscalers_leave_no_replica(found: Autoscaler, answer: Answer) -> None:
    assert falls_to_zero(found) is answer


def test_a_rollout_that_decides_about_a_deployment_is_no_autoscaler() -> None:
    text = (
        "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: web}, spec: {replicas: 0, workloadRef: {}}}"
    )
    found = read_rollout_reference(root(text))
    assert found
    assert falls_to_zero(found) is NO


def test_the_field_that_says_how_few_are_left() -> None:
    assert least_replicas(scaler("minReplicaCount: 5, idleReplicaCount: 0")).place.path[-1] == "idleReplicaCount"
    assert least_replicas(scaler("minReplicaCount: 5")).place.path[-1] == "minReplicaCount"
    assert isinstance(least_replicas(scaler("minReplicaCount: '${MIN}'")).value, Unknown)


@pytest.mark.parametrize(
    ("triggers", "answer"),
    [("cron", True), ("cron, cpu", True), ("cron, kafka", False), ("cpu", False), ("kafka", False)],
)
def test_a_timetable_decides_where_no_other_trigger_does(triggers: str, answer: bool) -> None:
    listed = ", ".join(f"{{type: {kind}}}" for kind in triggers.split(", "))
    assert by_timetable(scaler(f"triggers: [{listed}]")) is answer


@pytest.mark.parametrize(
    ("spec", "answer"),
    [
        ("containers: [{name: a, ports: [{containerPort: 80}]}]", False),
        ("containers: [{name: a, ports: [{containerPort: 80, hostPort: 0}]}]", False),
        ("containers: [{name: a, ports: [{containerPort: 80, hostPort: 80}]}]", True),
        ("hostNetwork: true, containers: [{name: a}]", True),
    ],
)
def test_ports_of_the_host_keep_two_pods_off_one_node(spec: str, answer: bool) -> None:
    assert holds_host_ports(read_template(root(f"{{metadata: {{}}, spec: {{{spec}}}}}"))) is answer


def test_the_interceptor_is_known_by_its_image() -> None:
    pods = "{spec: {containers: [{name: app, image: 'mirror.example/kedacore/http-add-on-interceptor:0.10.0'}]}}"
    text = f"{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{template: {pods}}}}}"
    assert is_interceptor(read_workload(root(text)))
    assert not is_interceptor(workload("Deployment", ""))
