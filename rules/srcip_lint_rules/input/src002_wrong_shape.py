"""A field has a type that the API does not accept.

The API server rejects the object, so it never runs as written; often somebody changed it and nobody applied it since.
Here the field counts as unknown: rules that depend on it are silent about this object, where they would otherwise
speak.

Only the fields that this tool reads are looked at. The usual causes are a list that was written as a mapping, a number
or a boolean where text belongs (`on`, `yes` and `1.30` are no text unless quoted), and indentation that put a field
one level too high.

## Reported when

- `wrong-type`: the field's value has another type than the API accepts, or is none of the values that it accepts.
- `read`: the object is of a kind and API group that is read, and some rule reads the field.

## Silent when

- `placeholder`: something else is to fill the field in: `${PORT}`, `$(PORT)`, `{{ .Values.port }}`, `ENC[...]`.
- `null`: the field is null, which is as good as absent.
- `whole-float`: a whole number is written as `80.0`, which is the same number in JSON.
- `local`: the object is annotated `config.kubernetes.io/local-config`: kustomize and kpt read it and never apply it.
- `other-group`: the kind is that of another API group: a Knative Service, say.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector:
    app: web
  ports: 80  # want "spec.ports is the number 80; the API accepts a list"
```

```yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    version: 1.30  # want "the number 1.3; the API accepts a string"
spec:
  replicas: "3"  # want "spec.replicas is the string '3'; the API accepts a whole number"
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
  labels:
    version: "1.30"
spec:
  type: LoadBalancer
  externalTrafficPolicy: Cluster
  selector:
    app: web
  ports:
    - port: 80
```

## Fix

Write the type that the API accepts: quote a text that YAML reads as a number or a boolean, take the quotes off a
number, put a `- ` before the items of a list.

## Sources

- Kubernetes API, OpenAPI types of the fields; sigs.k8s.io/yaml (YAML 1.1 booleans and numbers become JSON).
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Model, Reach, Rule, Severity, dotted


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis for each field of a wrong type."""
    for found, problem in model.inputs.problems:
        path = dotted(problem.place.path[len(found.place.path) :])
        wrong = f"{path} is {problem.found}; the API accepts {problem.expected}"
        yield Diagnosis(
            at=problem.place,
            message=f"{wrong}, so it rejects the object, and here nothing that depends on the field is judged.",
            severity=Severity.ERROR,
            object=found,
            fixes=(_fix(problem.found, problem.expected),),
        )


def _fix(found: str, expected: str) -> str:
    if expected == "a string" and found.startswith(("the number", "the boolean")):
        return "quote the value"
    return f"write {expected} here"


RULE = Rule(
    id="SRC002",
    name="wrong-shape",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    reach=Reach.FILE,
)
