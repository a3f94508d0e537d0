"""A pair of manifests whose fault (SRC301) stands in neither alone, and its sound sibling."""

from __future__ import annotations

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector:
    app: web
  ports:
    - port: 80
"""
_PODS = """\
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
"""
DEPLOYMENT = f"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n{_PODS}"
DAEMON_SET = f"apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: web\nspec:\n{_PODS}"

FAULTY = f"{SERVICE}---\n{DEPLOYMENT}"
"""One file: a warning at line 7, because no node is sure to have a pod."""

SOUND = f"{SERVICE}---\n{DAEMON_SET}"
"""One file: nothing to report, because every node has a pod."""
