"""Network policies of three products, read into one form, and the union of all that select a pod."""

from __future__ import annotations

import pytest

from linting import model_of
from srcip_lint.policies import MAX_NETWORKS, ContainerPort, Policies
from srcip_lint.resources.calico_policy import MAX_SELECTOR, parse_selector
from srcip_lint.resources.selectors import Answer

WEB = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      containers:
        - name: web
          ports: [{name: http, containerPort: 8080}, {name: dns, containerPort: 5353, protocol: UDP}]
"""
HTTP = ContainerPort(8080, "TCP", "http")


def kubernetes(spec: str, name: str = "p", metadata: str = "") -> str:
    return (
        f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}{metadata}}}\nspec: {spec}\n"
    )


def cilium(spec: str) -> str:
    return f"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p}}\nspec: {spec}\n"


def calico(spec: str, kind: str = "GlobalNetworkPolicy") -> str:
    return f"apiVersion: projectcalico.org/v3\nkind: {kind}\nmetadata: {{name: p}}\nspec: {spec}\n"


def admitted(*policies: str, files: dict[str, str] | None = None, port: ContainerPort = HTTP) -> list[str] | None:
    """The blocks admitted to a port of the workload, as text; None where addresses do not decide, or it is unknown."""
    model = model_of(files or {"all.yaml": "---\n".join((WEB, *policies))})
    service = model.bundle.services[0]
    workload = model.selected(service).worlds[0][0]
    found = Policies(model.bundle).admitted(service, workload, port)
    return (
        None
        if found is None
        else [" - ".join(str(each.value) for each in (block.network, *block.exceptions)) for _, block in found.blocks]
    )


A = "{ipBlock: {cidr: 192.0.2.0/24}}"


@pytest.mark.parametrize(
    ("spec", "blocks"),
    [
        pytest.param(f"{{podSelector: {{}}, ingress: [{{from: [{A}]}}]}}", ["192.0.2.0/24"], id="all pods"),
        pytest.param(f"{{ingress: [{{from: [{A}]}}]}}", ["192.0.2.0/24"], id="no selector is all pods"),
        pytest.param("{podSelector: {matchLabels: {app: web}}}", [], id="isolates and admits nobody"),
        pytest.param("{policyTypes: [Ingress], ingress: []}", [], id="an empty list of rules"),
        pytest.param(f"{{policyTypes: [Egress], ingress: [{{from: [{A}]}}]}}", None, id="about what goes out"),
        pytest.param(f"{{policyTypes: [], ingress: [{{from: [{A}]}}]}}", ["192.0.2.0/24"], id="no types are both"),
        pytest.param("{egress: [{}]}", [], id="rules for what goes out do not take away Ingress"),
        pytest.param(f"{{policyTypes: [$TYPE], ingress: [{{from: [{A}]}}]}}", None, id="a type unknown"),
        pytest.param(f"{{policyTypes: $TYPES, ingress: [{{from: [{A}]}}]}}", None, id="types unknown"),
        pytest.param("{ingress: [{}]}", None, id="an empty rule is everybody"),
        pytest.param("{ingress: [{from: []}]}", None, id="an empty list of sources is everybody"),
        pytest.param("{ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}}]}]}", [], id="pods"),
        pytest.param(f"{{ingress: [{{from: [{A}, {{}}]}}]}}", None, id="a source that says nothing"),
        pytest.param(f"{{ingress: [{{from: [{A}, $PEER]}}]}}", None, id="a source unknown"),
        pytest.param(f"{{ingress: [{{from: [{A}], ports: $PORTS}}]}}", None, id="ports unknown"),
        pytest.param(f"{{ingress: [null, {{from: [{A}]}}]}}", None, id="a rule that is null"),
        pytest.param(f"{{ingress: [{{from: [{A}], ports: [{{port: http}}]}}]}}", ["192.0.2.0/24"], id="by name"),
        pytest.param(f"{{ingress: [{{from: [{A}], ports: [{{port: 8080}}]}}]}}", ["192.0.2.0/24"], id="by number"),
        pytest.param(f"{{ingress: [{{from: [{A}], ports: [{{port: dns}}]}}]}}", None, id="a name of another protocol"),
        pytest.param(f"{{ingress: [{{from: [{A}], ports: [{{port: 80}}]}}]}}", [], id="another number"),
        pytest.param(f"{{ingress: [{{from: [{A}], ports: [{{protocol: UDP}}]}}]}}", [], id="another protocol"),
        pytest.param(f"{{ingress: [{{from: [{A}], ports: [{{protocol: TCP}}]}}]}}", ["192.0.2.0/24"], id="all of TCP"),
        pytest.param(
            f"{{ingress: [{{from: [{A}], ports: [{{port: 8000, endPort: 8080}}]}}]}}", ["192.0.2.0/24"], id="range"
        ),
        pytest.param(f"{{ingress: [{{from: [{A}], ports: [{{port: 8081, endPort: 9000}}]}}]}}", [], id="another range"),
        pytest.param(f"{{ingress: [{{from: [{A}], ports: [{{port: 8000, endPort: $END}}]}}]}}", None, id="range open"),
        pytest.param(
            "{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]}",
            ["0.0.0.0/0 - 10.0.0.0/8"],
            id="exceptions",
        ),
        pytest.param("{ingress: [{from: [{ipBlock: {cidr: 192.0.2.7/24}}]}]}", ["192.0.2.0/24"], id="host bits"),
        pytest.param("{ingress: [{from: [{ipBlock: {cidr: 192.0.2.7}}]}]}", None, id="a bare address"),
        pytest.param("{ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [x]}}]}]}", None, id="no exception"),
        pytest.param(
            "{ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, except: $X}}]}]}", None, id="exceptions unknown"
        ),
        pytest.param(
            f"{{podSelector: {{matchLabels: {{app: $APP}}}}, ingress: [{{from: [{A}]}}]}}", None, id="may select"
        ),
    ],
)
def test_kubernetes_policies(spec: str, blocks: list[str] | None) -> None:
    assert admitted(kubernetes(spec)) == blocks


@pytest.mark.parametrize(
    ("spec", "blocks"),
    [
        pytest.param("{endpointSelector: {}, ingress: [{fromCIDR: [192.0.2.0/24]}]}", ["192.0.2.0/24"], id="fromCIDR"),
        pytest.param(
            "{endpointSelector: {matchLabels: {'any:app': web}}, "
            "ingress: [{fromCIDRSet: [{cidr: 192.0.2.0/24, except: [192.0.2.9/32]}]}]}",
            ["192.0.2.0/24 - 192.0.2.9/32"],
            id="fromCIDRSet",
        ),
        pytest.param("{endpointSelector: {}, ingress: [{}]}", [], id="an empty rule isolates"),
        pytest.param("{endpointSelector: {}, ingress: []}", None, id="an empty list isolates nobody"),
        pytest.param("{endpointSelector: {}, ingressDeny: [{fromEntities: [world]}]}", [], id="a denial isolates"),
        pytest.param("{endpointSelector: {}, egress: [{}]}", None, id="what goes out"),
        pytest.param(
            "{endpointSelector: {}, enableDefaultDeny: {ingress: false}, ingress: [{fromCIDR: [192.0.2.0/24]}]}",
            None,
            id="without default deny",
        ),
        pytest.param("{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: '8080'}]}]}]}", None, id="everybody"),
        pytest.param("{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: '81'}]}]}]}", [], id="another port"),
        pytest.param(
            "{endpointSelector: {}, ingress: [{fromCIDR: [192.0.2.0/24], "
            "toPorts: [{ports: [{port: '8000', endPort: 8999, protocol: ANY}]}]}]}",
            ["192.0.2.0/24"],
            id="a range of any protocol",
        ),
        pytest.param("{endpointSelector: {}, ingress: [{fromEntities: [all]}]}", None, id="all"),
        pytest.param("{endpointSelector: {}, ingress: [{fromEntities: [cluster]}]}", None, id="nodes among others"),
        pytest.param("{endpointSelector: {}, ingress: [{fromEntities: [kube-apiserver]}]}", [], id="no client"),
        pytest.param("{endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}", [], id="pods"),
        pytest.param(
            "{endpointSelector: {}, ingress: [{fromEndpoints: [{matchLabels: {'reserved:ingress': ''}}]}]}",
            None,
            id="Cilium's Ingress",
        ),
        pytest.param("{endpointSelector: {}, ingress: [{fromNodes: [{}]}]}", None, id="nodes by label"),
        pytest.param(
            "{endpointSelector: {matchExpressions: [{key: 'reserved:ingress', operator: Exists}]}, "
            "ingress: [{fromCIDR: [192.0.2.0/24]}]}",
            None,
            id="a policy of the Ingress is none of a pod",
        ),
        pytest.param(
            "{endpointSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': shop}}, "
            "ingress: [{fromCIDR: [192.0.2.0/24]}]}",
            None,
            id="by namespace: may be",
        ),
        pytest.param("{nodeSelector: {}, ingress: [{fromCIDR: [192.0.2.0/24]}]}", None, id="for nodes"),
    ],
)
def test_cilium_policies(spec: str, blocks: list[str] | None) -> None:
    assert admitted(cilium(spec)) == blocks


def test_a_cilium_policy_may_have_several_specifications() -> None:
    several = "{endpointSelector: {}, ingress: [{fromCIDR: [192.0.2.0/24]}]}"
    policy = cilium(several) + f"specs: [{several.replace('192.0.2', '198.51.100')}]\n"
    assert admitted(policy) == ["192.0.2.0/24", "198.51.100.0/24"]


@pytest.mark.parametrize(
    ("spec", "blocks"),
    [
        pytest.param("{ingress: [{action: Allow, source: {nets: [192.0.2.0/24]}}]}", ["192.0.2.0/24"], id="nets"),
        pytest.param(
            "{ingress: [{action: Allow, source: {nets: [192.0.2.0/24], notNets: [192.0.2.9/32]}}]}",
            ["192.0.2.0/24 - 192.0.2.9/32"],
            id="nets without others",
        ),
        pytest.param(
            "{ingress: [{action: Allow, source: {notNets: [192.0.2.9/32]}}]}",
            ["0.0.0.0/0 - 192.0.2.9/32", "::/0"],
            id="everybody without others",
        ),
        pytest.param("{ingress: [{action: Deny, source: {nets: [192.0.2.0/24]}}]}", [], id="denied"),
        pytest.param("{ingress: [{action: Allow}]}", None, id="everybody"),
        pytest.param("{ingress: [{action: Pass}]}", None, id="left to others"),
        pytest.param("{ingress: [{action: Log}]}", [], id="logged"),
        pytest.param("{ingress: [{action: Allow, source: {selector: has(x)}}]}", None, id="by label"),
        pytest.param("{ingress: [{action: Allow, protocol: UDP}]}", [], id="another protocol"),
        pytest.param("{ingress: [{action: Allow, protocol: 6}]}", None, id="a protocol by number"),
        pytest.param(
            "{ingress: [{action: Allow, protocol: TCP, source: {nets: [192.0.2.0/24]}, "
            "destination: {ports: ['8000:8999', 9090]}}]}",
            ["192.0.2.0/24"],
            id="a range",
        ),
        pytest.param("{ingress: [{action: Allow, destination: {ports: ['9000:9999', 80]}}]}", [], id="other ports"),
        pytest.param("{ingress: [{action: Allow, destination: {notPorts: [8080]}}]}", None, id="all ports but some"),
        pytest.param("{preDNAT: true, ingress: [{action: Allow, source: {nets: [192.0.2.0/24]}}]}", None, id="host"),
        pytest.param("{egress: [{action: Allow}]}", None, id="what goes out"),
        pytest.param("{types: [Ingress], egress: [{action: Allow}]}", [], id="isolates by type"),
        pytest.param("{types: [Egress], ingress: [{action: Allow}]}", None, id="not by type"),
        pytest.param(
            "{selector: app == 'db', ingress: [{action: Allow, source: {nets: [192.0.2.0/24]}}]}", None, id="no"
        ),
        pytest.param("{namespaceSelector: has(x), types: [Ingress]}", None, id="some namespaces: may be"),
    ],
)
def test_calico_policies(spec: str, blocks: list[str] | None) -> None:
    assert admitted(calico(spec)) == blocks
    assert admitted(calico(spec, "NetworkPolicy")) == blocks


LABELS = {"app": "web", "tier": "front"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", Answer.YES),
        ("all()", Answer.YES),
        ("app == 'web'", Answer.YES),
        ('app=="web" && tier != "back"', Answer.YES),
        ("app == 'db'", Answer.NO),
        ("app != 'web'", Answer.NO),
        ("owner != 'x'", Answer.YES),
        ("has(tier) && !has(owner)", Answer.YES),
        ("!has(tier)", Answer.NO),
        ("app in {'db', 'web'}", Answer.YES),
        ("app not in { 'db', \"web\" }", Answer.NO),
        ("owner not in {'x'}", Answer.YES),
        ("app == 'web' || app == 'db'", Answer.UNKNOWN),
        ("app == 'a && b'", Answer.UNKNOWN),
        ("app contains 'we'", Answer.UNKNOWN),
        ("(app == 'web')", Answer.UNKNOWN),
        ("projectcalico.org/namespace == 'x'", Answer.UNKNOWN),
        ("projectcalico.org/namespace == 'x' && app == 'db'", Answer.NO),
    ],
)
def test_calicos_selectors(text: str, answer: Answer) -> None:
    assert parse_selector(text).matches(LABELS) is answer


SERVICE, DEPLOYMENT = WEB.split("---\n")
SELECTS_MAYBE = "podSelector: {matchLabels: {app: $APP}}"
OPEN = kubernetes("{ingress: [{}]}", "open")
LIST = kubernetes(f"{{ingress: [{{from: [{A}]}}]}}", "list")


@pytest.mark.parametrize(
    ("files", "blocks"),
    [
        pytest.param({"a/web.yaml": WEB, "a/list.yaml": LIST}, ["192.0.2.0/24"], id="beside"),
        pytest.param({"apps/web.yaml": WEB, "policies/list.yaml": LIST}, ["192.0.2.0/24"], id="in a sibling folder"),
        pytest.param({"a/web.yaml": WEB, "a/list.yaml": LIST, "open.yaml": OPEN}, None, id="above: open to all"),
        pytest.param({"a/web.yaml": WEB, "a/list.yaml": LIST, "a/open.yaml": OPEN}, None, id="beside: open to all"),
        pytest.param(
            {"a/web.yaml": WEB, "a/list.yaml": LIST, "b/open.yaml": OPEN, "b/web.yaml": WEB.replace("80, t", "81, t")},
            ["192.0.2.0/24"],
            id="of another environment",
        ),
        pytest.param(
            {"a/web.yaml": WEB, "b/list.yaml": LIST, "b/db.yaml": WEB.replace("name: web", "name: other")},
            None,
            id="a list of another scope says nothing here",
        ),
        pytest.param(
            {"a.yaml": WEB, "b.yaml": LIST, "c.yaml": LIST.replace("192.0.2", "198.51.100")},
            None,
            id="defined twice",
        ),
        pytest.param(
            {"a.yaml": WEB, "b.yaml": LIST, "c.yaml": kubernetes(f"{{{SELECTS_MAYBE}, ingress: [{{}}]}}", "list")},
            ["192.0.2.0/24"],
            id="another definition of the list, which may select",
        ),
        pytest.param(
            {"a.yaml": SERVICE, "b.yaml": DEPLOYMENT, "c.yaml": f"{LIST}---\n{DEPLOYMENT}"},
            None,
            id="a list in a file that defines the pods again",
        ),
        pytest.param(
            {"a.yaml": SERVICE, "b.yaml": DEPLOYMENT, "c.yaml": f"{LIST}---\n{SERVICE}"},
            None,
            id="a list in a file that defines the Service again",
        ),
        pytest.param(
            {"a.yaml": WEB, "b.yaml": LIST, "c.yaml": kubernetes("{ingress: [{}]}", "open", ", namespace: shop")},
            None,
            id="maybe in the same namespace",
        ),
    ],
)
def test_which_policies_meet_a_pod(files: dict[str, str], blocks: list[str] | None) -> None:
    assert admitted(files=files) == blocks


def test_a_list_too_long_to_compare_is_not_known() -> None:
    blocks = [f"{{ipBlock: {{cidr: 10.{number // 256}.{number % 256}.0/24}}}}" for number in range(MAX_NETWORKS)]
    fits = admitted(kubernetes(f"{{ingress: [{{from: [{', '.join(blocks)}]}}]}}"))
    assert fits is not None
    assert len(fits) == MAX_NETWORKS
    assert admitted(kubernetes(f"{{ingress: [{{from: [{', '.join([*blocks, A])}]}}]}}")) is None


def test_a_selector_too_long_to_read_is_not_known() -> None:
    assert parse_selector(" " * MAX_SELECTOR).empty
    assert parse_selector(" " * MAX_SELECTOR + "x").unknown


def test_a_policy_about_what_goes_out_admits_nobody_and_one_that_may_be_about_it_may() -> None:
    types = "{{policyTypes: [{}], ingress: [{{from: [{{ipBlock: {{cidr: 198.51.100.0/24}}}}]}}]}}"
    assert admitted(LIST, kubernetes(types.format("Egress"), "out")) == ["192.0.2.0/24"]
    assert admitted(LIST, kubernetes(types.format("Ingress"), "in")) == ["192.0.2.0/24", "198.51.100.0/24"]
    assert admitted(LIST, kubernetes(types.format("$TYPE"), "unknown")) is None


def test_a_label_that_pods_get_when_they_run_may_be_there() -> None:
    leader = kubernetes("{podSelector: {matchLabels: {app: web, role: leader}}, ingress: [{}]}", "leader")
    assert admitted(LIST) == ["192.0.2.0/24"]
    assert admitted(LIST, leader) is None


def test_labels_that_are_not_known_may_be_any() -> None:
    policy = kubernetes(f"{{podSelector: {{matchLabels: {{x: y}}}}, ingress: [{{from: [{A}]}}]}}")
    files = {"all.yaml": "---\n".join((WEB.replace("tier: front", "x: $Y"), policy))}
    assert admitted(files=files) is None


def test_kinds_that_are_not_read_may_admit_more_and_some_cannot() -> None:
    other = "apiVersion: {}/v1\nkind: {}\nmetadata: {{name: x}}\n"
    assert admitted(LIST, other.format("crd.antrea.io", "ClusterNetworkPolicy")) is None
    assert admitted(LIST, other.format("policy.networking.k8s.io", "AdminNetworkPolicy")) == ["192.0.2.0/24"]
    assert admitted(LIST, other.format("projectcalico.org", "StagedNetworkPolicy")) == ["192.0.2.0/24"]


def test_a_port_whose_number_is_not_known_is_found_by_its_name() -> None:
    by_name = kubernetes(f"{{ingress: [{{from: [{A}], ports: [{{port: http}}]}}]}}")
    by_number = kubernetes(f"{{ingress: [{{from: [{A}], ports: [{{port: 8080}}]}}]}}")
    assert admitted(by_name, port=ContainerPort(None, "TCP", "http")) == ["192.0.2.0/24"]
    assert admitted(by_number, port=ContainerPort(None, "TCP", "other")) is None
