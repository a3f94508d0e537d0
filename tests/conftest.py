"""What all tests may ask for: a comparison with a stored output, which `--update-goldens` writes anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Speed is measured in benchmarks, and no test depends on how busy the machine is.
settings.register_profile("srcip-lint", deadline=None)
settings.load_profile("srcip-lint")

Golden = Callable[[str, str], None]
"""`golden("text.txt", output)` fails unless `output` is what `golden/text.txt`, beside the test, holds."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write the stored outputs anew instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    folder = Path(request.path).parent / "golden"
    update = request.config.getoption("--update-goldens")

    def compare(name: str, output: str) -> None:
        file = folder / name
        if update:
            folder.mkdir(exist_ok=True)
            file.write_bytes(output.encode())
        assert file.is_file(), f"{file} is missing: run pytest --update-goldens, and read what it writes"
        assert output == file.read_bytes().decode()

    return compare
