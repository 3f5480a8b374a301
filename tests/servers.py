"""nginx with its RTMP module, started for a test or a benchmark."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

NGINX_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
MODULE_PLACES = (
    Path("/usr/lib/nginx/modules"),
    Path("/usr/share/nginx/modules"),
    Path("/usr/lib64/nginx/modules"),
)
CONFIG = """
load_module {module};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 64; }}
rtmp {{
    access_log off;
    server {{
        listen 127.0.0.1:{port};
        ping 30s;
        application live {{
            live on;
            meta copy;
            wait_key on;
            wait_video on;
        }}
        application closed {{
            live on;
            deny publish all;
        }}
    }}
}}
"""


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RtmpServer:
    """nginx-rtmp on loopback: applications `live` (anybody may publish and play) and `closed`
    (nobody may publish)."""

    def __init__(self, nginx: str, module: Path, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self._nginx = nginx
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "nginx.conf").write_text(CONFIG.format(module=module, folder=folder, port=self.port))

    def url(self, key: str = "show", app: str = "live") -> str:
        """The address to push to and pull from."""
        return f"rtmp://127.0.0.1:{self.port}/{app}/{key}"

    def start(self) -> None:
        """Start and wait until it listens."""
        self._process = subprocess.Popen(
            [self._nginx, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "stderr.log").open("ab"),
        )
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"nginx did not start: {(self.folder / 'stderr.log').read_text()}")

    def kill(self) -> None:
        """Kill it as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop it (SIGSTOP): it keeps its connections but sends nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Resume it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


def nginx_rtmp(folder: Path) -> RtmpServer | None:
    """A server with its files in `folder`, not started; None if nginx or its module is not installed."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:{NGINX_PLACES}")
    module = next(
        (place / "ngx_rtmp_module.so" for place in MODULE_PLACES if (place / "ngx_rtmp_module.so").exists()),
        None,
    )
    if nginx is None or module is None:
        return None
    (folder / "logs").mkdir(parents=True)
    return RtmpServer(nginx, module, folder)
