"""A node may be elected to announce the address that has none of the interfaces named for it.

`interfaces` of an L2Advertisement says where an address is announced once a node is elected; the election does not look
at it. A node without any of these interfaces wins like every other one, announces nothing, and the address answers
nobody until another node is elected. Under `externalTrafficPolicy: Local` fewer nodes take part, those with a pod, and
one of them without the interface is enough. Only `nodeSelectors` keep such nodes out of the election.

## Reported when

- `layer2`: an L2Advertisement names `interfaces`.
- `any-node`: it has no `nodeSelectors`, or only such as every node meets (the operating system).
- `bound`: no other L2Advertisement of one of its pools leaves the interfaces open.

It is a **warning**, and assumes that a node which may be elected has none of the interfaces: on nodes that are all
alike nothing is wrong. Ignore the rule there, and say so, or name the nodes.

## Silent when

- `unknown`: a placeholder leaves open which nodes, pools or interfaces are meant.
- `one-node`: by the inventory (`nodes` in the configuration, or else the Node objects read) there is one node only that
  can announce.
- `speakers-confined`: the speakers run on chosen nodes only, and so does the election.

## Bad

```yaml
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: public
  namespace: metallb-system
spec:
  interfaces:  # want warning "a node without eth1"
    - eth1
```

## Good

```yaml
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: public
  namespace: metallb-system
spec:
  nodeSelectors:
    - matchLabels:
        role: edge
  interfaces:
    - eth1
```

## Fix

Add `nodeSelectors` that name the nodes with these interfaces.

## Sources

- metallb/metallb `website/content/configuration/_advanced_l2_configuration.md` (the warning under "Specify network
  interfaces"); `speaker/layer2_controller.go` (ShouldAnnounce, SetBalancer), `internal/layer2/ip_advertisement.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import EXCLUDED, Advertisement, Diagnosis, Model, Related, Rule, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis an advertisement."""
    for advertisement in model.metallb.advertisements:
        names = [item.value for item in advertisement.interfaces if isinstance(item.value, str)]
        is_read = advertisement.is_l2 and names and len(names) == len(advertisement.interfaces)
        if is_read and _leaves_the_node_open(model, advertisement) and model.metallb.bound_to_interfaces(advertisement):
            yield _diagnosis(model, advertisement, names)


def _leaves_the_node_open(model: Model, advertisement: Advertisement) -> bool:
    """Does nothing choose among the nodes that take part in the election?"""
    is_open = model.metallb.names_every_node(advertisement) and not _has_one_node(model, advertisement)
    return is_open and not model.metallb.confines_speakers(advertisement.object)


def _has_one_node(model: Model, advertisement: Advertisement) -> bool:
    """Is there one node only that can be elected, by the inventory?"""
    inventory = model.siting.inventory(advertisement)
    return inventory is not None and sum(EXCLUDED not in node.labels for node in inventory.nodes) <= 1


def _diagnosis(model: Model, advertisement: Advertisement, names: list[str]) -> Diagnosis:
    listed = " or ".join(names)
    return Diagnosis(
        at=advertisement.object.place.at("spec", "interfaces"),
        message=f"The election does not look at interfaces: a node without {listed} may be elected, and then nobody "
        "announces the address.",
        severity=Severity.WARNING,
        object=advertisement.object,
        related=tuple(_local(model, advertisement)),
        assumptions=(f"a node that may be elected has no interface {listed}",),
        fixes=("add nodeSelectors that name the nodes with these interfaces",),
    )


def _local(model: Model, advertisement: Advertisement) -> Iterator[Related]:
    """The Local Services that it announces: for them one node with a pod and without the interface is enough."""
    for service in model.local_services:
        announcers = model.announcers(service)
        if announcers and advertisement in announcers.announcement.advertisements:
            why = "under Local only nodes with a pod of it can be elected, which leaves fewer with the interface"
            yield Related(service.external_traffic_policy.place, why, service.object)


RULE = Rule(
    id="SRC317",
    name="metallb-l2-interface-without-node-selector",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
