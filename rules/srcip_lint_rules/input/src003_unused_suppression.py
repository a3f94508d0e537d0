"""A suppression suppresses nothing.

Nothing is reported where it stands, or it gives no reason, names no rule, or cannot be understood. A stale suppression
hides the next fault that comes to the same place; one without a reason leaves the next reader to guess whether it is
still true, so it does not hold. This finding cannot itself be suppressed.

A comment stands at the end of the line that is reported, or on a line of its own above it; an annotation covers its
object:

    # srcip-lint: ignore[SRC301] the balancer only sends to nodes labelled ingress
    srcip-lint.io/ignore: "SRC301: the balancer only sends to nodes labelled ingress"

An entry of a baseline (`--baseline`) needs no reason; one that accepts nothing any more is reported where it stands.

## Reported when

- `stale`: the rule ran, and reported nothing at that place or about that object.
- `no-reason`: no reason is given; the finding stays.
- `no-rule`: the rule that is named does not exist.
- `unreadable`: it is written in a way that cannot be understood.

## Silent when

- `used`: it suppresses a finding.
- `not-run`: the rule that it names did not run, because it was not selected.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  # srcip-lint: ignore[SRC301] every node has a pod  # want "nothing to ignore"
  externalTrafficPolicy: Cluster
  selector:
    app: web
  ports:
    - port: 80
```

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    srcip-lint.io/ignore: SRC301  # want "without a reason"
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: nginx:1.27
```

## Good

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  # srcip-lint: ignore[SRC301] the balancer only sends to nodes labelled ingress
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: nginx:1.27
```

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
  annotations:
    srcip-lint.io/ignore: "SRC301: the balancer only sends to nodes labelled ingress"
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: nginx:1.27
```

## Fix

Remove a suppression that has done its work; give one that has not a reason that the next reader can check.

## Sources

- `docs/configuration.md`, suppression; `docs/only-what-is-new.md`, baselines.
"""

from __future__ import annotations

from srcip_lint.rule import Reach, Rule, Severity

RULE = Rule(
    id="SRC003",
    name="unused-suppression",
    severity=Severity.WARNING,
    check=None,
    doc=__doc__ or "",
    reach=Reach.FILE,
)
