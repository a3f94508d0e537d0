"""The source of a template: it must be rendered before it can be judged.

What a chart makes of its templates depends on its values, and a template as a rule is not even YAML. So it is passed
over, and said once: for a whole chart at its `Chart.yaml`, for a template elsewhere at the first action that makes it
unreadable. Absence is not judged beside it either, since what seems to be missing may be in the template.

## Reported when

- `template`: the text holds template actions (`{{` or `{%`, or Terraform's `%{ if` and `%{ for`).
- `unparsable`: it is in the `templates` folder of a chart, or no YAML because of them.

## Silent when

- `value`: it is YAML all the same, with an action for a value: then it is judged, and that value is unknown.
- `rendered`: it is what `helm template` printed.

## Bad

```yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  {{- if .Values.external }}  # want "the source of a template"
  type: LoadBalancer
  {{- end }}
  ports:
    - port: 80
```

## Good

```yaml
---
# Source: web/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  ports:
    - port: 80
```

## Fix

Render it and pipe the result in, with the values that you deploy with:

    helm template web charts/web -f production.yaml | srcip-lint -

## Sources

- `helm template --help`; Helm, "Built-in Objects" (what `.Values` depends on).
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable

from srcip_lint.rule import Diagnosis, Model, Reach, Rule, Severity


def check(model: Model) -> Iterable[Diagnosis]:
    """One diagnosis for each chart, and for each file that is a template elsewhere."""
    for template in model.inputs.templates:
        path = template.spot.source.path
        chart = posixpath.dirname(path) or "." if template.chart else "CHART"
        yield Diagnosis(
            at=template.spot,
            message=_what(template.documents)
            if template.chart
            else "this is the source of a template, and is not judged.",
            severity=Severity.INFO,
            object=None,
            fixes=(f"render it first: `helm template {shlex.quote(chart)} | srcip-lint -`",),
        )


def _what(count: int) -> str:
    subject = "1 template of this chart is" if count == 1 else f"{count} templates of this chart are"
    return f"{subject} not rendered, and so not judged."


RULE = Rule(
    id="SRC004",
    name="unrendered-template",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
    reach=Reach.FILE,
)
