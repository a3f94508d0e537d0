"""The MetalLB that runs: where, which version, which Services it handles, and on which nodes it can announce.

Declared by `metallb:` in the configuration, else told by the manifests of its speaker and controller (metallb
`config/manifests/`, `charts/metallb/templates/`, `speaker/main.go`, `controller/main.go`); else unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from srcip_lint.bundle import Bundle
from srcip_lint.environment import Environment
from srcip_lint.resources.fields import placeholder
from srcip_lint.resources.objects import Object
from srcip_lint.resources.pods import Container
from srcip_lint.resources.selectors import Answer, every
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import nearest

EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers"
"""A node with this label announces nothing, whatever the label's value (metallb `internal/k8s/nodes/nodes.go`)."""

_IMAGE = re.compile(r"(?:^|/)metallb[-/](speaker|controller)(?::v?(\d+)\.(\d+)(?:\.(\d+))?)?")
_MEMBERLIST = "METALLB_ML_BIND_ADDR"
_BGP_TYPE = "METALLB_BGP_TYPE"

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Installation:
    """What is known of the MetalLB in a cluster. `speakers` are the DaemonSets of its speaker that were read; None
    stands for what nothing tells."""

    speakers: tuple[Workload, ...] = ()
    controllers: tuple[Workload, ...] = ()
    version: Version | None = None
    namespace: str | None = None
    namespace_declared: bool = False
    lb_class: str | None = None
    """The load balancer class it handles; empty where it handles Services without one."""
    has_memberlist: bool | None = None
    ignores_exclusion: bool | None = None
    bgp_mode: str | None = None
    """`native`, `frr` or `frr-k8s`."""
    speaker_labels: Mapping[str, str] | None = None
    """The node labels that the configuration says its speakers are confined to."""

    @property
    def workloads(self) -> tuple[Workload, ...]:
        return (*self.speakers, *self.controllers)

    @property
    def present(self) -> bool:
        """Were its own workloads read?"""
        return bool(self.speakers or self.controllers)

    def at_least(self, *version: int) -> Answer:
        """Is it of this version or newer? `0.14` alone may be 0.14.0 as well as 0.14.9."""
        found = self.version
        if found is None or (len(found) < len(version) and found == version[: len(found)]):
            return Answer.UNKNOWN
        return Answer.YES if found >= version else Answer.NO

    @property
    def refuses_excluded(self) -> Answer:
        """Does it announce nothing from nodes with the label that excludes them from load balancers? It does from
        0.14.2 on, unless its speakers are told to ignore the label."""
        if self.ignores_exclusion is True:
            return Answer.NO
        is_told = Answer.UNKNOWN if self.ignores_exclusion is None else Answer.YES
        return every((self.at_least(0, 14, 2), is_told))

    @property
    def exclusion_doubts(self) -> tuple[str, ...]:
        """What must be true for it to announce nothing from nodes with that label, and is not known."""
        is_new = self.at_least(0, 14, 2) is Answer.YES
        return (
            *(() if is_new else ("MetalLB is 0.14.2 or newer",)),
            *(("its speakers run without --ignore-exclude-lb",) if self.ignores_exclusion is None else ()),
        )


def installation(referrer: Object, bundle: Bundle, environment: Environment) -> Installation:
    """The MetalLB that an object has to do with: the declared one, and for what is not declared the nearest one of
    which manifests were read."""
    found = [
        workload
        for image in ("metallb/speaker", "metallb/controller", "metallb-speaker", "metallb-controller")
        for workload in bundle.running(image)
        if bundle.compatible(referrer, workload.object)
    ]
    return _installed(list(dict.fromkeys(nearest(referrer, found))), environment)


def declared(environment: Environment) -> Installation:
    """What the configuration alone says."""
    return _installed([], environment)


