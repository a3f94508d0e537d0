"""Which product a container runs, by the name of its image."""

from __future__ import annotations

import re

from srcip_lint.resources.pods import Container
from srcip_lint.resources.workload import Workload


def runs(container: Container, image: re.Pattern[str]) -> bool:
    """Does a container run an image whose name the pattern fits? Not where a placeholder stands for it."""
    return isinstance(container.image.value, str) and bool(image.search(container.image.value))


def running(workload: Workload, image: re.Pattern[str]) -> Container | None:
    """The first container of a workload that runs such an image."""
    return next((each for each in workload.template.containers if runs(each, image)), None)
