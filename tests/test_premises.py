"""What a run says of its own premises: what stands for which Service, on what grounds, and what would settle it."""

from __future__ import annotations

import pytest

from linting import model_of
from manifests import DEPLOYMENT, SERVICE
from srcip_lint.config import from_settings
from srcip_lint.finding import Premise, Standing
from srcip_lint.premises import premises
from srcip_lint.report.look import Look
from srcip_lint.report.premises import section

LOCAL = SERVICE.replace("NodePort", "LoadBalancer")
CLUSTER = LOCAL.replace("Local", "Cluster")
POOL = "apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: {name: all, namespace: metallb-system}\n"
CILIUM = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: cilium-config, namespace: kube-system}
data: {kube-proxy-replacement: "true", bpf-lb-mode: dsr}
"""
NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: a}\n"


def found(*texts: str, **given: str) -> dict[str, Premise]:
    """The premises by topic; each topic once."""
    files = {f"{number}.yaml": text for number, text in enumerate((*texts, DEPLOYMENT))}
    every = list(premises(model_of(files, tuple(given.items()))))
    assert len({each.topic for each in every}) == len(every)
    return {each.topic: each for each in every}


def annotated(key: str, value: str = "x") -> str:
    return CLUSTER.replace("  name: web\n", f"  name: web\n  annotations: {{{key}: '{value}'}}\n", 1)


def test_nothing_is_taken_for_true_where_nothing_is_open_to_the_outside() -> None:
    assert found(SERVICE.replace("NodePort", "ClusterIP")) == {}
    assert section((), Look()) == ["Nothing was assumed: no Service is open to the outside.", ""]


@pytest.mark.parametrize(
    ("texts", "given", "answer", "standing", "line"),
    [
        ((CLUSTER,), {}, "kube-proxy", Standing.ASSUMED, "dataplane: kube-proxy"),
        ((CLUSTER, CILIUM), {}, "Cilium in DSR mode", Standing.INFERRED, "dataplane: cilium-dsr"),
        ((CLUSTER,), {"dataplane": "cilium-snat"}, "Cilium in SNAT mode", Standing.DECLARED, ""),
        ((CLUSTER, CILIUM.replace("dsr", "new")), {}, "Cilium", Standing.UNKNOWN, "dataplane: cilium-snat"),
        (
            (annotated("kube-router.io/service.dsr", "tunnel"),),
            {},
            "kube-router with direct server return",
            Standing.INFERRED,
            "",
        ),
        ((annotated("service.cilium.io/forwarding-mode", "dsr"),), {}, "Cilium in DSR mode", Standing.INFERRED, ""),
    ],
)
def test_the_dataplane(
    texts: tuple[str, ...], given: dict[str, str], answer: str, standing: Standing, line: str
) -> None:
    premise = found(*texts, **given)["dataplane"]
    assert (premise.answer, premise.standing, premise.settled_by) == (answer, standing, line)
    assert bool(premise.assumptions) is (standing is Standing.ASSUMED)


def test_signs_of_the_dataplane_that_disagree() -> None:
    proxy = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-proxy}\ndata: {config.conf: 'mode: iptables'}\n"
    premise = found(CLUSTER, CILIUM, proxy)["dataplane"]
    assert (premise.answer, premise.standing) == ("unknown, for its signs disagree", Standing.UNKNOWN)
    assert [ground.location.path for ground in premise.grounds if ground.location] == ["1.yaml", "2.yaml"]


@pytest.mark.parametrize(
    ("texts", "given", "answer", "standing", "line"),
    [
        ((CLUSTER,), {}, "unknown", Standing.UNKNOWN, "loadBalancer: metallb-l2"),
        (
            (CLUSTER, POOL),
            {},
            "MetalLB in layer 2 mode, which passes the connection through",
            Standing.INFERRED,
            "loadBalancer: metallb-l2",
        ),
        (
            (CLUSTER,),
            {"loadBalancer": "hetzner"},
            "the Hetzner load balancer, which opens a connection of its own",
            Standing.DECLARED,
            "",
        ),
        (
            (CLUSTER,),
            {"loadBalancer": "openstack"},
            "the OpenStack load balancer, which opens a connection of its own",
            Standing.ASSUMED,
            "edges: [{service: web, front: l4-proxy}]",
        ),
        (
            (annotated("service.beta.kubernetes.io/do-loadbalancer-name"),),
            {},
            "the DigitalOcean load balancer, which passes the connection through",
            Standing.ASSUMED,
            "edges: [{service: web, front: l4-passthrough}]",
        ),
        (
            (annotated("load-balancer.hetzner.cloud/uses-proxyprotocol", "true"),),
            {},
            "the Hetzner load balancer, which opens a connection of its own and sends the PROXY protocol",
            Standing.INFERRED,
            "loadBalancer: hetzner",
        ),
        (
            (CLUSTER.replace("spec:", "spec:\n  loadBalancerClass: own.example/lb", 1),),
            {},
            "unknown",
            Standing.UNKNOWN,
            "",
        ),
        (
            (annotated("kube-vip.io/loadbalancerIPs"),),
            {},
            "kube-vip, which passes the connection through",
            Standing.UNKNOWN,
            "loadBalancer: kube-vip",
        ),
    ],
)
def test_the_load_balancer(
    texts: tuple[str, ...], given: dict[str, str], answer: str, standing: Standing, line: str
) -> None:
    premise = found(*texts, **given)["load balancer"]
    assert (premise.answer, premise.standing) == (answer, standing)
    assert premise.settled_by == line or standing is Standing.UNKNOWN


def test_the_line_that_settles_a_load_balancer_does() -> None:
    """Declared, how it delivers is a fact."""
    given = {"loadBalancer": "openstack"}
    edges = found(CLUSTER, **given)["load balancer"].settled_by.partition(": ")[2]
    assert found(CLUSTER, **given, edges=edges)["load balancer"].standing is Standing.DECLARED


def test_the_nodes_matter_under_local() -> None:
    assert "nodes" not in found(CLUSTER)
    assert found(LOCAL)["nodes"].standing is Standing.UNKNOWN
    seen = found(LOCAL, NODE)["nodes"]
    assert (seen.answer, seen.standing) == ("1 seen", Standing.INFERRED)
    assert found(LOCAL, nodes="[{name: a}]")["nodes"].standing is Standing.DECLARED


def test_what_is_the_same_for_several_services_is_told_once() -> None:
    other = CLUSTER.replace("name: web", "name: api")
    premise = found(CLUSTER, other)["dataplane"]
    assert [each.name for each in premise.objects] == ["api", "web"]
    metallb = annotated("metallb.io/x").replace("name: web", "name: api")
    different = list(premises(model_of({"a.yaml": CLUSTER, "b.yaml": metallb})))
    assert [each.objects[0].name for each in different if each.topic == "load balancer"] == ["web", "api"]


def test_one_answer_on_several_grounds_is_told_once() -> None:
    keys = {"web": "do-loadbalancer-name", "api": "do-loadbalancer-size-unit"}
    texts = {
        f"{name}.yaml": annotated(f"service.beta.kubernetes.io/{key}").replace("web", name)
        for name, key in keys.items()
    }
    (premise,) = (each for each in premises(model_of(texts)) if each.topic == "load balancer")
    assert [each.name for each in premise.objects] == ["api", "web"]
    assert [ground.location.path for ground in premise.grounds if ground.location] == ["web.yaml", "api.yaml"]
    assert premise.settled_by == "edges: [{service: web, front: l4-passthrough}]"
    assert "an entry for each Service" in "\n".join(section((premise,), Look()))


def test_many_services_and_grounds_are_cut_unless_all_are_asked_for() -> None:
    services = {f"{name}.yaml": LOCAL.replace("name: web", f"name: {name}") for name in "abcdefgh"}
    nodes = {f"node-{name}.yaml": NODE.replace("a}", f"{name}}}") for name in "abcdefgh"}
    every = tuple(premises(model_of({**services, **nodes})))
    short, long = ("\n".join(section(every, Look(verbose=verbose))) for verbose in (False, True))
    assert "Service e and 3 more (--verbose)" in short
    assert "because: 3 more (--verbose)" in short
    assert "Service h" in " ".join(long.split())
    assert "node-h.yaml:2:1" in long
    assert "--verbose" not in long


def test_every_line_of_configuration_can_be_used() -> None:
    for family in ("cilium-l2", "kube-vip", "tailscale"):
        key = {"cilium-l2": "lbipam.cilium.io/ips", "kube-vip": "kube-vip.io/x"}.get(family)
        text = annotated(key) if key else CLUSTER.replace("spec:", f"spec:\n  loadBalancerClass: {family}", 1)
        line = found(text)["load balancer"].settled_by
        if line:
            from_settings([(line.partition(": ")[0], line.partition(": ")[2])])
        assert bool(line) is (family != "tailscale")


POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: office}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
    - from: [{ipBlock: {cidr: 203.0.113.0/24}}]
"""
KNOWN_NODE = NODE + "status: {addresses: [{type: InternalIP, address: 10.0.0.11}]}\n"


@pytest.mark.parametrize(
    ("texts", "given", "answer", "standing"),
    [
        ((POLICY,), {}, "unknown", Standing.UNKNOWN),
        ((POLICY,), {"cidrs": "{nodes: [10.0.0.0/16]}"}, "10.0.0.0/16", Standing.DECLARED),
        ((POLICY, KNOWN_NODE, KNOWN_NODE.replace("name: a", "name: b")), {}, "10.0.0.11/32", Standing.INFERRED),
    ],
)
def test_where_the_nodes_are_counts_where_a_list_judges_one(
    texts: tuple[str, ...], given: dict[str, str], answer: str, standing: Standing
) -> None:
    premise = found(CLUSTER, *texts, **given)["node addresses"]
    assert premise.answer.startswith(answer)
    assert premise.standing is standing
    assert bool(premise.settled_by) is (standing is Standing.UNKNOWN)


def test_it_does_not_count_without_a_list() -> None:
    assert "node addresses" not in found(CLUSTER)
    assert "node addresses" not in found(LOCAL, POLICY)
