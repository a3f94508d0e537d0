"""The questions about what MetalLB takes of its configuration: what it rejects, and what it never reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from srcip_lint.bundle import Bundle
from srcip_lint.documents import Place
from srcip_lint.environment import Environment
from srcip_lint.metallb.configuration import Configuration, configurations
from srcip_lint.metallb.installation import Installation, declared
from srcip_lint.metallb.rejected import Reason, reasons
from srcip_lint.model.metallb import MetalLB
from srcip_lint.model.siting import Siting
from srcip_lint.resources.fields import placeholder
from srcip_lint.resources.legacy_metallb import LegacyMetalLB
from srcip_lint.resources.metallb import BgpPeer
from srcip_lint.resources.names import closest
from srcip_lint.resources.objects import Object, same_namespace
from srcip_lint.resources.selectors import Answer
from srcip_lint.scopes import closeness


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


@dataclass(frozen=True, eq=False, slots=True)
class Unread:
    """Something of a form that MetalLB no longer reads. `is_new` says whether the MetalLB that runs is surely so new
    (YES), and `evidence` are the objects that tell; a leftover has been replaced by custom resources."""

    object: Object
    place: Place
    pools: tuple[str, ...]
    is_new: Answer
    evidence: tuple[Object, ...] = ()
    replaced: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Misplaced:
    """A custom resource outside MetalLB's own namespace. `namespace` is MetalLB's, or where it is not known the one
    that most of the resources beside it are in (`guessed`). `evidence` are the objects that tell."""

    object: Object
    namespace: str
    evidence: tuple[Object, ...]
    guessed: bool = False


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
        if found.present and all(_is_in_line(of.folder, workload.object.folder) for workload in found.workloads):
            return found
        return declared(self.environment) if self.environment.metallb else None

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

    @cached_property
    def legacy_configs(self) -> tuple[Unread, ...]:
        """The ConfigMaps with MetalLB's configuration of before 0.13, without those of a MetalLB that reads them."""
        judged = (
            self._legacy(each.object, each.legacy_metallb)
            for each in self.bundle.config_maps
            if each.legacy_metallb and not self._is_elsewhere(each.object)
        )
        return tuple(each for each in judged if each.is_new is not Answer.NO)

    def _legacy(self, config_map: Object, found: LegacyMetalLB) -> Unread:
        running, beside = self.beside(config_map), self._resources_beside(config_map)
        is_new = running.at_least(0, 13) if running else Answer.UNKNOWN
        telling = tuple(each.object for each in running.workloads) if running and is_new is Answer.YES else ()
        if is_new is Answer.UNKNOWN and beside:
            is_new, telling = Answer.YES, beside
        names = {each.name for each in beside if each.kind == "IPAddressPool"}
        is_replaced = bool(found.pools) and names.issuperset(found.pools)
        return Unread(config_map, found.place, found.pools, is_new, telling, is_replaced)

    def _resources_beside(self, of: Object) -> tuple[Object, ...]:
        """The custom resources that are applied together with an object: those of its folder."""
        return tuple(
            each
            for each in self.bundle.metallb_objects
            if each.folder == of.folder and self.bundle.compatible(of, each)
        )

    @cached_property
    def legacy_pools(self) -> tuple[Unread, ...]:
        """The AddressPools, which MetalLB reads no more since 0.14.2, without those of one that does."""
        return tuple(
            each
            for each in (
                self._aged(pool.object, (0, 14, 2), (pool.object.name,)) for pool in self.bundle.pools if pool.legacy
            )
            if each.is_new is not Answer.NO
        )

    @cached_property
    def legacy_peers(self) -> tuple[Unread, ...]:
        """The BGPPeers of `v1beta1`, deprecated since 0.14.9."""
        return tuple(
            each
            for each in (
                self._aged(peer.object, (0, 14, 9), ())
                for peer in self.bundle.bgp_peers
                if peer.object.version == "v1beta1"
            )
            if each.is_new is not Answer.NO
        )

    def _aged(self, found: Object, since: tuple[int, ...], pools: tuple[str, ...]) -> Unread:
        running = self.beside(found)
        is_new = running.at_least(*since) if running else Answer.UNKNOWN
        evidence = tuple(each.object for each in running.workloads) if running else ()
        return Unread(found, found.place.at("apiVersion"), pools, is_new, evidence)

    def _is_elsewhere(self, of: Object) -> bool:
        """Is an object surely not in the namespace of the MetalLB beside it?"""
        found = self.beside(of)
        return same_namespace(of.namespace, found.namespace if found else None) is Answer.NO

    @cached_property
    def misplaced(self) -> tuple[Misplaced, ...]:
        """The custom resources that are not in MetalLB's own namespace."""
        return tuple(found for each in self._configurations for found in self._misplaced(each))

    def _misplaced(self, configuration: Configuration) -> Iterator[Misplaced]:
        placed = [each for each in _objects(configuration) if each.namespace and not placeholder(each.namespace)]
        spread = Counter(str(each.namespace) for each in placed)
        usual = spread.most_common(1)[0][0] if spread else ""
        for each in placed:
            running = self.beside(each)
            if running and running.namespace:
                if each.namespace != running.namespace:
                    evidence = tuple(workload.object for workload in running.workloads)
                    yield Misplaced(each, running.namespace, evidence)
            elif each.namespace != usual and not self.metallb.installation(each).present:
                evidence = tuple(other for other in placed if other.namespace == usual)
                yield Misplaced(each, usual, evidence, guessed=True)

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
