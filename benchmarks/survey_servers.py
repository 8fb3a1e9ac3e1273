"""Servers of a survey, and what asks them, for the benchmarks that put them under load."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import aiohttp
import numpy as np

from pirgan_tf.data.gallery import Gallery

_ROOT = Path(__file__).resolve().parents[1]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Server:
    """bin/serve in a process of its own, which keeps its port when it is started again.

    Attributes:
        link: the raters' link.
        address: where it listens, such as http://127.0.0.1:8000.
    """

    def __init__(self, folder: Path, url: str, *flags: str):
        self._flags = [f"--database={url}", f"--output={folder}", *flags]
        self.start(0)

    def start(self, port: int | None = None) -> None:
        """Starts the process; by default at the port of before."""
        port = self._port if port is None else port
        command = [sys.executable, str(_ROOT / "bin" / "serve"), *self._flags, f"--port={port}"]
        environment = os.environ | {"PYTHONPATH": str(_ROOT)}
        self._process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True
        )
        printed = ""
        for line in self._process.stdout:
            printed += line
            if line.startswith("serve: running"):
                break
        else:
            raise RuntimeError(f"serve did not start: {printed}")
        self.address, port, key = re.search(r"(http://\S+:(\d+))/owner/([^/]+)/", printed).groups()
        self._port = int(port)
        self.link = f"{self.address}/s/{key}/"

    def stop(self, signum: int = signal.SIGKILL) -> None:
        """Ends the process by a signal."""
        self._process.send_signal(signum)
        self._process.wait()

    def megabytes(self) -> float:
        """Returns how much memory the process has, without what is swapped out."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1e3


class Log:
    """What clients were answered, and when.

    Attributes:
        milliseconds: by the request's name, of those that were answered.
        statuses: how often each status came; 0 is no answer.
    """

    def __init__(self) -> None:
        self.milliseconds: dict[str, list[float]] = defaultdict(list)
        self.statuses: Counter[int] = Counter()

    async def ask(
        self,
        session: aiohttp.ClientSession,
        name: str,
        method: str,
        path: str,
        **arguments: object,
    ) -> tuple[int, bytes]:
        """Asks once; returns status and body."""
        started = time.perf_counter()
        try:
            async with session.request(method, path, allow_redirects=False, **arguments) as answer:
                status, received = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            status, received = 0, b""
        if status and status < 500:
            self.milliseconds[name].append(1000 * (time.perf_counter() - started))
        self.statuses[status] += 1
        return status, received

    def report(self) -> dict[str, float]:
        """Prints how long answers took; returns the 95th percentile by the request's name."""
        print(f"statuses: {dict(self.statuses)} (0: no answer)")
        slowest = {}
        for name, values in self.milliseconds.items():
            p50, p95, p99 = np.percentile(values, (50, 95, 99))
            print(
                f"{name:8} {len(values):6} answers: median {p50:.1f}, p95 {p95:.1f}, "
                f"p99 {p99:.1f}, longest {max(values):.1f} ms"
            )
            slowest[name] = p95
        return slowest


def browser(
    link: str,
    connector: aiohttp.BaseConnector | None = None,
    headers: Mapping[str, str] | None = None,
) -> aiohttp.ClientSession:
    """Returns a browser with cookies of its own; several may share a connector."""
    return aiohttp.ClientSession(
        link,
        headers={"user-agent": FIREFOX, **(headers or {})},
        timeout=aiohttp.ClientTimeout(30),
        connector=connector,
        connector_owner=connector is None,
        # Cookies are sent to an address without a name too.
        cookie_jar=aiohttp.CookieJar(unsafe=True),
    )


def write_gallery(folder: Path, count: int) -> Path:
    """Writes a gallery of noise, and returns its folder."""
    folder.mkdir()
    images = np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), np.uint8)
    ids = np.array([f"img{index:06}" for index in range(count)])
    Gallery(images, np.zeros((count, 1), np.float32), np.zeros(count, np.int32), ids).save(folder)
    return folder


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Runs a PostgreSQL server, reached by a socket in the folder, and gives its URL."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), shutil.which("initdb")]
    if found[0] is None:
        sys.exit("PostgreSQL is missing: apt-get install postgresql")
    programs, data = Path(found[0]).parent, folder / "postgresql"
    data.mkdir()
    # The server refuses to run as root.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(data, "postgres")
    quiet = {"stdout": subprocess.DEVNULL, "check": True, "cwd": data}
    initdb = [programs / "initdb", "-D", data / "db", "-A", "trust", "-U", "survey", "-E", "UTF8"]
    subprocess.run([*as_user, *initdb], **quiet)
    control = [*as_user, programs / "pg_ctl", "-D", data / "db", "-w"]
    listen = f"-k {data} -c listen_addresses=''"
    subprocess.run([*control, "-l", data / "log", "-o", listen, "start"], **quiet)
    try:
        yield f"postgresql://survey@/postgres?host={data}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
