"""What each field of a kustomization does to the objects."""

from __future__ import annotations

from typing import Any

import pytest

from kustomizing import BASE, applied, by_name, rendering_of
from srcip_lint.documents import Undetermined
from srcip_lint.kustomize.generators import MAX_TEXT

WEB = """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
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
      containers:
        - name: nginx
          image: registry.example.org:5000/nginx:1.27@sha256:abc
          envFrom: [{configMapRef: {name: settings}}]
      volumes:
        - name: config
          configMap: {name: settings}
      topologySpreadConstraints:
        - topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {app: web}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  rules:
    - http:
        paths:
          - backend: {service: {name: web, port: {number: 80}}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data: {a: '1'}
---
apiVersion: v1
kind: Namespace
metadata:
  name: staging
---
apiVersion: v1
kind: Node
metadata:
  name: worker
"""


def at(value: Any, *path: str | int) -> Any:
    for step in path:
        value = value[step]
    return value


def test_a_namespace_goes_into_every_object_that_stands_in_one_and_names_the_namespace() -> None:
    objects = applied(WEB, "namespace: prod\n")
    assert at(objects["Service web"].value, "metadata", "namespace") == "prod"
    assert "Namespace prod" in objects
    assert "namespace" not in objects["Node worker"].value["metadata"]


def test_prefix_and_suffix_go_into_names_and_what_refers_to_them() -> None:
    objects = applied(WEB, "namePrefix: p-\nnameSuffix: -s\n")
    pods = at(objects["Deployment p-web-s"].value, "spec", "template", "spec")
    assert pods["containers"][0]["envFrom"] == [{"configMapRef": {"name": "p-settings-s"}}]
    assert pods["volumes"][0]["configMap"] == {"name": "p-settings-s"}
    target = at(objects["HorizontalPodAutoscaler p-web-s"].value, "spec", "scaleTargetRef")
    assert target["name"] == "p-web-s"
    path = at(objects["Ingress p-web-s"].value, "spec", "rules", 0, "http", "paths", 0)
    assert path["backend"]["service"]["name"] == "p-web-s"
    assert "Namespace staging" in objects


def test_a_reference_is_mended_within_its_namespace_only() -> None:
    other = WEB.replace(
        "  name: web\nspec:\n  scaleTargetRef", "  name: web\n  namespace: other\nspec:\n  scaleTargetRef"
    )
    objects = applied(other, "namePrefix: p-\n")
    assert at(objects["HorizontalPodAutoscaler p-web"].value, "spec", "scaleTargetRef", "name") == "web"


def test_common_labels_go_into_selectors_templates_and_spread_constraints() -> None:
    objects = applied(WEB, "commonLabels: {team: a}\n")
    wanted = {"app": "web", "team": "a"}
    spec = objects["Deployment web"].value["spec"]
    assert spec["selector"]["matchLabels"] == wanted
    assert spec["template"]["metadata"]["labels"] == wanted
    assert at(spec, "template", "spec", "topologySpreadConstraints", 0, "labelSelector", "matchLabels") == wanted
    assert at(objects["Service web"].value, "spec", "selector") == wanted
    assert at(objects["Service web"].value, "metadata", "labels") == {"team": "a"}


@pytest.mark.parametrize(
    ("include", "in_template", "in_selector"),
    [("", False, False), ("includeTemplates: true", True, False), ("includeSelectors: true", True, True)],
)
def test_labels_go_where_they_are_told_to(include: str, in_template: bool, in_selector: bool) -> None:
    objects = applied(WEB, f"labels:\n  - pairs: {{team: a}}\n    {include}\n")
    spec = objects["Deployment web"].value["spec"]
    assert objects["Deployment web"].value["metadata"]["labels"] == {"team": "a"}
    assert ("team" in spec["template"]["metadata"]["labels"]) is in_template
    assert ("team" in spec["selector"]["matchLabels"]) is in_selector
    assert ("team" in at(objects["Service web"].value, "spec", "selector")) is in_selector


