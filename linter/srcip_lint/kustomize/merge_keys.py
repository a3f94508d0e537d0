"""Which lists a strategic merge patch merges by key.

From the API's `x-kubernetes-patch-strategy` and `x-kubernetes-list-map-keys`, for the kinds that are read here. A
list that is not named is replaced as a whole, and so is every list of a custom resource: nothing in its schema says
otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

Schema = Mapping[str, "tuple[str, tuple[str, ...] | None]"]
"""A type: for a field the type below it (of an item, in a list), and for a list that merges its keys. No keys at all
means a list of scalars that merges as a set."""

TYPES: Mapping[str, Schema] = {
    "Metadata": {"ownerReferences": ("", ("uid",)), "finalizers": ("", ())},
    "Pod": {"metadata": ("Metadata", None), "spec": ("PodSpec", None)},
    "PodSpec": {
        "containers": ("Container", ("name",)),
        "initContainers": ("Container", ("name",)),
        "ephemeralContainers": ("Container", ("name",)),
        "volumes": ("", ("name",)),
        "imagePullSecrets": ("", ("name",)),
        "hostAliases": ("", ("ip",)),
        "topologySpreadConstraints": ("", ("topologyKey", "whenUnsatisfiable")),
    },
    "Container": {
        "ports": ("", ("containerPort", "protocol")),
        "env": ("", ("name",)),
        "volumeMounts": ("", ("mountPath",)),
        "volumeDevices": ("", ("devicePath",)),
    },
    "Workload": {"metadata": ("Metadata", None), "spec": ("WorkloadSpec", None)},
    "WorkloadSpec": {"template": ("Pod", None)},
    "CronJob": {"metadata": ("Metadata", None), "spec": ("CronJobSpec", None)},
    "CronJobSpec": {"jobTemplate": ("Workload", None)},
    "Service": {"metadata": ("Metadata", None), "spec": ("ServiceSpec", None)},
    "ServiceSpec": {"ports": ("", ("port", "protocol"))},
    "ServiceAccount": {"metadata": ("Metadata", None), "secrets": ("", ("name",))},
    "Node": {"metadata": ("Metadata", None), "spec": ("NodeSpec", None)},
    "NodeSpec": {"podCIDRs": ("", ())},
    "Other": {"metadata": ("Metadata", None)},
}

_KINDS: Mapping[str, Mapping[str, str]] = {
    "": {
        "Pod": "Pod",
        "ReplicationController": "Workload",
        "Service": "Service",
        "ServiceAccount": "ServiceAccount",
        "Node": "Node",
    },
    "apps": dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"), "Workload"),
    "batch": {"Job": "Workload", "CronJob": "CronJob"},
}
_BUILT_IN = (
    "",
    "apps",
    "batch",
    "autoscaling",
    "discovery.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
)


def schema_of(group: str, kind: str) -> str:
    """The name of an object's type; empty for a custom resource."""
    return _KINDS.get(group, {}).get(kind, "Other" if group in _BUILT_IN else "")
