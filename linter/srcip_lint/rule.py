"""The one module a rule imports.

A rule is a value: an id, a name, the highest severity, a check and its page. The check is a pure function from the
model to diagnoses; it sees everything and reports about one thing, the other places are related notes. Places are
symbolic: a rule never computes a line number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from srcip_lint.address_lists import Bypassed, Policed, Refused, Voided
from srcip_lint.annotations import (
    SOURCE_RANGES,
    LegacyAnnotation,
    asking_for_local,
    filtering_nothing,
    unread_ranges,
)
from srcip_lint.balancers import Balancer
from srcip_lint.believed import Approach, Believed
from srcip_lint.callers import Caller
from srcip_lint.documents import Place, Spot
from srcip_lint.environment import DeclaredNode
from srcip_lint.eviction import budgeted, forbidding
from srcip_lint.finding import Severity
from srcip_lint.isolation import BehindIngress
from srcip_lint.lifecycle import (
    Bound,
    all_at_once,
    by_timetable,
    drains,
    falls_to_zero,
    holds_host_ports,
    is_interceptor,
    least_replicas,
    leaves_nodes,
)
from srcip_lint.metallb.aggregation import Aggregate
from srcip_lint.metallb.annotations import MetalLbAnnotation
from srcip_lint.metallb.installation import EXCLUDED
from srcip_lint.metallb.requests import RequestConflict
from srcip_lint.metallb.sharing import Cause, Refusal
from srcip_lint.misjudged import Effect, Misjudged
from srcip_lint.model import (
    DeadTarget,
    Misplaced,
    MissingProfile,
    Model,
    NoMatch,
    NoNode,
    Rejection,
    TaintedTarget,
    Unadvertised,
    Uncovered,
    UnknownName,
    Unread,
    WayIn,
)
from srcip_lint.model.aggregation import Companion, Tenant
from srcip_lint.model.announcers import Announcers, Choice, Grounds, Meeting, Miss, choice_of, named_by
from srcip_lint.model.arp import LaxProxy
from srcip_lint.model.metallb import Pairing, Silent
from srcip_lint.model.rivals import Rival
from srcip_lint.model.sharing import OnlyPool, Sharing
from srcip_lint.needs import BackDoor, MistakenPolicy, MixedOnHost, Requirement
from srcip_lint.node_ports import DEFAULT_RANGE, HEALTH_CHECK, PortClaim, Rivalry
from srcip_lint.one_sided import Fault, OneSided
from srcip_lint.path.hops import (
    Addresses,
    Hop,
    Keyed,
    Observation,
    SourcePath,
    Whose,
    spelled,
    surely,
    under_every_placement,
)
from srcip_lint.path.verdict import describe
from srcip_lint.placement import (
    EVERY_NODE,
    Coverage,
    Inventory,
    Limit,
    Manner,
    NodeSet,
    Pace,
    Placement,
    Sites,
    disjoint,
    labelled,
    sites,
    subset,
)
from srcip_lint.placement import selected as nodes_selected
from srcip_lint.positions import dotted
from srcip_lint.readiness import injected, probed, unguarded
from srcip_lint.resources.budget import PodDisruptionBudget
from srcip_lint.resources.metallb import AddressPool, Advertisement, BgpPeer
from srcip_lint.resources.names import nearly_same
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.pods import HOSTNAME, AffinityTerm, Container, SpreadConstraint
from srcip_lint.resources.selectors import Answer, Selector
from srcip_lint.resources.service import Endpoint, Endpoints, Service
from srcip_lint.resources.workload import Autoscaler, Workload
from srcip_lint.spreading import Drawn, drawn_together, over_other_domains, skewed_by_updates, vain_spreads

__all__ = [
    "DEFAULT_RANGE",
    "EVERY_NODE",
    "EXCLUDED",
    "HEALTH_CHECK",
    "HOSTNAME",
    "SOURCE_RANGES",
    "AddressPool",
    "Addresses",
    "Advertisement",
    "AffinityTerm",
    "Aggregate",
    "Announcers",
    "Answer",
    "Approach",
    "Autoscaler",
    "BackDoor",
    "Balancer",
    "BehindIngress",
    "Believed",
    "BgpPeer",
    "Bound",
    "Bypassed",
    "Caller",
    "Cause",
    "Change",
    "Check",
    "Choice",
    "Companion",
    "Container",
    "Coverage",
    "DeadTarget",
    "DeclaredNode",
    "Diagnosis",
    "Drawn",
    "Effect",
    "Endpoint",
    "Endpoints",
    "Family",
    "Fault",
    "Grounds",
    "Hop",
    "Inventory",
    "Keyed",
    "LaxProxy",
    "LegacyAnnotation",
    "Limit",
    "Manner",
    "Meeting",
    "MetalLbAnnotation",
    "Misjudged",
    "Misplaced",
    "Miss",
    "MissingProfile",
    "MistakenPolicy",
    "MixedOnHost",
    "Model",
    "NoMatch",
    "NoNode",
    "NodeSet",
    "Object",
    "Observation",
    "OneSided",
    "OnlyPool",
    "Pace",
    "Pairing",
    "Place",
    "Placement",
    "PodDisruptionBudget",
    "Policed",
    "PortClaim",
    "Reach",
    "Refusal",
    "Refused",
    "Rejection",
    "Related",
    "RequestConflict",
    "Requirement",
    "Rival",
    "Rivalry",
    "Rule",
    "Selector",
    "Service",
    "Severity",
    "Sharing",
    "Silent",
    "Sites",
    "SourcePath",
    "Spot",
    "SpreadConstraint",
    "TaintedTarget",
    "Tenant",
    "Unadvertised",
    "Uncovered",
    "UnknownName",
    "Unread",
    "Voided",
    "WayIn",
    "Whose",
    "Workload",
    "all_at_once",
    "asking_for_local",
    "budgeted",
    "by_timetable",
    "choice_of",
    "choices_here",
    "cluster_policy",
    "describe",
    "disjoint",
    "dotted",
    "drains",
    "drawn_together",
    "falls_to_zero",
    "filtering_nothing",
    "forbidding",
    "hints_here",
    "holds_host_ports",
    "injected",
    "is_interceptor",
    "labelled",
    "least_replicas",
    "leaves_nodes",
    "listed",
    "named_by",
    "nearly_same",
    "nodes_selected",
    "over_other_domains",
    "probed",
    "required_here",
    "same_namespace",
    "sites",
    "skewed_by_updates",
    "spelled",
    "subset",
    "surely",
    "under_every_placement",
    "unguarded",
    "unread_ranges",
    "vain_spreads",
]

DOCS = "https://github.com/srcip-lint/srcip-lint/blob/main/docs/rules"


class Reach(Enum):
    """How much a rule must see: one file, everything together, or everything as it was before as well."""

    FILE = "file"
    """Whatever stands in other files, it says the same of this one."""
    TREE = "tree"
    CHANGE = "change"
    """It asks `model.earlier`, and does not run where there is none."""


class Family(Enum):
    """What a rule's first digit says: the question it asks."""

    INPUT = "0"
    LOST = "1"
    SPOOFABLE = "2"
    DROPPED = "3"
    MISJUDGED = "4"
    IGNORED = "5"
    FRAGILE = "6"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place of the fault, and what it has to do with it."""

    at: Place | Spot
    message: str
    object: Object | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """How one of a diagnosis's fixes is carried out, where that takes no decision: the value at a field becomes `value`
    (a plain word), or the field is taken away. `fix` is that fix, word for word."""

    fix: str
    at: Place
    value: str | None
    """None takes the field away."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a rule found. `severity` may be lower than the rule's where the verdict depends on what is not known; then
    `assumptions` say on what. `object` owns the primary place; None for what is no object (a file, a comment)."""

    at: Place | Spot
    message: str
    severity: Severity
    object: Object | None
    related: tuple[Related, ...] = ()
    assumptions: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    path: SourcePath | None = None
    """The way on which it happens."""
    changes: tuple[Change, ...] = ()
    """Fixes that a machine can carry out, each enough by itself."""


def required_here(requirement: Requirement | None) -> tuple[Related, ...]:
    """Where it is asserted that the client's address is required; nothing where only the configuration says so."""
    if requirement is None or requirement.at is None:
        return ()
    return (Related(requirement.at, requirement.why, requirement.object),)


