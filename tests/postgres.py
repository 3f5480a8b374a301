"""A PostgreSQL server started for tests; it can be frozen to act like an unreachable machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest


def programs() -> Path | None:
    """The folder of the server's programs, which Debian keeps out of the path; None if not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


class PostgresServer:
    """One server on loopback with its files in `folder`. Skips the test if PostgreSQL is not installed."""

    def __init__(self, folder: Path) -> None:
        found = programs()
        if found is None:
            pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
        self._user: dict[str, str] = {}
        if os.geteuid() == 0:  # the server refuses to run as root
            self._user = {"user": "postgres", "group": "postgres"}
            shutil.chown(folder, "postgres", "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._data = folder / "data"
        initdb = [str(found / "initdb"), "-A", "trust", "-U", "show", "-D", str(self._data)]
        self._run(initdb)
        control = [str(found / "pg_ctl"), "-D", str(self._data), "-w", "-l", str(folder / "log")]
        self._run([*control, "-o", f"-p {self.port} -k {folder} -h 127.0.0.1 -F", "start"])

    @property
    def url(self) -> str:
        """Its address, for `open_store`."""
        return f"postgresql+pg8000://show@127.0.0.1:{self.port}/postgres"

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze the server for the block: it accepts connections but answers nothing."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Kill it as a crash would."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        first = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        for process in (first, *first.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _run(self, command: list[str]) -> None:
        subprocess.run(command, check=True, capture_output=True, **self._user)  # type: ignore[call-overload]


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server that runs for the length of the block."""
    # not in pytest's folder: the server's user has no access to it, and other runs of pytest revoke it again
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        try:
            yield server
        finally:
            server.stop()
