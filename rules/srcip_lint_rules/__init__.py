"""The rules of srcip-lint, one file a rule. `RULES` is explicit and sorted; a test proves it complete."""

from __future__ import annotations

from srcip_lint.rule import Rule
from srcip_lint_rules.dropped import (
    src301_local_without_per_node_pods,
    src302_external_service_no_backends,
    src309_metallb_bgp_aggregate_blackholes_local,
    src320_metallb_ipvs_strict_arp,
)
from srcip_lint_rules.fragile import (
    src601_local_no_hard_spread,
    src602_spread_selector_mismatch,
    src605_local_single_replica,
    src610_metallb_l2_local_idle_replicas,
    src611_metallb_bgp_local_imbalance,
    src616_metallb_with_second_lb_controller,
)
from srcip_lint_rules.ignored import (
    src501_traffic_policy_not_applicable,
    src502_traffic_policy_invalid_value,
    src503_health_check_node_port_not_applicable,
    src518_session_affinity_per_node,
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
    src309_metallb_bgp_aggregate_blackholes_local.RULE,
    src320_metallb_ipvs_strict_arp.RULE,
    src501_traffic_policy_not_applicable.RULE,
    src502_traffic_policy_invalid_value.RULE,
    src503_health_check_node_port_not_applicable.RULE,
    src518_session_affinity_per_node.RULE,
    src601_local_no_hard_spread.RULE,
    src602_spread_selector_mismatch.RULE,
    src605_local_single_replica.RULE,
    src610_metallb_l2_local_idle_replicas.RULE,
    src611_metallb_bgp_local_imbalance.RULE,
    src616_metallb_with_second_lb_controller.RULE,
)
