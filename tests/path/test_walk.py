"""The walk: from manifests to which address arrives where, by every way in, policy and dataplane."""

from __future__ import annotations

from itertools import pairwise

import pytest

from linting import model_of
from srcip_lint.path.hops import CLIENT, FORGED, Delivered, Entry, Origin, Point, SourcePath, When, Whose, atoms
from srcip_lint.path.verdict import describe, verdict
from srcip_lint.path.walk import MAX_DEPTH, MAX_PATHS, Walker
from srcip_lint.policies import Policies

C, N, U = "the client", "a node", "unknown"
MIXED = "the client when the pod is on the node that received the packet or a node when the pod is on another node"

KUBE_PROXY = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-proxy}\ndata: {config.conf: 'mode: ipvs'}\n"
FELIX = (
    "apiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata: {name: default}\nspec: {bpfEnabled: true}\n"
)
INSTALLATION = """\
apiVersion: operator.tigera.io/v1
kind: Installation
metadata: {name: default}
spec: {calicoNetwork: {linuxDataplane: BPF}}
"""
CALICO_NODE = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: calico-node}
spec:
  template:
    metadata: {labels: {k8s-app: calico-node}}
    spec:
      containers: [{name: node, image: "docker.io/calico/node:v3.30.0", env: [{name: FELIX_BPFENABLED, value: "true"}]}]
"""
KUBE_ROUTER = """\
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-router}
spec:
  template:
    metadata: {labels: {k8s-app: kube-router}}
    spec: {containers: [{name: r, image: "docker.io/cloudnativelabs/kube-router", args: [--run-service-proxy=true]}]}
"""
CILIUM_POLICY = """\
apiVersion: cilium.io/v2alpha1
kind: CiliumL2AnnouncementPolicy
metadata: {name: all}
spec: {loadBalancerIPs: true}
"""


def cilium(mode: str, replaces: str = "true") -> str:
    return f"""\
apiVersion: v1
kind: ConfigMap
metadata: {{name: cilium-config, namespace: kube-system}}
data: {{kube-proxy-replacement: "{replaces}", bpf-lb-mode: {mode}}}
"""


def service(
    kind: str = "LoadBalancer",
    policy: str = "",
    *,
    name: str = "web",
    port: int = 80,
    target: str = "80",
    protocol: str = "TCP",
    annotations: str = "{}",
    extra: str = "",
) -> str:
    policy = f"externalTrafficPolicy: {policy}, " if policy else ""
    return f"""\
apiVersion: v1
kind: Service
metadata: {{name: {name}, annotations: {annotations}}}
spec:
  {{type: {kind}, {policy}{extra}selector: {{app: {name}}},
   ports: [{{port: {port}, targetPort: {target}, protocol: {protocol}}}]}}
"""


def deployment(
    name: str = "web", pod: str = "", image: str = "registry.example/app:1.0", kind: str = "Deployment"
) -> str:
    return f"""\
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}}}
spec:
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      {pod}
      containers:
        - name: {name}
          image: {image}
          ports: [{{name: http, containerPort: 80}}]
