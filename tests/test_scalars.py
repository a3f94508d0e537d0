"""Plain scalars as kubectl reads them: `resolve.go` of go-yaml v2 asks ParseInt, ParseUint and ParseFloat, in order."""

from __future__ import annotations

import pytest

from srcip_lint.documents.scalars import Scalar, resolve

WALLET = "0xA906863d7ad7D14721e819bCA6f3c50CAbD0dA98"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("017", 15),
        ("0o17", 15),
        ("08", 8.0),
        ("-0x10", -16),
        ("1_000", 1000),
        ("0xffffffffffffffff", 2**64 - 1),
        ("0x10000000000000000", "0x10000000000000000"),
        (WALLET, WALLET),
        ("-9223372036854775808", -(2**63)),
        ("18446744073709551616", 2.0**64),
        ("02000000000000000000000", 2e21),
        ("0b" + "1" * 64, 2**64 - 1),
        ("0b" + "1" * 65, "0b" + "1" * 65),
        ("1e400", "1e400"),
        ("9" * 400, "9" * 400),
        ("9" * 100_000, "9" * 100_000),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_number_is_what_kubectl_makes_of_it(text: str, value: Scalar) -> None:
    found = resolve(text)
    assert (found, type(found)) == (value, type(value))
