"""A node without a speaker may be elected to announce the address, and stays silent.

In layer 2 MetalLB elects one node for each address. The speakers know of each other through memberlist; without it each
of them takes every node of the cluster for one that runs a speaker. Where the speakers run on some of the nodes only,
an election may be won by a node on which nobody answers ARP, and the others stand back: the address is dead, under any
traffic policy. Which addresses are hangs on a hash of node and address. The Helm chart refuses this combination, plain
manifests do not.

## Reported when

- `memberlist-off`: the speaker's manifest gives it no address for memberlist (`METALLB_ML_BIND_ADDR`, `--ml-bindaddr`),
  or the configuration declares `memberlist: false`.
- `subset`: its DaemonSet, or `speakerNodeSelector` in the configuration, leaves nodes without a speaker that an
  L2Advertisement names. With an inventory (`nodes` in the configuration, or else the Node objects read) there is such a
  node, by labels or by a taint that the speakers do not tolerate. Operating system and architecture do not count.
- `layer2`: an L2Advertisement was read, or no advertisement at all.

It is an **error** where the advertisement names every node, or surely only nodes without a speaker, and where declared
nodes show it. It is a **warning** where Node objects show it, where the advertisement and the speakers choose nodes by
different labels, and where no advertisement was read.

## Silent when

- `unknown-nodes`: a placeholder leaves open which nodes are meant.
- `unknown-memberlist`: the speaker may get the variable from elsewhere (`envFrom`, a placeholder for the list).
- `before-memberlist`: MetalLB is older than 0.9, which had none.

## Bad

```yaml
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: public
  namespace: metallb-system
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: speaker
  namespace: metallb-system
spec:
  selector:
    matchLabels:
      component: speaker
  template:
    metadata:
      labels:
        component: speaker
    spec:
      nodeSelector:  # want error "a node without a speaker may be elected"
        role: edge
      containers:
        - name: speaker
          image: quay.io/metallb/speaker:v0.15.2
```

## Good

```yaml
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata:
  name: public
  namespace: metallb-system
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: speaker
  namespace: metallb-system
spec:
  selector:
    matchLabels:
      component: speaker
  template:
    metadata:
      labels:
        component: speaker
    spec:
      nodeSelector:
        role: edge
      containers:
        - name: speaker
          image: quay.io/metallb/speaker:v0.15.2
          env:
            - name: METALLB_ML_BIND_ADDR
              valueFrom:
                fieldRef:
                  fieldPath: status.podIP
```

## Fix

Switch memberlist on (`speaker.memberlist.enabled: true` in the Helm chart, the variables `METALLB_ML_*` in the
manifests); or let the speakers run on every node; or let every L2Advertisement name only nodes with a speaker.

## Sources

- metallb/metallb `speaker/layer2_controller.go` (`speakersForAds`), `internal/speakerlist/speakerlist.go`
  (UsableSpeakers); `charts/metallb/templates/speaker.yaml`, `charts/metallb/values.yaml` (memberlist).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import (
    EVERY_NODE,
    Advertisement,
    Choice,
    Diagnosis,
    Model,
    Related,
    Rule,
    Severity,
    Silent,
    Workload,
    choice_of,
    listed,
    named_by,
    sites,
)


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis a speaker; where none was read, one an advertisement."""
    told: set[Workload] = set()
    found = [each for each in model.metallb.advertisements if each.is_l2]
    for advertisement in found:
        speakers = model.metallb.installation(advertisement.object).speakers
        inventory = model.siting.inventory(advertisement)
        named = model.metallb.named((advertisement,), inventory)
        silent = model.metallb.silent_candidates(named, advertisement.object, inventory)
        if silent and told.isdisjoint(speakers):
            told.update(speakers)
            owner = choice_of(speakers[0]) if speakers else named_by(advertisement)
            yield _diagnosis(model, owner, advertisement, speakers, silent)
    if not model.metallb.advertisements:
        yield from _unadvertised(model)


def _unadvertised(model: Model) -> Iterator[Diagnosis]:
    """The speakers of which nothing tells how they announce."""
    for speaker in model.metallb.speakers:
        inventory = model.siting.inventory(speaker)
        silent = model.metallb.silent_candidates(sites(EVERY_NODE, inventory), speaker.object, inventory)
        if silent:
            yield _diagnosis(model, choice_of(speaker), None, (speaker,), silent)


def _diagnosis(
    model: Model, owner: Choice, advertisement: Advertisement | None, speakers: tuple[Workload, ...], silent: Silent
) -> Diagnosis:
    return Diagnosis(
        at=owner.at,
        message=f"Memberlist is off, so MetalLB takes every node for one with a speaker: {_subset(speakers, silent)}, "
        "and a node without a speaker may be elected to announce an address, which is then answered by nobody.",
        severity=Severity.ERROR if silent.proved and advertisement else Severity.WARNING,
        object=owner.object,
        related=tuple(_related(owner, advertisement, speakers)),
        assumptions=tuple(_assumptions(model, advertisement, silent)),
        fixes=(
            "switch memberlist on: `speaker.memberlist.enabled: true` in the Helm chart, the METALLB_ML_* variables in "
            "manifests",
            "or let the speakers run on every node, or the L2Advertisement name only nodes with a speaker",
        ),
    )


def _subset(speakers: tuple[Workload, ...], silent: Silent) -> str:
    if silent.names:
        return f"{listed(silent.names)} {'run' if len(silent.names) > 1 else 'runs'} none"
    where = " or ".join(choice_of(speaker).nodes for speaker in speakers)
    return f"they run on {where} only" if where else "they run on some of the nodes only"


def _related(owner: Choice, advertisement: Advertisement | None, speakers: tuple[Workload, ...]) -> Iterator[Related]:
    for speaker in speakers[1:]:
        yield Related(choice_of(speaker).at, "another DaemonSet of the speaker", speaker.object)
    if advertisement and advertisement.object is not owner.object:
        choice = named_by(advertisement)
        yield Related(choice.at, f"announces from {choice.nodes or 'every node'}", choice.object)


def _assumptions(model: Model, advertisement: Advertisement | None, silent: Silent) -> Iterator[str]:
    inventory = model.siting.inventory(advertisement) if advertisement else None
    if advertisement is None:
        yield "MetalLB announces in layer 2"
    if silent.names and inventory and inventory.assumption:
        yield inventory.assumption
    if not silent.names and not silent.proved and advertisement:
        yield f"some node on {named_by(advertisement).nodes} runs no speaker"


RULE = Rule(
    id="SRC314",
    name="metallb-speaker-subset-without-memberlist",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
