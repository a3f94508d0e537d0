"""Which load balancer serves a Service, and whether it looks at where the pods are."""

from __future__ import annotations

import pytest

from linting import model_of
from srcip_lint.balancers import Balancer, identify
from srcip_lint.balancers.internal import is_internal
from srcip_lint.balancers.signals import ANNOTATIONS, CLASSES, FAMILIES, of_version
from srcip_lint.environment import LOAD_BALANCERS

SERVICE = """
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app: web}
  annotations: {ANNOTATION}
spec:
  type: LoadBalancer
  loadBalancerClass: CLASS
  selector: {app: web}
  ports: [{port: 80}]
"""


def service(annotation: str = "", balancer_class: str = "null") -> str:
    return SERVICE.replace("ANNOTATION", annotation).replace("CLASS", balancer_class)


def identified(files: dict[str, str], *given: tuple[str, str]) -> Balancer:
    model = model_of(files, given)
    return identify(model.bundle.services[0], model.bundle, model.environment)


def custom(kind: str, group: str, spec: str = "{}") -> str:
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: x, namespace: infra}}\nspec: {spec}\n"


L2 = custom("L2Advertisement", "metallb.io/v1beta1")
BGP = custom("BGPAdvertisement", "metallb.io/v1beta1")
POOL = custom("IPAddressPool", "metallb.io/v1beta1")
CILIUM_BGP = custom("CiliumBGPClusterConfig", "cilium.io/v2")


def legacy(*protocols: str) -> str:
    """MetalLB's ConfigMap of before 0.13, with a pool of each protocol."""
    pools = ", ".join(f"{{name: {each}, protocol: {each}, addresses: [10.0.0.0/28]}}" for each in protocols)
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config, namespace: metallb-system}\n"
    return f"{head}data:\n  config: |\n    address-pools: [{pools}]\n"


def speaker(arguments: str = "[]") -> str:
    """MetalLB's speaker."""
    container = f"{{name: speaker, image: quay.io/metallb/speaker:v0.14.8, args: {arguments}}}"
    pod = f"{{metadata: {{labels: {{app: speaker}}}}, spec: {{containers: [{container}]}}}}"
    return custom("DaemonSet", "apps/v1", f"{{selector: {{matchLabels: {{app: speaker}}}}, template: {pod}}}")


def cilium_l2(spec: str) -> str:
    return custom("CiliumL2AnnouncementPolicy", "cilium.io/v2alpha1", spec)


@pytest.mark.parametrize("name", LOAD_BALANCERS)
def test_every_word_of_the_configuration_is_a_family(name: str) -> None:
    assert identified({"a.yaml": service()}, ("loadBalancer", name)).family is not None


def test_every_class_and_annotation_names_a_family() -> None:
    assert {*CLASSES.values(), *ANNOTATIONS.values()} <= set(FAMILIES)


def test_nothing_tells_so_it_is_unknown() -> None:
    balancer = identified({"a.yaml": service()})
    assert (balancer.family, balancer.named, balancer.follows_endpoints) == (None, False, None)


@pytest.mark.parametrize("balancer_class", sorted(CLASSES))
def test_the_class_decides(balancer_class: str) -> None:
    balancer = identified({"a.yaml": service(balancer_class=balancer_class), "pool.yaml": POOL})
    assert balancer.family is not None


def test_a_class_that_is_not_known_names_one_all_the_same() -> None:
    balancer = identified({"a.yaml": service(balancer_class="example.com/lb"), "pool.yaml": POOL})
    assert (balancer.family, balancer.named) == (None, True)


@pytest.mark.parametrize(
    ("objects", "name"),
    [
        ([POOL], "metallb"),
        ([POOL, L2], "metallb-l2"),
        ([POOL, BGP], "metallb-bgp"),
        ([POOL, L2, BGP], "metallb"),
        ([legacy("layer2")], "metallb-l2"),
        ([legacy("bgp")], "metallb-bgp"),
        ([legacy("layer2", "bgp")], "metallb"),
        ([legacy("bgp"), POOL], "metallb"),
        ([legacy("bgp"), POOL, L2], "metallb-l2"),
        ([legacy("layer2"), CILIUM_BGP], None),
        ([speaker()], "metallb"),
        ([speaker(), L2], "metallb-l2"),
        ([speaker(), legacy("bgp")], "metallb-bgp"),
        ([speaker("[--lb-class=metallb]")], None),
        ([speaker('["--lb-class=${CLASS}"]')], None),
        ([speaker(), CILIUM_BGP], None),
        ([CILIUM_BGP], "cilium-bgp"),
        ([cilium_l2("{loadBalancerIPs: true}")], "cilium-l2"),
        ([cilium_l2("{loadBalancerIPs: true, serviceSelector: {matchLabels: {app: web}}}")], "cilium-l2"),
        ([cilium_l2("{loadBalancerIPs: true, serviceSelector: {matchLabels: {app: dns}}}")], None),
        ([cilium_l2("{externalIPs: true}")], None),
        ([POOL, CILIUM_BGP], None),
    ],
)
def test_the_objects_around_it_tell(objects: list[str], name: str | None) -> None:
    files = {f"infra/{number}.yaml": text for number, text in enumerate(objects)}
    balancer = identified({"apps/a.yaml": service(), **files})
    assert (balancer.family.name if balancer.family else None) == name


