"""TOML, as plain values: the parser tells no places."""

from __future__ import annotations

import sys
from typing import Any


def read_toml(text: str) -> dict[str, Any]:
    """The values of a TOML text. Raises ValueError (`tomllib.TOMLDecodeError`) where it is none."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    return tomllib.loads(text)
