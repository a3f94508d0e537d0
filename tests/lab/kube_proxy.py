"""The rules of one node, in the shape in which kube-proxy's nftables mode writes them.

Compared with the rule dumps of Kubernetes `pkg/proxy/nftables/proxier_test.go` (commit 030880a5dc54): the same hooks
and priorities, the same order of source ranges, translation and masquerade, the same marks, the same treatment of pods,
of local processes, and of nodes without an endpoint. Endpoints are taken in turn where kube-proxy takes any of them, so
that a run is like the next. Left out: session affinity, topology, and IPv6.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.addresses import PODS, SERVICES, node_address
from lab.scenario import Pod, Port, Scenario, Service

_BASE = f"""
add table ip kube-proxy
add set ip kube-proxy cluster-ips {{ type ipv4_addr ; }}
add set ip kube-proxy nodeport-ips {{ type ipv4_addr ; }}
add map ip kube-proxy firewall-ips {{ type ipv4_addr . inet_proto . inet_service : verdict ; }}
add map ip kube-proxy no-endpoint-nodeports {{ type inet_proto . inet_service : verdict ; }}
add map ip kube-proxy no-endpoint-services {{ type ipv4_addr . inet_proto . inet_service : verdict ; }}
add map ip kube-proxy service-ips {{ type ipv4_addr . inet_proto . inet_service : verdict ; }}
add map ip kube-proxy service-nodeports {{ type inet_proto . inet_service : verdict ; }}

add chain ip kube-proxy filter-prerouting-pre-dnat {{ type filter hook prerouting priority -110 ; }}
add chain ip kube-proxy filter-output-pre-dnat {{ type filter hook output priority -110 ; }}
add chain ip kube-proxy filter-forward {{ type filter hook forward priority 0 ; }}
add chain ip kube-proxy filter-input {{ type filter hook input priority 0 ; }}
add chain ip kube-proxy filter-output {{ type filter hook output priority 0 ; }}
add chain ip kube-proxy nat-prerouting {{ type nat hook prerouting priority -100 ; }}
add chain ip kube-proxy nat-output {{ type nat hook output priority -100 ; }}
add chain ip kube-proxy nat-postrouting {{ type nat hook postrouting priority 100 ; }}
add chain ip kube-proxy cluster-ips-check
add chain ip kube-proxy firewall-check
add chain ip kube-proxy mark-for-masquerade
add chain ip kube-proxy masquerading
add chain ip kube-proxy nodeport-endpoints-check
add chain ip kube-proxy reject-chain
add chain ip kube-proxy services
add chain ip kube-proxy service-endpoints-check

add rule ip kube-proxy cluster-ips-check ip daddr @cluster-ips reject
add rule ip kube-proxy cluster-ips-check ip daddr {SERVICES} drop
add rule ip kube-proxy filter-prerouting-pre-dnat ct state new jump firewall-check
add rule ip kube-proxy filter-output-pre-dnat ct state new jump firewall-check
add rule ip kube-proxy filter-forward ct state new jump service-endpoints-check
add rule ip kube-proxy filter-forward ct state new jump cluster-ips-check
add rule ip kube-proxy filter-input ct state new jump nodeport-endpoints-check
add rule ip kube-proxy filter-input ct state new jump service-endpoints-check
add rule ip kube-proxy filter-output ct state new jump service-endpoints-check
add rule ip kube-proxy filter-output ct state new jump cluster-ips-check
add rule ip kube-proxy firewall-check ip daddr . meta l4proto . th dport vmap @firewall-ips
add rule ip kube-proxy mark-for-masquerade meta mark set meta mark or 0x4000
add rule ip kube-proxy masquerading meta mark and 0x4000 == 0 return
add rule ip kube-proxy masquerading meta mark set meta mark xor 0x4000
add rule ip kube-proxy masquerading masquerade fully-random
add rule ip kube-proxy nat-output jump services
add rule ip kube-proxy nat-prerouting jump services
add rule ip kube-proxy nat-postrouting jump masquerading
add rule ip kube-proxy nodeport-endpoints-check ip daddr @nodeport-ips \\
    meta l4proto . th dport vmap @no-endpoint-nodeports
