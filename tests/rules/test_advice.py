"""What a finding tells to write, and the other places that it names: whole sentences, for a fixture each."""

from __future__ import annotations

from pathlib import Path

import pytest

from linting import report
from srcip_lint.examples import example
from srcip_lint.finding import Finding

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rules"
FIXES = {
    "SRC504/reported": "remove `healthCheckNodePort: 32000`: the API server picks a free port",
    "SRC506/reported": "remove loadBalancerSourceRanges",
    "SRC506/reported-2": "write `type: LoadBalancer`, if a load balancer is meant",
    "SRC506/reported-6": "remove loadBalancerSourceRanges and allocateLoadBalancerNodePorts and loadBalancerClass",
    "SRC507/reported": "remove `clusterIP: None`, if clients outside the cluster are meant",
    "SRC507/reported-3": "or remove `clusterIP: None`, if it is to be reached by an address of its own",
    "SRC507/reported-6": "remove externalIPs and loadBalancerIP and sessionAffinity",
    "SRC508/reported": "write `externalTrafficPolicy: Local` into the spec, and remove the annotation "
    "service.beta.kubernetes.io/external-traffic",
    "SRC508/reported-5": "write `healthCheckNodePort: 31000` too, if something outside the cluster polls that port",
    "SRC507/reported-7": "or write `type: LoadBalancer` or `type: NodePort`, with a selector, if it is to be reached "
    "by an address of its own",
    "SRC508/reported-20": "write `healthCheckNodePort: 31000` too, if something outside the cluster polls that port",
    "SRC508/reported-6": "remove the annotation service.beta.kubernetes.io/external-traffic",
    "SRC509/reported-5": 'write `loadBalancerSourceRanges: [198.51.100.0/24, "2001:db8::/32"]` into the spec, and '
    "remove the annotation: the list is enforced from then on",
    "SRC517/reported": "write `type: LoadBalancer`, let a load balancer announce the address (MetalLB does with the "
    "annotation `metallb.io/loadBalancerIPs: 192.0.2.5`), and remove externalIPs",
    "SRC517/reported-5": "write `type: LoadBalancer`, let a load balancer announce the address (MetalLB does), and "
    "remove externalIPs",
    "SRC517/reported-3": "remove externalIPs, and let the load balancer announce the address",
    "SRC612/reported": "add a PodDisruptionBudget (apiVersion: policy/v1) beside it, with spec: "
    '{maxUnavailable: 1, selector: {matchLabels: {"app": "web"}}}',
    "SRC612/reported-9": "write `maxUnavailable: 1` instead",
    "SRC613/reported": "or at least `readinessProbe: {tcpSocket: {port: 80}}`",
    "SRC613/reported-4": "or at least `readinessProbe: {tcpSocket: {port: http}}`",
    "SRC613/reported-15": "give container nginx a readinessProbe with `httpGet` of a path that answers only while "
    "it can serve, or with `exec` of a command that asks it",
    "SRC613/reported-16": "or at least `readinessProbe: {tcpSocket: {port: 853}}`",
    "SRC614/reported": "remove publishNotReadyAddresses from this Service",
}
RELATED = {
    "SRC504/reported": ["healthCheckNodePort 32000"],
    "SRC504/reported-3": ["nodePort 32000"],
    "SRC506/reported-6": [
        "type is NodePort",
        "allocateLoadBalancerNodePorts is refused too",
        "loadBalancerClass is refused too",
    ],
    "SRC506/reported-2": [],
    "SRC507/reported-6": ["it is headless", "so is loadBalancerIP", "so is sessionAffinity"],
    "SRC507/reported-7": ["the type is ExternalName"],
    "SRC508/reported-6": ["the policy that counts"],
    "SRC508/reported-7": [],
    "SRC508/reported-18": [],
    "SRC508/reported-3": ["the policy that counts"],
    "SRC508/reported-5": ["nothing reads this one either"],
    "SRC508/reported-9": ["Service audit asserts srcip-lint.io/require-client-ip"],
    "SRC508/reported-12": ["allow judges a node's address because of it"],
    "SRC508/reported-23": [],
    "SRC508/reported-24": [],
    "SRC508/reported-25": ["nginx writes a node's address into X-Forwarded-For because of it"],
    "SRC508/reported-15": ["nginx writes a node's address into X-Forwarded-For because of it"],
    "SRC508/reported-16": [],
    "SRC509/reported": [],
    "SRC509/reported-2": ["the annotation metallb.io/address-pool"],
    "SRC612/reported-8": [
        "under Local, it sends to these pods",
        "under Local, it sends to these pods",
        "how many pods there are at least",
    ],
    "SRC613/reported-8": ["under Local, it sends to these pods"],
}
ASSUMED = {
    "SRC504/reported": [],
    "SRC504/reported-5": ["mail.yaml and edge.yaml are for one cluster"],
    "SRC504/reported-7": ["the API server's flag --service-node-port-range is at its default"],
    "SRC504/reported-8": [],
    "SRC612/reported": ["no PodDisruptionBudget outside these files selects the pods of Deployment web"],
    "SRC612/reported-9": [],
    "SRC612/reported-15": [],
}


def finding(fixture: str) -> Finding:
    """The first finding of the rule whose fixture it is."""
    rule, name = fixture.split("/")
    case = example(name, (FIXTURES / rule / f"{name}.yaml").read_text(encoding="utf-8"))
    return next(found for found in report(case.sources, case.given).findings if found.rule == rule)


@pytest.mark.parametrize("fixture", FIXES)
def test_the_fix_says_what_to_write(fixture: str) -> None:
    assert FIXES[fixture] in finding(fixture).fixes


@pytest.mark.parametrize("fixture", RELATED)
def test_the_other_places_of_the_fault_are_named(fixture: str) -> None:
    assert [note.message for note in finding(fixture).related] == RELATED[fixture]


@pytest.mark.parametrize("fixture", ASSUMED)
def test_what_is_assumed_is_said(fixture: str) -> None:
    assert list(finding(fixture).assumptions) == ASSUMED[fixture]


@pytest.mark.parametrize("fixture", ["SRC508/reported", *(f"SRC508/reported-{number}" for number in (17, 21, 22))])
def test_the_health_check_port_is_no_advice_where_none_is_asked_or_possible_or_it_is_written(fixture: str) -> None:
    assert not any("healthCheckNodePort" in fix for fix in finding(fixture).fixes)


@pytest.mark.parametrize(("fixture", "is_lost"), [("SRC508/reported-9", True), ("SRC508/reported", False)])
def test_the_way_on_which_the_address_is_lost_is_shown(fixture: str, is_lost: bool) -> None:
    assert bool(finding(fixture).path) is is_lost
