"""Where a rendered field stands: at the line that made it so, in the file it is in."""

from __future__ import annotations

import textwrap

import pytest

from kustomizing import BASE, applied, by_name, line, rendering_of
from srcip_lint.documents import Place
from srcip_lint.positions import Span

BASE_TEXT = """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  ports:
    - port: 80
      name: http
    - port: 443
      name: https
"""
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: web
          image: nginx
"""


def test_what_nobody_touches_stands_in_the_base() -> None:
    service = applied(BASE_TEXT, "namespace: prod\nnamePrefix: p-\n")["Service p-web"]
    assert line(service, "spec", "type") == "base/base.yaml:6: type: LoadBalancer"
    assert line(service, "spec", "ports", 1, "name") == "base/base.yaml:11: name: https"
    assert line(service, "metadata", "name") == "base/base.yaml:4: name: web"
    assert line(service, "kind") == "base/base.yaml:2: kind: Service"


def test_what_is_not_written_stands_at_its_nearest_ancestor() -> None:
    service = applied(BASE_TEXT, "namespace: prod\n")["Service web"]
    assert line(service, "spec", "externalTrafficPolicy") == "base/base.yaml:5: spec:"
    assert line(service, "spec", "ports", 5, "name") == "base/base.yaml:7: ports:"


def test_what_the_kustomization_sets_stands_in_it() -> None:
    overlay = "namespace: prod\nreplicas:\n  - name: web\n    count: 5\nimages:\n  - name: nginx\n    newTag: '2'\n"
    deployment = applied(WORKLOAD, overlay)["Deployment web"]
    assert line(deployment, "metadata", "namespace") == "overlay/kustomization.yaml:2: namespace: prod"
    assert line(deployment, "spec", "replicas") == "overlay/kustomization.yaml:5: count: 5"
    image = ("spec", "template", "spec", "containers", 0, "image")
    assert line(deployment, *image) == "overlay/kustomization.yaml:8: newTag: '2'"


def test_labels_stand_where_they_are_set() -> None:
    service = applied(BASE_TEXT, "labels:\n  - pairs:\n      team: a\n    includeSelectors: true\n")["Service web"]
    assert line(service, "metadata", "labels", "team") == "overlay/kustomization.yaml:4: team: a"
    assert line(service, "spec", "selector", "team") == "overlay/kustomization.yaml:4: team: a"
    assert line(service, "spec", "selector") == "overlay/kustomization.yaml:3: - pairs:"


def test_a_patched_field_stands_in_the_patchs_file_and_its_siblings_do_not() -> None:
    patch = (
        BASE_TEXT.partition("spec:")[0]
        + "spec:\n  externalTrafficPolicy: Local\n  ports:\n    - port: 443\n      nodePort: 30443\n"
    )
    service = applied(BASE_TEXT, "patches:\n  - path: patch.yaml\n", patch__yaml=patch)["Service web"]
    assert line(service, "spec", "externalTrafficPolicy") == "overlay/patch.yaml:6: externalTrafficPolicy: Local"
    assert line(service, "spec", "type") == "base/base.yaml:6: type: LoadBalancer"
    assert line(service, "spec", "ports", 0, "nodePort") == "overlay/patch.yaml:9: nodePort: 30443"
    assert line(service, "spec", "ports", 0, "name") == "base/base.yaml:11: name: https"
    assert line(service, "spec", "ports", 1, "name") == "base/base.yaml:9: name: http"
    assert service.files == {"base/base.yaml", "overlay/patch.yaml"}


INLINE = {
    "literal": ("|-", "      "),
    "literal, indentation given": ("|2", "        "),
    "folded": (">-", "      "),
}


@pytest.mark.parametrize("name", INLINE)
def test_a_patch_in_a_block_scalar_stands_at_its_real_line(name: str) -> None:
    header, indent = INLINE[name]
    patch = "\n# why\n- op: add\n  path: /spec/externalTrafficPolicy\n  value: Local\n"
    if header.startswith(">"):
        patch = '[{"op": "add", "path": "/spec/externalTrafficPolicy",\n"value": "Local"}]\n'
    overlay = f"patches:\n  - target:\n      kind: Service\n    patch: {header}\n{textwrap.indent(patch, indent)}"
    service = applied(BASE_TEXT, overlay)["Service web"]
    written = "value: Local" if header.startswith("|") else '"value": "Local"}]'
    number = 10 if header.startswith("|") else 7
    assert line(service, "spec", "externalTrafficPolicy") == f"overlay/kustomization.yaml:{number}: {written}"


def test_columns_are_those_of_the_file() -> None:
    overlay = """\
