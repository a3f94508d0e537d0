"""The commands that tell about srcip-lint itself: its rules, its configuration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from srcip_lint.cli.console import Refused, write_stdout
from srcip_lint.report.sanitize import json_document
from srcip_lint.shapes import did_you_mean

if TYPE_CHECKING:
    from srcip_lint.rule import Rule

SCHEMA_URL = (
    "https://raw.githubusercontent.com/srcip-lint/srcip-lint/main/schemas/srcip_lint_schemas/config.schema.json"
)
FILE = "srcip-lint.yaml"

STARTER = f"""\
# yaml-language-server: $schema={SCHEMA_URL}
#
# What manifests alone cannot say about this cluster. Everything is optional: take away the "# " of what you know.
# All settings: https://github.com/srcip-lint/srcip-lint/blob/main/docs/configuration.md

# What implements Services of type LoadBalancer.
# loadBalancer: metallb-l2

# What carries Service traffic to pods.
# dataplane: kube-proxy-iptables

# The nodes: kubectl get nodes -o yaml > nodes.yaml
# nodes: nodes.yaml

# Whose requests must arrive with the client's address: "namespace/name", with * and ?.
# requireClientIP:
#   - shop/*

# Do the manifests hold everything that runs in the cluster?
# closedWorld: true

# Rules that are not wanted at all, and rules of another severity.
# ignore: [SRC601]
# severity:
#   SRC301: error

# Rules that are not wanted in some places, and why.
# overrides:
#   - paths: [legacy/**]
#     ignore: [SRC301]
#     reason: switched off in March

# Paths that are not read.
# exclude: [vendor]
"""


def explain(word: str, rules: Sequence[Rule]) -> int:
    """Print a rule's page. Raises Refused where there is no such rule."""
    found = next((rule for rule in rules if word in (rule.id, rule.name)), None)
    if found is None:
        known = [name for rule in rules for name in (rule.id, rule.name)]
        raise Refused(f'there is no rule "{word}"{did_you_mean(word, known)} (srcip-lint rules lists them all)')
    head = f"{found.id} {found.name} ({found.severity.value}{_off(found)})"
    write_stdout(f"# {head}\n\n{found.doc.strip()}\n\n{found.url}\n")
    return 0


def list_rules(rules: Sequence[Rule], *, as_json: bool) -> int:
    """Print every rule: a line each, or a JSON array."""
    write_stdout(json_document([_entry(rule) for rule in rules]) if as_json else "".join(map(_line, rules)))
    return 0


def _entry(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "name": rule.name,
        "family": rule.family.name.lower(),
        "severity": rule.severity.value,
        "reach": rule.reach.value,
        "default": rule.default,
        "summary": rule.summary,
        "url": rule.url,
    }


def _line(rule: Rule) -> str:
    return f"{rule.id}  {rule.severity.value:<7}  {rule.name}{_off(rule)}\n                 {rule.summary}\n"


def _off(rule: Rule) -> str:
    return "" if rule.default else ", off by default"


def config_schema() -> int:
    """Print the schema of the configuration."""
    from srcip_lint.config import schema

    write_stdout(json.dumps(schema(), indent=2) + "\n")
    return 0


def init() -> int:
    """Write a commented configuration. Raises Refused where there is a file of that name, whatever it holds."""
    try:
        with Path(FILE).open("x", encoding="utf-8", newline="\n") as file:
            file.write(STARTER)
    except FileExistsError:
        raise Refused(f"{FILE} is here already; it is left as it is") from None
    except OSError as error:
        raise Refused(f"{FILE}: cannot be written: {error.strerror or error}") from error
    write_stdout(f"Wrote {FILE}.\n")
    return 0
