"""The rules of srcip-lint, one file a rule. `RULES` is explicit and sorted; a test proves it complete."""

from __future__ import annotations

from srcip_lint.rule import Rule
from srcip_lint_rules.dropped import (
    src301_local_without_per_node_pods,
    src302_external_service_no_backends,
    src310_metallb_shared_ip_refused,
    src311_metallb_shared_ip_divergent_endpoints,
    src316_metallb_shared_ip_with_l2_service_selectors,
)
from srcip_lint_rules.fragile import (
    src601_local_no_hard_spread,
    src602_spread_selector_mismatch,
    src605_local_single_replica,
)
from srcip_lint_rules.ignored import (
    src501_traffic_policy_not_applicable,
    src502_traffic_policy_invalid_value,
    src503_health_check_node_port_not_applicable,
    src511_metallb_unknown_annotation,
    src512_metallb_deprecated_annotation,
    src514_metallb_class_mismatch,
    src519_metallb_ip_request_conflict,
)
from srcip_lint_rules.input import (
    src001_unreadable_input,
    src002_wrong_shape,
    src003_unused_suppression,
    src004_unrendered_template,
    src005_duplicate_object,
)
from srcip_lint_rules.lost import (
    src101_cluster_policy_client_ip_required,
    src102_edge_proxy_behind_cluster_policy,
)

RULES: tuple[Rule, ...] = (
    src001_unreadable_input.RULE,
    src002_wrong_shape.RULE,
    src003_unused_suppression.RULE,
    src004_unrendered_template.RULE,
    src005_duplicate_object.RULE,
    src101_cluster_policy_client_ip_required.RULE,
    src102_edge_proxy_behind_cluster_policy.RULE,
    src301_local_without_per_node_pods.RULE,
    src302_external_service_no_backends.RULE,
    src310_metallb_shared_ip_refused.RULE,
    src311_metallb_shared_ip_divergent_endpoints.RULE,
    src316_metallb_shared_ip_with_l2_service_selectors.RULE,
    src501_traffic_policy_not_applicable.RULE,
    src502_traffic_policy_invalid_value.RULE,
    src503_health_check_node_port_not_applicable.RULE,
    src511_metallb_unknown_annotation.RULE,
    src512_metallb_deprecated_annotation.RULE,
    src514_metallb_class_mismatch.RULE,
    src519_metallb_ip_request_conflict.RULE,
    src601_local_no_hard_spread.RULE,
    src602_spread_selector_mismatch.RULE,
    src605_local_single_replica.RULE,
)
