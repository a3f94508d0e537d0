"""Input that is broken, hostile or merely odd: each class has one good answer, and none is an exception or a hang.

The numbers are those of a list of 46 classes of bad input. Files that cannot be read (24 to 29, 41) are in
`test_sources.py`; names and texts that reach an output (29 to 37), the configuration (40) and the process itself (42
to 46) are in the tests of the reports, of the configuration and of the command line.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from linting import report
from reading import SERVICE, answers, covered, documents, inputs, source
from srcip_lint import resources
from srcip_lint.documents import Place, Unreadable, values
from srcip_lint.documents.split import Chunk, interest, sketch, split
from srcip_lint.inputs import Inputs
from srcip_lint.positions import FieldPath, dotted
from srcip_lint.resources.fields import Field, ShapeProblem
from srcip_lint.sources import Source

HEAD = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"


@dataclass(frozen=True)
class Case:
    """A class of input. `refused` is the reason for its one unreadable document; else `objects` of it are judged."""

    number: int
    name: str
    data: bytes | str
    refused: str | None = None
    line: int = 1
    objects: int = 0
    problems: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    templates: int = 0


def laughs(levels: int) -> str:
    lines = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, levels)]
    return "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(lines)


def merges(levels: int) -> str:
    many = "{" + ", ".join(f"k{number}: 1" for number in range(1000)) + "}"
    lines = [f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 10)}]}}\n" for level in range(1, levels)]
    return f"a0: &a0 {many}\n" + "".join(lines)


N = 100_000
DEEP = "nested deeper than 200 levels"
ALIASED = "aliases that stand for more than 400000 values"
BAD_TYPES = HEAD + "spec: {ports: 3, selector: x, type: [a], externalIPs: {}}\n"
LIST = '{"apiVersion": "v1", "kind": "List", "items": [%s]}'
ONE = json.dumps(
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}
)
CUT_OFF = "is not allowed"

CASES = [
    Case(1, "nested [", HEAD + "spec: " + "[" * N, DEEP, line=4),
    Case(1, "nested {", HEAD + "spec: " + "{" * N, DEEP, line=4),
    Case(1, "nested [{", HEAD + "spec: " + "[{" * N, DEEP, line=4),
    Case(1, "nested -", HEAD + "spec:\n  " + "- " * N, DEEP, line=5),
    Case(1, "nested ?", HEAD + "spec:\n  " + "? " * N, DEEP, line=5),
    Case(1, "nested by indentation", HEAD + "".join(f"{' ' * depth}a:\n" for depth in range(300)), DEEP, line=204),
    Case(1, "as deep as may be", HEAD + "x: " + "[" * 199 + "]" * 199 + "\nspec: {ports: [{port: 80}]}\n", objects=1),
    Case(1, "nested JSON with an emoji", '{"x": "\\ud83d\\ude00", "kind": "Service", "spec": ' + "[" * N, "not YAML"),
    Case(1, "deep JSON with an emoji", ONE[:-1] + ', "x": ["\\ud83d\\ude00", ' + "[" * 200 + "]" * 200 + "]}", DEEP),
    Case(
        1,
        "deep by aliases",
        HEAD + "a: &a " + "[" * 150 + "]" * 150 + "\nb: " + "[" * 60 + "*a" + "]" * 60,
        DEEP,
        line=5,
    ),
    Case(1, "deep JSON with a long key", f'{ONE[:-1]}, "{"k" * 1100}": {"[" * 250}{"]" * 250}}}', DEEP),
    Case(2, "billion laughs", HEAD + laughs(9) + "spec: {ports: *a8}\n", ALIASED, line=9),
    Case(2, "laughs that end early", HEAD + laughs(4) + "spec: {ports: [{port: 80}]}\n", objects=1),
    Case(2, "containers by aliases", HEAD + f"c: &c [{'x, ' * 3000}]\nspec: [{'*c, ' * 3000}]\n", ALIASED, line=5),
    Case(3, "merge bomb", HEAD + merges(60) + "spec: {<<: *a59}\n", ALIASED, line=44),
    Case(
        3,
        "merges of a long list of nothing",
        HEAD + f"l: &l [{'{}, ' * N}]\n" + "x:\n" + "- <<: *l\n" * 9999,
        ALIASED,
        line=9,
    ),
    Case(
        3,
        "a chain of merges",
        HEAD
        + "a0: &a0 {x: 1}\n"
        + "".join(f"a{n}: &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, 5000))
        + "spec: {<<: *a4999, ports: [{port: 80}]}",
        objects=1,
    ),
    Case(4, "a list in itself", HEAD + "spec: &a [*a]\n", "the alias *a stands inside its own anchor", line=4),
    Case(4, "a mapping in itself", "&a\n" + HEAD + "spec: *a\n", "the alias *a stands inside its own anchor", line=5),
    Case(4, "a merge of itself", HEAD + "spec: &a {<<: *a}\n", "the alias *a stands inside its own anchor", line=4),
    Case(4, "a List in itself", "&a {apiVersion: v1, kind: List, items: [*a]}", "stands inside its own anchor"),
    Case(5, "a large scalar", SERVICE + "  x: " + "y" * 5_000_000 + "\n", objects=1),
    Case(6, "50 000 documents", "---\n" * 50_000 + SERVICE, objects=1),
    Case(6, "2000 objects", f"---\n{SERVICE}" * 2000, objects=2000),
    Case(7, "a tag that would construct", SERVICE + "x: !!python/object/apply:os.system [touch /tmp/x]\n", objects=1),
    Case(8, "unknown tags", SERVICE + "  type: !vault x\n  x: !Ref y\n", objects=1, problems=("spec.type",)),
    Case(9, "NUL", SERVICE + "x: \0\n", f"the character U+0000 {CUT_OFF}", line=9),
    Case(9, "an escape character", SERVICE + "x: é \x1b[2J\n", f"the character U+001B {CUT_OFF}", line=9),
    Case(9, "an escaped one", SERVICE + 'x: "\\e[2J\\0"\n', objects=1),
    Case(10, "Latin-1", SERVICE.encode() + b"# caf\xe9\n", f"not UTF-8: byte 0xe9 (offset {len(SERVICE) + 5})", line=9),
    Case(
        10,
        "Latin-1 in another document",
        b"apiVersion: v1\nkind: Service\nx: \xe9\n---\n" + SERVICE.encode(),
        "not UTF-8",
        line=3,
        objects=1,
    ),
    Case(10, "half a character", SERVICE.encode() + "#é".encode()[:-1], "not UTF-8: byte 0xc3", line=9),
    Case(11, "UTF-16 without a mark", SERVICE.encode("utf-16-le"), f"the character U+0000 {CUT_OFF}"),
    Case(11, "UTF-16 without a mark, big-endian", SERVICE.encode("utf-16-be"), f"the character U+0000 {CUT_OFF}"),
    Case(11, "UTF-32 without a mark", SERVICE.encode("utf-32-le"), f"the character U+0000 {CUT_OFF}"),
    Case(11, "a mark and half a UTF-16", codecs.BOM_UTF16_LE + b"a\0b", "not UTF-8: byte 0xff"),
    Case(12, "CR alone", SERVICE.replace("\n", "\r"), objects=1),
    Case(12, "NEL and line separators", "# \u0085# \u2028# \u2029\n" + SERVICE, objects=1),
    Case(13, "Norway", SERVICE.replace("web", "no"), problems=("metadata.name",)),
    Case(
        13,
        "sexagesimal, octal, dates",
        SERVICE + "x: [1:30, 017, 0o17, 1_000, 2024-01-01, 1e3, .inf, .nan]\n",
        objects=1,
    ),
    Case(
        14, "an integer of 5000 digits", SERVICE.replace("80", "8" * 5000), objects=1, problems=("spec.ports[0].port",)
    ),
    Case(14, "the same in odd JSON", ONE.replace("80", "8" * 5000) + ONE, objects=2, problems=("spec.ports[0].port",)),
    Case(15, "keys written twice", SERVICE + "  ports: [{port: 81}]\n", objects=1, duplicates=("spec.ports",)),
    Case(15, "very many of them", SERVICE + "x: 1\n" * 50_000, objects=1, duplicates=("x",)),
    Case(16, "keys that are no strings", SERVICE + "  selector: {1: a, null: b, true: c, 1.5: d}\n", objects=1),
    Case(16, "keys that are collections", SERVICE + "  x: {[a, b]: c, {d: e}: f}\n", objects=1),
    Case(16, "keys that are aliases", "x: &x type\n" + SERVICE + "  *x : LoadBalancer\n", objects=1),
    Case(17, "a tab for indentation", "kind: Service\nspec:\n\tports: []\n", "cannot start any token", line=3),
    Case(17, "a quote left open", "kind: Service\nname: 'web\n\n\nx: y\n", "unexpected end of stream", line=2),
    Case(17, "a bracket left open", "kind: Service\nports: [{port: 80\nx: y\n", "expected ',' or '}'", line=2),
    Case(18, "a Helm template", "{{- if .Values.x }}\n" + SERVICE + "{{- end }}\n", templates=1),
    Case(18, "a Jinja template", "{% if x %}\n" + SERVICE + "{% endif %}\n", templates=1),
    Case(18, "many in one file", "kind: Service\n{{- x }}\n---\n" * 500, templates=1),
    Case(
        18,
        "a template that is YAML",
        SERVICE.replace("web", "{{ .Values.name }}").replace("80", "{{ .port }}"),
        objects=0,
    ),
    Case(19, "JSON", ONE, objects=1),
    Case(19, "JSON values in a row", ONE * 3, objects=3),
    Case(19, "a List", LIST % ", ".join([ONE] * 3), objects=3),
    Case(19, "a List in a List", LIST % (LIST % (LIST % ONE)), objects=1),
    Case(19, "Lists a hundred deep", LIST.replace("%s", "")[:-2] * 90 + ONE + "]}" * 90, objects=1),
    Case(19, "a List of anything", LIST % "null, 3, [], {}, [null]", objects=0),
    Case(19, "a List of aliases", f"kind: List\napiVersion: v1\nitems:\n- &a {ONE}\n" + "- *a\n" * 10_000, objects=1),
    Case(20, "nothing", ""),
    Case(20, "comments", "# kind: Service\n---\n# apiVersion: v1\n"),
    Case(20, "null documents", "---\n~\n---\nnull\n---\n"),
    Case(20, "scalars and lists", "Service\n---\n3\n---\n- kind: Service\n---\n'kind: Service'\n"),
    Case(21, "wrong types", BAD_TYPES, problems=("spec.type", "spec.externalIPs", "spec.selector", "spec.ports")),
    Case(21, "a spec that is a list", HEAD + "spec: []\n", problems=("spec",)),
    Case(21, "labels that are a list", HEAD.replace("web", "web, labels: [a]"), problems=("metadata.labels",)),
    Case(21, "metadata that is text", "apiVersion: v1\nkind: Service\nmetadata: x\nspec: {}\n", problems=("metadata",)),
    Case(21, "a List without a list", "apiVersion: v1\nkind: List\nitems: 3\n", problems=("items",)),
    Case(21, "a kind that is no text", "apiVersion: v1\nkind: [Service]\nmetadata: {name: x}\n"),
    Case(22, "no apiVersion", SERVICE.replace("apiVersion: v1\n", "")),
    Case(22, "an empty apiVersion", SERVICE.replace("v1", '""')),
    Case(22, "no kind", SERVICE.replace("kind: Service\n", "")),
    Case(22, "no name", SERVICE.replace("name: web", "labels: {}")),
    Case(22, "a name to be generated", SERVICE.replace("name:", "generateName:"), objects=1),
    Case(38, "spaces", "kind: Service" + " " * 1_000_000 + "x\n", objects=0),
    Case(38, "line ends", "kind: Service\n" + "\n" * 1_000_000, objects=0),
]


def judged(data: bytes | str, *, named: bool = True) -> Inputs:
    found = inputs(data, named=named)
    for bad in found.unreadable:
        text = source(data).data.decode("utf-8", "surrogateescape")
        covered(text, bad.spot.span)
    return found


def ids(case: Case) -> str:
    return f"{case.number} {case.name}"


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_every_class_of_bad_input_has_its_answer(case: Case) -> None:
    found = judged(case.data)
    refused = [] if case.refused is None else [case.line]
    assert [bad.spot.span.line for bad in found.unreadable] == refused, found.unreadable
    assert all(case.refused in bad.reason for bad in found.unreadable if case.refused)
    assert found.statistics.objects == case.objects
    assert len(found.templates) == case.templates
    assert tuple(dotted(problem.place.path) for _, problem in found.problems) == case.problems
    assert tuple(dotted(duplicate.path) for duplicate in found.duplicate_fields) == case.duplicates


@pytest.mark.parametrize("case", [case for case in CASES if case.number != 11], ids=ids)
def test_a_broken_document_leaves_its_neighbours_alone(case: Case) -> None:
    data = case.data if isinstance(case.data, bytes) else case.data.encode()
    end = b"\n" if not data.endswith(b"\r") else b"\r"
    around = judged(b"---\n".join([SERVICE.encode(), data + end, SERVICE.encode()]))
    assert around.statistics.objects == case.objects + 2
    assert len(around.unreadable) == (case.refused is not None)


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_a_walked_file_is_unreadable_only_if_it_looks_like_kubernetes(case: Case) -> None:
    found = judged(case.data, named=False)
    data = case.data if isinstance(case.data, bytes) else case.data.encode()
    data = data.replace(b"\0", b"")
    looks = b"apiVersion" in data and b"kind" in data
    assert len(found.unreadable) == (case.refused is not None and looks)
    assert found.statistics.objects == case.objects


@pytest.mark.parametrize("case", [case for case in CASES if len(case.data) < 20_000], ids=ids)
def test_the_answer_does_not_depend_on_libyaml(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML without libyaml is slower (too slow for the large ones) and words its reasons otherwise, but reads the
    same."""
    monkeypatch.setattr(values, "LOADER", yaml.SafeLoader)
    found = judged(case.data)
    assert len(found.unreadable) == (case.refused is not None)
    assert found.statistics.objects == case.objects


