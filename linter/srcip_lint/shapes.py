"""Values against JSON Schemas: where a value has another shape than the schema says, and in which words to say so.

The only room with jsonschema. It takes longer to import than a small run takes in all, so it is imported where it is
used: a run without a configuration never pays. The registry is empty: jsonschema would fetch a remote `$ref` over HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from srcip_lint.positions import FieldPath

if TYPE_CHECKING:
    from jsonschema import FormatChecker

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ShapeError:
    """One fault of a value, at the field `path`; `part` is what of the field is at fault, its `key` or its `value`."""

    path: FieldPath
    reason: str
    part: str = "value"


class _Fault(Protocol):
    """What is used of jsonschema's ValidationError, typed as it is when a validator made it."""

    validator: str
    validator_value: Any
    instance: Any
    schema: Mapping[str, Any]
    absolute_path: Iterable[str | int]
    cause: Exception | None


def errors(value: object, schema: Schema) -> tuple[ShapeError, ...]:
    """Every fault of a value, by its path. The schema is draft 2020-12 and refers to nothing outside itself."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    validator = Draft202012Validator(schema, registry=Registry(), format_checker=_formats())
    faults = cast("Iterable[_Fault]", validator.iter_errors(value))
    found = {shape for fault in faults for shape in _explain(fault)}
    return tuple(sorted(found, key=lambda shape: ([str(step) for step in shape.path], shape.reason)))


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """`; did you mean "that"?` where something known is near, else nothing."""
    import difflib

    words = {str(other).casefold(): str(other) for other in known if isinstance(other, str)}
    near = difflib.get_close_matches(str(word).casefold(), words, n=1)
    return f'; did you mean "{words[near[0]]}"?' if near else ""


def _formats() -> FormatChecker:
    """Our one format. Editors that do not know `cidr` leave it alone, as JSON Schema wants it."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checker.checks("cidr", raises=ValueError)(_is_cidr)
    return checker


def _is_cidr(value: object) -> bool:
    from ipaddress import ip_network

    return not isinstance(value, str) or bool(ip_network(value))


def _explain(error: _Fault) -> Iterator[ShapeError]:
    path: FieldPath = tuple(error.absolute_path)
    by_key = _MISSING.get(error.validator)
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        for key in error.instance.keys() - known:
            yield ShapeError((*path, key), f'unknown key "{key}"{did_you_mean(key, known)}', "key")
    elif by_key:
        for key in by_key(error.validator_value, error.instance):
            meaning = error.schema["properties"].get(key, {}).get("title")
            yield ShapeError(path, f'"{key}" is missing' + (f": {meaning}" if meaning else ""))
    else:
        yield ShapeError(path, _reason(error))


def _absent(wanted: list[str], value: Mapping[str, Any]) -> list[str]:
    return [key for key in wanted if key not in value]


def _absent_companions(wanted: Mapping[str, list[str]], value: Mapping[str, Any]) -> list[str]:
    return [other for key, others in wanted.items() if key in value for other in _absent(others, value)]


_MISSING: dict[str, Callable[[Any, Any], list[str]]] = {"required": _absent, "dependentRequired": _absent_companions}
"""Keywords of JSON Schema that ask for keys, and which keys are missing then."""


def _reason(error: _Fault) -> str:
    value, wanted = error.instance, error.validator_value
    if error.validator == "enum":
        words = [word for word in wanted if isinstance(word, str)]
        return f"{_shown(value)} is not one of {', '.join(words)}{did_you_mean(value, words)}"
    if error.validator == "anyOf":
        return " or ".join(f'"{key}"' for branch in wanted for key in branch["required"]) + " is missing"
    if error.validator in ("minItems", "minProperties", "minLength"):
        return f"must be {_expected(error)}, and not empty"
    if error.validator == "format":
        return f"must be {_expected(error)}: {error.cause}"
    quote = "; quote it" if error.schema.get("type") == "string" and isinstance(value, bool | int | float) else ""
    return f"must be {_expected(error)}, not {_shown(value)}{quote}"


def _expected(error: _Fault) -> str:
    """Every schema that can refuse a value says in its title what the value should be."""
    return str(error.schema["title"])


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return json.dumps(value, ensure_ascii=False, default=str)
