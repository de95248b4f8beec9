"""Settings of the whole suite: derandomised in CI, the failing seed printed, no deadline on shared machines."""

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", deadline=None, print_blob=True, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.register_profile("brief", settings.get_profile("ci"), max_examples=6)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))


def pytest_configure(config):
    """Leave out the doctests of a module that cannot be imported without an extra."""
    if find_spec("sklearn") is None:
        config.option.ignore = [*(config.option.ignore or []), str(Path(__file__).parent.parent / "nn" / "sklearn.py")]


@pytest.fixture(autouse=True, scope="session")
def temporary_files(tmp_path_factory):
    """Files that reports leave, as they should, go where pytest clears up."""
    tempfile.tempdir = str(tmp_path_factory.mktemp("temporary"))
    yield
    tempfile.tempdir = None
