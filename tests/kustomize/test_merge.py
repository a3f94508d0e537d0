"""Strategic merge, as a table: a base, a patch, and what comes of them."""

from __future__ import annotations

import pytest

from kustomizing import node, value
from srcip_lint.documents import Undetermined
from srcip_lint.kustomize.merge import OPEN, merge
from srcip_lint.kustomize.merge_keys import TYPES, schema_of
from srcip_lint.kustomize.tree import plain

MERGED = {
    "a mapping merges": ("{a: {b: 1, c: 2}}", "{a: {c: 3, d: 4}}", "{a: {b: 1, c: 3, d: 4}}"),
    "null takes away": ("{a: 1, b: 2}", "{a: null}", "{b: 2}"),
    "null in what is new adds nothing": ("{a: 1}", "{b: {c: null, d: 1}}", "{a: 1, b: {d: 1}}"),
    "a mapping is replaced": ("{a: {b: 1}}", "{a: {$patch: replace, c: 2}}", "{a: {c: 2}}"),
    "a mapping is deleted": ("{a: {b: 1}, c: 1}", "{a: {$patch: delete}}", "{c: 1}"),
    "a list without keys is replaced": (
        "{spec: {externalIPs: [a, b]}}",
        "{spec: {externalIPs: [c]}}",
        "{spec: {externalIPs: [c]}}",
    ),
    "a scalar takes the place of a mapping": ("{a: {b: 1}}", "{a: 1}", "{a: 1}"),
    "directives of others are no fields": ("{a: 1}", "{$retainKeys: [a], $setElementOrder/b: []}", "{a: 1}"),
    "what a set gains comes first": (
        "{metadata: {finalizers: [a, b]}}",
        "{metadata: {finalizers: [c, a]}}",
        "{metadata: {finalizers: [c, a, b]}}",
    ),
}
CONTAINERS = {
    "what is patched moves to the front": (
        "[{name: a, image: x}, {name: b, image: y}]",
        "[{name: b, image: z}]",
        "[{name: b, image: z}, {name: a, image: x}]",
    ),
    "what is new comes first": ("[{name: a}]", "[{name: b}]", "[{name: b}, {name: a}]"),
    "an item is deleted": ("[{name: a}, {name: b}]", "[{name: a, $patch: delete}]", "[{name: b}]"),
    "deleting what is not there": ("[{name: a}]", "[{name: b, $patch: delete}]", "[{name: a}]"),
    "the list is replaced": ("[{name: a}]", "[{$patch: replace}, {name: b}]", "[{name: b}]"),
    "the list is deleted": ("[{name: a}]", "[{$patch: delete}]", None),
    "an empty list changes nothing": ("[{name: a}]", "[]", "[{name: a}]"),
    "lists in items merge": (
        "[{name: a, env: [{name: X, value: '1'}, {name: Y, value: '2'}], args: [x, y]}]",
        "[{name: a, env: [{name: X, value: '3'}], args: [z]}]",
        "[{name: a, env: [{name: X, value: '3'}, {name: Y, value: '2'}], args: [z]}]",
    ),
    "a valueFrom takes the place of a value": (
        "[{name: a, env: [{name: X, value: '1'}]}]",
        "[{name: a, env: [{name: X, value: null, valueFrom: {fieldRef: {fieldPath: f}}}]}]",
        "[{name: a, env: [{name: X, valueFrom: {fieldRef: {fieldPath: f}}}]}]",
    ),
    "$patch: replace in an item that is there does nothing": (
        "[{name: a, image: x}]",
        "[{name: a, $patch: replace, args: [y]}]",
        "[{name: a, image: x}]",
    ),
}
PORTS = {
    "by port, where nobody names a protocol": (
        "[{port: 80, name: a}]",
        "[{port: 80, nodePort: 30080}]",
        "[{port: 80, name: a, nodePort: 30080}]",
    ),
    "another port is another item": ("[{port: 80}]", "[{port: 81}]", "[{port: 81}, {port: 80}]"),
    "by port and protocol": (
        "[{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]",
        "[{port: 53, protocol: TCP, targetPort: 5353}]",
        "[{port: 53, protocol: UDP}, {port: 53, protocol: TCP, targetPort: 5353}]",
    ),
}


@pytest.mark.parametrize("name", MERGED)
def test_mappings_and_lists(name: str) -> None:
    base, patch, expected = MERGED[name]
    merged = merge(node(base), node(patch), "Service")
    assert merged is not None
    assert plain(merged) == value(expected)


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_merge_by_name(name: str) -> None:
    base, patch, expected = CONTAINERS[name]
    template = "{{spec: {{template: {{spec: {{containers: {}}}}}}}}}"
    merged = merge(node(template.format(base)), node(template.format(patch)), schema_of("apps", "Deployment"))
    assert merged is not None
    assert plain(merged)["spec"]["template"]["spec"].get("containers") == (value(expected) if expected else None)


@pytest.mark.parametrize("name", PORTS)
def test_ports_merge_by_port_and_protocol(name: str) -> None:
    base, patch, expected = PORTS[name]
    merged = merge(
        node(f"{{spec: {{ports: {base}}}}}"), node(f"{{spec: {{ports: {patch}}}}}"), schema_of("", "Service")
    )
    assert merged is not None
    assert plain(merged)["spec"]["ports"] == value(expected)


def test_a_port_of_which_only_one_side_names_the_protocol_is_unknown_where_it_is_patched() -> None:
    base, patch = (
        "{spec: {ports: [{port: 80, name: a}]}}",
        "{spec: {ports: [{port: 80, protocol: TCP, targetPort: 1}]}}",
    )
    merged = merge(node(base), node(patch), "Service")
    assert merged is not None
    (port,) = plain(merged)["spec"]["ports"]
    assert (port["port"], port["name"]) == (80, "a")
    assert isinstance(port["targetPort"], Undetermined)


def test_spread_constraints_are_told_apart_by_both_keys() -> None:
    base = "{spec: {topologySpreadConstraints: [{topologyKey: h, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}]}}"
    patch = "{spec: {topologySpreadConstraints: [{topologyKey: h, whenUnsatisfiable: ScheduleAnyway, maxSkew: 2}]}}"
    merged = merge(node(base), node(patch), schema_of("", "Pod"))
    assert merged is not None
    assert [item["maxSkew"] for item in plain(merged)["spec"]["topologySpreadConstraints"]] == [2, 1]


def test_the_whole_object_can_be_deleted() -> None:
    assert merge(node("{a: 1}"), node("{$patch: delete}"), "Service") is None


def test_a_custom_resources_lists_are_replaced_and_unknown_where_its_schema_is_elsewhere() -> None:
    base = "{spec: {template: {spec: {containers: [{name: a}, {name: b}]}}}}"
    patch = "{spec: {template: {spec: {containers: [{name: b}]}}}}"
    replaced = merge(node(base), node(patch), schema_of("argoproj.io", "Rollout"))
    unknown = merge(node(base), node(patch), OPEN)
    assert replaced is not None
    assert unknown is not None
    assert plain(replaced) == value(patch)
    assert isinstance(plain(unknown)["spec"]["template"]["spec"]["containers"], Undetermined)


def test_the_base_is_not_changed() -> None:
    base = node("{a: {b: 1}}")
    merge(base, node("{a: {b: 2}}"), "Service")
    assert plain(base) == {"a": {"b": 1}}


def test_every_type_that_is_named_exists() -> None:
    assert {below for schema in TYPES.values() for below, _ in schema.values()} <= {"", *TYPES}
