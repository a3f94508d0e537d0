"""Which nginx a container runs, and which files of which ConfigMaps it reads."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from nginx_pods import CONF_D, behaviour_in, behaviour_of, bundle_of, config_map, deployment, text_at
from srcip_lint.proxies import behaviours
from srcip_lint.proxies.behaviour import ProxyBehaviour
from srcip_lint.proxies.nginx import behaviour, loose

SITE = "server { listen 8081; location / { proxy_pass http://app; } }"
MAIN = "events {} http { server { listen 8082; } include /etc/nginx/conf.d/*.conf; }"
CONF = {"name": "conf", "configMap": {"name": "conf"}}


def found(
    files: dict[str, str], mounts: list[dict[str, Any]], volumes: list[dict[str, Any]] | None = None, **container: Any
) -> ProxyBehaviour:
    return behaviour_in(bundle_of(config_map(files), deployment(mounts, volumes, **container)))


def ports(found: ProxyBehaviour) -> list[int | None]:
    return sorted({listener.port for listener in found.listeners}, key=str)


def mount(path: str, sub_path: str = "", name: str = "conf") -> dict[str, Any]:
    return {"name": name, "mountPath": path, **({"subPath": sub_path} if sub_path else {})}


MOUNTED = {
    "a folder hides the image's default": ({"site.conf": SITE}, [mount(CONF_D)], [8081]),
    "a file beside the image's default": ({"site.conf": SITE}, [mount(CONF_D + "/site.conf", "site.conf")], [80, 8081]),
    "a file in the place of the image's default": ({"s": SITE}, [mount(CONF_D + "/default.conf", "s")], [8081]),
    "a file that is not included": ({"site.txt": SITE}, [mount(CONF_D)], []),
    "a folder nothing includes": ({"site.conf": SITE}, [mount("/etc/nginx/sites-enabled")], [80]),
    "nginx.conf": ({"nginx.conf": MAIN}, [mount("/etc/nginx/nginx.conf", "nginx.conf")], [80, 8082]),
    "nginx.conf and conf.d": (
        {"main": MAIN, "site.conf": SITE},
        [mount("/etc/nginx/nginx.conf", "main"), mount(CONF_D)],
        [8081, 8082],
    ),
    "everything": ({"nginx.conf": MAIN}, [mount("/etc/nginx")], [8082]),
    "an include with a path of its own": (
        {"main": "http { include snippets/*.conf; include mime.types; }", "site.conf": SITE},
        [mount("/etc/nginx/nginx.conf", "main"), mount("/etc/nginx/snippets/")],
        [8081],
    ),
    "elsewhere altogether": ({"site.conf": SITE}, [mount("/usr/share/nginx/html")], [80]),
}


@pytest.mark.parametrize("case", MOUNTED)
def test_mounts(case: str) -> None:
    files, mounts, expected = MOUNTED[case]
    result = found(files, mounts)
    assert (ports(result), result.complete) == (expected, True)


def test_items_and_projections() -> None:
    items = [{"key": "site", "path": "a/site.conf"}]
    volume = {"name": "conf", "configMap": {"name": "conf", "items": items}}
    projected = {"name": "conf", "projected": {"sources": [{"configMap": {"name": "conf", "items": items}}]}}
    for each in (volume, projected):
        assert ports(found({"site": SITE, "more.conf": MAIN}, [mount(CONF_D, "a")], [each])) == [8081]


OPAQUE = {
    "a Secret": {"name": "conf", "secret": {"secretName": "conf"}},
    "an emptyDir": {"name": "conf", "emptyDir": {}},
    "a ConfigMap that is not here": {"name": "conf", "configMap": {"name": "other"}},
    "a key that is not here": {
        "name": "conf",
        "configMap": {"name": "conf", "items": [{"key": "x", "path": "x.conf"}]},
    },
    "a Secret beside it": {
        "name": "conf",
        "projected": {"sources": [{"configMap": {"name": "conf"}}, {"secret": {"name": "conf"}}]},
    },
    "a ConfigMap with a placeholder for a name": {"name": "conf", "configMap": {"name": "${NAME}"}},
    "no such volume": {"name": "another", "emptyDir": {}},
}


@pytest.mark.parametrize("case", OPAQUE)
def test_what_is_not_in_the_bundle_makes_it_incomplete(case: str) -> None:
    result = found({"site.conf": SITE}, [mount(CONF_D)], [OPAQUE[case]])
    assert not result.complete
    assert "/etc/nginx/conf.d/*.conf is not in these files" in result.why_incomplete


def test_a_secret_for_certificates_does_not() -> None:
    secret = {"name": "tls", "secret": {"secretName": "tls"}}
    result = found({"site.conf": SITE}, [mount(CONF_D), mount("/etc/nginx/certificates", name="tls")], [CONF, secret])
    assert result.complete


def test_sub_path_expressions_are_not_read() -> None:
    expression = {"name": "conf", "mountPath": CONF_D, "subPathExpr": "$(POD_NAME)"}
    assert not found({"site.conf": SITE}, [expression]).complete


def test_an_inner_mount_hides_its_part_of_an_outer_one() -> None:
    empty = {"name": "empty", "emptyDir": {}}
    result = found({"site.conf": SITE}, [mount(CONF_D), mount("/etc/nginx", name="empty")], [CONF, empty])
    assert result.why_incomplete == "its /etc/nginx/nginx.conf is not in these files"
    assert result.listeners == ()


IMAGES = {
    "nginx": ([80], True),
    "docker.io/library/nginx:1.27@sha256:0": ([80], True),
    "registry.corp:5000/library/nginx": ([80], True),
    "public.ecr.aws/nginx/nginx:1": ([80], True),
    "nginxinc/nginx-unprivileged": ([8080], True),
    "ghcr.io/nginxinc/nginx-unprivileged:1": ([8080], True),
    "openresty/openresty:alpine": ([80], True),
    "bitnami/nginx:1.27": ([8080], True),
    "registry.corp:5000/nginx": ([], False),
    "example/nginx": ([], False),
    "example/openresty": ([], False),
}


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_with_nothing_mounted(image: str) -> None:
    result = behaviour_in(bundle_of(deployment([], [], image)))
    assert (ports(result), result.complete) == IMAGES[image]
    assert text_at(result.listeners[0].at).endswith(image) if result.listeners else "not known" in result.why_incomplete


@pytest.mark.parametrize(
    "image",
    [
        "nginx/nginx-ingress:5",
        "registry.k8s.io/ingress-nginx/controller:v1",
        "nginx/nginx-prometheus-exporter",
        "busybox",
        "${IMAGE}",
    ],
)
def test_what_is_not_nginx(image: str) -> None:
    bundle = bundle_of(config_map({"site.conf": SITE}), deployment([mount("/etc/ssl")], [CONF], image))
    assert behaviour(bundle.workloads[0], bundle) is None


def test_ingress_controllers_keep_their_folders() -> None:
    bundle = bundle_of(config_map({"a.conf": SITE}), deployment(image="registry.k8s.io/ingress-nginx/controller:v1"))
    assert behaviour(bundle.workloads[0], bundle) is None


def test_an_unknown_image_that_has_a_configuration_of_nginx() -> None:
    result = found({"site.conf": SITE}, [mount(CONF_D)], image="example/frontend")
    assert (ports(result), result.why_incomplete) == ([8081], "its image's own nginx.conf is not known")
    mounts = [mount("/etc/nginx/default.d/a.conf", "a.conf"), mount("/etc/nginx/more", "more")]
    files = {"a.conf": "location /a { proxy_pass http://a; }", "more": ""}
    result = found(files, mounts, image="example/frontend")
    assert [route.name for route in result.listeners[0].routes] == ["server", "location /a"]
    whole = found(
        {"nginx.conf": "http { server { listen 81; } }"},
        [mount("/etc/nginx/nginx.conf", "nginx.conf")],
        image="${IMAGE}",
    )
    assert (ports(whole), whole.complete) == ([81], True)


def test_other_images_read_other_folders() -> None:
    blocks = "/opt/bitnami/nginx/conf/server_blocks"
    assert ports(found({"site.conf": SITE}, [mount(blocks)], image="bitnami/nginx")) == [8080, 8081]
    other = [{"name": "NGINX_HTTP_PORT_NUMBER", "value": "9000"}]
    assert ports(found({"site.conf": SITE}, [mount(blocks)], image="bitnami/nginx", env=other)) == [8081, 9000]
    main = "/usr/local/openresty/nginx/conf/nginx.conf"
    assert ports(found({"main": MAIN}, [mount(main, "main")], image="openresty/openresty")) == [80, 8082]
    assert ports(behaviour_of("server { }", image="nginxinc/nginx-unprivileged")) == [8000]


def test_a_port_that_comes_from_elsewhere() -> None:
    secret = [{"name": "NGINX_HTTP_PORT_NUMBER", "valueFrom": {"secretKeyRef": {"name": "x", "key": "y"}}}]
    assert not behaviour_in(bundle_of(deployment([], [], "bitnami/nginx", env=secret))).complete


def test_what_only_the_official_image_does() -> None:
    openresty = behaviour_in(bundle_of(deployment([], [], "openresty/openresty")))
    assert [listener.families for listener in openresty.listeners] == [(4,)]
    assert [listener.families for listener in behaviour_in(bundle_of(deployment([], []))).listeners] == [(4,), (6,)]
    templates = [mount("/etc/nginx/templates")]
    assert ports(found({"a.conf.template": SITE}, templates, image="openresty/openresty")) == [80]
    assert ports(found({"a.conf.template": SITE, "b.conf": SITE}, templates)) == [80, 8081]


def test_another_main_file() -> None:
    result = found({"main.conf": MAIN}, [mount("/config")], command=["nginx", "-c", "/config/main.conf"])
    assert ports(result) == [80, 8082]
    result = found({"main.conf": MAIN}, [mount("/config")], args=["-c", "/else/main.conf"])
    assert result.why_incomplete == "its /else/main.conf is not in these files"


@pytest.mark.parametrize(
    ("arguments", "complete"),
    [
        ({"args": ["nginx", "-g", "daemon off;"]}, True),
        ({"command": ["/docker-entrypoint.sh", "nginx"]}, True),
        ({"args": ["-g", "daemon off;"]}, True),
        ({"command": ["sh", "-c", "envsubst < /x > /etc/nginx/nginx.conf && nginx"]}, False),
    ],
)
def test_what_is_started_instead(arguments: dict[str, Any], complete: bool) -> None:
    result = behaviour_of(SITE, **arguments)
    assert result.complete is complete
    assert ("command is not nginx itself" in result.why_incomplete) is not complete


TEMPLATE = """
server {
  listen ${PORT};
  set_real_ip_from $TRUSTED;
  location / { proxy_pass http://$HOST$request_uri; }
}
"""


def test_templates_are_filled_in_from_the_environment() -> None:
    env = [
        {"name": "PORT", "value": "8085"},
        {"name": "TRUSTED", "valueFrom": {"secretKeyRef": {"name": "x", "key": "y"}}},
    ]
    result = found(
        {"site.conf.template": TEMPLATE}, [mount("/etc/nginx/templates")], env=[*env, {"name": "HOST", "value": "app"}]
    )
    assert (ports(result), result.complete) == ([80, 8085], True)
    listener = next(each for each in result.listeners if each.port == 8085)
    assert text_at(listener.at) == "listen ${PORT}"
    (route,) = listener.routes
    assert (route.real_ip[0].trust.networks, route.real_ip[0].trust.unreadable) == ((), True)
    assert route.upstream is not None
    assert route.upstream.host == "app"


def test_a_template_without_its_environment() -> None:
    result = found({"site.conf.template": TEMPLATE}, [mount("/etc/nginx/templates")])
    assert (ports(result), result.why_incomplete) == ([80, None], "a port that it listens on cannot be told")


def test_templates_elsewhere_and_where_they_cannot_be_written() -> None:
    env = [
        {"name": "NGINX_ENVSUBST_TEMPLATE_DIR", "value": "/t"},
        {"name": "NGINX_ENVSUBST_TEMPLATE_SUFFIX", "value": ".in"},
    ]
    assert ports(found({"a.conf.in": SITE}, [mount("/t")], env=env)) == [80, 8081]
    assert ports(
        found(
            {"a.conf.template": SITE, "b.conf": "server { listen 81; }"}, [mount("/etc/nginx/templates"), mount(CONF_D)]
        )
    ) == [81]


def test_several_containers_share_the_ports() -> None:
    bundle = bundle_of(config_map({"site.conf": SITE}), deployment())
    both = deployment().replace(
        "      containers:\n", "      containers:\n      - {name: more, image: 'nginxinc/nginx-unprivileged'}\n"
    )
    result = behaviour_in(bundle_of(config_map({"site.conf": SITE}), both))
    assert (ports(result), result.complete) == ([8080, 8081], True)
    assert ports(behaviour_in(bundle)) == [8081]


def test_the_nearest_config_map_of_the_namespace() -> None:
    other = config_map({"site.conf": "server { listen 99; }"}).replace("{name: conf}", "{name: conf, namespace: other}")
    own = deployment().replace("  name: web\nspec", "  name: web\n  namespace: shop\nspec")
    bundle = bundle_of(other, config_map({"site.conf": SITE}), own)
    assert ports(behaviour_in(bundle)) == [8081]
    twice = bundle_of(config_map({"site.conf": SITE}), config_map({"site.conf": SITE}), deployment())
    assert not behaviour_in(twice).complete


def test_a_configuration_that_nobody_mounts_is_said_to_be_loose() -> None:
    spare = config_map({"default.conf": SITE, "readme": "server { rooms }"}, "spare")
    bundle = bundle_of(config_map({"site.conf": SITE}), deployment(), spare)
    assert [(config.object.name, text_at(place.at())) for config, place in loose(bundle)] == [("spare", "default.conf")]


def test_a_file_that_is_mounted_and_not_read_is_loose_too() -> None:
    bundle = bundle_of(config_map({"site.conf": SITE, "site.txt": SITE}), deployment())
    assert [place.path[-1] for _, place in loose(bundle)] == ["site.txt"]


def test_the_adapters_are_asked_in_turn() -> None:
    bundle = bundle_of(config_map({"site.conf": SITE}), deployment())
    result = behaviours(bundle.workloads[0], bundle)
    assert result is not None
    assert (result.product, ports(result)) == ("nginx", [8081])
    assert behaviours(bundle_of(deployment(image="busybox", mounts=[])).workloads[0], bundle) is None


def test_the_parser_is_imported_only_where_there_is_something_to_parse() -> None:
    code = f"""
import sys
from nginx_pods import behaviour_in, bundle_of, deployment
stock = behaviour_in(bundle_of({deployment([], [])!r}))
assert stock.listeners and "crossplane" not in sys.modules
"""
    script = f"import sys; sys.path[:0] = {sys.path!r}\n{code}"
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
