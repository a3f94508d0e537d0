"""Pod templates and workloads out of a few words, for tests."""

from __future__ import annotations

from srcip_lint.documents import Document, Place, read
from srcip_lint.resources.fields import Field
from srcip_lint.resources.pods import PodTemplate, read_template
from srcip_lint.resources.workload import Workload, read_workload
from srcip_lint.sources import Source

SPREAD = "{{maxSkew: {skew}, topologyKey: {key}, whenUnsatisfiable: {when}, labelSelector: {selector}}}"
OWN = "{matchLabels: {app: web}}"
OTHER = "{matchLabels: {app: other}}"
HOSTNAME = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"


def root(text: str) -> Field:
    document = next(iter(read(Source("pod.yaml", text.encode(), named=True), ())))
    assert isinstance(document, Document)
    return Field(document.value, Place(document), [])


def template(spec: str = "", labels: str = "{app: web}") -> PodTemplate:
    """A pod template with the fields of a pod spec, in flow style."""
    containers = "" if "containers:" in spec else "containers: [{name: nginx}], "
    return read_template(root(f"{{metadata: {{labels: {labels}}}, spec: {{{containers}{spec}}}}}"))


def workload(kind: str = "Deployment", spec: str = "", fields: str = "", labels: str = "{app: web}") -> Workload:
    """A workload: the fields of its pod spec, and those of its own spec, in flow style."""
    containers = "" if "containers:" in spec else "containers: [{name: nginx}], "
    template = f"template: {{metadata: {{labels: {labels}}}, spec: {{{containers}{spec}}}}}"
    head = f"apiVersion: apps/v1, kind: {kind}, metadata: {{name: web}}"
    return read_workload(root(f"{{{head}, spec: {{{fields}{', ' if fields else ''}{template}}}}}"))


def spread(key: str = HOSTNAME, when: str = "DoNotSchedule", skew: str = "1", selector: str = OWN) -> str:
    return f"topologySpreadConstraints: [{SPREAD.format(key=key, when=when, skew=skew, selector=selector)}]"


def anti_affinity(term: str = "", selector: str = OWN, *, key: str = HOSTNAME, required: bool = True) -> str:
    body = f"{{topologyKey: {key}, labelSelector: {selector}{term}}}"
    if required:
        return f"affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{body}]}}}}"
    weighted = f"{{weight: 1, podAffinityTerm: {body}}}"
    return f"affinity: {{podAntiAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: [{weighted}]}}}}"


def port(host_port: str) -> str:
    return f"containers: [{{name: nginx, ports: [{{containerPort: 80, hostPort: {host_port}}}]}}]"


def node_affinity(*terms: str) -> str:
    joined = ", ".join(f"{{matchExpressions: [{term}]}}" for term in terms)
    required = f"requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{joined}]}}"
    return f"affinity: {{nodeAffinity: {{{required}}}}}"
