"""The configuration: where it is found, what it may say, how a fault in it is told, and which rules it chooses."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from srcip_lint import environment, shapes
from srcip_lint.config import (
    Config,
    ConfigError,
    Given,
    Override,
    choose,
    from_settings,
    load,
    matcher,
    schema,
    severities,
)
from srcip_lint.environment import DeclaredNode, Edge, Environment, ObjectPattern
from srcip_lint.finding import Severity
from srcip_lint.sources.files import MAX_BYTES

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file below an empty repository, which is the working directory."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def loaded(**given: Any) -> Config:
    return load(Given(**given), Path.cwd())


def fault(**given: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        loaded(**given)
    return str(refused.value)


# Where it is found


def test_the_nearest_file_going_up_is_used(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("srcip-lint.yaml", "loadBalancer: gke")
    write("deploy/prod/srcip-lint.yaml", "loadBalancer: aks")
    write("deploy/prod/app/web.yaml", "")
    monkeypatch.chdir("deploy/prod/app")
    assert loaded().environment.load_balancer == "aks"
    assert loaded().path == "../srcip-lint.yaml"


def test_discovery_stops_at_the_repository(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("srcip-lint.yaml", "loadBalancer: gke")
    write("inner/.git", "gitdir: elsewhere")
    monkeypatch.chdir("inner")
    assert loaded() == Config()


def test_the_order_of_names_in_a_folder(write: Write) -> None:
    write("pyproject.toml", '[tool.srcip-lint]\nloadBalancer = "oci"\n')
    assert loaded().environment.load_balancer == "oci"
    write("srcip-lint.yaml", "loadBalancer: gke")
    assert loaded().environment.load_balancer == "gke"
    write(".srcip-lint.yaml", "loadBalancer: aks")
    assert loaded().environment.load_balancer == "aks"


def test_a_pyproject_without_our_table_is_passed_over(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("srcip-lint.yaml", "loadBalancer: gke")
    write("app/pyproject.toml", '[dependency-groups]\ndev = ["srcip-lint"]\n')
    monkeypatch.chdir("app")
    assert loaded().path == "../srcip-lint.yaml"


def test_config_names_a_file_and_isolated_uses_none(write: Write) -> None:
    write("srcip-lint.yaml", "loadBalancer: gke")
    write("ci/strict.yaml", "loadBalancer: static")
    assert loaded(config="ci/strict.yaml").environment.load_balancer == "static"
    assert loaded(isolated=True) == Config()
    assert fault(config="ci/none.yaml") == "ci/none.yaml: cannot be read: No such file or directory"
    assert fault(config="ci") == "ci: cannot be read: Is a directory"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "null\n", "{}\n"])
def test_an_empty_file_declares_nothing(write: Write, text: str) -> None:
    write("srcip-lint.yaml", text)
    assert loaded() == Config(path="srcip-lint.yaml", folder=str(Path.cwd()))


# What it may say

EVERYTHING = """
dataplane: cilium-dsr
loadBalancer: metallb-l2
nodes:
  - name: a
    labels: {zone: x}
    taints: [{key: gpu, value: "1", effect: NoSchedule}, {key: old, effect: NoExecute}]
  - name: b
cidrs: {nodes: [192.0.2.0/24], pods: [10.42.0.0/16, "fd00::/56"], services: [10.43.0.0/16]}
trustedProxies: [198.51.100.7/32]
edges:
  - {service: shop/web, front: l7-append, hops: 2, targetNodes: {role: edge}, frontHealthCheck: yes}
  - service: plain
