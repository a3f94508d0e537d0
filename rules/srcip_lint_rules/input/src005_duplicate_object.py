"""An object is defined twice in what is applied together, or a field is written twice in one object.

`kubectl apply` takes the definitions in turn, and the last one replaces the others without a word; a kustomization
refuses to build. Of a field that is written twice the last one counts. Either way somebody reads the first one and
believes it. Here every definition is judged as it stands.

## Reported when

- `same-object`: two objects agree in API group, kind, namespace and name; or a mapping has one key twice.
- `together`: both stand in one file, come in one stream from standard input, or are resources of one kustomization;
  or two resources of that include one and the same manifest.

## Silent when

- `placeholder-name`: a placeholder is the name, or part of it: what fills it in may differ.
- `generated-name`: the API server makes up the name (`generateName`).
- `patch`: one of them is only part of an object: a patch.
- `merge-key`: the key is written once, and the other one comes in by a merge (`<<`), which it is meant to override.
- `other-kind`: the object is of no kind that is read.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  ports:
    - port: 80
---
apiVersion: v1
kind: Service
metadata:
  name: web  # want "Service web is defined again"
spec:
  type: LoadBalancer
  ports:
    - port: 443
```

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  ports:
    - port: 80
  externalTrafficPolicy: Cluster  # want "spec.externalTrafficPolicy is written twice"
```

## Good

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  ports:
    - port: 80
---
apiVersion: v1
kind: Service
metadata:
  name: web-secure
spec:
  type: LoadBalancer
  ports:
    - port: 443
```

## Fix

Remove the definition that is out of date, or give the objects different names or namespaces.

## Sources

- `kubectl apply`: the documents of a file are applied in order. kustomize `api/resmap`: "may not add resource with an
  already registered id".
- YAML 1.2.2, 3.2.1.3 (keys are unique); sigs.k8s.io/yaml `YAMLToJSON` (the last one wins unless strict).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from srcip_lint.rule import Diagnosis, Model, Object, Reach, Related, Rule, Severity, dotted

_KIND = ("kind",)
"""Written twice, it shows that two objects run together; then what else they both have is not told again."""
_SEPARATE = "put `---` between the two objects, or remove the one that is out of date"


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis for each further definition of an object, and for each key that is written twice."""
    yield from _objects(model)
    yield from _fields(model)


def _objects(model: Model) -> Iterator[Diagnosis]:
    for first, again in model.inputs.redefinitions:
        if again.same_manifest(first):
            yield _included_twice(again)
            continue
        yield Diagnosis(
            at=again.place.at("metadata", "name"),
            message=f"{again.ref} is defined again: applied together, only the last definition holds.",
            severity=Severity.WARNING,
            object=again,
            related=(Related(first.place.at("metadata", "name"), "the first definition", first),),
            fixes=("remove one of the definitions, or give the objects different names",),
        )


def _included_twice(found: Object) -> Diagnosis:
    """One manifest that two ways lead to."""
    return Diagnosis(
        at=found.place.at("metadata", "name"),
        message=f"{found.ref} comes into {found.stream} twice: two of its resources include this manifest, and "
        "kustomize refuses to build that.",
        severity=Severity.WARNING,
        object=found,
        fixes=("include its base once",),
    )


def _fields(model: Model) -> Iterator[Diagnosis]:
    run_together = {field.object for field in model.inputs.duplicate_fields if field.path == _KIND}
    for field in model.inputs.duplicate_fields:
        if len(field.path) == 1 and field.path != _KIND and field.object in run_together:
            continue
        yield Diagnosis(
            at=field.spot,
            message=f"{dotted(field.path)} is written twice in one mapping: only the last one counts.",
            severity=Severity.WARNING,
            object=field.object,
            related=(Related(field.first, "written here first", field.object),) if field.first else (),
            fixes=(_SEPARATE if field.path == _KIND else "remove the one that is out of date",),
        )


RULE = Rule(
    id="SRC005",
    name="duplicate-object",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
    reach=Reach.FILE,
)
