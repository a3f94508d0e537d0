"""YAML text to plain values, from libyaml's event stream and nothing else.

PyYAML's own composer is recursive in C and dies with SIGSEGV on deep nesting, constructs tagged objects and resolves
scalars its own way. The event stream does none of that: values are built here with an explicit stack, depth and size
are bounded before anything can recurse, and an alias shares its value. What aliases stand for is counted, so that
nobody who walks a value meets more of it than kubectl would accept.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from srcip_lint.documents.scalars import Scalar, key_text, resolve, resolve_tagged
from srcip_lint.positions import FieldPath

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it (about ten times as fast), else the pure Python scanner."""

MAX_DEPTH = 200
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
_LIBYAML_TOO_DEEP = "exceeded maximum nesting depth"
MAX_ALIASED = 400_000
"""How many values the aliases of a text may stand for. go-yaml, and so kubectl, refuses "excessive aliasing" from
there on."""
MAX_DUPLICATES = 100
"""How many keys written twice are told of one text."""

_MERGE = object()
_NO_KEY = object()


class TooComplex(Exception):
    """A document over a bound. Carries the index (code points) where the bound was passed."""

    def __init__(self, reason: str, index: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.index = index


@dataclass(frozen=True, slots=True)
class ComplexKey:
    """Stands for a mapping key that is itself a collection; `{{ .Values.x }}` reads as one."""


@dataclass(frozen=True, slots=True)
class Undetermined:
    """Stands for a value that something else puts there later, and that cannot be told from the files; `why` says
    what."""

    why: str


@dataclass(slots=True)
class DuplicateKey:
    """A mapping key written again; the last one counts, as it does for kubectl. Indices are code points in the text.

    `path` leads to the field (to the nearest one that a path can name, inside a key that is a collection); `nth` is the
    document in the text.
    """

    path: FieldPath
    start: int
    end: int
    nth: int


@dataclass(slots=True)
class Values:
    """The values of a text's documents, and the keys that were written twice."""

    roots: list[Any] = field(default_factory=list)
    duplicates: list[DuplicateKey] = field(default_factory=list)


def events(text: str) -> Iterator[Any]:
    """The parser events of a text, depth-guarded. Raises yaml.YAMLError, TooComplex.

    libyaml has a bound of its own since 0.2.6, beyond ours; its scanner runs ahead, so it may be met first.
    """
    try:
        yield from _events(text)
    except yaml.scanner.ScannerError as error:
        if error.problem != _LIBYAML_TOO_DEEP or error.problem_mark is None:
            raise
        raise TooComplex(_TOO_DEEP, error.problem_mark.index) from error


def _events(text: str) -> Iterator[Any]:
    depth = 0
    event: Any
    for event in yaml.parse(text, Loader=LOADER):
        kind = type(event)
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            depth += 1
            if depth > MAX_DEPTH:
                raise TooComplex(_TOO_DEEP, event.start_mark.index)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            depth -= 1
        yield event


def load(text: str) -> Values:
    """All documents of a text as plain dicts, lists and scalars. Raises yaml.YAMLError, TooComplex."""
    builder = _Builder()
    return builder.build(events(text))


class _Builder:
    """Builds values from events. `stack` holds the open collections, `keys` the pending key of each open mapping,
    `merging` the open collection that is to be merged into it; `inherited` are the keys that came in by merges, by the
    id of the open mapping."""

    def __init__(self) -> None:
        self.values = Values()
        self.stack: list[Any] = []
        self.keys: list[Any] = []
        self.merging: list[Any] = []
        self.inherited: dict[int, set[Any]] = {}
        self.anchors: dict[str, Any] = {}
        self.measured: dict[int, tuple[Any, int, int]] = {}
        self.aliased = 0

    def build(self, stream: Iterable[Any]) -> Values:
        for event in stream:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._add(scalar_value(event), event)
            elif kind is yaml.MappingStartEvent:
                self._open({}, event)
            elif kind is yaml.SequenceStartEvent:
                self._open([], event)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._close()
            elif kind is yaml.AliasEvent:
                self._add(self._alias(event), event)
            elif kind is yaml.DocumentStartEvent:
                self.anchors = {}
        return self.values

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self.anchors:
            raise yaml.composer.ComposerError(None, None, f"found undefined alias {event.anchor!r}", event.start_mark)
        value = self.anchors[event.anchor]
        if isinstance(value, dict | list):
            self._bound(value, event)
        return value

    def _bound(self, value: Any, event: Any) -> None:
        """Raises TooComplex where an alias makes the document endless, too large or too deep."""
        index = event.start_mark.index
        if any(value is opened for opened in self.stack):
            raise TooComplex(f"the alias *{event.anchor} stands inside its own anchor", index)
        size, height = self._measure(value)
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            raise TooComplex(f"aliases that stand for more than {MAX_ALIASED} values", index)
        if len(self.stack) + height > MAX_DEPTH:
            raise TooComplex(f"nested deeper than {MAX_DEPTH} levels", index)

    def _measure(self, value: Any) -> tuple[int, int]:
        """How many values a closed collection holds, aliases expanded, and how deeply they are nested (at most
        MAX_DEPTH)."""
        if id(value) not in self.measured:
            size, height = 1, 0
            for item in value.values() if isinstance(value, dict) else value:
                below, depth = self._measure(item) if isinstance(item, dict | list) else (1, 0)
                size, height = size + below, max(height, depth)
            self.measured[id(value)] = (value, size, height + 1)  # the value itself keeps its id from being used again
        _, size, height = self.measured[id(value)]
        return size, height

    def _open(self, collection: Any, event: Any) -> None:
        self._place(collection, event)
        if event.anchor:
            self.anchors[event.anchor] = collection
        self.stack.append(collection)
        self.keys.append(_NO_KEY)
        self.merging.append(None)

    def _close(self) -> None:
        collection = self.stack.pop()
        self.keys.pop()
        self.merging.pop()
        self.inherited.pop(id(collection), None)
        if self.merging and self.merging[-1] is collection:
            self.merging[-1] = None
            self._inherit(collection)

    def _add(self, value: Any, event: Any) -> None:
        if event.anchor and type(event) is not yaml.AliasEvent:
            self.anchors[event.anchor] = value
        self._place(value, event)

    def _place(self, value: Any, event: Any) -> None:
        if not self.stack:
            self.values.roots.append(value)
            return
        parent = self.stack[-1]
        if type(parent) is list:
            parent.append(value)
            return
        key = self.keys[-1]
        if key is _NO_KEY:
            self.keys[-1] = self._key(value, event, parent)
            return
        self.keys[-1] = _NO_KEY
        if key is _MERGE:
            self._merge(value, event)
        else:
            parent[key] = value

    def _merge(self, value: Any, event: Any) -> None:
        """Merge what stands after `<<`: now, or when it is closed if it is written here."""
        if type(event) is yaml.AliasEvent:
            self._inherit(value)
        else:
            self.merging[-1] = value

    def _inherit(self, merged: Any) -> None:
        """`<<` as go-yaml v2 has it, and so kubectl: it takes the place of the keys that it brings in, so what is
        written later wins, be it a key or a merge. In a list of mappings the first one wins."""
        target = self.stack[-1]
        inherited = self.inherited.setdefault(id(target), set())
        for mapping in reversed(merged) if isinstance(merged, list) else [merged]:
            if isinstance(mapping, dict):
                inherited.update(key for key in mapping if key not in target)
                target.update(mapping)

    def _key(self, value: Any, event: Any, mapping: dict[Any, Any]) -> Any:
        if isinstance(value, dict | list):
            return ComplexKey()
        if value == "<<" and type(event) is yaml.ScalarEvent and event.implicit[0]:
            return _MERGE
        key = key_text(value)
        if key in mapping and not self._overrides(key, mapping):
            self._duplicate(key, event)
        return key

    def _overrides(self, key: str, mapping: dict[Any, Any]) -> bool:
        """Is the key there only by a merge? Once it is written, it is no longer."""
        inherited = self.inherited.get(id(mapping), ())
        if key not in inherited:
            return False
        self.inherited[id(mapping)].remove(key)
        return True

    def _duplicate(self, key: str, event: Any) -> None:
        if len(self.values.duplicates) < MAX_DUPLICATES:
            start, end, nth = event.start_mark.index, event.end_mark.index, len(self.values.roots) - 1
            self.values.duplicates.append(DuplicateKey(self._path(key), start, end, nth))

    def _path(self, key: str) -> FieldPath:
        """The path of a key of the innermost open mapping."""
        path: list[str | int] = []
        for outer, inner in itertools.pairwise(self.stack):
            step = len(outer) - 1 if type(outer) is list else _key_of(outer, inner)
            if step is None:
                return tuple(path)
            path.append(step)
        return (*path, key)


def _key_of(mapping: dict[Any, Any], value: Any) -> str | None:
    """The key of an open collection: as a rule the last one. None where the collection is itself a key, or below such
    a key."""
    found = next((key for key, other in reversed(mapping.items()) if other is value), None)
    return found if isinstance(found, str) else None


def scalar_value(event: Any) -> Scalar:
    """The JSON value of a scalar event."""
    text: str = event.value
    if event.tag is not None:
        return resolve_tagged(text, event.tag, plain=event.implicit[0])
    return resolve(text) if event.implicit[0] else text
