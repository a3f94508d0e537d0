"""The rules of srcip-lint, one file a rule. `RULES` is explicit and sorted; a test proves it complete."""

from __future__ import annotations

from srcip_lint.rule import Rule
from srcip_lint_rules.dropped import (
    src301_local_without_per_node_pods,
    src302_external_service_no_backends,
    src303_local_endpoints_without_node_name,
    src319_hard_spread_rollout_deadlock,
    src321_local_scale_to_zero,
)
from srcip_lint_rules.fragile import (
    src601_local_no_hard_spread,
    src602_spread_selector_mismatch,
    src603_spread_wrong_topology,
    src604_spread_skew_after_rollout,
    src605_local_single_replica,
    src606_local_disruptive_update,
    src607_local_no_termination_drain,
    src608_local_required_pod_affinity_colocates,
    src612_local_no_pdb,
    src613_local_no_readiness_probe,
    src614_local_publish_not_ready,
    src617_local_ipvs_in_cluster_clients,
)
from srcip_lint_rules.ignored import (
    src501_traffic_policy_not_applicable,
    src502_traffic_policy_invalid_value,
    src503_health_check_node_port_not_applicable,
    src504_health_check_node_port_collision,
    src505_health_check_node_port_changed,
    src506_lb_only_field_on_other_type,
    src507_headless_or_externalname_external_fields,
    src508_legacy_external_traffic_annotation,
    src509_source_ranges_annotation_ignored,
    src517_external_ips_deprecated,
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
    src104_internal_policy_mistaken_for_external,
    src105_mixed_policy_same_pods,
    src111_host_network_backend_mixed_source,
)
from srcip_lint_rules.misjudged import (
    src402_network_policy_allowlist_behind_snat,
    src403_network_policy_except_bypassed_by_snat,
    src404_network_policy_admits_node_range,
    src407_source_ranges_node_port_bypass,
)

RULES: tuple[Rule, ...] = (
    src001_unreadable_input.RULE,
    src002_wrong_shape.RULE,
    src003_unused_suppression.RULE,
    src004_unrendered_template.RULE,
    src005_duplicate_object.RULE,
    src101_cluster_policy_client_ip_required.RULE,
    src102_edge_proxy_behind_cluster_policy.RULE,
    src104_internal_policy_mistaken_for_external.RULE,
    src105_mixed_policy_same_pods.RULE,
    src111_host_network_backend_mixed_source.RULE,
    src301_local_without_per_node_pods.RULE,
    src302_external_service_no_backends.RULE,
    src303_local_endpoints_without_node_name.RULE,
    src319_hard_spread_rollout_deadlock.RULE,
    src321_local_scale_to_zero.RULE,
    src402_network_policy_allowlist_behind_snat.RULE,
    src403_network_policy_except_bypassed_by_snat.RULE,
    src404_network_policy_admits_node_range.RULE,
    src407_source_ranges_node_port_bypass.RULE,
    src501_traffic_policy_not_applicable.RULE,
    src502_traffic_policy_invalid_value.RULE,
    src503_health_check_node_port_not_applicable.RULE,
    src504_health_check_node_port_collision.RULE,
    src505_health_check_node_port_changed.RULE,
    src506_lb_only_field_on_other_type.RULE,
    src507_headless_or_externalname_external_fields.RULE,
    src508_legacy_external_traffic_annotation.RULE,
    src509_source_ranges_annotation_ignored.RULE,
    src517_external_ips_deprecated.RULE,
    src601_local_no_hard_spread.RULE,
    src602_spread_selector_mismatch.RULE,
    src603_spread_wrong_topology.RULE,
    src604_spread_skew_after_rollout.RULE,
    src605_local_single_replica.RULE,
    src606_local_disruptive_update.RULE,
    src607_local_no_termination_drain.RULE,
    src608_local_required_pod_affinity_colocates.RULE,
    src612_local_no_pdb.RULE,
    src613_local_no_readiness_probe.RULE,
    src614_local_publish_not_ready.RULE,
    src617_local_ipvs_in_cluster_clients.RULE,
)
