"""A run as a whole: what is counted, and what order things come in."""

from __future__ import annotations

from linting import report
from manifests import DEPLOYMENT, FAULTY, SERVICE
from srcip_lint.finding import Severity
from srcip_lint.sources import Source

LOOSE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: edge
data:
  default.conf: |
    server {
        listen 80;
        location / {
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_pass http://backend:8080;
        }
    }
"""


def test_a_proxy_configuration_that_no_workload_mounts_is_said_to_be_not_judged() -> None:
    found = report(LOOSE)
    assert found.findings == ()
    assert found.statistics.skipped["unmounted proxy configuration"] == 1


def test_files_documents_and_objects_are_counted() -> None:
    statistics = report(f"{FAULTY}---\nkind: Widget\napiVersion: example.com/v1\nmetadata: {{name: x}}\n").statistics
    assert (statistics.files, statistics.documents, statistics.objects) == (1, 3, 2)
    assert statistics.skipped["other kind"] == 1


def test_the_order_of_the_files_does_not_matter() -> None:
    files = [Source("b.yaml", SERVICE.encode(), named=True), Source("a.yaml", DEPLOYMENT.encode(), named=True)]
    forward, backward = report(files).findings, report(reversed(files)).findings
    assert forward == backward
    assert [finding.rule for finding in forward if finding.severity > Severity.INFO] == ["SRC301"]


def test_no_finding_is_worse_than_its_rule_says() -> None:
    found = report(FAULTY)
    assert all(finding.severity <= found.rule(finding.rule).severity for finding in found.findings)
