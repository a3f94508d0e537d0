"""Start-up and throughput, measured, never asserted.

    make bench                       on generated bundles, and on ../shared/corpus where it is there
    python benchmarks/bench.py PATH    on a folder of your own

Figures are medians; the floor to compare with is what libyaml needs to compose the same bytes in the same interpreter.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
EXAMPLE = ROOT / "fixtures" / "example"
SOURCE_ROOTS = os.pathsep.join(str(ROOT / folder) for folder in ("linter", "rules", "schemas"))
LINT = [sys.executable, "-m", "srcip_lint"]

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
"""

PAIR = """\
apiVersion: v1
kind: Service
metadata: {{name: app-{number}, namespace: team-{team}}}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {{app: app-{number}}}
  ports: [{{port: 80, targetPort: 8080}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app-{number}, namespace: team-{team}}}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: app-{number}}}}}
  template:
    metadata: {{labels: {{app: app-{number}}}}}
    spec:
      containers:
        - name: app
          image: registry.example/app:{number}
          ports: [{{containerPort: 8080}}]
"""


def seconds(command: list[str], runs: int) -> float:
    """The median wall time of a command, its output thrown away."""
    environment = {**os.environ, "PYTHONPATH": SOURCE_ROOTS}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    return _median(lambda: subprocess.run(command, env=environment, capture_output=True, check=False), runs)


def _median(call: Callable[[], object], runs: int) -> float:
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def start_up() -> None:
    """Small runs, each against an interpreter that does nothing but import yaml."""
    bare = seconds([sys.executable, "-c", "import yaml"], 11)
    print(f"start-up: python -c 'import yaml': {bare * 1000:.0f} ms")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "web.yaml").write_text(SERVICE, encoding="utf-8")
        for name, words in (
            ("--version", ["--version"]),
            ("one Service", [folder]),
            ("fixtures/example", [str(EXAMPLE)]),
        ):
            ours = seconds([*LINT, *words], 11)
            print(f"start-up: {name}: {ours * 1000:.0f} ms; ratio {ours / bare:.1f}")


def throughput(name: str, folder: Path, runs: int) -> None:
    """Reading and judging a folder, against composing the same files with libyaml."""
    files = [path for path in sorted(folder.rglob("*.y*ml")) if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    ours = seconds([*LINT, "--exit-zero", "-q", str(folder)], runs)
    floor = _median(lambda: _compose(files), 1)
    print(
        f"{name}: {len(files)} files, {size:.1f} MB: {ours:.2f} s ({size / ours:.1f} MB/s); "
        f"libyaml composes them in {floor:.2f} s; ratio {ours / floor:.2f}"
    )


def _compose(files: list[Path]) -> None:
    for path in files:
        with contextlib.suppress(yaml.YAMLError, UnicodeDecodeError):
            for _ in yaml.compose_all(path.read_bytes(), Loader=yaml.CSafeLoader):
                pass


def generated(pairs: int) -> None:
    """One Service and one Deployment a file, all of them reported."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(pairs):
            text = PAIR.format(number=number, team=number % 20)
            (Path(folder) / f"{number}.yaml").write_text(text, encoding="utf-8")
        throughput(f"{pairs} generated bundles", Path(folder), 3)


def main(arguments: list[str]) -> None:
    if arguments:
        for argument in arguments:
            throughput(argument, Path(argument), 3)
        return
    start_up()
    for pairs in (100, 1000, 5000):
        generated(pairs)
    if CORPUS.is_dir():
        for folder in (*sorted((CORPUS / "bulk").iterdir()), CORPUS / "upstream"):
            throughput(folder.name, folder, 1)


if __name__ == "__main__":
    main(sys.argv[1:])
