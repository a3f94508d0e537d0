"""Which kinds that are not read may make pods, and which labels pods get when they run."""

from __future__ import annotations

import pytest

from srcip_lint.resources.unseen import deploys_anywhere, given_at_run_time, makes_pods, runs_without_manifest

MAKERS = [
    ("helm.toolkit.fluxcd.io", "HelmRelease"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"),
    ("argoproj.io", "Application"),
    ("argoproj.io", "Workflow"),
    ("monitoring.coreos.com", "Prometheus"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("kafka.strimzi.io", "Kafka"),
    ("keda.sh", "ScaledJob"),
    ("serving.knative.dev", "Service"),
    ("template.openshift.io", "Template"),
    ("", "Template"),
    ("metallb.io", "MetalLB"),
    ("example.com", "Secret"),
]
PODLESS = [
    ("", "Secret"),
    ("", "PersistentVolumeClaim"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
    ("storage.k8s.io", "StorageClass"),
    ("cert-manager.io", "ClusterIssuer"),
    ("monitoring.coreos.com", "ServiceMonitor"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("networking.istio.io", "Gateway"),
    ("traefik.io", "IngressRoute"),
    ("cilium.io", "CiliumNetworkPolicy"),
    ("metallb.io", "BFDProfile"),
    ("keda.sh", "TriggerAuthentication"),
    ("kustomize.config.k8s.io", "Kustomization"),
]


@pytest.mark.parametrize(("group", "kind"), MAKERS)
def test_what_may_make_pods(group: str, kind: str) -> None:
    assert makes_pods(group, kind)


@pytest.mark.parametrize(("group", "kind"), PODLESS)
def test_what_makes_none(group: str, kind: str) -> None:
    assert not makes_pods(group, kind)


def test_what_deploys_into_other_namespaces_makes_pods() -> None:
    assert deploys_anywhere("argoproj.io", "Application")
    assert not deploys_anywhere("monitoring.coreos.com", "Prometheus")


@pytest.mark.parametrize(
    "key", ["role", "spilo-role", "vault-active", "statefulset.kubernetes.io/pod-name", "kubedb.com/role"]
)
def test_labels_that_running_pods_are_given(key: str) -> None:
    assert given_at_run_time(key)


@pytest.mark.parametrize("key", ["app", "app.kubernetes.io/name", "component", "roles", "control", "tier"])
def test_labels_that_only_a_template_gives(key: str) -> None:
    assert not given_at_run_time(key)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"component": "kube-apiserver"}, True),
        ({"k8s-app": "kube-dns"}, True),
        ({"component": "etcd"}, True),
        ({"app": "etcd"}, False),
        ({"app": "web", "tier": "front"}, False),
    ],
)
def test_what_runs_without_a_manifest(selector: dict[str, str], expected: bool) -> None:
    assert runs_without_manifest(selector) is expected