"""


def nginx(name: str, conf: str, pod: str = "") -> str:
    """An nginx of that name with this configuration, and its ConfigMap."""
    body = "\n".join(f"    {line}" for line in conf.splitlines())
    mounts = f"volumes: [{{name: c, configMap: {{name: {name}}}}}]"
    workload = deployment(name, f"{mounts}\n      {pod}", "nginx:1.27").rstrip("\n")
    mount = "          volumeMounts: [{name: c, mountPath: /etc/nginx/conf.d}]"
    config_map = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n  a.conf: |\n{body}\n"
    return f"{config_map}---\n{workload}\n{mount}\n"


def to(upstream: str, *directives: str) -> str:
    return (
        "server {\n  listen 80;\n  location / {\n"
        + "\n".join(directives)
        + f"\n    proxy_pass http://{upstream};\n  }}\n}}"
    )


def walk(*documents: str, given: dict[str, str] | None = None, name: str = "web") -> tuple[SourcePath, ...]:
    model = model_of({"a.yaml": "---\n".join(documents)}, tuple((given or {}).items()))
    return model.paths(next(each for each in model.bundle.services if each.object.name == name))


def seen(path: SourcePath) -> str:
    """What the first pod sees as its peer."""
    assert path.edge_pod
    return describe(path.edge_pod.state.peer)


TRUSTING = ["set_real_ip_from 0.0.0.0/0;", "real_ip_header X-Forwarded-For;"]
ENTRIES = [
    ("LoadBalancer", "", [Entry.LOAD_BALANCER]),
    ("NodePort", "", [Entry.NODE_PORT]),
    ("ClusterIP", "externalIPs: [192.0.2.1], ", [Entry.EXTERNAL_IP]),
    ("LoadBalancer", "externalIPs: [192.0.2.1], ", [Entry.LOAD_BALANCER, Entry.EXTERNAL_IP]),
    ("ClusterIP", "", []),
    ("ClusterIP", "clusterIP: None, externalIPs: [192.0.2.1], ", []),
    ("'${TYPE}'", "", []),
]


@pytest.mark.parametrize(("kind", "extra", "entries"), ENTRIES)
def test_the_ways_in(kind: str, extra: str, entries: list[Entry]) -> None:
    assert [path.key.entry for path in walk(service(kind, extra=extra), deployment())] == entries


@pytest.mark.parametrize("kind", ["LoadBalancer", "NodePort"])
@pytest.mark.parametrize("dataplane", ["kube-proxy", "cilium-snat", "cilium-dsr", "calico-ebpf", "kube-router"])
def test_local_keeps_the_address_on_every_dataplane(kind: str, dataplane: str) -> None:
    (path,) = walk(service(kind, "Local"), deployment(), given={"dataplane": dataplane})
    assert seen(path) == C


DATAPLANES = [
    ("kube-proxy", N, N),
    ("kube-proxy-iptables", N, N),
    ("kube-proxy-ipvs", N, N),
    ("kube-proxy-nftables", N, N),
    ("kube-router", N, N),
    ("cilium-snat", MIXED, MIXED),
    ("cilium-dsr", C, C),
    ("cilium-hybrid", C, MIXED),
    ("calico-ebpf", C, C),
]


@pytest.mark.parametrize(("dataplane", "tcp", "udp"), DATAPLANES)
def test_cluster_by_declared_dataplane(dataplane: str, tcp: str, udp: str) -> None:
    for protocol, expected in (("TCP", tcp), ("UDP", udp)):
        (path,) = walk(service("NodePort", protocol=protocol), deployment(), given={"dataplane": dataplane})
        assert seen(path) == expected
        assert path.basis.certain


SIGNS = [
    ([KUBE_PROXY], N),
    ([FELIX], C),
    ([INSTALLATION], C),
    ([CALICO_NODE], C),
    ([KUBE_ROUTER], N),
    ([cilium("snat")], MIXED),
    ([cilium("dsr", "strict")], C),
    ([cilium("hybrid")], C),
    ([cilium("dsr", "false")], N),
    ([cilium("dsr", "partial")], U),
    ([cilium("annotation")], U),
    ([CILIUM_POLICY], U),
    ([CILIUM_POLICY, cilium("dsr")], C),
    ([KUBE_PROXY, cilium("dsr")], U),
    ([KUBE_PROXY, FELIX], U),
]


@pytest.mark.parametrize(("signs", "expected"), SIGNS)
def test_cluster_by_the_signs_of_a_dataplane(signs: list[str], expected: str) -> None:
    (path,) = walk(service("NodePort"), deployment(), *signs)
    assert seen(path).partition(" (")[0] == expected
    assert any("is there" in evidence.text and evidence.at for evidence in path.basis.evidence)


def test_without_a_sign_the_dataplane_is_assumed_and_said_so() -> None:
    (path,) = walk(service("NodePort"), deployment())
    assert (seen(path), path.basis.certain) == (N, False)
    assert "as kube-proxy does" in path.basis.assumptions[0]


ASKED = [
    ("service.cilium.io/forwarding-mode: dsr", C),
    ("service.cilium.io/forwarding-mode: snat", MIXED),
    ("kube-router.io/service.dsr: tunnel", C),
    ('kube-router.io/service.local: "true"', C),
]


@pytest.mark.parametrize(("annotation", "expected"), ASKED)
def test_a_service_may_choose_for_itself(annotation: str, expected: str) -> None:
    (path,) = walk(
        service("NodePort", annotations=f"{{{annotation}}}"), deployment(), given={"dataplane": "kube-router"}
    )
    assert seen(path) == expected


@pytest.mark.parametrize("policy", ["'${POLICY}'", "local"])
def test_a_policy_that_nobody_knows_gives_an_address_that_nobody_knows(policy: str) -> None:
    (path,) = walk(service("NodePort", policy), deployment(), given={"dataplane": "kube-proxy"})
    assert seen(path).startswith(U)


def test_a_pod_on_the_hosts_network_is_not_masqueraded_to_on_its_own_node() -> None:
    given = {"dataplane": "kube-proxy"}
    (path,) = walk(service(), deployment(pod="hostNetwork: true"), given=given)
    assert seen(path) == MIXED
    hetzner = '{load-balancer.hetzner.cloud/location: "fsn1"}'
    (proxied,) = walk(service(annotations=hetzner), deployment(pod="hostNetwork: true"), given=given)
    assert seen(proxied) == MIXED.replace(C, "the load balancer")


def test_a_proxy_on_the_hosts_network_comes_with_an_address_of_its_node() -> None:
    trusting = "set_real_ip_from 10.244.0.0/16; real_ip_header X-Forwarded-For;"
    behind = [
        service("ClusterIP", name="app", port=80),
        nginx("app", f"server {{ {trusting} location / {{ return 200; }} }}"),
    ]
    cidrs = {"cidrs": "{nodes: [192.168.1.0/24], pods: [10.244.0.0/16]}"}
    for pod, taken in (("", {"the client"}), ("hostNetwork: true", {"the client", "a node (Deployment web)"})):
        proxy = nginx("web", to("app:80", APPEND), pod=pod)
        found = walk(service("NodePort", "Local"), proxy, *behind, given=cidrs)
        takes = next(hop.takes for path in found for hop in reversed(path.hops) if hop.takes is not None)
        assert {str(atom) for atom in atoms(takes)} == taken


@pytest.mark.parametrize(
    ("header", "forgeable"),
    [("X-Real-IP", False), ("X-Forwarded-For", True)],  # a list may have more of the client's in front
)
def test_a_header_that_is_written_where_none_came_is_either(header: str, forgeable: bool) -> None:
    variable = f"$http_{header.lower().replace('-', '_')}"
    chosen = f'map {variable} $seen {{ "" $remote_addr; default {variable}; }}'
    proxy = nginx("web", f"{chosen}\n{to('app', f'proxy_set_header {header} $seen;')}")
    found = walk(service("NodePort", "Local"), proxy)
    (arrived,) = {path.hops[-1].state.header(header) for path in found if path.hops[-1].kind == "upstream"}
    assert arrived.forgeable is forgeable
    assert [set(atoms(entry.addresses)) for entry in arrived.entries] == [{CLIENT, FORGED}]


def test_source_ranges_are_judged_before_the_masquerade() -> None:
    ranges = 'loadBalancerSourceRanges: ["203.0.113.0/24", " 198.51.100.0/24", nonsense], externalIPs: [192.0.2.9], '
    balanced, by_ip = walk(service(extra=ranges), deployment(), given={"dataplane": "kube-proxy"})
    (judged,) = [each for hop in balanced.hops for each in hop.observations]
    assert (judged.point, describe(judged.addresses), seen(balanced)) == (Point.NODE, C, N)
    assert [str(network) for network in judged.networks] == ["203.0.113.0/24", "198.51.100.0/24"]
    assert not [each for hop in by_ip.hops for each in hop.observations]
    (proxied,) = walk(
        service(
            annotations="{load-balancer.hetzner.cloud/location: fsn1}",
            extra="loadBalancerSourceRanges: [203.0.113.0/24], ",
        ),
        deployment(),
    )
    assert not [each for hop in proxied.hops for each in hop.observations]


@pytest.mark.parametrize(("target", "port"), [("http", "port 80"), ("80", "port 80"), ("elsewhere", None)])
def test_a_named_port_is_looked_up_in_the_pod(target: str, port: str | None) -> None:
    (path,) = walk(service("NodePort", target=target), deployment())
    assert path.edge_pod
    assert path.edge_pod.name == "Deployment web" + (f", {port}" if port else "")


APPEND = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"


@pytest.mark.parametrize(("policy", "first"), [("Local", C), ("Cluster", N)])
def test_a_chain_of_two_proxies(policy: str, first: str) -> None:
    chain = [
        nginx("web", to("middle.default.svc:8080", APPEND)),
        service("ClusterIP", name="middle", port=8080),
        nginx("middle", to("app:3000", APPEND, "proxy_set_header X-Real-IP $remote_addr;")),
        service("ClusterIP", name="app", port=3000),
        deployment("app"),
    ]
    found = walk(service("LoadBalancer", policy), *chain)
    path = next(each for each in found if each.hops[-1].name == "Deployment app, port 80")
    end = path.hops[-1].state
    assert describe(end.peer) == "Deployment middle"
    forwarded = end.header("X-Forwarded-For")
    assert forwarded.forgeable
    assert [describe(entry.addresses) for entry in forwarded.entries] == [first, "Deployment web"]
    assert [describe(entry.addresses) for entry in end.header("x-real-ip").entries] == ["Deployment web"]
    carried = verdict(path).carried
    assert (carried.header, carried.from_right) == ("x-forwarded-for", 2) if carried else first == N


def test_a_loop_ends() -> None:
    found = walk(service(), nginx("web", to("web:80", APPEND)))
    assert [hop.kind for hop in found[-1].hops] == ["client", "load balancer", "node", "pod", "proxy", "upstream"]
    assert "already" in found[-1].hops[-1].does


def test_a_long_chain_is_followed_to_a_fixed_depth() -> None:
    names = ["web", *(f"p{number}" for number in range(MAX_DEPTH + 2))]
    chain = [nginx(one, to(f"{other}:80", APPEND)) for one, other in pairwise(names)]
    found = walk(service(), *chain, *(service("ClusterIP", name=name) for name in names[1:]))
    kinds = [hop.kind for hop in found[-1].hops]
    assert (kinds.count("service"), kinds[-1]) == (MAX_DEPTH - 1, "upstream")


def test_a_load_balancer_of_which_nobody_knows_how_it_connects() -> None:
    (path,) = walk(service(extra="loadBalancerClass: tailscale, "), deployment(), given={"dataplane": "kube-proxy"})
    assert seen(path).startswith(U)


def test_an_http_proxy_does_not_take_udp() -> None:
    found = walk(service("NodePort", protocol="UDP"), nginx("web", to("app:80", APPEND)))
    assert [path.hops[-1].kind for path in found] == ["pod"]


HTTP_FRONT = {"dataplane": "kube-proxy", "edges": "[{service: web, front: l7-overwrite}]"}


@pytest.mark.parametrize(
    ("directives", "expected"),
    [
        (["proxy_set_header X-Real-IP $http_x_forwarded_for;"], C),
        (["proxy_set_header X-Real-IP $remote_addr;"], N),
        ([*TRUSTING, "proxy_set_header X-Real-IP $remote_addr;"], C),
        ([*TRUSTING, "proxy_set_header X-Real-IP $realip_remote_addr;"], N),
    ],
)
def test_a_header_may_be_made_of_another_or_of_the_peer_before_its_replacement(
    directives: list[str], expected: str
) -> None:
    (path,) = [
        one for one in walk(service(), nginx("web", to("app:80", *directives)), given=HTTP_FRONT) if one.edge_proxy
    ]
    assert [describe(entry.addresses) for entry in path.hops[-1].state.header("X-Real-IP").entries] == [expected]


def test_the_nearest_sign_of_a_dataplane_counts() -> None:
    files = {
        "a/web.yaml": f"{service('NodePort')}---\n{deployment()}",
        "a/felix.yaml": FELIX,
        "b/proxy.yaml": KUBE_PROXY,
    }
    model = model_of(files)
    (path,) = model.paths(model.bundle.services[0])
    assert seen(path) == C


def test_kube_router_without_its_service_proxy_is_no_sign() -> None:
    (path,) = walk(
        service("NodePort"), deployment(), KUBE_ROUTER.replace("[--run-service-proxy=true]", "[--run-router]")
    )
    assert not path.basis.certain


def test_a_proxy_with_very_many_routes_is_cut_off() -> None:
    locations = "\n".join(f"location /{number} {{ proxy_pass http://app:80; }}" for number in range(MAX_PATHS + 9))
    found = walk(service(), nginx("web", f"server {{\n listen 80;\n {locations}\n}}"))
    assert len(found) == MAX_PATHS


def test_what_is_selected_by_nothing_that_was_read_is_unknown() -> None:
    (path,) = walk(service("NodePort"))
    assert path.hops[-1].delivered is Delivered.UNKNOWN


DELIVERED = [
    ("NodePort", {}, "Deployment", Delivered.MAYBE),
    ("NodePort", {}, "DaemonSet", Delivered.YES),
    ("LoadBalancer", {}, "Deployment", Delivered.UNKNOWN),
    ("LoadBalancer", {"loadBalancer": "metallb"}, "Deployment", Delivered.YES),
    ("LoadBalancer", {"loadBalancer": "aks"}, "Deployment", Delivered.YES),
    ("LoadBalancer", {"loadBalancer": "static"}, "Deployment", Delivered.MAYBE),
    (
        "LoadBalancer",
        {"loadBalancer": "static", "edges": "[{service: web, frontHealthCheck: true}]"},
        "Deployment",
        Delivered.YES,
    ),
    ("NodePort", {"edges": "[{service: web, frontHealthCheck: true}]"}, "Deployment", Delivered.YES),
]


@pytest.mark.parametrize(("kind", "given", "workload", "expected"), DELIVERED)
def test_local_drops_where_packets_may_come_to_a_node_without_a_pod(
    kind: str, given: dict[str, str], workload: str, expected: Delivered
) -> None:
    (path,) = walk(service(kind, "Local"), deployment(kind=workload), given=given)
    assert next(hop for hop in path.hops if hop.kind == "node").delivered is expected


def test_health_checks_are_a_hop_of_their_own_under_local_only() -> None:
    kinds = {
        policy: [hop.kind for hop in walk(service(policy=policy), deployment(), given={"loadBalancer": "gke"})[0].hops]
        for policy in ("Local", "Cluster")
    }
    assert kinds == {
        "Local": ["client", "load balancer", "health check", "node", "pod"],
        "Cluster": ["client", "load balancer", "node", "pod"],
    }


def test_pods_past_every_service() -> None:
    host = model_of({"a.yaml": deployment(pod="hostNetwork: true", kind="DaemonSet")})
    port = model_of({"a.yaml": deployment().replace("containerPort: 80", "containerPort: 80, hostPort: 8080")})
    for model, entry, number in ((host, Entry.HOST_NETWORK, "80"), (port, Entry.HOST_PORT, "8080")):
        (path,) = model.direct_paths(model.bundle.workloads[0])
        assert (path.key.entry, path.key.port, seen(path)) == (entry, number, C)


INSIDE = [
    ("Local", Origin.POD, Entry.CLUSTER_IP, Whose.POD),
    ("Local", Origin.POD, Entry.LOAD_BALANCER, Whose.POD),
    ("Cluster", Origin.POD, Entry.LOAD_BALANCER, Whose.NODE),
    ("Local", Origin.HOST_PROCESS, Entry.LOAD_BALANCER, Whose.NODE),
    ("Cluster", Origin.HOST_PROCESS, Entry.CLUSTER_IP, Whose.NODE),
]


@pytest.mark.parametrize(("policy", "origin", "entry", "whose"), INSIDE)
def test_callers_in_the_cluster(policy: str, origin: Origin, entry: Entry, whose: Whose) -> None:
    model = model_of({"a.yaml": service(policy=policy) + "---\n" + deployment()}, (("dataplane", "kube-proxy"),))
    walker = Walker(model.bundle, model.environment, model.behaviour, Policies(model.bundle))
    found = {(path.key.origin, path.key.entry): path for path in walker.in_cluster_paths(model.bundle.services[0])}
    path = found[origin, entry]
    assert {(atom.whose, when) for atom, when in path.hops[-1].state.peer} == {(whose, When.ALWAYS)}
    assert not any(hop.delivered in (Delivered.MAYBE, Delivered.NO) for hop in path.hops)


DEMANDING = (
    "server {\n  listen 80 proxy_protocol;\n  set_real_ip_from 0.0.0.0/0;\n  real_ip_header proxy_protocol;\n"
    "  location / { allow 192.0.2.0/24; proxy_pass http://app; }\n}"
)


def test_what_demands_the_proxy_protocol_of_nobody_who_is_known_gets_it_from_somebody_who_is_not() -> None:
    (path,) = walk(service("NodePort", "Local"), nginx("web", DEMANDING))
    proxy = path.edge_proxy
    assert proxy
    assert proxy.takes
    assert proxy.delivered is Delivered.UNKNOWN
    assert {atom.whose for atom in atoms(proxy.takes)} == {Whose.CLIENT, Whose.UNKNOWN}


def test_a_connection_that_is_not_answered_is_judged_by_nothing_and_goes_nowhere() -> None:
    asking = '{load-balancer.hetzner.cloud/uses-proxyprotocol: "true"}'
    not_reading = DEMANDING.replace(" proxy_protocol;", ";", 1)
    for asked, configuration, given in (
        ("{}", DEMANDING, {"loadBalancer": "metallb"}),
        (asking, not_reading, {}),
    ):
        (path,) = walk(service(annotations=asked), nginx("web", configuration), given=given)
        proxy = path.hops[-1]
        assert proxy is path.edge_proxy
        assert (proxy.delivered, proxy.takes, proxy.observations) == (Delivered.NO, None, ())
