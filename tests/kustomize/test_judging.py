"""What the rest of the linter sees of a rendering: streams and scopes, unknown fields, gaps, keys written twice."""

from __future__ import annotations

from typing import Any

import pytest

from linting import bundle_of
from srcip_lint.bundle import Bundle
from srcip_lint.config import from_settings
from srcip_lint.engine import lint
from srcip_lint.inputs import Inputs, gather
from srcip_lint.resources.fields import Unknown
from srcip_lint.sources import Reading, Source
from srcip_lint_rules import RULES

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{port: 80}]
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: nginx}]
"""
BASE = {"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": f"{SERVICE}---\n{DEPLOYMENT}"}


def inputs_of(files: dict[str, str]) -> Inputs:
    return gather([Source(path, text.encode()) for path, text in files.items()], Reading([]))


def overlay(name: str, text: str = "") -> dict[str, str]:
    return {f"{name}/kustomization.yaml": f"resources: [../base]\n{text}"}


def selected(bundle: Bundle, stream: str) -> list[str]:
    (service,) = [each for each in bundle.services if each.object.stream == stream]
    return [each.object.stream for world in bundle.selected(service).worlds for each in world]


def test_each_overlay_is_a_stream_in_its_own_folder() -> None:
    bundle = bundle_of({**BASE, **overlay("dev"), **overlay("prod", "namePrefix: p-\n")})
    assert [(each.object.stream, each.object.folder) for each in bundle.services] == [
        ("dev/kustomization.yaml", ("dev",)),
        ("prod/kustomization.yaml", ("prod",)),
    ]
    assert [each.object.path for each in bundle.services] == ["base/web.yaml", "base/web.yaml"]


def test_an_overlays_service_never_selects_another_overlays_pods() -> None:
    deletion = "patches: [{patch: '{$patch: delete, apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}'}]\n"
    for name in ("", "namePrefix: p-\n"):
        bundle = bundle_of({**BASE, **overlay("dev"), **overlay("prod", deletion + name)})
        assert selected(bundle, "dev/kustomization.yaml") == ["dev/kustomization.yaml"]
        assert selected(bundle, "prod/kustomization.yaml") == []


def test_an_overlays_autoscaler_follows_the_new_name() -> None:
    scaler = """\
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  minReplicas: 4
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
"""
    files = {**BASE, "base/web.yaml": BASE["base/web.yaml"] + scaler}
    bundle = bundle_of({**files, **overlay("prod", "namePrefix: p-\nnamespace: prod\n")})
    (workload,) = bundle.workloads
    replicas = bundle.replicas(workload)
    assert replicas is not None
    assert replicas.value == 4


def test_a_field_that_is_undetermined_is_unknown_and_no_shape_problem() -> None:
    aim = "{select: {kind: Service}, fieldPaths: [spec.externalTrafficPolicy, spec.ports, spec.selector]}"
    inputs = inputs_of({**BASE, **overlay("prod", f"replacements: [{{source: {{kind: X}}, targets: [{aim}]}}]\n")})
    (service,) = Bundle(inputs).services or [_first_service(inputs)]
    assert isinstance(service.external_traffic_policy.value, Unknown)
    assert inputs.problems == ()


def _first_service(inputs: Inputs) -> Any:
    return next(each for each in inputs.resources if each.object.kind == "Service")


@pytest.mark.parametrize(("components", "has_gap"), [("", False), ("components: [https://example.org/x]\n", True)])
def test_what_a_kustomization_cannot_see_is_a_gap_where_its_objects_are(*, components: str, has_gap: bool) -> None:
    bundle = bundle_of({**BASE, **overlay("prod", components)})
    (service,) = bundle.services
    assert bundle.has_gap(service) is has_gap


def test_what_cannot_be_read_in_a_base_is_a_gap_of_its_overlays_too() -> None:
    inputs = inputs_of({**BASE, "base/web.yaml": f"{SERVICE}---\nkind: Service\n  broken: [\n", **overlay("prod")})
    assert set(inputs.gaps) == {("base",), ("prod",)}


def test_a_problem_of_a_kustomization_is_an_input_that_cannot_be_read() -> None:
    inputs = inputs_of({"a/kustomization.yaml": "resources:\n  - ../a\n"})
    (bad,) = inputs.unreadable
    assert (bad.spot.source.path, bad.spot.span.line) == ("a/kustomization.yaml", 2)


@pytest.mark.parametrize("head", ["", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"])
def test_a_broken_kustomization_is_told_once(head: str) -> None:
    inputs = inputs_of({"a/kustomization.yaml": f"{head}resources: [\n"})
    assert [bad.spot.source.path for bad in inputs.unreadable] == ["a/kustomization.yaml"]


def test_a_key_written_twice_in_a_base_is_told_once_however_many_overlays_there_are() -> None:
    base = {**BASE, "base/web.yaml": SERVICE.replace("  type: NodePort\n", "  type: ClusterIP\n  type: NodePort\n")}
    inputs = inputs_of({**base, **overlay("dev"), **overlay("prod")})
    assert [(each.spot.source.path, each.spot.span.line) for each in inputs.duplicate_fields] == [("base/web.yaml", 7)]


def test_objects_that_are_not_read_are_in_the_namespace_they_get() -> None:
    files = {**BASE, "base/web.yaml": "apiVersion: example.org/v1\nkind: Operator\nmetadata:\n  name: o\n"}
    inputs = inputs_of({**files, **overlay("prod", "namespace: prod\n")})
    assert [(each.kind, each.namespace, each.folder) for each in inputs.foreign] == [("Operator", "prod", ("prod",))]


def test_one_fault_of_a_base_that_two_overlays_share_is_told_for_each_namespace() -> None:
    sources = {**BASE, **overlay("dev", "namespace: dev\n"), **overlay("prod", "namespace: prod\n")}
    found = findings_in(sources)
    assert sorted(found) == [("base/web.yaml", 7, "Service dev/web"), ("base/web.yaml", 7, "Service prod/web")]


def test_one_fault_of_a_base_that_two_overlays_leave_as_it_is_is_told_once() -> None:
    assert findings_in({**BASE, **overlay("dev"), **overlay("prod")}) == [("base/web.yaml", 7, "Service web")]


def test_an_annotation_in_the_base_accepts_what_a_patch_does() -> None:
    noted = SERVICE.replace(
        "  name: web\n", "  name: web\n  annotations:\n    srcip-lint.io/ignore: 'SRC301: polled'\n"
    )
    files = {**BASE, "base/web.yaml": f"{noted.replace('Local', 'Cluster')}---\n{DEPLOYMENT}"}
    patch = (
        "patches: [{target: {kind: Service}, patch: '[{op: add, path: /spec/externalTrafficPolicy, value: Local}]'}]\n"
    )
    assert findings_in({**files, **overlay("prod", patch)}) == []
    assert len(findings_in({**BASE, **overlay("prod", patch)})) == 1


def test_two_resources_of_one_kustomization_that_define_one_object_are_a_duplicate() -> None:
    files = {"a/kustomization.yaml": "resources: [one.yaml, two.yaml]\n", "a/one.yaml": SERVICE, "a/two.yaml": SERVICE}
    assert findings_in(files, "SRC005") == [("a/two.yaml", 4, "Service web")]
    assert findings_in({**files, "a/kustomization.yaml": "resources: [one.yaml]\n"}, "SRC005") == []


def test_and_so_it_is_where_the_overlays_change_only_what_is_related() -> None:
    base = f"{SERVICE.replace('Local', 'Cluster')}---\n{DEPLOYMENT}".replace(
        "image: nginx", "image: ingress-nginx/controller"
    )
    images = {
        name: f"images: [{{name: ingress-nginx/controller, newTag: {tag}}}]\n"
        for name, tag in (("dev", "v3.2"), ("prod", "v3.3"))
    }
    files = {**BASE, "base/web.yaml": base, **overlay("dev", images["dev"]), **overlay("prod", images["prod"])}
    assert len(findings_in(files, "SRC102")) == 1


def test_what_two_clusters_get_by_one_flux_object_is_defined_once() -> None:
    flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: app}\n"
    budget = "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: web\nspec: {minAvailable: 1}\n"
    files = {
        "c1/kustomization.yaml": "resources: [../base]\n",
        "c2/kustomization.yaml": "resources: [../base]\n",
        "base/kustomization.yaml": "resources: [./ks.yaml]\n",
        "base/ks.yaml": f"{flux}spec: {{path: ./base/app, targetNamespace: es}}\n",
        "base/app/kustomization.yaml": "resources: [./pdb.yaml]\n",
        "base/app/pdb.yaml": budget,
    }
    assert findings_in(files, "SRC005") == []
    both = "resources: [./pdb.yaml, ./other.yaml]\n"
    twice = {**files, "base/app/kustomization.yaml": both, "base/app/other.yaml": budget}
    assert findings_in(twice, "SRC005") == [("base/app/other.yaml", 4, "PodDisruptionBudget es/web")]


def test_a_patch_of_an_object_is_no_second_definition() -> None:
    files = {**BASE, **overlay("prod", "patches: [{path: web.yaml}]\n"), "prod/web.yaml": SERVICE}
    assert findings_in(files, "SRC005") == []


def findings_in(files: dict[str, str], rule_id: str = "SRC301") -> list[tuple[str, int, str]]:
    """Where a rule reports, and about what."""
    rules = [rule for rule in RULES if rule.id == rule_id]
    sources = [Source(path, text.encode()) for path, text in files.items()]
    findings = lint(Reading([]), rules, from_settings(()), watched=sources).findings
    return [(each.location.path, each.location.span.line, str(each.object)) for each in findings]
