"""Which mode kube-proxy runs in, what guards node ports, and who calls from inside, as the manifests show it."""

from __future__ import annotations

import pytest

from linting import bundle_of, model_of
from srcip_lint.dataplane import guards_node_ports, identify
from srcip_lint.environment import Environment

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web, annotations: %s}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}], externalTrafficPolicy: Local%s}
"""


def service(annotations: str = "{}", extra: str = "") -> str:
    return SERVICE % (annotations, extra)


def config_map(name: str, key: str, text: str) -> str:
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  {key}: |\n{lines}"


def agent(*words: str, image: str = "registry.k8s.io/kube-proxy:v1.33.0", kind: str = "DaemonSet") -> str:
    pods = f"{{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{name: p, image: {image}, args: {[*words]}}}]}}}}"
    return f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: kube-proxy}}\nspec: {{template: {pods}}}\n"


def plane(*others: str) -> str | None:
    bundle = bundle_of({"all.yaml": "---\n".join((service(), *others))})
    found = identify(bundle.services[0], bundle, Environment())
    return found.dataplane.name if found.dataplane and found.basis.certain else None


IPVS = config_map("kube-proxy", "config.conf", "kind: KubeProxyConfiguration\nmode: ipvs")

MODES = [
    ((IPVS,), "kube-proxy-ipvs"),
    ((config_map("kube-proxy", "config.conf", 'mode: "nftables"'),), "kube-proxy-nftables"),
    ((config_map("kube-proxy", "config.conf", 'mode: ""'),), "kube-proxy"),
    ((config_map("kube-proxy", "config.conf", "ipvs:\n  strictARP: true"),), "kube-proxy"),
    ((config_map("kube-proxy", "config.conf", "# mode: ipvs\nmetricsBindAddress: ''"),), "kube-proxy"),
    ((config_map("kube-proxy", "config.conf", "mode: kernelspace"),), "kube-proxy"),
    ((config_map("kube-proxy", "config.conf", "mode: {{ .Values.mode }}"),), "kube-proxy"),
    (
        (config_map("kube-proxy", "config.conf", '{"kind": "KubeProxyConfiguration", "mode": "ipvs"}'),),
        "kube-proxy-ipvs",
    ),
    ((config_map("kube-proxy", "other.conf", "mode: ipvs"),), None),
    ((config_map("kube-proxy-config", "config", "mode: iptables"),), "kube-proxy-iptables"),  # as EKS writes it
    ((config_map("other", "config.conf", "mode: ipvs"),), None),
    ((agent("--proxy-mode=ipvs"),), "kube-proxy-ipvs"),
    ((agent("--config=/var/lib/kube-proxy/config.conf"),), None),
    ((agent("--proxy-mode=ipvs", kind="Deployment"),), None),
    ((agent("--proxy-mode=ipvs", image="registry.example/other"),), None),
    ((IPVS, agent("--proxy-mode=ipvs")), "kube-proxy-ipvs"),
    ((IPVS, agent("--proxy-mode=iptables")), "kube-proxy"),
]


@pytest.mark.parametrize(("others", "name"), MODES)
def test_the_mode_of_kube_proxy(others: tuple[str, ...], name: str | None) -> None:
    assert plane(*others) == name


def ports(*addresses: str) -> str:
    return config_map("kube-proxy", "config.conf", f"nodePortAddresses: {[*addresses]}")


GUARDS = [
    ("{}", "", False),
    ("{}", ports("127.0.0.0/8"), True),
    ("{}", ports("127.0.0.0/8", "::1/128"), True),
    ("{}", ports("localhost"), True),
    ("{}", ports("primary"), False),
    ("{}", ports("127.0.0.0/8", "10.0.0.0/8"), False),
    ("{}", ports(), False),
    ("{}", config_map("cilium-config", "bpf-lb-source-range-all-types", "true"), True),
    ("{}", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cilium-config}\ndata: {a: b}\n", False),
    ("{service.cilium.io/type: LoadBalancer}", "", True),
    ("{service.cilium.io/type: NodePort}", "", False),
]


@pytest.mark.parametrize(("annotations", "other", "answer"), GUARDS)
def test_what_guards_node_ports(annotations: str, other: str, answer: bool) -> None:
    bundle = bundle_of({"all.yaml": "---\n".join(filter(None, (service(annotations), other)))})
    assert guards_node_ports(bundle.services[0], bundle) is answer


def pods(name: str, image: str = "registry.example/app:1.0", network: str = "true") -> str:
    spec = f"{{hostNetwork: {network}, containers: [{{name: app, image: {image}}}]}}"
    template = f"{{metadata: {{labels: {{app: {name}}}}}, spec: {spec}}}"
    return f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{template: {template}}}\n"


AGENTS = [
    "quay.io/metallb/speaker:v0.15.2",
    "ghcr.io/kube-vip/kube-vip:v0.9.2",
    "docker.io/calico/node:v3.30.0",
    "quay.io/cilium/cilium:v1.18.0",
    "docker.io/flannel/flannel:v0.27.0",
    "registry.k8s.io/dns/k8s-dns-node-cache:1.26.0",
    "quay.io/prometheus/node-exporter:v1.9.1",
    "registry.k8s.io/sig-storage/csi-node-driver-registrar:v2.14.0",
    "registry.example/ebs-csi:1.0",
    "registry.k8s.io/etcd:3.6.4-0",
]


@pytest.mark.parametrize("image", AGENTS)
def test_node_agents_call_nobody(image: str) -> None:
    model = model_of({"all.yaml": "---\n".join((service(), pods("agent", image)))})
    assert not model.callers(model.bundle.services[0], on_host=True)


def test_pods_on_the_hosts_network_may_call_but_for_those_behind_the_service() -> None:
    others = (pods("web"), pods("probe"), pods("plain", network="false"), pods("csirt"))
    model = model_of({"all.yaml": "---\n".join((service(), *others))})
    found = model.callers(model.bundle.services[0], on_host=True)
    assert [caller.who for caller in found] == ["Deployment probe", "Deployment csirt"]


RESOLVERS = [
    (", externalIPs: [192.0.2.9]", "{}", "hosts {\n  192.0.2.9 shop.example.com\n}", True),
    (", loadBalancerIP: 192.0.2.9", "{}", "hosts {\n  192.0.2.90 shop.example.com\n}", False),
    ("", "{metallb.universe.tf/loadBalancerIPs: '192.0.2.8, 192.0.2.9'}", "hosts {\n  192.0.2.9 shop\n}", True),
    ("", "{external-dns.alpha.kubernetes.io/hostname: shop.example.com}", "rewrite name a shop.example.com", True),
    ("", "{external-dns.alpha.kubernetes.io/hostname: shop.example.com}", "rewrite name shop.example.com a.svc", False),
    ("", "{}", "rewrite name a shop.example.com", False),
]


@pytest.mark.parametrize(("extra", "annotations", "corefile", "answer"), RESOLVERS)
def test_a_coredns_that_answers_with_the_external_address(
    extra: str, annotations: str, corefile: str, answer: bool
) -> None:
    model = model_of({"all.yaml": service(annotations, extra) + "---\n" + config_map("coredns", "Corefile", corefile)})
    assert bool(model.callers(model.bundle.services[0], on_host=False)) is answer