add rule ip kube-proxy reject-chain reject
add rule ip kube-proxy services ip daddr . meta l4proto . th dport vmap @service-ips
add rule ip kube-proxy services ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
add rule ip kube-proxy service-endpoints-check ip daddr . meta l4proto . th dport vmap @no-endpoint-services
"""


def rules(scenario: Scenario, node: int) -> str:
    """What `nft -f -` reads on one node."""
    lines = [_BASE, _element("nodeport-ips", node_address(node))]
    for service in scenario.services:
        if not service.headless:
            lines.append(_element("cluster-ips", service.cluster_ip))
            endpoints = service.pods(scenario.pods)
            for port in service.ports:
                lines += _of_port(service, port, endpoints, node)
    return "\n".join([*lines, *_host_ports(scenario, node)]) + "\n"


def _of_port(service: Service, port: Port, endpoints: tuple[Pod, ...], node: int) -> Iterator[str]:
    protocol = port.protocol.lower()
    key = f"{service.namespace}/{service.name}/{protocol}/{port.port}"
    yield from _endpoint_chains(key, port, endpoints)
    chain, external = f"service-{key}", f"external-{key}"
    yield _chain(chain)
    yield _rule(chain, f"ip daddr {service.cluster_ip} ip saddr != {PODS} jump mark-for-masquerade")
    if endpoints:
        yield _balance(chain, key, endpoints)
        yield _element("service-ips", f"{service.cluster_ip} . {protocol} . {port.port} : goto {chain}")
    else:
        yield _element("no-endpoint-services", f"{service.cluster_ip} . {protocol} . {port.port} : goto reject-chain")
    local = tuple(pod for pod in endpoints if pod.node == node)
    yield from _external_chain(external, chain, key, local, is_local=service.local)
    verdict = "goto reject-chain" if not endpoints else "drop" if service.local and not local else ""
    for address in _external_addresses(service):
        where = f"{address} . {protocol} . {port.port}"
        if endpoints:
            yield _element("service-ips", f"{where} : goto {external}")
        if verdict:
            yield _element("no-endpoint-services", f"{where} : {verdict}")
    if service.type in ("NodePort", "LoadBalancer"):
        where = f"{protocol} . {port.node_port}"
        if endpoints:
            yield _element("service-nodeports", f"{where} : goto {external}")
        if verdict:
            yield _element("no-endpoint-nodeports", f"{where} : {verdict}")
    if service.source_ranges:
        yield _chain(f"firewall-{key}")
        yield _rule(f"firewall-{key}", f"ip saddr != {{ {', '.join(service.source_ranges)} }} drop")
        yield _element("firewall-ips", f"{service.balancer_ip} . {protocol} . {port.port} : goto firewall-{key}")


def _external_addresses(service: Service) -> tuple[str, ...]:
    return (*((service.balancer_ip,) if service.type == "LoadBalancer" else ()), *service.external_ips)


def _external_chain(external: str, chain: str, key: str, local: tuple[Pod, ...], *, is_local: bool) -> Iterator[str]:
    yield _chain(external)
    if not is_local:
        yield _rule(external, "jump mark-for-masquerade")
        yield _rule(external, f"goto {chain}")
        return
    yield _rule(external, f"ip saddr {PODS} goto {chain}")
    yield _rule(external, "fib saddr type local jump mark-for-masquerade")
    yield _rule(external, f"fib saddr type local goto {chain}")
    if local:
        yield _chain(f"local-{key}")
        yield _balance(f"local-{key}", key, local)
        yield _rule(external, f"goto local-{key}")


def _endpoint_chains(key: str, port: Port, endpoints: tuple[Pod, ...]) -> Iterator[str]:
    for pod in endpoints:
        chain = f"endpoint-{key}__{pod.address}"
        yield _chain(chain)
        yield _rule(chain, f"ip saddr {pod.address} jump mark-for-masquerade")
        yield _rule(chain, f"meta l4proto {port.protocol.lower()} dnat to {pod.address}:{pod.number(port.target)}")


def _balance(chain: str, key: str, endpoints: tuple[Pod, ...]) -> str:
    verdicts = ", ".join(f"{number} : goto endpoint-{key}__{pod.address}" for number, pod in enumerate(endpoints))
    return _rule(chain, f"numgen inc mod {len(endpoints)} vmap {{ {verdicts} }}")


def _host_ports(scenario: Scenario, node: int) -> Iterator[str]:
    """Host ports, as the portmap plugin sets them up: a destination translation, and no source translation for what
    comes from outside (containernetworking/plugins `plugins/meta/portmap/README.md`)."""
    wanted = [
        (pod, port)
        for pod in scenario.pods
        if pod.node == node and not pod.host_network
        for port in pod.ports
        if "hostPort" in port
    ]
    if wanted:
        yield "add table ip hostport"
        yield "add chain ip hostport prerouting { type nat hook prerouting priority -100 ; }"
    for pod, port in wanted:
        protocol = port.get("protocol", "TCP").lower()
        target = f"{pod.address}:{port['containerPort']}"
        match = f"fib daddr type local {protocol} dport {port['hostPort']}"
        yield f"add rule ip hostport prerouting {match} dnat to {target}"


def _chain(name: str) -> str:
    return f"add chain ip kube-proxy {name}"


def _rule(chain: str, text: str) -> str:
    return f"add rule ip kube-proxy {chain} {text}"


def _element(name: str, text: str) -> str:
    return f"add element ip kube-proxy {name} {{ {text} }}"
