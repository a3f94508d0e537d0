"""What a Service selects, where files may contradict each other and labels may be hidden."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from srcip_lint.finding import ObjectRef
from srcip_lint.resources.fields import Unknown
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.resources.service import Service
from srcip_lint.resources.unseen import given_at_run_time
from srcip_lint.resources.workload import Workload
from srcip_lint.scopes import is_beside

MAX_WORLDS = 16


@dataclass(frozen=True, eq=False, slots=True)
class Selection:
    """What a Service selects. `worlds` are the consistent choices among conflicting files, each the workloads that are
    surely selected in it; `possible` are workloads of which it cannot be told."""

    worlds: tuple[tuple[Workload, ...], ...] = ((),)
    possible: tuple[Workload, ...] = ()

    @property
    def nothing(self) -> bool:
        """Surely nothing that was read is selected."""
        return not self.possible and not any(self.worlds)

    @property
    def known(self) -> bool:
        """Surely something is selected, in every world, and it is known what."""
        return not self.possible and all(self.worlds)

    @property
    def definitions(self) -> tuple[tuple[Workload, ...], ...]:
        """The selected workloads, each as all its definitions in the files that contradict each other."""
        found: dict[ObjectRef, dict[Workload, None]] = defaultdict(dict)
        for workload in itertools.chain.from_iterable(self.worlds):
            found[workload.object.ref][workload] = None
        return tuple(tuple(definitions) for definitions in found.values())


def worlds_of(workloads: Sequence[Workload]) -> tuple[tuple[Workload, ...], ...]:
    """The consistent choices: of the definitions of one object in several streams, one each. None where there are too
    many."""
    groups: dict[ObjectRef, dict[str, list[Workload]]] = defaultdict(lambda: defaultdict(list))
    for workload in workloads:
        groups[workload.object.ref][workload.object.stream].append(workload)
    choices = [list(by_stream.values()) for by_stream in groups.values()]
    if math.prod(map(len, choices)) > MAX_WORLDS:
        return ()
    return tuple(tuple(itertools.chain.from_iterable(world)) for world in itertools.product(*choices))


def in_namespace(referrer: Object, workloads: Iterable[Workload]) -> list[Workload]:
    """Those of the workloads that may be in an object's namespace."""
    answers = ((workload, same_namespace(referrer.namespace, workload.object.namespace)) for workload in workloads)
    return [workload for workload, answer in answers if answer is not Answer.NO]


def could_be_selected(service: Service, definitions: Sequence[Workload]) -> bool:
    """Could the pods of a workload, with these definitions, have all the labels that a Service selects?"""
    is_open = _hides_labels(service, definitions)
    return all(_could_carry(definitions, key, value, is_open) for key, value in service.selector.value.items())


def _hides_labels(service: Service, definitions: Sequence[Workload]) -> bool:
    """May the workload have labels that are not written here? Its labels are a placeholder, or it is the patch of
    something that was not read and has to do with the Service, by one of its labels or by its name."""
    if any(workload.template.labels_obscured for workload in definitions):
        return any(is_beside(service.object.folder, workload.object.folder) for workload in definitions)
    wanted = service.selector.value
    akin = {service.object.name, *wanted.values()}
    return all(workload.partial for workload in definitions) and any(
        workload.object.name in akin or wanted.items() & workload.template.labels.items() for workload in definitions
    )


def _could_carry(definitions: Iterable[Workload], key: str, value: str | Unknown, is_open: bool) -> bool:
    """Could the pods of a workload carry a label, by one of its definitions or because they get it when they run?"""
    written = [workload.template.labels[key] for workload in definitions if key in workload.template.labels]
    if not written:
        return is_open or given_at_run_time(key)
    return any(isinstance(found, Unknown) or found == value for found in written)
