"""The same kustomizations, rendered by the real kustomize inside kubectl; skipped where there is no kubectl."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kustomizing import by_name, rendering_of
from srcip_lint.documents import Document, Undetermined, read_all
from srcip_lint.resources import WANTED
from srcip_lint.sources import Reading, Source

FIXTURES = Path(__file__).parents[2] / "fixtures" / "kustomize"
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
KUBECTL = shutil.which("kubectl")
HASH = re.compile(r"-[2-9bcdfghkmt]{10}\b")
"""What kustomize adds to the name of a generated object, and we leave out."""

UNREAD = ("serviceAccountName", "secretKeyRef", "secretRef", "secretName", "secret", "volumeClaimTemplates")
"""Fields that name objects of kinds nobody reads, so that no reference to them is mended; and claims' labels, which
depend on the version of kustomize."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed: nothing to compare with"),
]


def roots() -> Iterator[Any]:
    for folder in sorted(FIXTURES.glob("*/overlays/*")):
        yield pytest.param(folder, id=folder.relative_to(FIXTURES).as_posix())
    for file in sorted(CORPUS.glob("upstream/metallb+metallb/config/**/kustomization.yaml")):
        yield pytest.param(file.parent, id=file.parent.relative_to(CORPUS).as_posix())


def real(folder: Path) -> dict[str, Any] | None:
    """What kustomize makes of a folder, by kind and name; None where it stops."""
    assert KUBECTL
    done = subprocess.run([KUBECTL, "kustomize", str(folder)], capture_output=True, check=False, timeout=60)
    if done.returncode:
        return None
    values = [answer.value for answer in read_all(Source("out", done.stdout)) if isinstance(answer, Document)]
    wanted = [value for value in values if value["kind"] in WANTED]
    return {f"{value['kind']} {HASH.sub('', value['metadata']['name'])}": comparable(value) for value in wanted}


def comparable(value: Any) -> Any:
    """Without what is empty, and with the hashes of generated names left out."""
    if isinstance(value, dict):
        below = {key: comparable(each) for key, each in value.items() if key not in UNREAD}
        return {key: each for key, each in below.items() if each not in (None, {})}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    return HASH.sub("", value) if isinstance(value, str) else value


def agrees(ours: Any, theirs: Any) -> bool:
    """Are they the same, apart from what we say is unknown?"""
    if isinstance(ours, Undetermined) or (isinstance(ours, str) and "$(" in ours):
        return True
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(agrees(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(agrees, ours, theirs))
    return bool(ours == theirs)


@pytest.mark.parametrize("folder", list(roots()))
def test_a_rendering_is_what_kustomize_renders(folder: Path) -> None:
    theirs = real(folder)
    reading = Reading([str(folder)])
    rendering = rendering_of({source.path: source.data.decode() for source in reading}, reading.beside)
    if theirs is None or rendering.gaps:
        assert theirs is None or rendering.unjudged
        assert rendering.gaps
        return
    ours = {name: comparable(each.value) for name, each in by_name(rendering).items()}
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not agrees(ours[name], theirs[name])] == []