def _installed(near: list[Workload], environment: Environment) -> Installation:
    speakers = tuple(each for each in near if _role(each) == "speaker")
    controllers = tuple(each for each in near if _role(each) == "controller")
    settings = environment.metallb
    namespaces = {each.object.namespace for each in near}
    return Installation(
        speakers=speakers,
        controllers=controllers,
        version=_declared_version(settings.get("version")) or _version(near),
        namespace=_text(settings.get("namespace")) or (namespaces.pop() if len(namespaces) == 1 else None),
        namespace_declared="namespace" in settings,
        lb_class=_text(settings.get("lbClass")) if "lbClass" in settings else _class(near),
        has_memberlist=_flag(settings.get("memberlist"), _has_memberlist(speakers)),
        ignores_exclusion=_flag(settings.get("ignoreExcludeLB"), _ignores_exclusion(speakers)),
        bgp_mode=_text(settings.get("bgpMode")) or _bgp_mode(speakers),
        speaker_labels=_labels(settings.get("speakerNodeSelector")),
    )


def _containers(workload: Workload) -> list[tuple[Container, re.Match[str]]]:
    found = ((each, _IMAGE.search(str(each.image.value))) for each in workload.template.containers)
    return [(container, match) for container, match in found if match]


def _role(workload: Workload) -> str:
    """`speaker`, for a DaemonSet that runs it, or `controller`; empty for what only has a similar name."""
    roles = {match[1] for _, match in _containers(workload)}
    if "speaker" in roles:
        return "speaker" if workload.kind == "DaemonSet" else ""
    return "controller" if "controller" in roles else ""


def _version(workloads: list[Workload]) -> Version | None:
    """The version that all images agree on."""
    found = {
        tuple(int(part) for part in match.groups()[1:] if part is not None)
        for workload in workloads
        for _, match in _containers(workload)
    }
    return found.pop() if len(found) == 1 and () not in found else None


def _declared_version(value: object) -> Version | None:
    parts = str(value).removeprefix("v").split(".") if value is not None else []
    return tuple(map(int, parts)) if parts and all(part.isdigit() for part in parts) else None


def _class(workloads: list[Workload]) -> str | None:
    """What `--lb-class` says in the manifests; empty where the flag is not there; None without manifests, and
    where they disagree or hold a placeholder."""
    values = {_argument(container, "--lb-class") for workload in workloads for container, _ in _containers(workload)}
    value = (values.pop() or "") if len(values) == 1 else None
    return None if placeholder(value) else value


def _argument(container: Container, flag: str) -> str | None:
    for number, argument in enumerate(container.arguments):
        name, _, value = argument.partition("=")
        if name == flag:
            following = container.arguments[number + 1 : number + 2]
            return value or (following[0] if following else "")
    return None


def _has_memberlist(speakers: tuple[Workload, ...]) -> bool | None:
    """Do the speakers find each other? They do where they are given an address to bind to, by the variable or the
    flag; a chart without memberlist leaves both out. None where they may be given variables that were not read."""
    answers = {_finds_others(speaker) for speaker in speakers}
    return answers.pop() if len(answers) == 1 else None


def _bgp_mode(speakers: tuple[Workload, ...]) -> str | None:
    """What the speakers are told to speak BGP with; `native` where they are told nothing (metallb `speaker/main.go`).
    None without speakers, and where it comes from elsewhere."""
    found = {
        dict(container.environment).get(_BGP_TYPE, "native")
        for speaker in speakers
        for container, match in _containers(speaker)
        if match[1] == "speaker"
    }
    return found.pop() if len(found) == 1 else None


def _finds_others(speaker: Workload) -> bool | None:
    found = [container for container, _ in _containers(speaker)]
    is_told = any(_MEMBERLIST in dict(each.environment) or _argument(each, "--ml-bindaddr") for each in found)
    return True if is_told else None if any(each.has_more_variables for each in found) else False


def _ignores_exclusion(speakers: tuple[Workload, ...]) -> bool | None:
    answers = {
        any(
            argument in ("--ignore-exclude-lb", "--ignore-exclude-lb=true")
            for container, _ in _containers(speaker)
            for argument in container.arguments
        )
        for speaker in speakers
    }
    return answers.pop() if len(answers) == 1 else None


def _flag(declared: object, told: bool | None) -> bool | None:
    return declared if isinstance(declared, bool) else told


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _labels(value: object) -> Mapping[str, str] | None:
    return {str(key): str(label) for key, label in value.items()} if isinstance(value, Mapping) else None
