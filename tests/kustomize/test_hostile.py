"""Whatever stands in a kustomization file, a run ends with an answer and without an exception."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kustomizing import BASE, rendering_of
from srcip_lint.documents import Place
from srcip_lint.kustomize.files import FLUX_GROUP
from srcip_lint.kustomize.layers import Layer

FIELDS = (
    *(field.name for field in dataclasses.fields(Layer)),
    *(
        "apiVersion",
        "bases",
        "commonAnnotations",
        "commonLabels",
        "configMapGenerator",
        "generatorOptions",
        "helmCharts",
    ),
    *("imageTags", "kind", "namePrefix", "nameSuffix", "openapi", "patchesJson6902", "patchesStrategicMerge", "vars"),
)
WORDS = (
    *(
        "Service",
        "web",
        "v1",
        "apps",
        "path",
        "patch",
        "target",
        "kind",
        "name",
        "op",
        "add",
        "remove",
        "replace",
        "copy",
    ),
    *("from", "value", "select", "reject", "fieldPaths", "targets", "options", "pairs", "fields", "files", "literals"),
    *(
        "envs",
        "behavior",
        "merge",
        "newTag",
        "newName",
        "digest",
        "count",
        "metadata",
        "spec",
        "ports",
        "$patch",
        "delete",
    ),
    *("create", "includeSelectors", "labelSelector", "annotationSelector", "data", "base.yaml", "../base", "a=b"),
    *("/spec/ports/0", "-", "0", "*", "[name=web]"),
)
SCALARS = st.sampled_from(
    [*WORDS, "", ".", "..", "\0", "é\n", None, True, 0, -1, 1.5, "[{", "{{ x }}", "$(X)", "(a+)+"]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(WORDS), below, max_size=4),
    max_leaves=10,
)
SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {a: b}}\nspec: {ports: [{port: 80, name: web}]}\n"
)
NAMED = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
MEANT = {"kind": "Service"}


def places_hold(files: dict[str, str]) -> None:
    for each in rendering_of(files).documents:
        assert Place(each).at("spec", "ports", 0, "port").span.line >= 1
        assert each.files


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4))
def test_any_kustomization(fields: dict[str, Any]) -> None:
    top = json.dumps({"resources": ["../base"], **fields})
    places_hold({"base/base.yaml": SERVICE, "base/kustomization.yaml": BASE, "top/kustomization.yaml": top})


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(("spec", "metadata", "data")), VALUES, max_size=2), st.lists(VALUES, max_size=3))
def test_any_patch(merge: dict[str, Any], operations: list[Any]) -> None:
    patches = [
        {"patch": json.dumps({**NAMED, **merge})},
        {"patch": json.dumps({**merge}), "target": MEANT},
        {"patch": json.dumps(operations), "target": MEANT},
    ]
    top = json.dumps({"resources": ["base.yaml"], "patches": patches})
    places_hold({"base/base.yaml": SERVICE, "base/kustomization.yaml": top})


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(("path", "patches", "images", "components", "targetNamespace")), VALUES))
def test_any_flux_object(spec: dict[str, Any]) -> None:
    flux = {"apiVersion": f"{FLUX_GROUP}/v1", "kind": "Kustomization", "metadata": {"name": "x"}, "spec": spec}
    places_hold({"base/base.yaml": SERVICE, "base/kustomization.yaml": BASE, "flux.yaml": json.dumps(flux)})


@settings(max_examples=100)
@given(VALUES)
def test_any_base(value: Any) -> None:
    files = {
        "base/base.yaml": json.dumps({**NAMED, "spec": value}),
        "base/kustomization.yaml": f"{BASE}commonLabels: {{a: b}}\n",
    }
    rendering_of(
        {**files, "top/kustomization.yaml": "resources: [../base]\nnamePrefix: p-\nimages: [{name: x, newTag: y}]\n"}
    )


DEEP = "/".join(["", "spec", *"x" * 5000])
DOUBLING = [{"op": "add", "path": "/spec/x", "value": {}}] + [
    {"op": "copy", "from": "/spec/x", "path": "/spec/x/" + "/".join("x" * depth)} for depth in range(1, 2000)
]


@pytest.mark.parametrize(
    "field",
    [
        {"patches": [{"target": MEANT, "patch": json.dumps([{"op": "add", "path": DEEP, "value": 1}])}]},
        {"patches": [{"target": MEANT, "patch": json.dumps(DOUBLING)}]},
        {"labels": [{"pairs": {"a": "b"}, "fields": [{"path": DEEP, "create": True}]}]},
        {"replacements": [{"targets": [{"select": MEANT, "fieldPaths": [DEEP.replace("/", ".")]}]}]},
    ],
    ids=["pointer", "copies", "labels", "replacement"],
)
def test_depth_is_bounded_whatever_makes_it(field: dict[str, Any]) -> None:
    top = json.dumps({"resources": ["base.yaml"], **field})
    rendering = rendering_of({"base/base.yaml": SERVICE, "base/kustomization.yaml": top})
    assert len(rendering.documents) + rendering.unjudged == 1
    assert all(len(str(each.value)) for each in rendering.documents)
