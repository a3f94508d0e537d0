"""The rules of srcip-lint, one file a rule. `RULES` is explicit and sorted; a test proves it complete."""

from __future__ import annotations

from srcip_lint.rule import Rule
from srcip_lint_rules.dropped import (
    src301_local_without_per_node_pods,
    src302_external_service_no_backends,
    src306_metallb_announcers_disjoint_from_pods,
    src307_metallb_pods_not_confined_to_announcers,
    src308_metallb_bgp_session_nodes_disjoint,
    src314_metallb_speaker_subset_without_memberlist,
    src315_metallb_local_on_excluded_nodes,
    src317_metallb_l2_interface_without_node_selector,
)
from srcip_lint_rules.fragile import (
    src601_local_no_hard_spread,
    src602_spread_selector_mismatch,
    src605_local_single_replica,
    src615_metallb_l2_preferred_nodes_without_pods,
)
from srcip_lint_rules.ignored import (
    src501_traffic_policy_not_applicable,
    src502_traffic_policy_invalid_value,
    src503_health_check_node_port_not_applicable,
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
    src306_metallb_announcers_disjoint_from_pods.RULE,
    src307_metallb_pods_not_confined_to_announcers.RULE,
    src308_metallb_bgp_session_nodes_disjoint.RULE,
    src314_metallb_speaker_subset_without_memberlist.RULE,
    src315_metallb_local_on_excluded_nodes.RULE,
    src317_metallb_l2_interface_without_node_selector.RULE,
    src501_traffic_policy_not_applicable.RULE,
    src502_traffic_policy_invalid_value.RULE,
    src503_health_check_node_port_not_applicable.RULE,
    src601_local_no_hard_spread.RULE,
    src602_spread_selector_mismatch.RULE,
    src605_local_single_replica.RULE,
    src615_metallb_l2_preferred_nodes_without_pods.RULE,
)
