"""Nobody can both hold a pod and announce: against a transcription of MetalLB's speakers, wherever the pods stand."""

from __future__ import annotations

from itertools import chain, combinations
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from linting import model_of
from metallb_speakers import bgp_routes, l2_leader
from srcip_lint.model.announcers import Meeting
from srcip_lint.resources.selectors import Answer

ADDRESS = "192.0.2.17"
NAMES = ("n1", "n2", "n3")
LABELS = st.dictionaries(st.sampled_from(("role", "rack")), st.sampled_from(("a", "b")), max_size=2)
SELECTORS = st.lists(st.fixed_dictionaries({"matchLabels": LABELS}), min_size=1, max_size=2)
SPEC = st.fixed_dictionaries({}, optional={"nodeSelectors": SELECTORS})


def manifest(version: str, kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def workload(kind: str, name: str, node_selector: dict[str, str], image: str) -> dict[str, Any]:
    env = [{"name": "METALLB_ML_BIND_ADDR", "value": "192.0.2.1"}]
    containers = [{"name": "main", "image": image, "env": env}]
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"nodeSelector": node_selector, "containers": containers},
    }
    return manifest("apps/v1", kind, name, {"selector": {"matchLabels": {"app": name}}, "template": template})


def subsets(names: list[str]) -> chain[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(1, len(names) + 1))


SERVICE = manifest(
    "v1",
    "Service",
    "web",
    {
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",
        "selector": {"app": "web"},
        "ports": [{"port": 80}],
    },
)
POOL = manifest("metallb.io/v1beta1", "IPAddressPool", "pool", {"addresses": ["192.0.2.0/24"]})


def meeting_of(objects: list[dict[str, Any]]) -> Meeting:
    model = model_of({"a.yaml": yaml.safe_dump_all(objects)})
    (meeting,) = model.meetings(model.bundle.services[0])
    return meeting


@settings(max_examples=150, deadline=None)
@given(
    labels=st.lists(LABELS, min_size=2, max_size=3),
    pods=LABELS,
    speakers=LABELS,
    l2=st.lists(SPEC, max_size=2),
    bgp=st.lists(SPEC, min_size=1, max_size=1),
    peers=st.lists(SPEC, max_size=2),
)
def test_where_nobody_announces_no_placement_of_the_pods_is_announced(
    labels: list[dict[str, str]],
    pods: dict[str, str],
    speakers: dict[str, str],
    l2: list[dict[str, Any]],
    bgp: list[dict[str, Any]],
    peers: list[dict[str, Any]],
) -> None:
    nodes = [manifest("v1", "Node", name, {}, labels=each) for name, each in zip(NAMES, labels, strict=False)]
    ads = [manifest("metallb.io/v1beta1", "L2Advertisement", f"l2-{number}", each) for number, each in enumerate(l2)]
    ads += [manifest("metallb.io/v1beta1", "BGPAdvertisement", f"bgp-{n}", each) for n, each in enumerate(bgp)]
    sessions = [manifest("metallb.io/v1beta2", "BGPPeer", f"p{number}", each) for number, each in enumerate(peers)]
    speaker = workload("DaemonSet", "speaker", speakers, "quay.io/metallb/speaker:v0.16.1")
    web = workload("Deployment", "web", pods, "nginx:1.27")
    objects = [SERVICE, web, POOL, *ads, *sessions, speaker]
    by_inventory, by_conditions = meeting_of([*objects, *nodes]), meeting_of(objects)

    def holds(node: dict[str, Any], wanted: dict[str, str]) -> bool:
        return all(node["metadata"]["labels"].get(key) == value for key, value in wanted.items())

    speaking = [node for node in nodes if holds(node, speakers)]
    able = [node["metadata"]["name"] for node in nodes if holds(node, pods)]
    announced = {
        standing
        for standing in subsets(able)
        if l2_leader(SERVICE, ADDRESS, POOL, ads, speaking, set(standing))
        or bgp_routes(SERVICE, ADDRESS, POOL, ads, sessions, speaking, set(standing))
    }

    assert not (by_inventory.able.nowhere and announced)
    assert not (by_conditions.able.nowhere and announced)
    some_session = any(not each.get("nodeSelectors") for each in peers)
    if some_session and by_inventory.able.possibly:
        assert announced, "a node that can do all of it announces"
    if by_inventory.may_miss(by_inventory.announcers.allowed) is None and announced and some_session:
        assert len(announced) == len(list(subsets(able))), "nothing to miss: every placement is announced"


SPEAKER = workload("DaemonSet", "speaker", {}, "quay.io/metallb/speaker:TAG")


@pytest.mark.parametrize(
    ("tag", "arguments", "refuses", "doubts"),
    [
        ("v0.14.2", [], Answer.YES, 0),
        ("v0.15.2", ["--port=7472"], Answer.YES, 0),
        ("v0.15.2", ["--ignore-exclude-lb"], Answer.NO, 0),
        ("v0.13.12", [], Answer.NO, 1),
        ("v0.14", [], Answer.UNKNOWN, 1),
        ("main", [], Answer.UNKNOWN, 1),
    ],
)
def test_which_installations_refuse_excluded_nodes(
    tag: str, arguments: list[str], refuses: Answer, doubts: int
) -> None:
    text = yaml.safe_dump(SPEAKER).replace("TAG", tag)
    parsed = yaml.safe_load(text)
    parsed["spec"]["template"]["spec"]["containers"][0]["args"] = arguments
    model = model_of({"a.yaml": yaml.safe_dump_all([parsed, SERVICE])})
    found = model.metallb.installation(model.bundle.services[0].object)
    assert (found.refuses_excluded, len(found.exclusion_doubts)) == (refuses, doubts)
