"""What runs in the pods, and in front of the nodes: the real nginx, Apache httpd, Caddy and HAProxy of Debian, and an
application of the lab's own for every image it does not know.

Each has a mount namespace of its own, in which its configuration and the names of the Services stand where it looks
for them. Each writes one JSON object a request: {"id", "peer", "takes", "headers"}.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.addresses import external_address, node_address
from lab.network import hosts_file, listening, namespace_of
from lab.scenario import Pod, Port, Scenario, Service

ROOM = Path("/run/lab")
"""On a file system in memory that nobody else sees, and that ends with the scenario."""

PATIENCE = 20.0
"""Seconds until a process must listen."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to start: a command, the files it finds, by path, and the folders that hold nothing else."""

    command: tuple[str, ...]
    files: Mapping[str, str]
    folders: tuple[str, ...] = ()


def log_of(pod: Pod) -> Path:
    return ROOM / "logs" / f"{pod.name}.jsonl"


def start(scenario: Scenario) -> list[subprocess.Popen[bytes]]:
    """Start everything, and wait until all of it listens. Raises TimeoutError, RuntimeError."""
    (ROOM / "logs").mkdir(parents=True)
    started = []
    for pod in scenario.pods:
        program = _program(pod)
        hosts = {"/etc/hosts": hosts_file(scenario, pod.namespace)}
        process = _start(pod.name, namespace_of(scenario, pod), program, hosts)
        started.append((process, {(int(p["containerPort"]), p.get("protocol", "TCP")) for p in pod.ports}))
    if scenario.front.mode != "passthrough":
        program = _front(scenario)
        process = _start("front", "front", program, {})
        ports = {(port.port, "TCP") for service in _balanced(scenario) for port in service.ports}
        started.append((process, ports))
    for process, wanted in started:
        _wait(process, wanted)
    return [process for process, _ in started]


def _start(name: str, namespace: str, program: Program, extra: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A process in a network namespace, with its files bound over those of the machine."""
    room = ROOM / name
    binds = []
    for folder in program.folders:
        (room / folder.lstrip("/")).mkdir(parents=True)
        binds.append((room / folder.lstrip("/"), folder))
    for path, text in {**program.files, **extra}.items():
        file = room / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if not any(path.startswith(f"{folder}/") for folder in program.folders):
            binds.append((file, path))
    script = "\n".join([*(f"mount --bind '{source}' '{target}'" for source, target in binds), 'exec "$@"'])
    command = ["nsenter", f"--net=/run/netns/{namespace}", "unshare", "--mount", "sh", "-ec", script, "sh"]
    output = (ROOM / "logs" / f"{name}.out").open("wb")
    return subprocess.Popen([*command, *program.command], stdout=output, stderr=output, cwd=ROOM)


def _wait(process: subprocess.Popen[bytes], wanted: set[tuple[int, str]]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        is_gone = process.poll() is not None
        if not is_gone and all(port in listening(process.pid, protocol) for port, protocol in wanted):
            return
        if is_gone or time.monotonic() > until:
            said = "\n".join(file.read_text(errors="replace") for file in sorted((ROOM / "logs").glob("*.out")))
            raise RuntimeError(f"{process.args!r} does not listen on {sorted(wanted)}:\n{said}")
        time.sleep(0.02)


def _program(pod: Pod) -> Program:
    programs = {"nginx": _nginx, "httpd": _apache, "caddy": _caddy, "haproxy": _haproxy}
    return programs.get(pod.image, _application)(pod)


def _application(pod: Pod) -> Program:
    app = Path(__file__).with_name("app.py")
    ports = [f"{port.get('protocol', 'TCP').lower()}:{port['containerPort']}" for port in pod.ports]
    return Program((sys.executable, "-S", str(app), str(log_of(pod)), *ports), {})


_NGINX_LOG = (
    '{"id":"$http_x_lab_request","peer":"$realip_remote_addr","takes":"$remote_addr","headers":{'
    '"x-forwarded-for":"$http_x_forwarded_for","x-real-ip":"$http_x_real_ip","forwarded":"$http_forwarded"}}'
)


def _nginx(pod: Pod) -> Program:
    """As the image of nginx on Docker Hub is set up: `nginx.conf` includes `conf.d`, where a server listens on 80.
    The log is the lab's."""
    log = f"http {{ log_format lab escape=json '{_NGINX_LOG}'; access_log {log_of(pod)} lab;"
    image = {
        "/etc/nginx/nginx.conf": "events {} http { include /etc/nginx/conf.d/*.conf; }",
        "/etc/nginx/conf.d/default.conf": "server { listen 80; location / { return 200; } }",
    }
    kept = {path: text for path, text in image.items() if path.rsplit("/", 1)[0] not in pod.folders}
    files = {**kept, **pod.files}
    main = files["/etc/nginx/nginx.conf"].replace("http {", log, 1)
    stream = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;"
    files["/etc/nginx/nginx.conf"] = f"{stream}\npid {ROOM}/{pod.name}.pid;\nworker_processes 1;\n{main}"
    return Program(("nginx", "-e", "stderr", "-g", "daemon off;"), files, ("/etc/nginx",))


def _apache(pod: Pod) -> Program:
    """The image of Apache httpd answers on 80. `%a` is whom it takes for the client."""
    names = ("X-Forwarded-For", "X-Real-IP", "Forwarded")
    headers = ",".join(f'"{name.lower()}":"%{{{name}}}i"' for name in names)
    log = f'{{"id":"%{{X-Lab-Request}}i","peer":"%{{c}}a","takes":"%a","headers":{{{headers}}}}}'.replace('"', '\\"')
    modules = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
        for name in ("mpm_event", "authz_core", "dir")
    )
    listens = "\n".join(f"Listen {port['containerPort']}" for port in pod.ports)
    configuration = f"""
{modules}
ServerName lab
PidFile {ROOM}/{pod.name}.pid
{listens}
DocumentRoot /srv
LogFormat "{log}" lab
CustomLog {log_of(pod)} lab
ErrorLog /dev/stderr
"""
    files = {"/srv/index.html": "answer", "/etc/apache2/apache2.conf": configuration}
    return Program(("apache2", "-DFOREGROUND", "-f", "/etc/apache2/apache2.conf"), files, ("/srv",))


