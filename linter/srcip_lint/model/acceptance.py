"""The questions about what MetalLB takes of its configuration: what it rejects, and what it never reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from srcip_lint.bundle import Bundle, closeness
from srcip_lint.environment import Environment
from srcip_lint.metallb.configuration import Configuration, configurations
from srcip_lint.metallb.installation import Installation
from srcip_lint.metallb.rejected import Reason, reasons
from srcip_lint.model.metallb import MetalLB
from srcip_lint.model.siting import Siting
from srcip_lint.resources.fields import placeholder
from srcip_lint.resources.metallb import BgpPeer
from srcip_lint.resources.names import closest
from srcip_lint.resources.objects import Object


@dataclass(frozen=True, eq=False, slots=True)
class Rejection:
    """Why MetalLB rejects a configuration. `assumption` is what that rests on, where it does not stand in one file."""

    reason: Reason
    assumption: str | None


@dataclass(frozen=True, eq=False, slots=True)
class MissingProfile:
    """A BGPPeer whose BFD profile is not there."""

    peer: BgpPeer
    name: str
    meant: str | None


class Acceptance:
    """What may be asked about what MetalLB takes; rules ask it through the model."""

    def __init__(self, bundle: Bundle, environment: Environment, metallb: MetalLB, siting: Siting) -> None:
        self.bundle = bundle
        self.environment = environment
        self.metallb = metallb
        self._siting = siting

    @cached_property
    def _configurations(self) -> tuple[Configuration, ...]:
        return tuple(dict.fromkeys(configurations(self.bundle).values()))

    @cached_property
    def rejections(self) -> tuple[Rejection, ...]:
        """The reasons for which MetalLB surely rejects what is applied together."""
        return tuple(found for each in self._configurations for found in self._rejections(each))

    def _rejections(self, configuration: Configuration) -> Iterator[Rejection]:
        is_native = self._is_native(configuration)
        inventory = next(map(self._siting.inventory, configuration.advertisements), None)
        for reason in reasons(configuration, native=is_native, inventory=inventory):
            streams = {reason.object.stream, *(other.object.stream for other in reason.others)}
            folder = "/".join(reason.object.folder)
            where = f"the files in {folder} are" if folder else "these files are"
            yield Rejection(reason, f"{where} applied to one cluster" if len(streams) > 1 else None)

    def _is_native(self, configuration: Configuration) -> bool:
        """Does the MetalLB that reads a configuration surely speak BGP in its native mode?"""
        owner = next(_objects(configuration), None)
        found = self.beside(owner) if owner else None
        return found is not None and found.bgp_mode == "native"

    def beside(self, of: Object) -> Installation | None:
        """The MetalLB that surely reads an object: the declared one, or one whose manifests stand in its folder, below
        or above. In a folder beside it, it may be another cluster's. None where nothing tells."""
        found = self.metallb.installation(of)
        is_near = all(_is_in_line(of.folder, workload.object.folder) for workload in found.workloads)
        return found if is_near and (found.present or self.environment.metallb) else None

    @cached_property
    def missing_profiles(self) -> tuple[MissingProfile, ...]:
        """The BGPPeers that name a BFDProfile which is not there: while other profiles, or a configuration that looks
        whole, stand beside them, or the files are declared to be all there is."""
        return tuple(found for each in self._configurations for found in self._missing_profiles(each))

    def _missing_profiles(self, configuration: Configuration) -> Iterator[MissingProfile]:
        if self._is_native(configuration):
            return
        is_judged = bool(configuration.bfd_profiles) or configuration.looks_whole or self.environment.closed_world
        for peer in configuration.peers if is_judged else ():
            there = [
                each.object for each in self.bundle.bfd_profiles if self.bundle.compatible(peer.object, each.object)
            ]
            names, wanted = {each.name for each in there}, peer.bfd_profile.value
            is_open = any(each.generated or placeholder(each.name) for each in there) or self._has_gap(peer.object)
            if isinstance(wanted, str) and wanted and wanted not in names and not is_open:
                yield MissingProfile(peer, wanted, closest(wanted, names))

    def _has_gap(self, of: Object) -> bool:
        """Could something in an object's folder, or below, not be read?"""
        return any(closeness(of.folder, gap) >= len(of.folder) for gap in self.bundle.inputs.gaps)


def _objects(configuration: Configuration) -> Iterator[Object]:
    yield from (each.object for each in configuration.peers)
    yield from (each.object for each in configuration.bfd_profiles)
    yield from (each.object for each in configuration.pools)
    yield from (each.object for each in configuration.advertisements)


def _is_in_line(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Is one folder the other, or in it?"""
    return closeness(one, other) == min(len(one), len(other))
