"""What is mounted into a container, as far as configuration files go: ConfigMaps, alone or projected.

Semantics: Kubernetes API `core/v1` types.go (Volume, KeyToPath, VolumeMount). Without `items` every key is a file of
its name; with them only the listed keys are, each at its path.
"""

from __future__ import annotations

from dataclasses import dataclass

from srcip_lint.resources.fields import Field


@dataclass(frozen=True, slots=True)
class VolumeSource:
    """Where files of a volume come from. `config_map` is None for everything but a ConfigMap whose name is known;
    `items` are pairs of key and path, None where every key is a file."""

    config_map: str | None
    items: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of a pod. Several sources, where they are projected into one."""

    name: str
    sources: tuple[VolumeSource, ...]


@dataclass(frozen=True, slots=True)
class Mount:
    """A volumeMount: the volume, or what stands in it at `sub_path`, appears at `path`. `sub_path` is None where it is
    computed (`subPathExpr`) or a placeholder."""

    volume: str
    path: str
    sub_path: str | None = ""


def read_volume(item: Field) -> Volume:
    """One of a pod spec's `volumes`."""
    projected = (
        item.field("projected", "sources").items() if isinstance(item.raw, dict) and "projected" in item.raw else ()
    )
    sources = projected or (item,)
    return Volume(_text(item.field("name")) or "", tuple(_source(source) for source in sources))


def read_mount(item: Field) -> Mount:
    """One of a container's `volumeMounts`."""
    sub_path = _text(item.field("subPath")) if item.field("subPathExpr").absent else None
    return Mount(_text(item.field("name")) or "", _text(item.field("mountPath")) or "", sub_path)


def _source(source: Field) -> VolumeSource:
    config_map = source.field("configMap")
    if config_map.absent:
        return VolumeSource(None)
    keys = config_map.field("items")
    items = None if keys.absent else tuple(_key_to_path(item) for item in keys.items())
    return VolumeSource(_text(config_map.field("name")) or None, items)


def _key_to_path(item: Field) -> tuple[str, str]:
    return _text(item.field("key")) or "", _text(item.field("path")) or ""


def _text(field: Field) -> str | None:
    """The text of a field, empty where it is absent; None where it is a placeholder or no text."""
    value = field.text("").value
    return value if isinstance(value, str) else None
