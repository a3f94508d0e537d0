"""Pods and labels that no manifest read here shows: the reasons for which a selector that matches nothing may be right.

A custom resource of an unknown kind may make pods, so it does, here: only kinds that are known to make none are
listed, and a kind that is missing from the table costs a finding, never a false one. Kinds that are read as workloads
are not asked for. Sources: the API reference of each project; of Kubernetes itself, that every kind whose controller
makes pods is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PODLESS_GROUPS = frozenset(
    {
        # Kubernetes: no kind of these groups makes pods, except those that are read.
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "metrics.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "policy.networking.k8s.io",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "snapshot.storage.k8s.io",
        "storage.k8s.io",
        # Configuration files that look like objects and are never applied.
        "apiserver.config.k8s.io",
        "audit.k8s.io",
        "config.kubernetes.io",
        "kind.x-k8s.io",
        "kubeadm.k8s.io",
        "kubelet.config.k8s.io",
        "kubeproxy.config.k8s.io",
        "kubescheduler.config.k8s.io",
        "kustomize.config.k8s.io",
        # Secrets and certificates.
        "acme.cert-manager.io",
        "bitnami.com",
        "cert-manager.io",
        "external-secrets.io",
        "generators.external-secrets.io",
        "policy.cert-manager.io",
        "secrets-store.csi.x-k8s.io",
        "secrets.hashicorp.com",
        "trust.cert-manager.io",
        # Networks, proxies and meshes: routes and policies of something that is installed otherwise.
        "access.smi-spec.io",
        "cilium.io",
        "crd.projectcalico.org",
        "elbv2.k8s.aws",
        "extensions.istio.io",
        "externaldns.k8s.io",
        "getambassador.io",
        "k8s.cni.cncf.io",
        "k8s.nginx.org",
        "linkerd.io",
        "networking.gke.io",
        "policy.linkerd.io",
        "projectcalico.org",
        "security.istio.io",
        "specs.smi-spec.io",
        "split.smi-spec.io",
        "telemetry.istio.io",
        "traefik.containo.us",
        "traefik.io",
        "x.getambassador.io",
        # Sources, notifications and image scans of Flux; its Kustomization and HelmRelease do make pods.
        "image.toolkit.fluxcd.io",
        "notification.toolkit.fluxcd.io",
        "source.toolkit.fluxcd.io",
        # OpenShift. Not `template.openshift.io`, whose Template holds objects.
        "authorization.openshift.io",
        "image.openshift.io",
        "project.openshift.io",
        "route.openshift.io",
        "security.openshift.io",
        "user.openshift.io",
    }
)
"""API groups none of whose kinds makes pods that a Service could select."""

_PODLESS_KINDS: Mapping[str, frozenset[str]] = {
    group: frozenset(kinds.split())
    for group, kinds in {
        "": "Binding ComponentStatus Config Event LimitRange PersistentVolume PersistentVolumeClaim PodTemplate"
        " ResourceQuota Secret ServiceAccount",
        "argoproj.io": "AnalysisTemplate AppProject ClusterAnalysisTemplate ClusterWorkflowTemplate WorkflowTemplate",
        "autoscaling.k8s.io": "VerticalPodAutoscaler VerticalPodAutoscalerCheckpoint",
        "cloud.google.com": "BackendConfig",
        "configuration.konghq.com": "IngressClassParameters KongClusterPlugin KongConsumer KongConsumerGroup"
        " KongCustomEntity KongIngress KongLicense KongPlugin KongUpstreamPolicy KongVault TCPIngress UDPIngress",
        "gateway.envoyproxy.io": "Backend BackendTrafficPolicy ClientTrafficPolicy EnvoyExtensionPolicy"
        " EnvoyPatchPolicy HTTPRouteFilter SecurityPolicy",
        "gateway.networking.k8s.io": "BackendLBPolicy BackendTLSPolicy GRPCRoute GatewayClass HTTPRoute ReferenceGrant"
        " ReferencePolicy TCPRoute TLSRoute UDPRoute",
        "grafana.integreatly.org": "GrafanaAlertRuleGroup GrafanaContactPoint GrafanaDashboard GrafanaDatasource"
        " GrafanaFolder GrafanaNotificationPolicy",
        "integreatly.org": "GrafanaDashboard GrafanaDataSource",
        "keda.sh": "ClusterTriggerAuthentication TriggerAuthentication",
        "metallb.io": "BFDProfile Community ConfigurationState ServiceBGPStatus ServiceL2Status",
        "monitoring.coreos.com": "AlertmanagerConfig PodMonitor Probe PrometheusRule ScrapeConfig ServiceMonitor",
        "networking.istio.io": "DestinationRule EnvoyFilter Gateway ProxyConfig ServiceEntry Sidecar VirtualService",
        "operator.victoriametrics.com": "VMAlertmanagerConfig VMNodeScrape VMPodScrape VMProbe VMRule VMScrapeConfig"
        " VMServiceScrape VMStaticScrape VMUser",
        "projectcontour.io": "ContourConfiguration ExtensionService HTTPProxy TLSCertificateDelegation",
    }.items()
}
"""Groups that hold both: the kinds of them that are not read and make no pods."""

_DEPLOYERS = frozenset(
    {
        ("addon.open-cluster-management.io", "ManagedClusterAddOn"),
        ("argoproj.io", "Application"),
        ("argoproj.io", "ApplicationSet"),
        ("fleet.cattle.io", "Bundle"),
        ("fleet.cattle.io", "GitRepo"),
        ("helm.cattle.io", "HelmChart"),
        ("helm.fluxcd.io", "HelmRelease"),
        ("helm.toolkit.fluxcd.io", "HelmRelease"),
        ("kustomize.toolkit.fluxcd.io", "Kustomization"),
        ("operators.coreos.com", "Subscription"),
    }
)
"""Kinds that put objects into other namespaces than their own."""

_RUN_TIME_LABELS = frozenset(
    {
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "batch.kubernetes.io/job-name",
        "controller-revision-hash",
        "controller-uid",
        "deployment",
        "deploymentconfig",
        "job-name",
        "pod-template-generation",
        "pod-template-hash",
        "rollouts-pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)
"""Labels that the controllers of Kubernetes, Argo Rollouts and OpenShift's DeploymentConfig put on their pods."""

