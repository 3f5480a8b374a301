"""Fixtures: nginx with its RTMP module, the path of a browser, and folders for the machine's state."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.enrolled import Enrolled, enrolled_in
from tests.servers import RtmpServer, nginx_rtmp

LONG = (
    "test_enrol",
    "test_page",
    "test_motion",
    "test_room",
    "test_rebuild",
    "test_demo_persona",
    "test_delivery",
    "test_film",
    "test_lip_sync",
    "test_patch",
    "test_fuzz_text",
    "test_voice",
    "test_main",
    "test_match_voice",
)
"""Files that take half a minute or more. They are begun first, so that no worker is left with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first, and leave the order within each."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.fixture(autouse=True, scope="session")
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The machine's state and cache folders, separate from the user's own."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOUBLURE_STATE_FOLDER", str(folder))
        patch.setenv("DOUBLURE_CACHE_FOLDER", str(shared(tmp_path_factory) / "cache"))
        yield folder


@pytest.fixture(scope="session")
def enrolled(tmp_path_factory: pytest.TempPathFactory) -> Enrolled:
    """The rendered host, enrolled once for all workers of a run."""
    return enrolled_in(shared(tmp_path_factory))


def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def missing(what: str, package: str) -> None:
    """Skip a test whose server is not installed; on CI it fails instead."""
    text = f"{what} is not installed (Debian: apt-get install {package})"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


@pytest.fixture
def rtmp_server(tmp_path: Path) -> Iterator[RtmpServer]:
    """A running RTMP server, killed afterwards."""
    server = nginx_rtmp(tmp_path / "nginx")
    if server is None:
        missing("nginx with its RTMP module", "nginx libnginx-mod-rtmp")
        raise AssertionError
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a browser for Playwright."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("a browser", "chromium")
        raise AssertionError
    return path