def test_common_annotations_go_into_templates_too() -> None:
    objects = applied(WEB, "commonAnnotations: {note: x}\n")
    assert at(objects["Service web"].value, "metadata", "annotations") == {"note": "x"}
    template = at(objects["Deployment web"].value, "spec", "template")
    assert template["metadata"]["annotations"] == {"note": "x"}


@pytest.mark.parametrize(
    ("entry", "image"),
    [
        ("newTag: '2'", "registry.example.org:5000/nginx:2"),
        ("newName: nginx", "nginx:1.27@sha256:abc"),
        ("digest: sha256:def", "registry.example.org:5000/nginx@sha256:def"),
        ("newName: nginx, newTag: '2', digest: sha256:def", "nginx:2@sha256:def"),
    ],
)
def test_images(entry: str, image: str) -> None:
    objects = applied(WEB, f"images: [{{name: 'registry.example.org:5000/nginx', {entry}}}]\n")
    assert at(objects["Deployment web"].value, "spec", "template", "spec", "containers", 0, "image") == image


def test_an_image_whose_name_only_starts_alike_is_another() -> None:
    objects = applied(WEB, "images: [{name: registry.example.org, newTag: '2'}]\n")
    image = at(objects["Deployment web"].value, "spec", "template", "spec", "containers", 0, "image")
    assert image == "registry.example.org:5000/nginx:1.27@sha256:abc"


def test_replicas_are_set_under_any_name_the_workload_ever_had() -> None:
    objects = applied(WEB, "namePrefix: p-\nreplicas: [{name: web, count: 5}]\n")
    assert objects["Deployment p-web"].value["spec"]["replicas"] == 5


def test_replicas_of_a_workload_that_is_not_here_leave_a_gap() -> None:
    files = {"base/base.yaml": WEB, "base/kustomization.yaml": BASE + "replicas: [{name: api, count: 5}]\n"}
    assert rendering_of(files).gaps == (("base",),)


def test_a_config_map_is_made_of_files_literals_and_lines() -> None:
    generator = """\
configMapGenerator:
  - name: made
    files: [nginx.conf, alias=nginx.conf]
    literals: [a=b=c, 'q="quoted"']
    envs: [app.env]
"""
    lines = "# comment\nA=1\n\n B=x=y\nC\n"
    objects = applied(WEB, generator, nginx__conf="user nginx;\n", app__env=lines)
    conf = "user nginx;\n"
    data = {"nginx.conf": conf, "alias": conf, "a": "b=c", "q": "quoted", "A": "1", "B": "x=y", "C": ""}
    assert objects["ConfigMap made"].value["data"] == data


@pytest.mark.parametrize(("behavior", "data"), [("merge", {"a": "1", "b": "2"}), ("replace", {"b": "2"})])
def test_a_generator_works_on_the_config_map_of_its_base(behavior: str, data: dict[str, str]) -> None:
    generator = f"configMapGenerator: [{{name: settings, behavior: {behavior}, literals: [b=2]}}]\n"
    objects = applied(WEB, f"namePrefix: p-\n{generator}")
    assert objects["ConfigMap p-settings"].value["data"] == data


def test_a_file_that_no_config_map_can_hold_is_unknown() -> None:
    generator = "configMapGenerator: [{name: made, files: [large.conf]}]\n"
    objects = applied(WEB, generator, large__conf="x" * (MAX_TEXT + 1))
    assert isinstance(objects["ConfigMap made"].value["data"]["large.conf"], Undetermined)


def test_a_value_whose_file_is_not_here_is_unknown_and_leaves_a_gap() -> None:
    files = {"base/kustomization.yaml": "configMapGenerator: [{name: made, files: [secret.conf]}]\n"}
    rendering = rendering_of(files)
    assert isinstance(by_name(rendering)["ConfigMap made"].value["data"]["secret.conf"], Undetermined)
    assert rendering.gaps == (("base",),)