def cluster_policy(service: Service) -> tuple[Place, str]:
    """Where a Service says, or does not say, that its external policy is Cluster, and that in words."""
    policy = service.external_traffic_policy
    words = f"{service.object.ref} uses externalTrafficPolicy Cluster{'' if policy.written else ', the default'}"
    return policy.place if policy.written else service.type.place, words


def hints_here(model: Model, service: Service) -> tuple[Related, ...]:
    """What is sometimes taken to keep the client's address behind a Service, and does not."""
    return tuple(Related(*hint) for hint in model.near_hints(service))


def choices_here(meeting: Meeting) -> tuple[Related, ...]:
    """The lines that choose the nodes of the announcements, of the pods and of the speakers."""
    advertisers, speakers = meeting.announcers.advertisers, meeting.announcers.speakers
    return (
        *(Related(each.at, f"announces from {each.nodes or 'every node'}", each.object) for each in advertisers),
        *(
            Related(each.at, f"its pods stand on {each.nodes or 'whatever node'}", each.object)
            for each in meeting.holders
        ),
        *(Related(each.at, f"the speaker runs on {each.nodes} only", each.object) for each in speakers),
    )


def listed(names: Iterable[str], limit: int = 3) -> str:
    """Names in a sentence: the first few in order, and how many more there are."""
    ordered = sorted(names)
    more = f" and {len(ordered) - limit} more" if len(ordered) > limit else ""
    return ", ".join(ordered[:limit]) + more


Check = Callable[[Model], Iterable[Diagnosis]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `doc` is its module's docstring: the published page, the executed examples and the `explain` text."""

    id: str
    name: str
    severity: Severity
    check: Check | None
    """None for the one rule that is no question to the model (unused suppressions are known only after all rules
    ran)."""
    doc: str
    reach: Reach = Reach.TREE
    default: bool = True
    """Does it run unless selected? A rule that is off by default runs only when named."""

    @property
    def family(self) -> Family:
        return Family(self.id[3])

    @property
    def summary(self) -> str:
        """The first line of the page, without the heading's `ID name: `."""
        return self.doc.strip().splitlines()[0].strip()

    @property
    def url(self) -> str:
        return f"{DOCS}/{self.id}.md"