_LEADERSHIP = re.compile(r"(^|[/._-])(role|active|leader|master|primary)$", re.IGNORECASE)
"""Labels by which a running pod says that it leads: Patroni's `role`, `spilo-role`, `vault-active`, `redis-role`."""

_CONTROL_PLANE = frozenset({"kube-apiserver", "kube-controller-manager", "kube-dns", "kube-proxy", "kube-scheduler"})
"""What kubeadm and its kin run without a manifest in anybody's repository, as the value of `component` or `k8s-app`."""


def makes_pods(group: str, kind: str) -> bool:
    """May an object of this kind, which is not read, make pods? False only where it is known to make none."""
    return group not in _PODLESS_GROUPS and kind not in _PODLESS_KINDS.get(group, ())


def deploys_anywhere(group: str, kind: str) -> bool:
    """Does an object of this kind make pods in namespaces that it names itself?"""
    return (group, kind) in _DEPLOYERS


def given_at_run_time(key: str) -> bool:
    """May a running pod carry this label although its template does not?"""
    return key in _RUN_TIME_LABELS or bool(_LEADERSHIP.search(key))


def runs_without_manifest(selector: Mapping[str, object]) -> bool:
    """Does a selector mean the static pods and add-ons of the control plane?"""
    components = (selector.get("component"), selector.get("k8s-app"))
    is_etcd = components[0] == "etcd"
    return selector.get("tier") == "control-plane" or is_etcd or any(value in _CONTROL_PLANE for value in components)