def test_patches_see_names_as_they_were_and_a_later_layer_as_they_are() -> None:
    patch = (
        "patches: [{target: {kind: Service, name: NAME}, patch: '[{op: add, path: /spec/type, value: NodePort}]'}]\n"
    )
    files = {
        "base/base.yaml": WEB,
        "base/kustomization.yaml": f"{BASE}namePrefix: p-\n",
        "top/kustomization.yaml": "resources: [../base]\nnamePrefix: q-\n",
    }
    for name in ("web", "p-web"):
        top = files["top/kustomization.yaml"] + patch.replace("NAME", name)
        objects = by_name(rendering_of({**files, "top/kustomization.yaml": top}))
        assert objects["Service q-p-web"].value["spec"]["type"] == "NodePort", name


def test_a_merge_patch_keeps_name_and_kind_unless_it_may_change_them() -> None:
    patch = "patch: '{apiVersion: v1, kind: Service, metadata: {name: new}}', target: {kind: Service, name: web}"
    assert "Service web" in applied(WEB, f"patches: [{{{patch}}}]\n")
    renamed = applied(WEB, f"patches: [{{{patch}, options: {{allowNameChange: true}}}}]\n")
    assert "Service new" in renamed
    path = at(renamed["Ingress web"].value, "spec", "rules", 0, "http", "paths", 0)
    assert path["backend"]["service"]["name"] == "new"


def test_references_follow_a_name_that_a_json_patch_changes() -> None:
    patch = "patch: '[{op: replace, path: /metadata/name, value: new}]', target: {kind: Service}"
    path = at(applied(WEB, f"patches: [{{{patch}}}]\n")["Ingress web"].value, "spec", "rules", 0, "http", "paths", 0)
    assert path["backend"]["service"]["name"] == "new"


def test_labels_make_no_claim_template() -> None:
    stateful = WEB.replace("kind: Deployment", "kind: StatefulSet")
    assert "volumeClaimTemplates" not in applied(stateful, "commonLabels: {team: a}\n")["StatefulSet web"].value["spec"]


@pytest.mark.parametrize(
    "patch",
    [
        "{apiVersion: v1, kind: Service, metadata: {name: api}, spec: {type: NodePort}}",
        "{apiVersion: v2, kind: Service, metadata: {name: web}, spec: {type: NodePort}}",
        "[{op: add, path: /spec/type, value: NodePort}]",
    ],
)
def test_a_patch_without_an_object_leaves_a_gap(patch: str) -> None:
    files = {"base/base.yaml": WEB, "base/kustomization.yaml": f"{BASE}patches: [{{patch: '{patch}'}}]\n"}
    rendering = rendering_of(files)
    assert rendering.gaps == (("base",),)
    assert "type" not in by_name(rendering)["Service web"].value["spec"]


def test_a_patch_of_a_kind_that_is_not_read_is_no_gap() -> None:
    patch = "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r}}"
    files = {"base/base.yaml": WEB, "base/kustomization.yaml": f"{BASE}patches: [{{patch: '{patch}'}}]\n"}
    assert rendering_of(files).gaps == ()


@pytest.mark.parametrize(
    "patch",
    [
        "patch: '[{op: test, path: /spec/ports/0/port, value: 81}]', target: {kind: Service}",
        "patch: '[{op: remove, path: /spec/type}]', target: {kind: Service}",
        "path: nowhere.yaml, target: {kind: Service}",
        "patch: '{metadata: {labels: {a: b}}}', target: {kind: Service, name: '(w+)+eb'}",
        "patch: '{broken', target: {kind: Service}",
    ],
)
def test_an_object_of_which_a_patch_leaves_nothing_certain_is_not_judged(patch: str) -> None:
    files = {"base/base.yaml": WEB, "base/kustomization.yaml": f"{BASE}patches: [{{{patch}}}]\n"}
    rendering = rendering_of(files)
    assert "Service web" not in by_name(rendering)
    assert "Deployment web" in by_name(rendering)
    assert (rendering.unjudged, rendering.gaps) == (1, (("base",),))


