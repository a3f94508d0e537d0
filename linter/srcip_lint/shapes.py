"""Values against JSON Schemas: where a value has another shape than the schema says, and in which words to say so.

The only room with jsonschema. It costs about 90 ms to import, so it is imported where it is used: a run without a
configuration file never pays. The registry is empty: jsonschema would fetch a remote `$ref` over HTTP by default.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from srcip_lint.positions import FieldPath, dotted

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.exceptions import ValidationError

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ShapeError:
    """One fault of a value. `path` is the field at fault (one that is written), `part` what of it: its key or its value."""

    path: FieldPath
    reason: str
    part: str = "value"


def errors(value: object, schema: Schema) -> tuple[ShapeError, ...]:
    """Every fault of a value, by path. The schema is draft 2020-12 and refers to nothing outside itself."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    validator = Draft202012Validator(schema, registry=Registry(), format_checker=_formats())
    found = [shape for error in validator.iter_errors(value) for shape in _explain(error)]
    return tuple(sorted(found, key=lambda shape: (tuple(map(str, shape.path)), shape.reason)))


def _formats() -> FormatChecker:
    """The one format of ours. Editors that do not know `cidr` leave it alone, as JSON Schema says."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checker.checks("cidr", raises=ValueError)(_is_cidr)
    return checker


def _is_cidr(value: object) -> bool:
    if isinstance(value, str):
        ipaddress.ip_network(value)  # raises ValueError, which becomes the cause of the fault
    return True


def _explain(error: ValidationError) -> Iterable[ShapeError]:
    path: FieldPath = tuple(error.absolute_path)
    subschema, value = error.schema, error.instance
    if error.validator == "additionalProperties":
        known = [*subschema.get("properties", ()), *subschema.get("$comment-keys", ())]
        for key in value:
            if key not in known:
                yield ShapeError((*path, key), unknown("key", key, known), "key")
    elif error.validator in ("required", "dependentRequired"):
        yield ShapeError(path, _missing(error), "key")
    elif error.validator == "enum":
        yield ShapeError(path, f"{_quoted(value)} is not one of {', '.join(map(_bare, subschema['enum']))}{_hint(value, subschema['enum'])}")
    else:
        yield ShapeError(path, _other(error))


def _missing(error: ValidationError) -> str:
    """Which key is not there. jsonschema reports each missing key on its own, and names it first in its message."""
    missing = error.message.split("'")[1]
    description = error.schema.get("properties", {}).get(missing, {}).get("title")
    return f'"{missing}" is missing' + (f": {description}" if description else "")


def _other(error: ValidationError) -> str:
    value, expected = error.instance, error.schema.get("title") or _type_words(error.schema.get("type"))
    if error.validator == "format" and error.cause is not None:
        return f"{error.cause}; must be {expected}"
    if error.validator == "uniqueItems":
        return "an item is listed twice"
    quote = "; quote it" if error.validator == "type" and _would_be_text(value, error.schema) else ""
    return f"must be {expected}, not {_quoted(value)}{quote}"


def _would_be_text(value: object, schema: Schema) -> bool:
    """Was it written as text, and is only read as a number or a boolean by YAML (`1.30`, `on`)?"""
    return schema.get("type") == "string" and isinstance(value, bool | int | float)


_TYPES = {
    "string": "a string",
    "array": "a list",
    "object": "a mapping",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}


def _type_words(types: object) -> str:
    names = types if isinstance(types, list) else [types]
    return " or ".join(_TYPES.get(str(name), "another value") for name in names)


def _quoted(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return json.dumps(value, ensure_ascii=False, default=str)


def _bare(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
