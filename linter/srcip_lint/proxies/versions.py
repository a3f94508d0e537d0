"""The version of a product, by its image's tag."""

from __future__ import annotations

import re

from srcip_lint.resources.pods import Container

_TAG = re.compile(r":v?(\d{1,4})\.(\d{1,4})")


def is_since(container: Container, version: tuple[int, int]) -> bool:
    """Is it of this version, or a later one? What its tag does not tell is taken for the newest."""
    tag = _TAG.search(str(container.image.value))
    return tag is None or (int(tag[1]), int(tag[2])) >= version