def test_a_run_over_all_of_them_ends_in_findings_and_nothing_else() -> None:
    small = [case for case in CASES if len(case.data) < 200_000]
    texts = [
        Source(f"{number}.yaml", source(case.data).data, named=True, chart=None) for number, case in enumerate(small)
    ]
    found = report(texts).findings
    unreadable = {finding.location.path for finding in found if finding.rule == "SRC001"}
    assert unreadable == {f"{number}.yaml" for number, case in enumerate(small) if case.refused is not None}
    shapes = {finding.location.path for finding in found if finding.rule == "SRC002"}
    assert shapes == {f"{number}.yaml" for number, case in enumerate(small) if case.problems}


# --- text made to keep a pattern busy: linear, or the test takes minutes ---------------------------------------------

BUSY = [
    *("-", "--", "---\n", "...\n", "%a\n", "#", "# Source: ", "\n", "\r", "\r\n", " ", "\t", " \n", "\0", "\xff"),
    *("kind", "kind:", "kind: ", "kind: X\n", "kind:\n", '"kind"', '"kind":\n', "?\n", "? a\n", "apiVersion: "),
    *(
        "metadata:\n",
        "metadata:\n ",
        "metadata: ",
        "  namespace: ",
        "{{",
        "{%",
        "# {{",
        "\u2028",
        "\ufeff",
        "---\n\ufeff",
    ),
    *("[", "a,", "a: ", "&a ", "*a ", "!a ", "'", '"', "''", '"a":', "|\n", ">\n", "<<: *a\n", "- a\n", "x: y\n", "x "),
]


