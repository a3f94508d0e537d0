"""Reports made by hand: what a person meets on a working day, and what nobody should ever meet."""

from __future__ import annotations

from dataclasses import replace

from srcip_lint.finding import (
    Finding,
    Ground,
    Location,
    Note,
    ObjectRef,
    Premise,
    Report,
    RuleInfo,
    Severity,
    Standing,
    Statistics,
)
from srcip_lint.positions import Lines, Span

DOCS = "https://github.com/srcip-lint/srcip-lint/blob/main/docs/rules"

SERVICE = Lines("""\
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector:
    app: web
""")
DEPLOYMENT = Lines("""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 2
""")
RENDERED = Lines("""\
---
# Source: edge/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: edge
spec:
  externalTrafficPolicy: local
""")


def rule(id: str, name: str, severity: Severity, summary: str, page: str = "") -> RuleInfo:  # noqa: A002
    return RuleInfo(id, name, severity, summary, f"{summary}\n\n{page}".strip(), f"{DOCS}/{id}.md")


RULES = (
    rule("SRC001", "unreadable-input", Severity.ERROR, "An input that could not be read, and so was not judged."),
    rule("SRC002", "wrong-shape", Severity.ERROR, "A field whose type the API server would reject."),
    rule(
        "SRC301",
        "local-without-per-node-pods",
        Severity.ERROR,
        "`externalTrafficPolicy: Local` where packets can reach a node that has no pod.",
        "Under Local a node hands a packet only to a ready pod of its own.\n\n## Bad\n\n```yaml\nkind: Service\n```",
    ),
    rule("SRC401", "ip-control-on-node-address", Severity.ERROR, "An allow-list that is asked about a node's address."),
    rule("SRC502", "traffic-policy-invalid-value", Severity.ERROR, "A traffic policy that the API server rejects."),
    rule("SRC601", "local-single-replica", Severity.WARNING, "One pod behind a policy that needs one on every node."),
)

LOCAL = Finding(
    rule="SRC301",
    name="local-without-per-node-pods",
    severity=Severity.ERROR,
    message="externalTrafficPolicy Local drops packets on nodes without a ready pod of its own, and the node port does "
    "not avoid such nodes: Deployment shop/web guarantees a pod on no particular node.",
    location=Location("deploy/service.yaml", Span(8, 3, 8, 31), lines=SERVICE),
    object=ObjectRef("", "Service", "shop", "web"),
    field=("spec", "externalTrafficPolicy"),
    related=(
        Note(
            "the pods behind it: 2 replicas",
            Location("deploy/web.yaml", Span(7, 3, 7, 14), lines=DEPLOYMENT),
            ObjectRef("apps", "Deployment", "shop", "web"),
        ),
        Note(
            "the way in that does not look at where the pods are, and that every client outside the cluster takes",
            Location("deploy/service.yaml", Span(7, 3, 7, 17), lines=SERVICE),
            ObjectRef("", "Service", "shop", "web"),
        ),
    ),
    assumptions=("whoever sends packets to the node port sends them to every node",),
    fixes=(
        "run the pods as a DaemonSet, so that every node that can receive packets has one",
        "put a load balancer that health-checks the nodes in front",
    ),
)
INVALID = Finding(
    rule="SRC502",
    name="traffic-policy-invalid-value",
    severity=Severity.ERROR,
    message="externalTrafficPolicy is 'local', and the API server rejects that: the values are Cluster and Local.",
    location=Location("<stdin>", Span(8, 26, 8, 31), "edge/templates/service.yaml", RENDERED),
    object=ObjectRef("", "Service", None, "edge"),
    field=("spec", "externalTrafficPolicy"),
    fixes=("write Local",),
)
UNREADABLE = Finding(
    rule="SRC001",
    name="unreadable-input",
    severity=Severity.ERROR,
    message="cannot be read: Permission denied.",
    location=Location("deploy/secret.yaml", Span(1, 1, 1, 1)),
)
FRAGILE = Finding(
    rule="SRC601",
    name="local-single-replica",
    severity=Severity.WARNING,
    message="One pod serves all clients: while it moves to another node, every connection is dropped.",
    location=Location("deploy/web.yaml", Span(6, 1, 7, 14), lines=DEPLOYMENT),
    object=ObjectRef("apps", "Deployment", "shop", "web"),
    field=("spec",),
    fixes=("run two replicas on different nodes",),
)
HINT = replace(FRAGILE, severity=Severity.INFO, message="The replicas may share a node.", fixes=())

STATISTICS = Statistics(
    files=5, documents=7, objects=4, suppressed=1, seconds=0.1234, skipped={"other kind": 3, "unrendered template": 1}
)
DAY = Report((INVALID, UNREADABLE, LOCAL, FRAGILE, HINT), RULES, STATISTICS)
CLEAN = Report((), RULES, Statistics(files=1, documents=1, objects=1, seconds=0.05))
EMPTY = Report((), RULES, Statistics())

HOSTILE_TEXTS = {
    "ansi": "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "controls": "a\x00b\x7fc\x85d\te",
    "command": "x\n::error ::owned",
    "spaced command": "\r\n   ::add-mask::owned ::",
    "no line break": "::stop-commands::owned",
    "old command": "##[group]owned ##[error]##[x]",
    "bidi": "\u202eresu\u2066\u200f\u061c\u2069",
    "separators": "a\u2028b\u2029c\u00a0d\ufeff\u200b",
    "link": r"[x](1) \[y](2) ![z](https://example.org)",
    "markup": "<script>alert(1)</script> | `x` @team & [/b] %0A::error ::x%0D",
    "undecodable": "caf\udce9\udcff",
    "surrogates": "\ud800x\udfff",
    "tag characters": "\U000e0041\U000e007f",
}


def hostile(text: str) -> Report:
    """A report that has `text` in every place where a manifest or a path can put it."""
    owner = ObjectRef(text, text, text, text)
    location = Location(text, Span(1, 1, 1, 3), text, Lines(text))
    note = Note(text, location, owner)
    bad = [
        Finding(one.id, one.name, severity, text, location, owner, (text, 0), (note, note), (text,), (text,))
        for one, severity in zip(RULES[:3], Severity, strict=True)
    ]
    premise = Premise("nodes", text, Standing.UNKNOWN, (owner,), (Ground(text, location), Ground(text)), (text,), text)
    return Report(tuple(bad), RULES, Statistics(1, 1, 1, 1, 1.0, {text: 1}), (premise,))
