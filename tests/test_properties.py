"""What holds for every bundle: changes that mean nothing change nothing, and changes that mean anything break
nothing."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linting import report
from reading import covered
from srcip_lint.finding import Finding
from srcip_lint.sources import Source

BUNDLE = """\
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  annotations:
    srcip-lint.io/require-client-ip: "true"
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      nodeSelector:
        zone: a
      tolerations:
        - key: edge
          operator: Exists
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels:
              app: wbe
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: kubernetes.io/hostname
              labelSelector:
                matchExpressions:
                  - key: app
                    operator: In
                    values: [web]
      containers:
        - name: web
          image: nginx:1.27
          args: ["-x", "1"]
          env:
            - name: POLICY
              value: "on"
          ports:
            - name: http
              containerPort: 8080
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
  namespace: shop
spec:
  minReplicas: 1
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: web
---
apiVersion: v1
kind: Service
metadata:
  name: nothing
  namespace: shop
spec:
  type: LoadBalancer
  selector:
    app: web
    tier: none
  ports:
    - port: 443
---
apiVersion: v1
kind: Service
metadata:
  name: inner
  namespace: shop
spec:
  type: ClusterIP
  externalTrafficPolicy: local
  healthCheckNodePort: 30000
  selector:
    app: web
  ports:
    - port: "8080"
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
  namespace: shop
spec:
  selector:
    matchLabels:
      app: agent
  template:
    metadata:
      labels:
        app: agent
    spec:
      hostNetwork: true
      containers:
        - name: agent
          image: agent:1
          ports:
            - containerPort: 9000
              hostPort: 9000
---
apiVersion: v1
kind: Service
metadata:
  name: agent
  namespace: shop
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  externalIPs: ["192.0.2.1"]
  selector:
    app: agent
  ports:
    - port: 9000
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
data:
  nginx.conf: |
    real_ip_header X-Forwarded-For;
---
apiVersion: v1
kind: Node
metadata:
  name: a
  labels:
    zone: a
spec:
  taints:
    - key: edge
      effect: NoSchedule
---
apiVersion: v1
kind: Node
metadata:
  name: b
---
apiVersion: example.com/v1
kind: Widget
metadata:
  name: x
  namespace: shop
