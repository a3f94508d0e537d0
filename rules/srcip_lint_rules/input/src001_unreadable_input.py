"""An input cannot be read, so nothing in it is judged.

A document that is no YAML and no JSON, that is not UTF-8 (or UTF-16 or UTF-32 with a byte order mark), or that passes
a bound; a file that does not exist, cannot be opened, is larger than 64 MiB or is no regular file. Everything else is
still judged, but what stands in the unreadable part is not: a run that passes over it in silence would say "no
findings" of manifests that nobody looked at. So this finding cannot be ignored; exclude the path of a file that is
meant to be broken.

The bounds are those of hostile input: 200 levels of nesting, and 400 000 values that aliases stand for, which is where
kubectl gives up too. `---` ends a document whatever it left open, so one broken document does not hide its neighbours.

A broken file that was only met while a folder was walked is reported if it looks like Kubernetes (it holds
`apiVersion` and `kind`); a file that was named, and what comes from standard input, always is.

## Reported when

- `unreadable`: the document, or the whole file, cannot be read.

## Silent when

- `json`: it is JSON, one value or several in a row, even where JSON is no YAML.
- `template`: it is the source of a template (SRC004 speaks then).
- `tag`: it carries tags that nothing here knows, such as `!vault`: the value under one is text.
- `empty`: there is nothing in it but comments.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  externalTrafficPolicy: Local
  ports: [{port: 80  # want "did not find expected ',' or '}'"
  selector:
    app: web
```

## Good

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  externalTrafficPolicy: Local
  ports: [{port: 80}]
  selector:
    app: web
```

## Fix

The reported place is where the construct starts that was left open (a quote, a bracket), or else where the parser gave
up: the fault is there or a little above. A tab cannot indent YAML; a value with `: ` or ` #` in it must be quoted.

## Sources

- YAML 1.2.2, 9.1.2 (document markers), 5.1 (character set), 6.1 (indentation by spaces only).
- go-yaml v2 `decode.go`, `allowedAliasRatio` ("document contains excessive aliasing").
"""

from __future__ import annotations

from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Model, Reach, Rule, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis for each document, or file, that could not be read."""
    for bad in model.inputs.unreadable:
        yield Diagnosis(
            at=bad.spot,
            message=f"this cannot be read, so nothing in it is judged: {bad.reason}.",
            severity=Severity.ERROR,
            object=None,
            fixes=("correct it; if it is meant to be like this, exclude its path",),
        )


RULE = Rule(
    id="SRC001",
    name="unreadable-input",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    reach=Reach.FILE,
)