metallb: {version: "0.15", namespace: metallb-system, memberlist: off, speakerNodeSelector: {lb: "yes"}}
cilium: {version: v1.20.2}
kubernetesVersion: "1.30"
nodePortsClosed: true
closedWorld: true
requireClientIP: [shop/*, web, {namespace: edge, labels: {app: nginx}}]
select: [SRC3]
extendSelect: [SRC205]
ignore: [wrong-shape]
severity: {SRC301: error, SRC302: off}
overrides:
  - {paths: ["legacy/**"], ignore: [SRC301], reason: switched off in March}
  - {paths: [lab], severity: {SRC3: info}}
exclude: [vendor]
"""


def test_every_setting_is_read(write: Write) -> None:
    write("srcip-lint.yaml", EVERYTHING)
    config = loaded()
    assert config.environment == Environment(
        dataplane="cilium-dsr",
        load_balancer="metallb-l2",
        nodes=(
            DeclaredNode(
                "a",
                {"kubernetes.io/hostname": "a", "zone": "x"},
                (("gpu", "1", "NoSchedule"), ("old", "", "NoExecute")),
            ),
            DeclaredNode("b", {"kubernetes.io/hostname": "b"}),
        ),
        node_cidrs=("192.0.2.0/24",),
        pod_cidrs=("10.42.0.0/16", "fd00::/56"),
        service_cidrs=("10.43.0.0/16",),
        trusted_proxies=("198.51.100.7/32",),
        edges=(Edge("shop/web", "l7-append", 2, {"role": "edge"}, front_health_check=True), Edge("plain")),
        metallb={
            "version": "0.15",
            "namespace": "metallb-system",
            "memberlist": False,
            "speakerNodeSelector": {"lb": "yes"},
        },
        cilium_version=(1, 20, 2),
        kubernetes_version=(1, 30),
        node_ports_closed=True,
        closed_world=True,
        require_client_ip=(
            ObjectPattern("shop", "*"),
            ObjectPattern("*", "web"),
            ObjectPattern("edge", "*", {"app": "nginx"}),
        ),
    )
    assert (config.select, config.extend_select, config.ignore) == (("SRC3",), ("SRC205",), ("wrong-shape", "SRC302"))
    assert config.severity == {"SRC301": Severity.ERROR}
    assert config.exclude == ("vendor",)
    legacy, lab = config.overrides
    assert (legacy.paths, legacy.rules, legacy.reason) == (("legacy/**",), ("SRC301",), "switched off in March")
    assert legacy.spot
    assert legacy.spot.span.line == 25
    assert lab.severity == {"SRC3": Severity.INFO}


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("lb: gke", "loadBalancer: gke"),
        ("platform: gke", "loadBalancer: gke"),
        ("loadBalancer: cloud-hc", "loadBalancer: health-checked"),
        ("nodeCIDRs: [10.0.0.0/8]\npodCIDRs: [10.42.0.0/16]", "cidrs: {nodes: [10.0.0.0/8], pods: [10.42.0.0/16]}"),
        (
            "podCIDRs: [10.42.0.0/16]\ncidrs: {nodes: [10.0.0.0/8]}",
            "cidrs: {nodes: [10.0.0.0/8], pods: [10.42.0.0/16]}",
        ),
        ("kubernetesVersion: v1.33.2+k3s1", 'kubernetesVersion: "1.33"'),
    ],
)
def test_two_ways_to_write_one_thing(write: Write, written: str, same: str) -> None:
    write("srcip-lint.yaml", written)
    environment = loaded().environment
    write("srcip-lint.yaml", same)
    assert environment == loaded().environment


def test_toml_says_the_same(write: Write) -> None:
    write(
        "pyproject.toml",
        """
[tool.srcip-lint]
loadBalancer = "metallb-bgp"
requireClientIP = ["shop/*"]
severity = {SRC302 = "off"}

[tool.srcip-lint.cidrs]
pods = ["10.42.0.0/16"]

[[tool.srcip-lint.overrides]]
paths = ["a"]
severity = {SRC301 = "info"}

[[tool.srcip-lint.overrides]]
paths = ["b"]
ignore = ["SRC301"]
reason = "known"
""",
    )
    config = loaded()
    assert config.path == "pyproject.toml"
    assert config.environment == Environment(
        load_balancer="metallb-bgp", pod_cidrs=("10.42.0.0/16",), require_client_ip=(ObjectPattern("shop", "*"),)
    )
    assert config.ignore == ("SRC302",)
    assert [override.spot and override.spot.span.line for override in config.overrides] == [10, 16]


def test_the_schema_is_a_schema_that_describes_every_key() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema())
    undescribed = [path for path, key in _keys(schema()) if not key.get("description")]
    assert undescribed == []


def test_whatever_the_schema_can_refuse_says_what_it_wants() -> None:
    refusing = {"type", "pattern", "format", "minLength", "minItems", "minProperties", "minimum"}
    untitled = [sub for sub in _subschemas(schema()) if refusing & sub.keys() and not sub.get("title")]
    assert untitled == []


def test_the_schema_and_the_environment_have_one_vocabulary() -> None:
    definitions, properties = schema()["$defs"], schema()["properties"]
    aliases = {"cloud-hc"}
    assert set(definitions["loadBalancer"]["enum"]) - aliases == set(environment.LOAD_BALANCERS)
    assert tuple(properties["dataplane"]["enum"]) == environment.DATAPLANES
    assert tuple(properties["edges"]["items"]["properties"]["front"]["enum"]) == environment.FRONTS


def _subschemas(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if not isinstance(value.get("type"), dict):  # a mapping of properties may hold one that is called `type`
            yield value
        for below in value.values():
            yield from _subschemas(below)
    elif isinstance(value, list):
        for below in value:
            yield from _subschemas(below)


def _keys(value: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for sub in _subschemas(value):
        for name, key in sub.get("properties", {}).items():
            yield f"{path}.{name}", key


def test_the_page_shows_every_setting(write: Write) -> None:
    page = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text(encoding="utf-8")
    _, _, section = page.partition("## All settings at once\n\n```yaml\n")
    example, _, rest = section.partition("```")
    write("srcip-lint.yaml", example)
    config = loaded()
    aliases = {"lb", "platform", "nodeCIDRs", "podCIDRs"}
    shown = {line.partition(":")[0] for line in example.splitlines() if line[:1].isalpha()}
    assert shown == set(schema()["properties"]) - aliases
    assert [key for key in schema()["properties"] if f"`{key}`" not in rest] == []
    words = [*environment.DATAPLANES, *environment.LOAD_BALANCERS, *environment.FRONTS]
    assert [word for word in words if f"`{word}`" not in rest] == []
    toml = rest.partition("```toml\n")[2].partition("```")[0]
    write("pyproject.toml", toml)
    assert loaded(config="pyproject.toml").overrides[0].reason == config.overrides[0].reason


# How a fault is told

A_VERSION = 'must be a Kubernetes version in quotes, such as "1.33"'
A_CIDR = "must be a CIDR such as 10.0.0.0/8 or fd00::/8"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("loadbalancer: gke", 'srcip-lint.yaml:1:1: unknown key "loadbalancer"; did you mean "loadBalancer"?'),
        ("# x\ncidrs:\n  pod: []", 'srcip-lint.yaml:3:3: cidrs: unknown key "pod"; did you mean "pods"?'),
        ("kubernetesVersion: 1.30", f"1:20: kubernetesVersion: {A_VERSION}, not 1.3; quote it"),
        ('kubernetesVersion: "2.0"', f'1:20: kubernetesVersion: {A_VERSION}, not "2.0"'),
        ("cilium: {version: 1.20}", '1:19: cilium.version: must be a version in quotes, such as "1.20.2", not 1.2'),
        ("trustedProxies: [10.0.0.1/8]", f"1:18: trustedProxies[0]: {A_CIDR}: 10.0.0.1/8 has host bits set"),
        ("trustedProxies: 10.0.0.0/8", '1:17: trustedProxies: must be a list of CIDRs, not "10.0.0.0/8"'),
        ("nodes:\n  - labels: {}", "2:5: nodes[0]: \"name\" is missing: the node's name"),
        ("nodes: [{name: a, labels: {x: yes}}]", "labels.x: must be a label's value as a string, not true; quote it"),
        ("nodes: {}", "1:8: nodes: must be the path of a Node list, or a list of nodes, not a mapping"),
        ("edges: [{service: a, hops: -1}]", "1:28: edges[0].hops: must be the number of proxies in front, not -1"),
        ("edges: [{service: a/b/c}]", '1:19: edges[0].service: must be a Service as "namespace/name", not "a/b/c"'),
        ("requireClientIP: [{}]", '1:19: requireClientIP[0]: must be a pattern such as "shop/*", or a mapping'),
        ("severity: {SRC301: loud}", '1:20: severity.SRC301: "loud" is not one of info, warning, error, off'),
        ("overrides: [{paths: [a], ignore: [SRC301]}]", '1:13: overrides[0]: "reason" is missing: a sentence that'),
        ("overrides: [{paths: [a], ignore: [SRC301], reason: ' '}]", '1:52: overrides[0].reason: must be a sentence'),
        ("overrides: [{paths: [a]}]", '1:13: overrides[0]: "ignore" or "severity" is missing'),
        ("overrides: [{paths: [], severity: {}}]", "1:21: overrides[0].paths: must be a list of path patterns"),
        ("lb: gke\nplatform: aks", '2:1: "platform" is another name of a setting that is already given; keep one'),
        ("lb: gke\nlb: aks", '2:1: the key "lb" is written twice'),
        ("- a", "1:1: must be a mapping of srcip-lint's settings, not a list"),
        ("lb: gke\n---\nlb: aks", "3:1: a configuration is one YAML document, this is a second"),
        ("lb: [gke", ": not YAML: "),
        ("apiVersion: v1\nkind: Service", 'srcip-lint.yaml:1:1: unknown key "apiVersion"'),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(write: Write, text: str, told: str) -> None:
    write("srcip-lint.yaml", text)
    assert told in fault()


def test_all_faults_are_told_in_the_order_of_the_file(write: Write) -> None:
    write("srcip-lint.yaml", "dataplane: cilium\nlb: metalb\nselect: SRC301\nfoo: 1\n")
    lines = fault().split("\n")
    assert [line.split(": ")[0] for line in lines] == [
        "srcip-lint.yaml:1:12",
        "srcip-lint.yaml:2:5",
        "srcip-lint.yaml:3:9",
        "srcip-lint.yaml:4:1",
    ]
    assert lines[1].endswith('did you mean "metallb"?')


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[tool.srcip-lint]\nselect = ["SRC3"]\nlb = "metalb"', 'pyproject.toml:3:1: lb: "metalb" is not one of'),
        ("[tool.srcip-lint.cidrs]\npods = [1]", "pyproject.toml:2:1: cidrs.pods[0]: must be a CIDR"),
        ('[tool]\nsrcip-lint = {lb = "x"}', 'pyproject.toml:2:1: lb: "x" is not one of'),
        ('[tool."srcip-lint"]\n"lb" = 1', "pyproject.toml:2:1: lb: 1 is not one of"),
        (
            '[[tool.srcip-lint.overrides]]\npaths = ["a"]\nseverity = {}\n[[tool.srcip-lint.overrides]]\npaths = 3',
            "pyproject.toml:5:1: overrides[1].paths: must be a list of path patterns, not 3",
        ),
        ("[tool.srcip-lint]\nlb = \nselect = []", "pyproject.toml:2:6: not TOML: Invalid value"),
        ("[tool.srcip-lint]\nlb = ", "pyproject.toml:2:1: not TOML: Invalid value"),
    ],
)
def test_a_fault_in_toml_is_told_with_its_line(write: Write, text: str, told: str) -> None:
    write("pyproject.toml", text)
    assert told in fault()


def test_a_toml_file_without_the_table(write: Write) -> None:
    write("other.toml", "[tool.other]\n")
    assert fault(config="other.toml") == "other.toml:1:1: there is no table [tool.srcip-lint]"


def test_no_remote_reference_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """jsonschema would fetch it by default."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(Exception, match="Unresolvable"):
        shapes.errors({}, {"$ref": "http://localhost:1/schema.json"})


# --set


@pytest.mark.parametrize(
    ("assignments", "environment"),
    [
        (["loadBalancer=metallb-l2"], Environment(load_balancer="metallb-l2")),
        (["closedWorld=true"], Environment(closed_world=True)),
        (["kubernetesVersion=1.30"], Environment(kubernetes_version=(1, 30))),
        (["trustedProxies=10.0.0.0/8, fd00::/8"], Environment(trusted_proxies=("10.0.0.0/8", "fd00::/8"))),
        (["cidrs.pods=[10.42.0.0/16]"], Environment(pod_cidrs=("10.42.0.0/16",))),
        (["cidrs.pods=::/0", "nodeCIDRs=10.0.0.0/8"], Environment(pod_cidrs=("::/0",), node_cidrs=("10.0.0.0/8",))),
        (["metallb.version=0.1", "metallb.lbClass=on"], Environment(metallb={"version": "0.1", "lbClass": "on"})),
        (["metallb.memberlist=no"], Environment(metallb={"memberlist": False})),
        (["metallb.speakerNodeSelector={a.b/c: d}"], Environment(metallb={"speakerNodeSelector": {"a.b/c": "d"}})),
        (["requireClientIP=a/*,b"], Environment(require_client_ip=(ObjectPattern("a"), ObjectPattern(name="b")))),
        (["nodes=[{name: a}]"], Environment(nodes=(DeclaredNode("a", {"kubernetes.io/hostname": "a"}),))),
        (["lb=gke", "loadBalancer=aks"], Environment(load_balancer="aks")),
    ],
)  # fmt: skip
def test_set(assignments: list[str], environment: Environment) -> None:
    assert from_settings(tuple(each.split("=", 1)) for each in assignments).environment == environment  # type: ignore[misc]


def test_set_stands_over_the_file(write: Write) -> None:
    write("srcip-lint.yaml", "lb: gke\ndataplane: cilium-dsr\nseverity: {SRC301: error}\ntrustedProxies: [10.0.0.0/8]")
    config = loaded(assignments=("loadBalancer=aks", "severity.SRC302=off", "trustedProxies=192.0.2.0/24"))
    assert config.environment == Environment(
        load_balancer="aks", dataplane="cilium-dsr", trusted_proxies=("192.0.2.0/24",)
    )
    assert (config.severity, config.ignore) == ({"SRC301": Severity.ERROR}, ("SRC302",))


@pytest.mark.parametrize(
    ("assignment", "told"),
    [
        ("loadBalancer", "--set loadBalancer: write it as KEY=VALUE, for example --set loadBalancer=metallb-l2"),
        ("=x", "write it as KEY=VALUE"),
        ("cidrs..pods=x", "write it as KEY=VALUE"),
        ("closedwrld=true", '--set closedwrld: unknown key "closedwrld"; did you mean "closedWorld"?'),
        ("closedWorld=maybe", '--set closedWorld: must be true or false, not "maybe"'),
        ("closedWorld=", "--set closedWorld: must be true or false, not null"),
        ("edges=[{", '--set edges: cannot read the value "[{" as YAML'),
        ("overrides=[{paths: [a]}]", "--set overrides: an override has a reason, and stands in the file"),
    ],
)
def test_a_wrong_set(assignment: str, told: str) -> None:
    assert told in fault(isolated=True, assignments=(assignment,))


# nodes

NODE_LIST = """
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata: {name: a, labels: {zone: x}}
  spec: {taints: [{key: gpu, effect: NoSchedule}]}
- apiVersion: v1
  kind: Node
  metadata: {name: b}
"""
NODES = (DeclaredNode("a", {"zone": "x"}, (("gpu", "", "NoSchedule"),)), DeclaredNode("b"))


@pytest.mark.parametrize("kind", ["yaml", "json", "documents", "node-list"])
def test_nodes_as_kubectl_prints_them(write: Write, kind: str) -> None:
    spec = {"taints": [{"key": "gpu", "effect": "NoSchedule"}]}
    a = {"metadata": {"name": "a", "labels": {"zone": "x"}}, "spec": spec}
    items = [{"apiVersion": "v1", "kind": "Node", **node} for node in (a, {"metadata": {"name": "b"}})]
    text = {
        "yaml": NODE_LIST,
        "json": json.dumps({"apiVersion": "v1", "kind": "List", "items": items}),
        "documents": "\n---\n".join(map(json.dumps, items)),
        "node-list": NODE_LIST.replace("kind: List", "kind: NodeList"),
    }[kind]
    write("cluster/nodes.txt", text)
    write("cluster/srcip-lint.yaml", "nodes: nodes.txt")
    assert loaded(config="cluster/srcip-lint.yaml").environment.nodes == NODES


def test_nodes_must_stay_in_the_repository_unless_the_command_line_names_them(
    write: Write, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "nodes.yaml"
    outside.write_text(NODE_LIST)
    write("srcip-lint.yaml", f"nodes: {outside}")
    assert "srcip-lint.yaml:1:8: " in fault()
    assert "lies outside" in fault()
    Path("link.yaml").symlink_to(outside)
    write("srcip-lint.yaml", "nodes: link.yaml")
    assert "lies outside" in fault()
    assert loaded(assignments=(f"nodes={outside}",)).environment.nodes == NODES


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "srcip-lint.yaml:1:8: the Node list nodes.yaml: cannot be read: No such file or directory"),
        ("NAME  STATUS\nedge-1  Ready\n", "srcip-lint.yaml:1:8: there is no Node in nodes.yaml"),
        (NODE_LIST.replace("name: b", "name: a"), 'nodes.yaml:9:3: the node "a" is listed twice'),
        (
            NODE_LIST.replace("[{key: gpu, effect: NoSchedule}]", "gpu"),
            "nodes.yaml:8:10: the string 'gpu' where a list",
        ),
        (NODE_LIST.replace("labels: {zone: x}", "labels: [zone]"), "where a mapping belongs"),
        ("kind: Node\n{{- range .nodes }}\n- x: {{ . }}\n{{- end }}\n", ": a template must be rendered first"),
        ("kind: Service\napiVersion: v1\nmetadata: {name: a}", "srcip-lint.yaml:1:8: there is no Node in nodes.yaml"),
        ("a: [", ": not YAML: "),
    ],
)
def test_a_node_list_that_cannot_be_used(write: Write, text: str | None, told: str) -> None:
    write("srcip-lint.yaml", "nodes: nodes.yaml")
    if text is not None:
        write("nodes.yaml", text)
    assert told in fault()


def test_a_node_list_must_be_a_file_within_the_bounds_of_every_input(write: Write) -> None:
    Path("nodes.yaml").mkdir()
    write("srcip-lint.yaml", "nodes: nodes.yaml")
    assert "srcip-lint.yaml:1:8: the Node list nodes.yaml: cannot be read: not a regular file" in fault()
    with Path("large.yaml").open("wb") as large:
        large.truncate(MAX_BYTES + 1)
    assert "--set nodes: the Node list large.yaml: cannot be read: larger than 64 MiB" in fault(
        assignments=("nodes=large.yaml",)
    )


def test_cordoned_nodes_are_unschedulable(write: Write) -> None:
    write("nodes.yaml", NODE_LIST.replace("name: b}", "name: b}\n  spec: {unschedulable: true}"))
    write("srcip-lint.yaml", "nodes: nodes.yaml")
    assert [node.unschedulable for node in loaded().environment.nodes] == [False, True]
    write("srcip-lint.yaml", "nodes: [{name: a}, {name: b, unschedulable: true}]")
    assert [node.unschedulable for node in loaded().environment.nodes] == [False, True]


def test_listed_nodes_have_names_of_their_own(write: Write) -> None:
    write("srcip-lint.yaml", "nodes:\n  - name: a\n  - name: b\n  - name: a\n")
    assert fault() == 'srcip-lint.yaml:4:11: the node "a" is listed twice'


# Which rules run


@dataclass(frozen=True)
class FakeRule:
    id: str
    name: str
    default: bool = True


RULES = (
    FakeRule("SRC001", "unreadable-input"),
    FakeRule("SRC002", "wrong-shape"),
    FakeRule("SRC205", "trusts-anyone", default=False),
    FakeRule("SRC301", "local-without-per-node-pods"),
    FakeRule("SRC302", "local-without-pods"),
    FakeRule("SRC311", "drained"),
)


def ids(config: Config) -> str:
    return " ".join(rule.id[3:] for rule in choose(RULES, config))


@pytest.mark.parametrize(
    ("config", "run"),
    [
        (Config(), "001 002 301 302 311"),
        (Config(select=("SRC3",)), "001 301 302 311"),
        (Config(select=("SRC3xx",)), "001 301 302 311"),
        (Config(select=("SRC30",)), "001 301 302"),
        (Config(select=("SRC30x", "drained")), "001 301 302 311"),
        (Config(select=("local-without-pods",)), "001 302"),
        (Config(select=("SRC2",)), "001"),  # off by default, and a family does not name it
        (Config(select=("SRC205",)), "001 205"),
        (Config(extend_select=("SRC2",)), "001 002 205 301 302 311"),
        (Config(select=("SRC3",), extend_select=("trusts-anyone",)), "001 205 301 302 311"),
        (Config(ignore=("SRC301",)), "001 002 302 311"),
        (Config(ignore=("SRC3",)), "001 002"),
        (Config(select=("SRC301",), ignore=("SRC3",)), "001 301"),  # the more exact word wins
        (Config(select=("SRC3",), ignore=("SRC30",)), "001 311"),
        (Config(select=("SRC301",), ignore=("SRC301",)), "001"),  # between equals, ignore wins
        (Config(ignore=("SRC",)), "001"),
        (Config(ignore=("SRC0",)), "001 301 302 311"),
    ],
)
def test_choose(config: Config, run: str) -> None:
    assert ids(config) == run


words = st.lists(st.sampled_from(["SRC", "SRC0", "SRC3", "SRC30", "SRC301", "drained", "SRC205", "SRC002"]), max_size=3)


@given(words, words, words)
def test_choosing_keeps_the_order_and_what_must_run(select: list[str], extend: list[str], ignore: list[str]) -> None:
    chosen = choose(RULES, Config(select=tuple(select), extend_select=tuple(extend), ignore=tuple(ignore)))
    assert [rule for rule in RULES if rule in chosen] == list(chosen)
    assert RULES[0] in chosen


@given(words, words, words, words)
def test_ignoring_more_never_runs_more(
    select: list[str], extend: list[str], ignore: list[str], more: list[str]
) -> None:
    base = Config(select=tuple(select), extend_select=tuple(extend), ignore=tuple(ignore))
    stricter = Config(select=base.select, extend_select=base.extend_select, ignore=(*ignore, *more))
    assert set(choose(RULES, stricter)) <= set(choose(RULES, base))


def test_a_word_for_no_rule_is_told_where_it_stands(write: Write) -> None:
    write(
        "srcip-lint.yaml",
        "select: [SRC3, SRC31x]\nignore:\n  - drianed\nseverity: {SRC9: info}\n"
        "overrides: [{paths: [a], ignore: [SRC304], reason: x}]\n",
    )
    with pytest.raises(ConfigError) as refused:
        choose(RULES, loaded(extend_select=("SRC303",)))
    told = str(refused.value).split("\n")
    assert [line.split(": ")[0] for line in told] == [
        "--extend-select",
        "srcip-lint.yaml:3:5",
        "srcip-lint.yaml:4:12",
        "srcip-lint.yaml:5:13",
    ]
    assert told[1].endswith('there is no rule "drianed"; did you mean "drained"?')


@pytest.mark.parametrize(
    "config",
    [
        Config(ignore=("SRC001",)),
        Config(ignore=("unreadable-input",)),
        Config(severity={"SRC001": Severity.INFO}),
        Config(overrides=(Override(("a",), ("SRC001",), reason="x"),)),
    ],
)
def test_unreadable_input_cannot_be_silenced(config: Config) -> None:
    with pytest.raises(ConfigError, match="exclude the path instead"):
        choose(RULES, config)


def test_the_command_line_selects_over_the_file(write: Write) -> None:
    write("srcip-lint.yaml", "select: [SRC3]\nextendSelect: [SRC205]\nignore: [SRC301]\nseverity: {SRC302: off}\n")
    assert ids(loaded()) == "001 205 311"
    assert ids(loaded(ignore=("SRC311",))) == "001 205"
    assert ids(loaded(extend_select=("SRC002",))) == "001 002 205 311"
    assert ids(loaded(select=("SRC3",))) == "001 301 302 311"


# How severe


def test_the_most_exact_severity_wins_and_a_path_wins_over_all(write: Write) -> None:
    write(
        "srcip-lint.yaml",
        "severity: {SRC301: error, SRC3: info}\n"
        "overrides:\n"
        "  - {paths: [lab], severity: {SRC3: warning}}\n"
        "  - {paths: [lab/old], severity: {drained: info}}\n",
    )
    severity = severities(loaded())
    reported = Severity.WARNING
    assert severity("SRC301", "local-without-per-node-pods", "a.yaml", reported) is Severity.ERROR
    assert severity("SRC302", "local-without-pods", "a.yaml", reported) is Severity.INFO
    assert severity("SRC002", "wrong-shape", "a.yaml", reported) is reported
    assert severity("SRC301", "local-without-per-node-pods", "lab/a.yaml", reported) is Severity.WARNING
    assert severity("SRC311", "drained", "lab/old/a.yaml", reported) is Severity.INFO
    assert severity("SRC001", "unreadable-input", "lab/a.yaml", Severity.ERROR) is Severity.ERROR


# Which paths


@pytest.mark.parametrize(
    ("pattern", "covered", "not_covered"),
    [
        ("legacy", "legacy/a.yaml legacy a/legacy/b.yaml", "legacy.yaml a/legacyx/b.yaml"),
        ("legacy/**", "legacy/a.yaml legacy/a/b.yaml", "legacy a/legacy/b.yaml"),
        ("legacy/", "legacy/a.yaml a/legacy/b.yaml", "legacyx/a.yaml"),
        ("/legacy", "legacy/a.yaml", "a/legacy/b.yaml"),
        ("./legacy", "legacy/a.yaml", "a/legacy/b.yaml"),
        ("*.yaml", "a.yaml a/b.yaml", "a.yml ../a.yaml"),
        ("apps/*.yaml", "apps/a.yaml", "apps/a/b.yaml a/apps/b.yaml"),
        ("apps/**/test", "apps/test apps/a/b/test/c.yaml", "apps/testing test"),
        ("**/test", "test a/b/test/c.yaml", "testing"),
        ("a?.[cd]", "ab.c x/ab.d", "a.c ab.e"),
        ("[!a].yaml", "b.yaml", "a.yaml bb.yaml"),
        ("[", "[ a/[", "a"),
        ("/", "a a/b", "../a"),
        ("**", "a a/b", "../a"),
    ],
)
def test_patterns(pattern: str, covered: str, not_covered: str) -> None:
    covers = matcher([pattern])
    assert {path: covers(path) for path in covered.split()} == dict.fromkeys(covered.split(), True)
    assert {path: covers(path) for path in not_covered.split()} == dict.fromkeys(not_covered.split(), False)


def test_patterns_stand_in_the_folder_of_the_configuration(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("srcip-lint.yaml", "exclude: [apps/old]")
    write("apps/web.yaml", "")
    monkeypatch.chdir("apps")
    config = loaded()
    covers = matcher(config.exclude, config.folder)
    assert covers("old/a.yaml")
    assert not covers("apps/old/a.yaml")


part = st.sampled_from(["a", "b", "ab", "*", "?", "**", "a*", "[ab]"])
name = st.sampled_from(["a", "b", "ab", "ba"])


@given(st.lists(part, min_size=1, max_size=4), st.booleans(), st.lists(name, min_size=1, max_size=5))
def test_patterns_are_those_of_gitignore(parts: list[str], anchored: bool, path: list[str]) -> None:
    pattern = ("/" if anchored else "") + "/".join(parts)
    assume(pattern != "/**")
    assert matcher([pattern])("/".join(path)) == GitIgnoreSpec.from_lines([pattern]).match_file("/".join(path))
