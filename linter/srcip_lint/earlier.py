"""Which object of an earlier state is which of today's."""

from __future__ import annotations

from srcip_lint.bundle import Bundle
from srcip_lint.resources.fields import placeholder
from srcip_lint.resources.service import Service


def before(service: Service, now: Bundle, then: Bundle) -> Service | None:
    """The Service as it was: of the same name and in the same file or kustomization; where there is none, the only one
    of that name, if there is one only today too (its file was renamed). None where nobody can tell."""
    if service.object.generated or placeholder(service.object.name):
        return None
    earlier = [each for each in then.services if each.object.ref == service.object.ref]
    here = [each for each in earlier if each.object.stream == service.object.stream]
    is_alone = sum(each.object.ref == service.object.ref for each in now.services) == 1
    found = here or (earlier if is_alone else [])
    return found[0] if len(found) == 1 else None
