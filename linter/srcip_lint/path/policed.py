"""What the network policy of a pod sees, which is not always what the pod sees.

A policy is checked where packets are forwarded, and the masquerade comes after that (kube-proxy's in POSTROUTING,
policies of iptables-based plugins in FORWARD): on the node that received the packet the policy of a pod sees the
address as it came, on another node that of the node which sent it on. Kubernetes leaves the order undefined ("Network
Policies", ipBlock), so this is an assumption; a rule leans on its second half, which every plugin that checks a policy
where the pod is bears out.
"""

from __future__ import annotations

from srcip_lint.path.hops import NODE, Addresses, Atom, Basis, Observation, Point, When, Whose, always
from srcip_lint.policies import Admitted
from srcip_lint.resources.workload import Workload

ORDER = (
    "the network plugin checks a policy on the pod's node, as the packet comes from the node that received it "
    "(Kubernetes leaves the order of address translation and policy undefined)"
)
_ON_HOST = Atom(Whose.UNKNOWN, "most network plugins check no policy for a pod on its node's network")


def observed(
    admitted: Admitted, workload: Workload, peer: Addresses, source: Addresses | None
) -> tuple[Observation, ...]:
    """One observation a block of addresses. `source` is the address before a node's masquerade, None without one."""
    addresses, basis = _seen(workload, peer, source)
    return tuple(
        Observation(
            Point.POD_POLICY,
            f"{policy.object.ref} admits {block.network.value}",
            addresses,
            block.network.place,
            control=str(policy.object.ref),
            networks=(block.network.value,),
            exceptions=tuple((each.value, each.place) for each in block.exceptions),
            basis=basis,
        )
        for policy, block in admitted.blocks
    )


def _seen(workload: Workload, peer: Addresses, source: Addresses | None) -> tuple[Addresses, Basis]:
    if workload.template.host_network.value is not False:
        return always(_ON_HOST), Basis()
    if source is None or peer == source:
        return peer, Basis()
    assumed = Basis(assumptions=(ORDER,))
    if peer != always(NODE):
        return peer, assumed
    return frozenset({(NODE, When.OTHER_NODE), *((atom, When.SAME_NODE) for atom, _ in source)}), assumed