spec: {}
"""

OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all(BUNDLE))
PATH = "shop/all.yaml"


def judge(*sources: tuple[str, str | bytes]) -> tuple[Finding, ...]:
    texts = [Source(path, text if isinstance(text, bytes) else text.encode(), named=True) for path, text in sources]
    return report(texts).findings


def told(findings: Sequence[Finding]) -> list[tuple[object, ...]]:
    """What findings say, whatever the place they say it of."""
    return sorted(
        (
            found.rule,
            found.severity.value,
            str(found.object),
            found.message,
            found.fingerprint if found.object else "",
            tuple(sorted((note.message, str(note.object)) for note in found.related)),
            found.assumptions,
            found.fixes,
        )
        for found in findings
    )


@pytest.fixture(scope="module")
def expected() -> list[tuple[object, ...]]:
    """What is told of the bundle as it is written above."""
    found = judge((PATH, BUNDLE))
    assert {"SRC002", "SRC301", "SRC501", "SRC602"} <= {each.rule for each in found}
    return told(found)


# --- changes that mean nothing ---------------------------------------------------------------------------------------


def block(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)


def shuffled_keys(value: Any, generator: random.Random) -> Any:
    if isinstance(value, list):
        return [shuffled_keys(item, generator) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: shuffled_keys(value[key], generator) for key in generator.sample(list(value), len(value))}


def commented(text: str) -> str:
    """A comment above every line and at the end of every line but those of a block scalar."""
    return "\n".join(f"# why\n{line}  # why" if line.strip() not in ("", "---") else line for line in text.split("\n"))


def anchored(value: dict[str, Any]) -> str:
    """The same object with each of its labels and selectors behind an alias."""
    value = copy.deepcopy(value)
    labels = value.get("spec", {}).get("template", {}).get("metadata", {}).get("labels")
    if labels:
        value["spec"]["selector"]["matchLabels"] = labels
    return block(value)


PLAIN = "---\n".join(block(each) for each in OBJECTS if each["kind"] != "ConfigMap")
CONFIG_MAP = next(block(each) for each in OBJECTS if each["kind"] == "ConfigMap")
QUOTED = "---\n".join(yaml.safe_dump(each, default_style='"', sort_keys=False) for each in OBJECTS)

REWRITTEN: dict[str, str | bytes] = {
    "markers first and last": f"---\n{BUNDLE}---\n",
    "document ends": BUNDLE.replace("---\n", "...\n---\n"),
    "comments": f"{commented(PLAIN)}\n---\n{CONFIG_MAP}",
    "CRLF": BUNDLE.replace("\n", "\r\n"),
    "CR": BUNDLE.replace("\n", "\r"),
    "no newline at the end": BUNDLE.rstrip("\n"),
    "flow style": "---\n".join(yaml.safe_dump(each, default_flow_style=True, sort_keys=False) for each in OBJECTS),
    "flow on the marker line": "".join(f"--- {json.dumps(each)}\n" for each in OBJECTS),
    "quoted keys": QUOTED,
    "JSON one a line": "\n".join(json.dumps(each) for each in OBJECTS),
    "JSON, indented": "---\n".join(f"{json.dumps(each, indent=2)}\n" for each in OBJECTS),
    "a List": json.dumps({"apiVersion": "v1", "kind": "List", "items": OBJECTS}),
    "a List of Lists": block(
        {"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "List", "items": OBJECTS}]}
    ),
    "a List among documents": block({"apiVersion": "v1", "kind": "List", "items": OBJECTS[:4]})
    + "".join(f"---\n{block(each)}" for each in OBJECTS[4:]),
    "anchors": "---\n".join(anchored(each) for each in OBJECTS),
    "an indented root": "---\n".join(f"  {block(each)}".replace("\n", "\n  ").rstrip(" ") for each in OBJECTS),
    "tags": PLAIN.replace("name: web", "name: !!str web") + f"---\n{CONFIG_MAP}",
    "a directive": "".join(f"%YAML 1.1\n---\n{block(each)}...\n" for each in OBJECTS),
    "whole floats": BUNDLE.replace("replicas: 3", "replicas: 3.0"),
    "nulls": BUNDLE.replace("  externalTrafficPolicy: Local\n", "  externalTrafficPolicy: Local\n  loadBalancerIP:\n"),
    "documents of nothing": BUNDLE.replace("---\n", "---\n# nothing\n---\n~\n---\n"),
}


@pytest.mark.parametrize("text", REWRITTEN.values(), ids=REWRITTEN)
def test_the_same_bundle_in_other_words_is_the_same_bundle(text: str | bytes, expected: list[Any]) -> None:
    assert told(judge((PATH, text))) == expected


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_order_of_documents_and_of_keys_means_nothing(expected: list[Any], generator: random.Random) -> None:
    objects = [shuffled_keys(each, generator) for each in generator.sample(OBJECTS, len(OBJECTS))]
    assert told(judge((PATH, "---\n".join(map(block, objects))))) == expected


@given(st.randoms(use_true_random=False), st.integers(1, len(OBJECTS)))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_one_file_or_several_in_the_same_folder_in_any_order_mean_the_same(
    expected: list[Any], generator: random.Random, count: int
) -> None:
    files: list[list[str]] = [[] for _ in range(count)]
    for each in OBJECTS:
        generator.choice(files).append(generator.choice((block, json.dumps))(each))
    sources = [(f"shop/{number}.yaml", "\n---\n".join(texts)) for number, texts in enumerate(files)]
    assert told(judge(*generator.sample(sources, count))) == expected


def test_the_same_run_twice_says_the_same_in_the_same_order() -> None:
    assert judge((PATH, BUNDLE)) == judge((PATH, BUNDLE))


# --- changes that mean something -------------------------------------------------------------------------------------

WRONG_VALUES: list[Any] = [
    None,
    True,
    -1,
    3,
    10**40,
    1.5,
    float("nan"),
    "",
    "x",
    "web",
    "${X}",
    [],
    {},
    [[]],
    [{}],
    [3],
    {"a": None},
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from paths(item, (*path, key))


def dropped(parent: Any, key: Any, _data: st.DataObject) -> None:
    del parent[key]


def retyped(parent: Any, key: Any, data: st.DataObject) -> None:
    parent[key] = copy.deepcopy(data.draw(st.sampled_from(WRONG_VALUES)))


def renamed(parent: Any, key: Any, data: st.DataObject) -> None:
    if isinstance(parent, dict):
        parent[data.draw(st.sampled_from(["", "x", "kind", "spec", "items", "<<", "é😀", "a\nb", f"{key}s"]))] = (
            parent.pop(key)
        )


def wrapped(parent: Any, key: Any, data: st.DataObject) -> None:
    value = parent[key]
    parent[key] = data.draw(st.sampled_from([[value], {"x": value}, str(value)]))


def repeated(parent: Any, key: Any, _data: st.DataObject) -> None:
    if isinstance(parent, list):
        parent.insert(0, copy.deepcopy(parent[key]))


MUTATIONS: list[Callable[[Any, Any, st.DataObject], None]] = [dropped, retyped, renamed, wrapped, repeated]


def as_yaml(value: Any) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))


def mutate(objects: list[Any], data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from([path for path in paths(objects) if path]))
    parent: Any = objects
    for step in chosen[:-1]:
        parent = parent[step]
    data.draw(st.sampled_from(MUTATIONS))(parent, chosen[-1], data)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_bundle_with_any_field_dropped_retyped_or_renamed_breaks_nothing(data: st.DataObject) -> None:
    objects: list[Any] = copy.deepcopy(OBJECTS)
    for _ in range(data.draw(st.integers(1, 5))):
        mutate(objects, data)
    write: Callable[[Any], str] = json.dumps if data.draw(st.booleans()) else as_yaml
    text = "---\n".join(f"{write(each)}\n" for each in objects)
    check(judge((PATH, text)), text)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_bundle_with_any_line_dropped_doubled_or_cut_breaks_nothing(data: st.DataObject) -> None:
    lines = BUNDLE.split("\n")
    for _ in range(data.draw(st.integers(1, 5))):
        number = data.draw(st.integers(0, len(lines) - 1))
        change = data.draw(st.sampled_from(["drop", "double", "cut", "indent", "join", "junk"]))
        line = lines[number]
        if change == "drop" and len(lines) > 1:
            del lines[number]
        elif change == "double":
            lines.insert(number, line)
        elif change == "cut":
            lines[number] = line[: data.draw(st.integers(0, len(line)))]
        elif change == "indent":
            lines[number] = data.draw(st.sampled_from([" ", "\t", "- ", "? ", "# ", "&a ", "*a "])) + line
        elif change == "join":
            lines[number : number + 2] = [" ".join(lines[number : number + 2])]
        else:
            junk = data.draw(st.text(st.sampled_from("[]{}'\"|>&*!%#:,-? \t\r\n\0\u0085\u2028é😀a"), max_size=4))
            lines[number] = line + junk
    text = "\n".join(lines)
    check(judge((PATH, text)), text)


@given(st.binary(max_size=200), st.integers(0, len(BUNDLE)))
@settings(max_examples=100, deadline=None)
def test_any_bytes_anywhere_in_a_bundle_break_nothing(junk: bytes, where: int) -> None:
    data = BUNDLE.encode()
    data = data[:where] + junk + data[where:]
    check(judge((PATH, data)), data.decode("utf-8", "surrogateescape"))


def check(findings: Sequence[Finding], text: str) -> None:
    """Every finding, and every place it is related to, covers something in the text."""
    for found in findings:
        for location in (found.location, *(note.location for note in found.related)):
            assert location.path == PATH
            covered(text, location.span)
        assert found.message
        assert found.fingerprint