def test_the_nearest_objects_tell() -> None:
    files = {"east/a.yaml": service(), "east/lb.yaml": BGP, "west/lb.yaml": CILIUM_BGP}
    balancer = identified(files)
    assert balancer.family is not None
    assert balancer.family.name == "metallb-bgp"


def test_annotations_of_several_clouds_agree_that_nodes_without_a_pod_are_left_out() -> None:
    annotations = (
        "service.beta.kubernetes.io/azure-load-balancer-internal: 'true', load-balancer.hetzner.cloud/location: fsn1"
    )
    balancer = identified({"a.yaml": service(annotations)})
    assert (balancer.family, balancer.follows_endpoints) == (None, True)


KUBE_VIP = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-vip, namespace: kube-system}
spec:
  selector: {matchLabels: {app: kube-vip}}
  template:
    metadata: {labels: {app: kube-vip}}
    spec:
      containers:
        - name: kube-vip
          image: ghcr.io/kube-vip/kube-vip:v0.8.0
          env: [{name: svc_enable, value: "true"}, {name: vip_arp, value: "true"}ELECTION]
"""


@pytest.mark.parametrize(
    ("election", "follows"),
    [("", False), (', {name: svc_election, value: "true"}', True), (", {name: svc_election}", None)],
)
def test_kube_vip_follows_endpoints_with_a_leader_for_each_service(election: str, follows: bool | None) -> None:
    files = {"a.yaml": service(), "vip.yaml": KUBE_VIP.replace("ELECTION", election)}
    assert identified(files).follows_endpoints is follows


@pytest.mark.parametrize(
    ("key", "value", "internal"),
    [
        ("service.beta.kubernetes.io/aws-load-balancer-internal", "true", True),
        ("service.beta.kubernetes.io/aws-load-balancer-internal", "false", False),
        ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal", True),
        ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internet-facing", False),
        ("service.beta.kubernetes.io/azure-load-balancer-internal", "true", True),
        ("networking.gke.io/load-balancer-type", "Internal", True),
        ("service.beta.kubernetes.io/openstack-internal-load-balancer", "true", True),
        ("service.beta.kubernetes.io/oci-load-balancer-internal", "true", True),
        ("oci-network-load-balancer.oraclecloud.com/internal", "true", True),
        ("service.beta.kubernetes.io/scw-loadbalancer-private", "true", True),
        ("example.com/internal", "true", False),
    ],
)
def test_a_service_may_ask_for_a_load_balancer_without_a_public_address(key: str, value: str, internal: bool) -> None:
    (found,) = model_of({"a.yaml": service(f"{key}: '{value}'")}).bundle.services
    assert is_internal(found) is internal


def test_a_class_may_say_that_too() -> None:
    (found,) = model_of({"a.yaml": service(balancer_class="networking.gke.io/l4-regional-internal")}).bundle.services
    assert is_internal(found)


@pytest.mark.parametrize(
    ("version", "follows"),
    [
        (None, None),
        ((1, 14, 1), False),
        ((1, 18, 9), False),
        ((1, 19, 4), None),
        ((1, 20, 1), False),
        ((1, 20, 2), True),
        ((1, 21, 0), True),
        ((1, 20), None),
    ],
)
def test_whether_ciliums_announcer_looks_at_endpoints_depends_on_its_version(
    version: tuple[int, ...] | None, follows: bool | None
) -> None:
    assert of_version(FAMILIES["cilium-l2"], version).follows_endpoints is follows
    assert of_version(FAMILIES["cilium"], version) is FAMILIES["cilium"]


@pytest.mark.parametrize(
    ("version", "follows"), [(None, True), ((1, 13, 9), False), ((1, 13), False), ((1, 14, 0), True)]
)
def test_and_so_it_is_with_its_bgp_control_plane(version: tuple[int, ...] | None, follows: bool) -> None:
    assert of_version(FAMILIES["cilium-bgp"], version).follows_endpoints is follows