@pytest.mark.parametrize(
    ("path", "unknown"),
    [
        ("spec.ports.0.port", ("spec", "ports", 0, "port")),
        ("spec.ports.*.port", ("spec", "ports", 0, "port")),
        ("spec.ports.[port=80].port", ("spec", "ports", 0, "port")),
        ("spec.selector.[app]", ("spec", "selector", "app")),
        ("metadata.annotations.[example.org/x]", ("metadata", "annotations", "example.org/x")),
        ("spec.type", ("spec", "type")),
    ],
)
def test_what_a_replacement_writes_to_is_unknown_and_nothing_else(path: str, unknown: tuple[str | int, ...]) -> None:
    web = WEB.replace(
        "  name: web\nspec:\n  selector", "  name: web\n  annotations: {example.org/x: y}\nspec:\n  selector"
    )
    replacements = (
        f"replacements: [{{source: {{kind: X}}, targets: [{{select: {{kind: Service}}, fieldPaths: ['{path}']}}]}}]\n"
    )
    objects = applied(web, replacements)
    assert isinstance(at(objects["Service web"].value, *unknown), Undetermined)
    assert objects["Deployment web"].value == applied(web, "")["Deployment web"].value
    assert at(objects["Service web"].value, "metadata", "name") == "web"


def test_a_replacement_spares_what_it_rejects() -> None:
    aim = "{select: {kind: '.*'}, reject: [{kind: Service}], fieldPaths: [metadata.labels.x]}"
    objects = applied(WEB, f"replacements: [{{source: {{kind: X}}, targets: [{aim}]}}]\n")
    assert "labels" not in objects["Service web"].value["metadata"]
    assert isinstance(at(objects["Deployment web"].value, "metadata", "labels", "x"), Undetermined)


def test_what_a_transformer_has_touched_is_not_judged() -> None:
    rendering = rendering_of({"base/base.yaml": WEB, "base/kustomization.yaml": f"{BASE}transformers: [t.yaml]\n"})
    assert rendering.documents == ()
    assert (rendering.unjudged, rendering.gaps) == (7, (("base",),))


@pytest.mark.parametrize(
    "field",
    [
        "helmCharts: [{name: x}]\n",
        "generators: [g.yaml]\n",
        "resources: [https://example.org/x.yaml]\n",
        "components: [../nowhere]\n",
        "patches: nonsense\n",
    ],
)
def test_what_cannot_be_seen_leaves_a_gap(field: str) -> None:
    files = {"base/base.yaml": WEB, "base/kustomization.yaml": field if "resources" in field else BASE + field}
    assert rendering_of(files).gaps == (("base",),)


@pytest.mark.parametrize(("kind", "gaps"), [("MutatingWebhookConfiguration", ()), ("Service", (("base",),))])
def test_a_transformer_configuration_matters_where_it_reaches_what_is_read(kind: str, gaps: tuple[Any, ...]) -> None:
    config = f"nameReference:\n  - kind: Secret\n    fieldSpecs:\n      - kind: {kind}\n        path: spec/x\n"
    files = {
        "base/base.yaml": WEB,
        "base/kustomization.yaml": f"{BASE}configurations: [c.yaml]\n",
        "base/c.yaml": config,
    }
    assert rendering_of(files).gaps == gaps


def test_what_is_only_for_local_use_is_not_applied() -> None:
    local = WEB.replace(
        "  name: settings\n", "  name: settings\n  annotations: {config.kubernetes.io/local-config: 'true'}\n"
    )
    assert "ConfigMap settings" not in applied(local, "")


def test_a_list_is_taken_apart() -> None:
    items = "apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: Service, metadata: {name: a}}\n"
    assert set(applied(items, "namePrefix: p-\n")) == {"Service p-a"}


def test_a_template_expression_is_left_alone() -> None:
    files = {
        "base/base.yaml": WEB.replace("selector: {app: web}", "selector: {{ x }}"),
        "base/kustomization.yaml": BASE,
    }
    rendering = rendering_of({**files, "base/kustomization.yaml": f"{BASE}commonLabels: {{team: a}}\n"})
    assert "team" not in str(by_name(rendering)["Service web"].value["spec"]["selector"])
