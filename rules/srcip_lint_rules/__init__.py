"""The rules of srcip-lint, one file a rule. `RULES` is explicit and sorted; a test proves it complete."""

from __future__ import annotations

from srcip_lint.rule import Rule
from srcip_lint_rules.dropped import src301_local_without_per_node_pods

RULES: tuple[Rule, ...] = (
    src301_local_without_per_node_pods.RULE,
)