@pytest.mark.parametrize("text", BUSY)
@pytest.mark.parametrize("before", ["", HEAD, HEAD + "x: [", HEAD + "x: '", "...\n", "%A\n", "---\n# Source: x"])
def test_no_pattern_is_slow_on_a_long_run_of_anything(before: str, text: str) -> None:
    data = (before + text * (100_000 // len(text))).encode("latin-1" if text == "\xff" else "utf-8")
    for chunk in split(data):
        interest(chunk, resources.WANTED)
        sketch(chunk)
        assert chunk.template is None or "/" in chunk.template
        assert chunk.template_action is None or b"{" in chunk.data


def test_sniffing_is_bounded_where_a_line_has_no_end() -> None:
    for text in (b"metadata:" + b" " * 1_000_000, b"kind:" + b" \t" * 500_000, b"# Source: " + b"a" * 1_000_000):
        chunk = Chunk(text, 0, 0, 0)
        assert chunk.template is None
        assert sketch(chunk).namespace is None


# --- every field that is read, with every wrong type -----------------------------------------------------------------


class _Grown:
    """An object of a kind with every field that its reader asks for, found out by asking it again and again.

    `types` are the fields with the type that the API accepts: what the reader asked for first.
    """

    def __init__(self, kind: str, group: str) -> None:
        version = f"{group}/v1" if group else "v1"
        self.value: dict[str, Any] = {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}}
        self.types: dict[FieldPath, str] = {}
        self.patch = pytest.MonkeyPatch()

    def grow(self) -> _Grown:
        with self.patch.context() as patch:
            self._spy(patch)
            known = -1
            while known < len(self.types):
                known = len(self.types)
                load(self.value)
                for path, expected in tuple(self.types.items()):
                    put(self.value, path, SAMPLES[expected])
        return self

    def _spy(self, patch: pytest.MonkeyPatch) -> None:
        note = self.types.setdefault
        typed, items, mapping, choice, pairs = Field._typed, Field.items, Field._mapping, Field.choice, Field.pairs

        def _typed(field: Field, wanted: type, default: Any, expected: str) -> Any:
            note(field.place.path, expected)
            return typed(field, wanted, default, expected)

        def _items(field: Field) -> Any:
            note(field.place.path, "a list")
            return items(field)

        def _mapping(field: Field) -> Any:
            note(field.place.path, "a mapping")
            return mapping(field)

        def _choice(field: Field, allowed: tuple[str, ...], default: Any) -> Any:
            SAMPLES["one of " + ", ".join(allowed)] = allowed[-1]
            note(field.place.path, "one of " + ", ".join(allowed))
            return choice(field, allowed, default)

        def _pairs(field: Field) -> Iterator[tuple[str, Field]]:
            note((*field.place.path, "any"), "a string")
            return pairs(field)

        for name, spy in (("_typed", _typed), ("items", _items), ("_mapping", _mapping)):
            patch.setattr(Field, name, spy)
        patch.setattr(Field, "choice", _choice)
        patch.setattr(Field, "pairs", _pairs)


SAMPLES: dict[str, Any] = {
    "a string": "x",
    "a whole number": 3,
    "true or false": True,
    "a list": [{}],
    "a mapping": {},
    "a whole number or a string": 3,
}
WRONG: Mapping[str, tuple[Any, ...]] = {
    "a string": (3, 1.5, True, [], {}, ["x"]),
    "a whole number": ("3", 1.5, True, [], {}, float("inf")),
    "true or false": ("true", 1, [], {}),
    "a list": (3, "x", True, {}, {"a": 1}),
    "a mapping": (3, "x", True, [], [{}]),
    "a whole number or a string": (1.5, True, [], {}),
}


def put(root: Any, path: FieldPath, value: Any) -> None:
    """Put a value at a path, unless something stands there already, or something on the way has no such field."""
    for step in path[:-1]:
        if isinstance(root, list):
            root = root[int(step)] if int(step) < len(root) else None
        elif isinstance(root, dict):
            root = root.get(step)
    if isinstance(root, dict) and path:
        root.setdefault(path[-1], json.loads(json.dumps(value)))
    elif isinstance(root, list) and path and path[-1] == 0 and root == [{}]:
        root[0] = json.loads(json.dumps(value))


def load(value: Any) -> Inputs:
    return inputs(json.dumps(value))


KINDS = {kind: groups[0] for kind, (groups, _) in sorted(resources._READERS.items())}


@pytest.mark.parametrize(("kind", "group"), KINDS.items(), ids=KINDS)
def test_every_wrong_type_of_every_field_is_named_and_nothing_breaks(kind: str, group: str) -> None:
    grown = _Grown(kind, group).grow()
    sound = load(grown.value)
    assert not sound.problems
    assert len(sound.resources) == 1
    for path, expected in grown.types.items():
        if path in {(), ("kind",)}:
            continue  # of another type, it is no Kubernetes object
        for wrong in WRONG.get(expected, (3, True, [], {}, "neither")):
            broken = replaced(grown.value, path, wrong)
            named = [(problem.place.path, problem.expected) for _, problem in load(broken).problems]
            assert path in [where for where, _ in named], f"{dotted(path)}: {wrong!r} where {expected} belongs"


def replaced(value: Any, path: FieldPath, new: Any) -> Any:
    if not path:
        return new
    copied: Any = list(value) if isinstance(value, list) else dict(value)
    copied[path[0]] = replaced(value[path[0]], path[1:], new)
    return copied


def test_the_fields_of_a_service_are_found_out_by_asking() -> None:
    """So that the test above cannot pass because it looks at nothing."""
    types = _Grown("Service", "").grow().types
    assert types["spec", "ports", 0, "port"] == "a whole number"
    assert types["spec", "externalTrafficPolicy"] == "a string"
    assert types["spec", "selector", "any"] == "a string"
    assert types["spec", "externalIPs", 0] == "a string"
    assert types["metadata", "labels"] == "a mapping"


def test_a_problem_is_told_once_however_often_the_field_is_read() -> None:
    problems: list[ShapeProblem] = []
    (document,) = documents(BAD_TYPES)
    field = Field({"a": 3}, Place(document), problems).field("a")
    field.text("")
    field.items()
    assert len(problems) == 2
    assert len(inputs(BAD_TYPES).problems) == 4


def test_unreadable_answers_say_whether_they_look_like_kubernetes() -> None:
    (one,) = answers("apiVersion: v1\nkind: [")
    (other,) = answers("name: [")
    assert isinstance(one, Unreadable)
    assert isinstance(other, Unreadable)
    assert (one.looks_like_kubernetes, other.looks_like_kubernetes) == (True, False)
