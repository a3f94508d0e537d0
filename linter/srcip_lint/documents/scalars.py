"""What a plain YAML scalar means to Kubernetes.

kubectl turns YAML into JSON with sigs.k8s.io/yaml (go-yaml v2), which is not what PyYAML does: `on`, `y` and `No` are
booleans, `017` and `0o17` are octal, `1_000` is a number, but `1:30` and `2024-01-01` stay text. What is beyond
64 bits is a float in decimal, and text in any other base. Source: go-yaml v2 `resolve.go`; the timestamp line in its
`decode.go` ("for backward compatibility reasons we set it as a string").
"""

from __future__ import annotations

import math
import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], float("inf")),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], float("-inf")),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], float("nan")),
}
_MAYBE_NUMBER = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(?:0b[01]+|0x[0-9a-fA-F]+|0o[0-7]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LONGEST_INTEGER = 67
"""No 64-bit integer has more characters, in base 2 with its sign and prefix."""

_PREFIX = "tag:yaml.org,2002:"


def resolve(text: str) -> Scalar:
    """The JSON value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAYBE_NUMBER:
        return text
    digits = text.replace("_", "")
    integer = _integer(digits) if _INTEGER.fullmatch(digits) else None
    if integer is not None:
        return integer
    real = float(digits) if _FLOAT.fullmatch(digits) else math.inf
    return text if math.isinf(real) else real


def resolve_tagged(text: str, tag: str, *, plain: bool) -> Scalar:
    """The value of a scalar that carries a tag. No tag constructs anything: an unknown one leaves the text as it is."""
    if tag in (_PREFIX + "int", _PREFIX + "float", _PREFIX + "bool", _PREFIX + "null"):
        return resolve(text)
    return resolve(text) if plain and tag == "!" else text


def key_text(value: Scalar) -> str:
    """A mapping key as JSON has it: always text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _integer(digits: str) -> int | None:
    """An integer of 64 bits, signed or not; None for what is larger."""
    if len(digits) > _LONGEST_INTEGER:
        return None
    body = digits.lstrip("+-")
    octal = len(body) > 1 and body.isdecimal() and body[0] == "0"
    value = int("0o" + body[1:] if octal else body, 0)
    value = -value if digits[0] == "-" else value
    return value if -(2**63) <= value < 2**64 else None