def _caddy(pod: Pod) -> Program:
    """Caddy's own log is JSON of another form: `notes` knows it."""
    sites = "\n".join(
        f":{port['containerPort']} {{\n log {{\n output file {log_of(pod)}\n }}\n respond 200\n}}" for port in pod.ports
    )
    configuration = f"{{\n admin off\n auto_https off\n}}\n{sites}\n"
    return Program(
        ("env", f"HOME={ROOM}", "caddy", "run", "--adapter", "caddyfile", "--config", "/srv/Caddyfile"),
        {"/srv/Caddyfile": configuration},
        ("/srv",),
    )


def _haproxy(pod: Pod) -> Program:
    """An HAProxy that answers by itself. It logs to its standard output."""
    names = ("X-Lab-Request", "X-Forwarded-For", "X-Real-IP", "Forwarded")
    captures = "\n".join(f"    http-request capture req.fhdr({name}) len 128" for name in names)
    fields = ",".join(f'"{name.lower()}":"%[capture.req.hdr({index})]"' for index, name in enumerate(names))
    log = f'{{"peer":"%ci","takes":"%[src]","headers":{{{fields}}}}}'.replace('"', '\\"').replace(" ", "\\ ")
    binds = "\n".join(f"    bind :{port['containerPort']}" for port in pod.ports)
    configuration = f"""
global
    log stdout format raw local0
defaults
    mode http
    log global
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend web
{binds}
{captures}
    log-format {log}
    http-request return status 200
"""
    return Program(("haproxy", "-db", "-f", "/srv/haproxy.cfg"), {"/srv/haproxy.cfg": configuration}, ("/srv",))


def _balanced(scenario: Scenario) -> list[Service]:
    return [service for service in scenario.services if service.type == "LoadBalancer"]


def _front(scenario: Scenario) -> Program:
    """A load balancer that opens connections of its own: HAProxy, with an address for each node it sends to."""
    front = scenario.front
    lines = ["defaults", "    timeout client 5s", "    timeout server 5s", "    timeout connect 2s"]
    lines += ["    mode tcp" if front.mode == "tcp" else "    mode http"]
    for service in _balanced(scenario):
        for port in service.ports:
            for node in range(1, len(scenario.nodes) + 1):
                target = _target(scenario, service, port, node)
                name = f"{service.name}-{port.port}-{node}"
                lines += [f"listen {name}", f"    bind {external_address(service.index, node)}:{port.port}"]
                lines += ["    option forwardfor"] if front.mode == "http-append" else []
                lines += (
                    ["    http-request set-header X-Forwarded-For %[src]"] if front.mode == "http-overwrite" else []
                )
                sends = {"v1": " send-proxy", "v2": " send-proxy-v2", "": ""}[front.proxy_protocol]
                lines += [f"    server it {target}{sends}"] if target else []
    return Program(
        ("haproxy", "-db", "-f", "/srv/haproxy.cfg"), {"/srv/haproxy.cfg": "\n".join(lines) + "\n"}, ("/srv",)
    )


def _target(scenario: Scenario, service: Service, port: Port, node: int) -> str:
    """Where the load balancer connects to on a node: its node port, or the pod that stands there."""
    pods = [pod for pod in service.pods(scenario.pods) if pod.node == node]
    if scenario.front.targets == "pods":
        return f"{pods[0].address}:{pods[0].number(port.target)}" if pods else ""
    return f"{node_address(node)}:{port.node_port}" if pods or scenario.front.targets == "nodes" else ""
