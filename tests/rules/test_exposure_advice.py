"""What the rules of exposure tell to write, which other places they name and what they assume: whole sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from linting import report
from srcip_lint.examples import example
from srcip_lint.finding import Finding

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rules"

_LOCAL = (
    "set `externalTrafficPolicy: Local` on Service web, and see that packets go only to nodes with a ready pod (a "
    "DaemonSet, or a load balancer that leaves out the others)"
)
_INSIDE = (
    "take `internalTrafficPolicy: Local` away, unless callers in the cluster are meant to reach only pods of their own "
    "node"
)
_PROXYING = (
    "where the load balancer opens connections of its own, Local alone does not help: let it send the PROXY protocol, "
    "and read it in the pods"
)
_DATAPLANE = (
    "where the dataplane keeps the address under Cluster, declare it, e.g. `dataplane: cilium-dsr` in srcip-lint.yaml"
)
_OFF_CLUSTER = (
    "for endpoints outside the cluster set `externalTrafficPolicy: Cluster`: they are on none of its nodes",
    "for pods in the cluster give the Service a selector, or write each endpoint's node in `nodeName`",
)
_STANDBY = "set minReplicaCount to 1 or more; two, on different nodes, keep a standby"
_INTERCEPTOR = (
    "or let the Service lead to something that runs and wakes the workload, such as the interceptor of KEDA's HTTP "
    "add-on"
)
_STAY = "node ports that it has already stay until they are taken out of the Service"
_FIREWALL = "keep clients from the node ports with a firewall before the nodes, and declare `nodePortsClosed: true`"
_ONE_BY_ONE = (
    "set `strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}`",
    "where old and new pods must not run side by side, add `maxSurge: 0` to it",
)
_CLUSTER_IP = (
    "let callers in the cluster use the cluster IP, by the name web.<namespace>.svc",
    "run kube-proxy in nftables or iptables mode: there such callers reach any pod",
)

FIXES = {
    "SRC104/reported": (_LOCAL, _INSIDE, _PROXYING, _DATAPLANE),
    "SRC104/reported-2": (_LOCAL, _INSIDE, _DATAPLANE),
    "SRC303/reported": _OFF_CLUSTER,
    "SRC321/reported": (_STANDBY, _INTERCEPTOR),
    "SRC321/reported-3": (f"take idleReplicaCount away, and {_STANDBY}", _INTERCEPTOR),
    "SRC321/reported-4": ("set minReplicas to 1 or more; two, on different nodes, keep a standby", _INTERCEPTOR),
    "SRC407/reported": (
        f"set `allocateLoadBalancerNodePorts: false`: MetalLB in layer 2 mode uses no node ports; {_STAY}",
        _FIREWALL,
    ),
    "SRC407/reported-2": (
        _FIREWALL,
        f"where the load balancer uses no node ports, set `allocateLoadBalancerNodePorts: false`; {_STAY}",
    ),
    "SRC407/reported-5": (
        f"take `nodePort` out of its ports: MetalLB in layer 2 mode uses no node ports; {_STAY}",
        _FIREWALL,
    ),
    "SRC407/reported-6": (
        "set `allocateLoadBalancerNodePorts: false` and take `nodePort` out of its ports: MetalLB in layer 2 mode uses "
        f"no node ports; {_STAY}",
        _FIREWALL,
    ),
    "SRC606/reported": _ONE_BY_ONE,
    "SRC606/reported-6": (
        "start the new pod first: `updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}`",
    ),
    "SRC606/reported-9": ("set maxUnavailable to 1, or to 0 with `maxSurge: 1`",),
    "SRC606/reported-14": (
        "its pods hold ports of the host, so no two fit on a node: use `updateStrategy: {type: OnDelete}`, and take a "
        "node out of the load balancer before you delete its pod",
    ),
    "SRC607/reported": (
        "let a preStop hook wait until the health check has failed, e.g. `lifecycle: {preStop: {sleep: {seconds: "
        "30}}}` (before Kubernetes 1.30 an exec hook), and set terminationGracePeriodSeconds above that",
        "where the server goes on accepting after SIGTERM, say so by a terminationGracePeriodSeconds above 30",
    ),
    "SRC607/reported-5": (
        "upgrade to Kubernetes 1.26 or newer, and keep the pods serving until the health check has failed",
        "until then let the load balancer's health check fail fast: a short interval, a low threshold",
    ),
    "SRC617/reported": _CLUSTER_IP,
}

_SERVES = "Service web: under Local only nodes with a pod serve"
_NO_POLICY = "Service web: packets from outside come in this way, and no policy for them is written"

RELATED = {
    "SRC104/reported": [_NO_POLICY],
    "SRC104/reported-4": ["Service web: this decides about packets from outside"],
    "SRC104/reported-6": [_NO_POLICY, "Service web: Service web asserts srcip-lint.io/require-client-ip"],
    "SRC104/reported-10": [_NO_POLICY, "ConfigMap edge: allow is keyed on the client's address"],
    "SRC303/reported-2": [
        "EndpointSlice legacy-1: this endpoint has no nodeName, and 1 more of EndpointSlice legacy-1"
    ],
    "SRC303/reported-3": ["Endpoints legacy: this endpoint has no nodeName"],
    "SRC303/reported-5": [
        "Endpoints legacy: this endpoint has no nodeName",
        "EndpointSlice legacy-1: this endpoint has no nodeName",
    ],
    "SRC321/reported-7": [
        _SERVES,
        "Service web-udp: under Local only nodes with a pod serve",
        "Deployment web: this is what it scales",
    ],
    "SRC407/reported": [],
    "SRC407/reported-4": [
        "IPAddressPool metallb-system/public: IPAddressPool metallb-system/public is there",
    ],
    "SRC407/reported-6": ["Service web: this port of every node leads to the same pods"] * 2,
    "SRC606/reported": ["Deployment web: 3 replicas, all of which go", _SERVES],
    "SRC606/reported-4": ["HorizontalPodAutoscaler web: 2 replicas, all of which go", _SERVES],
    "SRC606/reported-6": [_SERVES],
    "SRC606/reported-9": [_SERVES],
    "SRC607/reported": [_SERVES],
    "SRC617/reported": ["Deployment probe: its pods are on their nodes' network"],
    "SRC617/reported-2": [
        "Deployment probe: its pods are on their nodes' network",
        "None: this tells that kube-proxy runs in ipvs mode",
    ],
    "SRC617/reported-4": ["Deployment cert-manager: before a challenge it checks the public address itself"],
    "SRC617/reported-5": ["ConfigMap kube-system/coredns: CoreDNS answers with the external address here"],
    "SRC617/reported-7": [f"Deployment {name}: its pods are on their nodes' network" for name in "abc"],
}

_MASQUERADES = "the dataplane masquerades external packets under Cluster, as kube-proxy does"
_OPEN = "no firewall keeps clients from the node ports (`nodePortsClosed: true` in srcip-lint.yaml declares one)"

ASSUMED = {
    "SRC104/reported": [_MASQUERADES],
    "SRC104/reported-5": [_MASQUERADES, "the pods behind it are not those of a DaemonSet"],
    "SRC104/reported-9": ["the load balancer passes connections through and sends no PROXY protocol"],
    "SRC104/reported-11": [_MASQUERADES],
    "SRC303/reported": [],
    "SRC321/reported": [],
    "SRC321/reported-4": ["the feature gate HPAScaleToZero is on; without it the API server rejects minReplicas 0"],
    "SRC407/reported": [_OPEN],
    "SRC606/reported": [],
    "SRC606/reported-10": [],
    "SRC607/reported": [],
    "SRC607/reported-5": [],
    "SRC607/reported-6": [
        "the feature gate ProxyTerminatingEndpoints is off, as it is by default below 1.26",
        "the nodes run kube-proxy",
    ],
    "SRC617/reported": ["Deployment probe connects to the address"],
    "SRC617/reported-7": ["Deployment a, Deployment b, Deployment c and 1 more connect to the address"],
}


def finding(name: str) -> Finding:
    """What the rule reports about a fixture: `SRC104/reported`."""
    rule, _, stem = name.partition("/")
    case = example(stem, (FIXTURES / rule / f"{stem}.yaml").read_text(encoding="utf-8"))
    (found,) = (each for each in report(case.sources, case.given).findings if each.rule == rule)
    return found


@pytest.mark.parametrize(("name", "fixes"), FIXES.items(), ids=FIXES)
def test_what_is_told_to_write_best_first(name: str, fixes: tuple[str, ...]) -> None:
    assert finding(name).fixes == fixes


@pytest.mark.parametrize(("name", "notes"), RELATED.items(), ids=RELATED)
def test_which_other_places_are_named(name: str, notes: list[str]) -> None:
    assert [f"{note.object}: {note.message}" for note in finding(name).related] == notes


@pytest.mark.parametrize(("name", "assumptions"), ASSUMED.items(), ids=ASSUMED)
def test_what_is_assumed(name: str, assumptions: list[str]) -> None:
    assert list(finding(name).assumptions) == assumptions
