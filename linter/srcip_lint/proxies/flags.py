"""The command line of a controller, as Go programs read theirs: `--name=value`, `--name value`, and a bare `--name` for
true."""

from __future__ import annotations

from srcip_lint.resources.pods import Container

TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
"""What Go's ParseBool takes for true."""


def flag(container: Container, name: str) -> str | None:
    """The value of a flag, the last one where it is written several times; None where it is not there. Empty for a bare
    flag that nothing follows."""
    found = flags(container, name)
    return found[-1] if found else None


def flags(container: Container, name: str) -> list[str]:
    """All values of a flag that may be written several times."""
    found = []
    words = container.arguments
    for index, word in enumerate(words):
        written, has_value, value = word.partition("=")
        if written in (f"--{name}", f"-{name}"):
            following = "".join(words[index + 1 : index + 2])
            found.append(value if has_value else "" if following.startswith("-") else following)
    return found


def is_on(container: Container, name: str) -> bool:
    """Is a boolean flag set? A boolean one takes no value of its own after a space."""
    words = [word for word in container.arguments if word.partition("=")[0] in (f"--{name}", f"-{name}")]
    return bool(words) and (words[-1].partition("=")[2] or "true") in TRUE