patches:
  - target: {kind: Service}
    patch: |-
      - op: add
        path: /spec/x
        value: é
"""
    service = applied(BASE_TEXT, overlay)["Service web"]
    assert Place(service).at("spec", "x").span == Span(7, 9, 7, 17)


def test_a_patch_in_a_quoted_scalar_stands_on_its_line() -> None:
    overlay = """patches:
  - target: {kind: Service}
    patch: '[{"op": "add", "path": "/spec/x", "value": "Local"}]'
"""
    service = applied(BASE_TEXT, overlay)["Service web"]
    span = Place(service).at("spec", "x").span
    assert (span.line, span.column) == (4, 1 + overlay.splitlines()[2].index('"value"'))


def test_a_generated_value_stands_in_the_file_that_holds_it() -> None:
    overlay = """\
configMapGenerator:
  - name: made
    files: [nginx.conf]
    envs: [app.env]
    literals:
      - a=b
"""
    conf = "# {not yaml: [\nhttp {\n  real_ip_header X-Forwarded-For;\n}\n"
    made = applied(BASE_TEXT, overlay, nginx__conf=conf, app__env="# é\nA=1\nB=two\n")["ConfigMap made"]
    start = conf.index("real_ip_header")
    inside = Place(made).at("data", "nginx.conf").within(start, start + len("real_ip_header"))
    assert (inside.source.path, inside.span) == ("overlay/nginx.conf", Span(3, 3, 3, 17))
    assert line(made, "data", "nginx.conf") == "overlay/nginx.conf:1: # {not yaml: ["
    assert (Place(made).at("data", "B").source.path, Place(made).at("data", "B").span) == (
        "overlay/app.env",
        Span(3, 3, 3, 6),
    )
    assert line(made, "data", "a") == "overlay/kustomization.yaml:7: - a=b"
    assert line(made, "kind") == "overlay/kustomization.yaml:3: - name: made"


def test_a_configuration_inside_a_patch_keeps_its_lines() -> None:
    overlay = """\
configMapGenerator:
  - name: made
    literals: [a=b]
patches:
  - patch: |-
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: made}
      data:
        nginx.conf: |
          http {
            set_real_ip_from 0.0.0.0/0;
          }
"""
    made = applied(BASE_TEXT, overlay)["ConfigMap made"]
    text = made.value["data"]["nginx.conf"]
    start = text.index("set_real_ip_from")
    inside = Place(made).at("data", "nginx.conf").within(start, start + 16)
    assert inside.span == Span(13, 13, 13, 29)


def test_what_a_replacement_sets_stands_at_its_field_path() -> None:
    overlay = """\
replacements:
  - source: {kind: X}
    targets:
      - select: {kind: Service}
        fieldPaths:
          - spec.type
"""
    service = applied(BASE_TEXT, overlay)["Service web"]
    assert line(service, "spec", "type") == "overlay/kustomization.yaml:7: - spec.type"


def test_what_helm_rendered_keeps_its_template() -> None:
    files = {"base/base.yaml": f"# Source: chart/templates/service.yaml\n{BASE_TEXT}", "base/kustomization.yaml": BASE}
    service = by_name(rendering_of(files))["Service web"]
    assert Place(service).at("spec").template == "chart/templates/service.yaml"
