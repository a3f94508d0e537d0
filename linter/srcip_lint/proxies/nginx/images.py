"""Which containers run nginx, and what their images bring where nothing is mounted over it.

Sources: nginxinc/docker-nginx `stable/debian/Dockerfile` and `entrypoint/`, nginxinc/docker-nginx-unprivileged,
openresty/docker-openresty `nginx.conf` and `nginx.vh.default.conf`, bitnami/containers `bitnami/nginx`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from srcip_lint.proxies.mounts import File, Mounted, is_below
from srcip_lint.resources.pods import Container

_MAIN = "events {} http { include /etc/nginx/conf.d/*.conf; }"
_DEFAULT_CONF = "/etc/nginx/conf.d/default.conf"
_BITNAMI = """events {{}}
http {{
    include /opt/bitnami/nginx/conf/server_blocks/*.conf;
    include /opt/bitnami/nginx/conf/context.d/http/*.conf;
    server {{
        listen {0};
        include /opt/bitnami/nginx/conf/bitnami/*.conf;
        location /status {{ allow 127.0.0.1; deny all; }}
    }}
}}"""
_GUESSED = "include /etc/nginx/conf.d/*.conf; include /etc/nginx/http.d/*.conf; include /etc/nginx/sites-enabled/*;"
_GUESSED_SERVER = "server { include /etc/nginx/default.d/*.conf; }"
"""What the nginx.conf of some distribution includes. A behaviour that is built on it is not complete."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """What is known of an image. `files` are its own configuration; `folders` hold no others. `port` is where its own
    server listens, None where that is not known; `default_port` is where one without `listen` does (80 as root, else
    8000). The entry point of `is_docker_nginx` fills in templates, and its own server listens on IPv6 too."""

    product: str
    main: str = "/etc/nginx/nginx.conf"
    files: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    port: int | None = None
    default_port: int = 80
    is_docker_nginx: bool = False

    @property
    def is_known(self) -> bool:
        """Is it known what the image listens on by itself?"""
        return self.port is not None


def _server(listens: str) -> str:
    return f"server {{ {listens} location / {{ root html; }} }}"


def _docker_nginx(port: int, default_port: int) -> Flavour:
    files = {"/etc/nginx/nginx.conf": _MAIN, _DEFAULT_CONF: _server(f"listen {port}; listen [::]:{port};")}
    return Flavour(
        "nginx", files=files, folders=("/etc/nginx",), port=port, default_port=default_port, is_docker_nginx=True
    )


_OFFICIAL = _docker_nginx(80, 80)
_UNPRIVILEGED = _docker_nginx(8080, 8000)
_OPENRESTY_MAIN = "/usr/local/openresty/nginx/conf/nginx.conf"
_OPENRESTY = Flavour(
    "OpenResty",
    _OPENRESTY_MAIN,
    {_OPENRESTY_MAIN: _MAIN, _DEFAULT_CONF: _server("listen 80;")},
    ("/etc/nginx", posixpath.dirname(_OPENRESTY_MAIN)),
    80,
)
_BITNAMI_MAIN = "/opt/bitnami/nginx/conf/nginx.conf"
_UNKNOWN_OPENRESTY = Flavour("OpenResty", _OPENRESTY_MAIN, {_OPENRESTY_MAIN: _MAIN})

MAX_IMAGE = 1000
"""No image's name is longer (characters); what is, is none."""

_IMAGE = re.compile(r"^(?:([^/]*[.:][^/]*|localhost)/)?([^@:]+)(?::[^@/]*)?(?:@.*)?$")
_PUBLIC = (None, "docker.io", "index.docker.io", "registry-1.docker.io", "public.ecr.aws", "mirror.gcr.io")
_OFFICIAL_PATHS = ("nginx", "library/nginx", "docker/library/nginx", "nginx/nginx")
_NAMED = re.compile(r"(?:^|/)nginx(?:-unprivileged|-slim)?$")
_RUN_BY_ITSELF = frozenset({"nginx", "nginx-debug", "openresty", "docker-entrypoint.sh", "entrypoint.sh", "run.sh"})

CONFIGURATION = ("/etc/nginx", "/usr/local/openresty/nginx", "/usr/local/nginx", "/opt/bitnami/nginx")
"""Folders in and above which a mount may change what nginx does."""

_CONFIGURED_AT = re.compile(
    r"/etc/nginx(?:/nginx\.conf|/(?:conf|http|default)\.d(?:/.*)?|/sites-enabled(?:/.*)?|/templates(?:/.*)?)?"
    r"|/usr/local/(?:openresty/)?nginx/conf(?:/.*\.conf)?|/opt/bitnami/nginx/conf(?:/.*\.conf|/server_blocks)?"
)
"""Where nginx reads its configuration. A mount there makes any container one that runs nginx."""


def flavour(container: Container, mounts: Mounted) -> Flavour | None:
    """What a container's image is known to bring; None where nothing says that it runs nginx."""
    image = container.image.value if isinstance(container.image.value, str) else ""
    match = _IMAGE.match(image) if len(image) < MAX_IMAGE else None
    found = _by_name(match[1], match[2], dict(container.environment)) if match else None
    is_configured = any(_CONFIGURED_AT.fullmatch(path) for path in (*mounts.files, *mounts.opaque))
    if found is None and (_NAMED.search(match[2] if match else "") or (is_configured and "ingress" not in image)):
        return _unknown(mounts)
    return found


def _unknown(mounts: Mounted) -> Flavour:
    """An image of which nothing is known but that it runs nginx: what is mounted stands where it mostly stands."""
    has_locations = any(is_below(path, "/etc/nginx/default.d") for path in mounts.files)
    main = f"http {{ {_GUESSED} {_GUESSED_SERVER if has_locations else ''} }}"
    return Flavour("nginx", files={"/etc/nginx/nginx.conf": main})


def _by_name(registry: str | None, path: str, environment: Mapping[str, str | None]) -> Flavour | None:
    name = path.rsplit("/", 1)[-1]
    if path.endswith(("nginxinc/nginx-unprivileged", "nginx/nginx-unprivileged")):
        return _UNPRIVILEGED
    if path.endswith("library/nginx") or (registry in _PUBLIC and path in _OFFICIAL_PATHS):
        return _OFFICIAL
    if re.search(r"(^|/)bitnami(legacy|secure)?/nginx$", path):
        port = environment.get("NGINX_HTTP_PORT_NUMBER", "8080")
        is_port = port is not None and re.fullmatch(r"\d{1,5}", port)
        return _bitnami(int(port)) if port and is_port else Flavour("nginx", _BITNAMI_MAIN)
    if name == "openresty":
        return _OPENRESTY if path == "openresty/openresty" else _UNKNOWN_OPENRESTY
    return None


def _bitnami(port: int) -> Flavour:
    folder = posixpath.dirname(_BITNAMI_MAIN)
    return Flavour("nginx", _BITNAMI_MAIN, {_BITNAMI_MAIN: _BITNAMI.format(port)}, (folder,), port, default_port=8000)


def main_file(container: Container, known: Flavour) -> str:
    """The file that nginx starts from: the image's, or that of `-c`."""
    words = () if runs_something_else(container) else container.arguments
    return next((words[index + 1] for index, word in enumerate(words[:-1]) if word == "-c"), known.main)


def runs_something_else(container: Container) -> bool:
    """Does the manifest start something that is not nginx itself, and may write its configuration first?"""
    first = posixpath.basename(container.arguments[0]) if container.arguments else ""
    return bool(first) and not first.startswith("-") and first not in _RUN_BY_ITSELF


def files_of(container: Container, known: Flavour, mounts: Mounted) -> dict[str, File]:
    """Every configuration file that nginx may find: the mounted ones, what the image brings and is not hidden, and what
    its entry point makes of templates."""
    place = container.image.place
    own = {path: File(text, place, written=False) for path, text in known.files.items() if not mounts.hides(path)}
    files = {**own, **mounts.files}
    if known.is_docker_nginx and not any(is_below("/etc/nginx/conf.d", folder) for folder in mounts.closed):
        files.update(_rendered(container, files))
    return files


def _rendered(container: Container, files: Mapping[str, File]) -> dict[str, File]:
    """nginxinc/docker-nginx `entrypoint/20-envsubst-on-templates.sh`."""
    environment = dict(container.environment)
    source = environment.get("NGINX_ENVSUBST_TEMPLATE_DIR", "/etc/nginx/templates")
    target = environment.get("NGINX_ENVSUBST_OUTPUT_DIR", "/etc/nginx/conf.d")
    suffix = environment.get("NGINX_ENVSUBST_TEMPLATE_SUFFIX", ".template")
    if source is None or target is None or suffix is None:
        return {}
    return {
        target + path[len(source) :].removesuffix(suffix): File(file.text, file.place, variables=environment)
        for path, file in files.items()
        if is_below(path, source) and path.endswith(suffix)
    }
