"""Traefik: which Ingresses and IngressRoutes it serves."""

from __future__ import annotations

import pytest

from traefik_pods import CRD, INGRESS, WEB, controls, deployment, ingress, middleware, route

LIST = "ipAllowList: {sourceRange: [203.0.113.0/24]}"


@pytest.mark.parametrize(
    ("arguments", "spec", "annotation", "served"),
    [
        ((), "", "", True),
        ((), "", "traefik", True),
        ((), "", "other", False),
        ((), "", "${CLASS}", False),
        ((), "ingressClassName: traefik", "", True),
        ((), "ingressClassName: other", "traefik", False),
        ((f"{CRD}.ingressclass=other",), "", "other", True),
        ((f"{CRD}.ingressclass=other",), "", "", False),
        ((f"{CRD}.ingressclass=other",), "", "traefik", False),
        ((f"{CRD}.ingressclass=$(CLASS)",), "", "", False),
        ((f"{CRD}.namespaces=shop",), "", "", True),
        ((f"{CRD}.namespaces=edge,other",), "", "", False),
        ((f"{CRD}.namespaces=$(NAMESPACES)",), "", "", False),
        ((f"{CRD}.labelselector=a=b",), "", "", False),
        ((f"{CRD}=false",), "", "", False),
        ((), "parentRefs: [{name: above}]", "", False),
    ],
)
def test_it_serves_routes_of_its_class_and_namespaces(
    arguments: tuple[str, ...], spec: str, annotation: str, *, served: bool
) -> None:
    text = route("office", spec=spec)
    if annotation:
        text = text.replace(
            "namespace: shop}", f"namespace: shop, annotations: {{kubernetes.io/ingress.class: '{annotation}'}}}}"
        )
    first = () if f"{CRD}=false" in arguments else (CRD,)
    assert bool(controls(deployment(WEB, *first, *arguments), text, middleware(LIST))) is served


@pytest.mark.parametrize(
    ("arguments", "class_name", "served"),
    [
        ((), "", True),
        ((), "traefik", True),
        ((), "nginx", False),
        ((f"{INGRESS}.ingressclass=traefik",), "traefik", True),
        ((f"{INGRESS}.ingressclass=edge",), "traefik", False),
        ((f"{INGRESS}.ingressclass=edge",), "", False),
        ((f"{INGRESS}.disableingressclasslookup",), "traefik", False),
        ((f"{INGRESS}.disableclusterscoperesources",), "", True),
        ((f"{INGRESS}.namespaces=edge",), "", False),
        ((f"{INGRESS}.crossprovidernamespaces=edge",), "", False),
        ((f"{INGRESS}.crossprovidernamespaces=edge,shop",), "", True),
        ((f"{INGRESS}=$(INGRESS)",), "", False),
    ],
)
def test_it_serves_ingresses_of_its_class(arguments: tuple[str, ...], class_name: str, *, served: bool) -> None:
    spec = f"spec: {{ingressClassName: {class_name}}}" if class_name else "spec: {}"
    text = ingress("shop-office@kubernetescrd").replace("spec: {}", spec)
    head = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\n"
    classes = [
        f"{head}metadata: {{name: {name}}}\nspec: {{controller: {controller}}}"
        for name, controller in (("traefik", "traefik.io/ingress-controller"), ("nginx", "k8s.io/ingress-nginx"))
    ]
    found = controls(deployment(WEB, INGRESS, *arguments), text, middleware(LIST), *classes)
    assert bool(found) is served


def test_a_class_that_was_not_read_is_assumed() -> None:
    text = ingress("shop-office@kubernetescrd").replace("spec: {}", "spec: {ingressClassName: traefik}")
    (control,) = controls(deployment(WEB, INGRESS), text, middleware(LIST))
    assert control.basis.assumptions == ("the IngressClass traefik is traefik.io/ingress-controller's",)
    on_route = (route("office"), middleware(LIST))
    (control,) = controls(deployment(WEB, INGRESS, CRD), text, *on_route)
    assert control.basis.certain


def test_what_binds_it_surely_counts() -> None:
    assumed = ingress("shop-office@kubernetescrd").replace("spec: {}", "spec: {ingressClassName: traefik}")
    surely = ingress("shop-office@kubernetescrd").replace("name: i", "name: j")
    (control,) = controls(deployment(WEB, INGRESS), assumed, surely, middleware(LIST))
    assert control.basis.certain


def test_a_refused_middleware_on_the_entry_point_takes_all_its_routes_down() -> None:
    bound = "--entryPoints.web.http.middlewares=shop-two@kubernetescrd"
    two = middleware(f"{LIST}\nrateLimit: {{average: 1}}", "two")
    assert controls(deployment(WEB, CRD, bound), route("office"), middleware(LIST), two) == ()


def test_another_one_that_could_not_be_read_may_serve_it() -> None:
    other = deployment("--configFile=/conf/t.yaml", name="u")
    assert controls(deployment(WEB, CRD), other, route("office"), middleware(LIST)) == ()


def test_the_nearest_of_two_namesakes_is_meant() -> None:
    far = middleware("rateLimit: {average: 5}")
    assert controls(deployment(WEB, CRD), route("office"), middleware(LIST), far) == ()
