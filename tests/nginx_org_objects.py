"""Objects of NGINX Inc's ingress controller, for tests."""

from __future__ import annotations

OFFICES = "{accessControl: {allow: [203.0.113.0/24]}}"
BY_ADDRESS = "{rateLimit: {rate: 5r/s, key: '${binary_remote_addr}', zoneSize: 10M}}"


def controller(*arguments: str, image: str = "nginx/nginx-ingress:5.4.1", name: str = "c", mount: str = "") -> str:
    args = "".join(f"        - '{each}'\n" for each in arguments)
    mounts = f"        volumeMounts: [{{name: v, mountPath: {mount}}}]\n" if mount else ""
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: edge}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: controller
        image: {image}
{mounts}        args:
        - -health-status
{args}"""


CONFIGURED = controller("-nginx-configmaps=$(POD_NAMESPACE)/conf")


def settings(**keys: str) -> str:
    data = "".join(f"  {key.replace('_', '-')}: {value}\n" for key, value in keys.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: conf, namespace: edge}}\ndata:\n{data}"


def policy(spec: str = OFFICES, name: str = "offices", version: str = "v1", namespace: str = "shop") -> str:
    return (
        f"apiVersion: k8s.nginx.org/{version}\nkind: Policy\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {spec}\n"
    )


def server(spec: str = "{policies: [{name: offices}]}", kind: str = "VirtualServer", name: str = "web") -> str:
    return f"apiVersion: k8s.nginx.org/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"


def ingress(*annotations: str, spec: str = "{ingressClassName: nginx}") -> str:
    written = "".join(f"    {each}\n" for each in annotations)
    return (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  namespace: shop\n"
        f"  annotations:\n{written}spec: {spec}\n"
    )


CLASS = (
    "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\n"
    "spec: {controller: nginx.org/ingress-controller}\n"
)
