"""Target selectors, as a table: a selector, and whether it means the object; None where that cannot be told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kustomizing import node
from srcip_lint.documents import Place
from srcip_lint.kustomize.member import Identity, Member
from srcip_lint.kustomize.selection import target
from srcip_lint.kustomize.tree import put, undetermined

SERVICE = """
apiVersion: networking.example.org/v1beta1
kind: Gateway
metadata:
  name: acme-web
  namespace: prod
  labels: {app: web, tier: front}
  annotations: {owner: team-web}
"""
FORMER = Identity("networking.example.org", "v1beta1", "Gateway", "default", "web")
MEMBER = Member(node(SERVICE), previous=(FORMER,))

ANSWERS = {
    "{}": True,
    "{kind: Gateway}": True,
    "{kind: Gate}": False,
    "{kind: Gate.*}": True,
    "{kind: Service|Gateway}": True,
    "{group: networking.example.org, version: v1beta1}": True,
    "{group: apps}": False,
    "{name: acme-web}": True,
    "{name: web}": True,
    "{name: we}": False,
    "{name: (api|web)}": True,
    "{name: ^web$}": True,
    "{namespace: prod}": True,
    "{namespace: default}": True,
    "{namespace: dev}": False,
    "{kind: Gateway, name: other}": False,
    "{name: '('}": None,
    "{name: '(a+)+'}": None,
    "{name: 'a*a*a*a*'}": None,
    "{kind: Service, name: '('}": False,
    "{labelSelector: app=web}": True,
    "{labelSelector: 'app==web, tier in (back, front)'}": True,
    "{labelSelector: app!=web}": False,
    "{labelSelector: 'tier notin (front)'}": False,
    "{labelSelector: tier}": True,
    "{labelSelector: '!tier'}": False,
    "{labelSelector: '!other'}": True,
    "{labelSelector: other!=x}": True,
    "{labelSelector: other=x}": False,
    "{labelSelector: 'a b c'}": None,
    "{annotationSelector: owner=team-web}": True,
    "{annotationSelector: owner=somebody}": False,
}


@pytest.mark.parametrize("selector", ANSWERS)
def test_selectors(selector: str) -> None:
    assert target(node(selector)).matches(MEMBER) is ANSWERS[selector]


def test_a_label_that_is_unknown_cannot_be_told_unless_something_else_says_no() -> None:
    blurred = put(MEMBER.node, ("metadata", "labels", "app"), undetermined("a test", Place(MEMBER.node.place.document)))
    member = replace(MEMBER, node=blurred)
    assert target(node("{labelSelector: app=web}")).matches(member) is None
    assert target(node("{labelSelector: 'app=web, tier=back'}")).matches(member) is False
