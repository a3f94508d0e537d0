"""The line hash of code scanning, against the values that its authors publish and against their algorithm, spelled out.

The published values are those of github/codeql-action, `src/fingerprints.test.ts`.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srcip_lint.positions import Lines
from srcip_lint.report.line_hash import line_hashes

GREETINGS = [
    "e9496ae3ebfced30:1",
    "fb7c023a8b9ccb3f:1",
    "ce8ba1a563dcdaca:1",
    "e20e36e16fcb0cc8:1",
    "b3edc88f2938467e:1",
    "c8e28b0b4002a3a0:1",
    "c129715d7a2bc9a3:1",
]
PUBLISHED = {
    "empty": ("", ["c129715d7a2bc9a3:1"]),
    "blanks": (
        " a\nb\n  \t\tc\n d",
        ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
    ),
    "no last line break": (
        " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End",
        [
            "8b7cf3e952e7aeb2:1",
            "b1ae1287ec4718d9:1",
            "bff680108adb0fcc:1",
            "c6805c5e1288b612:1",
            "b86d3392aea1be30:1",
            "e6ceba753e1a442:1",
        ],
    ),
    "LF": (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", GREETINGS),
    "CR": (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", GREETINGS),
    "CR LF": (" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", GREETINGS),
    "all three": (" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", GREETINGS),
    "equal lines": (
        "Lorem ipsum dolor sit amet.\n" * 10,
        [
            *(f"a7f2ff13bc495cf2:{number}" for number in range(1, 7)),
            "a7f2ff1481e87703:1",
            "a9cf91f7bbf1862b:1",
            "55ec222b86bcae53:1",
            "cc97dc7b1d7d8f7b:1",
            "c129715d7a2bc9a3:1",
        ],
    ),
}


def all_hashes(text: str) -> list[str]:
    lines = Lines(text)
    return list(line_hashes(lines, range(1, len(lines) + 1)).values())


@pytest.mark.parametrize(("text", "hashes"), PUBLISHED.values(), ids=PUBLISHED)
def test_published_values(text: str, hashes: list[str]) -> None:
    assert all_hashes(text) == hashes


@given(
    st.text(alphabet="ab: \t\r\n\0\U0001f600é\uffff", max_size=300)
    | st.lists(st.sampled_from(["kind: Service\n", "  a: b\r\n", "\r", " \n", "x" * 99 + "\n", "😀" * 60])).map("".join)
    | st.binary(max_size=200).map(lambda data: data.decode("utf-8", "surrogateescape"))
)
def test_every_text_has_the_hashes_of_the_rolling_algorithm(text: str) -> None:
    assert all_hashes(text) == rolling(text)


def rolling(text: str) -> list[str]:
    """The published algorithm, unit by unit, over the text as Node.js decodes the file's bytes."""
    decoded = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    units = decoded.encode("utf-16-le", "surrogatepass")
    codes = [int.from_bytes(units[index : index + 2], "little") for index in range(0, len(units), 2)]
    kept: list[int] = []
    starts: list[int] = []
    at_start, after_return = True, False
    for code in [*codes, 65535]:
        if code in (9, 32) or (after_return and code == 10):
            after_return = False
            continue
        after_return = code == 13
        if at_start:
            starts.append(len(kept))
        kept.append(10 if after_return else code)
        at_start = kept[-1] == 10
    counts: dict[int, int] = {}
    found = []
    for start in starts:
        value = 0
        for code in [*kept, *[0] * 100][start : start + 100]:
            value = (value * 37 + code) % 2**64
        counts[value] = counts.get(value, 0) + 1
        found.append(f"{value:x}:{counts[value]}")
    return found


def test_only_the_wanted_lines_are_given_and_none_that_is_not_there() -> None:
    lines = Lines("a\nb\na\n")
    assert set(line_hashes(lines, {2, 3, 9})) == {2, 3}
    assert line_hashes(lines, set()) == {}
