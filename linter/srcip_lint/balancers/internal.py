"""Load balancers that only the inside of a private network reaches, by the word of the Service.

Sources: kubernetes/cloud-provider-aws `docs/service_controller.md`, kubernetes-sigs/aws-load-balancer-controller
`docs/guide/service/annotations.md`, kubernetes-sigs/cloud-provider-azure `pkg/consts/consts.go`, Google Cloud
"LoadBalancer Service parameters", kubernetes/cloud-provider-openstack
`docs/openstack-cloud-controller-manager/expose-applications-using-loadbalancer-type-service.md`,
oracle/oci-cloud-controller-manager `docs/load-balancer-annotations.md`.
"""

from __future__ import annotations

from srcip_lint.resources.service import Service

_CLASSES = ("networking.gke.io/l4-regional-internal",)
_ANNOTATIONS = {
    "service.beta.kubernetes.io/aws-load-balancer-internal": ("true", "0.0.0.0/0"),
    "service.beta.kubernetes.io/aws-load-balancer-scheme": ("internal",),
    "service.beta.kubernetes.io/azure-load-balancer-internal": ("true",),
    "networking.gke.io/load-balancer-type": ("internal",),
    "cloud.google.com/load-balancer-type": ("internal",),
    "service.beta.kubernetes.io/openstack-internal-load-balancer": ("true",),
    "service.beta.kubernetes.io/oci-load-balancer-internal": ("true",),
    "oci-network-load-balancer.oraclecloud.com/internal": ("true",),
    "service.beta.kubernetes.io/scw-loadbalancer-private": ("true",),
}


def is_internal(service: Service) -> bool:
    """Does the Service ask for a load balancer without a public address?"""
    if service.load_balancer_class.value in _CLASSES:
        return True
    return any((service.object.annotation(key) or "").lower() in values for key, values in _ANNOTATIONS.items())
