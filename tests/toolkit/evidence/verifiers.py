"""Other people's tools for evidence, from Debian's packages, unpacked and not installed: they need no more than its C library."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SUITES = ("trixie", "sid")
_PACKAGES = {
    "old": ("cosign/trixie", "docker-registry/trixie", "oras/trixie", "crane/sid"),
    "new": ("cosign/sid",),
}
_REGISTRY = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
log: {{level: error}}
"""


@dataclass(frozen=True)
class Verifiers:
    """Where the tools are: cosign of Debian 13 (2.5) and of the next (3.1), oras, crane, and a registry."""

    folder: Path

    @classmethod
    def had(cls) -> Verifiers | None:
        """Return them from where they were unpacked before, or unpack them; None where that is not to be had."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        tools = cls(cache / "hullproof-tests" / "verifiers")
        if (tools.folder / "whole").exists():
            return tools
        may_fetch = os.environ.get("CI") == "true" and _KEYS.exists() and shutil.which("dpkg-deb")
        if not may_fetch:
            return None
        tools.folder.parent.mkdir(parents=True, exist_ok=True)
        with (tools.folder.parent / "lock").open("w") as lock:  # of several workers, one fetches
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (tools.folder / "whole").exists():
                tools.fetch()
        return tools

    def fetch(self) -> None:
        """Unpack Debian's packages."""
        fresh = self.folder.with_name(f"{self.folder.name}-{os.getpid()}")
        lists, cache = fresh / "apt" / "lists" / "partial", fresh / "apt" / "cache" / "archives" / "partial"
        for each in (lists, cache):
            each.mkdir(parents=True)
        sources = fresh / "apt" / "sources.list"
        sources.write_text(
            "".join(
                f"deb [signed-by={_KEYS}] http://deb.debian.org/debian {suite} main\n" for suite in _SUITES
            )
        )
        apt = [
            *(
                "apt-get",
                "-qq",
                "-o",
                "Dir::Etc::sourceparts=/dev/null",
                "-o",
                "Dir::Etc::preferencesparts=/dev/null",
            ),
            *("-o", f"Dir::Etc::sourcelist={sources}", "-o", f"Dir::State::lists={lists.parent}"),
            *("-o", f"Dir::Cache={fresh / 'apt' / 'cache'}", "-o", "APT::Sandbox::User=root"),
        ]
        subprocess.run([*apt, "update"], check=True, capture_output=True)
        for name, packages in _PACKAGES.items():
            place = fresh / name
            place.mkdir()
            subprocess.run([*apt, "download", *packages], cwd=place, check=True, capture_output=True)
            for package in place.glob("*.deb"):
                subprocess.run(["dpkg-deb", "-x", package, place], check=True)
                package.unlink()
        shutil.rmtree(fresh / "apt")
        (fresh / "whole").touch()
        shutil.rmtree(self.folder, ignore_errors=True)
        fresh.rename(self.folder)

    def run(self, name: str, *arguments: str | Path, passes: bool = True, cwd: Path | None = None) -> str:
        """Run a tool (`cosign-2`, `cosign-3`, `oras`, `crane`); return what it printed. AssertionError as it should not end."""
        place = self.folder / ("new" if name == "cosign-3" else "old") / "usr" / "bin"
        done = subprocess.run(
            [place / name.partition("-")[0], *arguments],
            cwd=cwd,
            env={**os.environ, "COSIGN_PASSWORD": "secret", "COSIGN_YES": "true"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode == 0) is passes, f"{name} {arguments}: {done.returncode}\n{done.stderr}"
        return done.stdout + done.stderr

    def push(self, folder: Path, name: str) -> tuple[str, str]:
        """Put an image of one small layer into a registry; return its name by digest, and its configuration's digest."""
        (folder / "file").write_text(name)
        self.run("crane", "append", "--oci-empty-base", "-f", folder / "file", "-t", name)
        config = json.loads(self.run("crane", "manifest", name))["config"]["digest"]
        return f"{name.rpartition(':')[0]}@{self.run('crane', 'digest', name).strip()}", str(config)

    def no_services(self, folder: Path) -> Path:
        """Write the settings by which cosign 3 asks none of Sigstore's services; return their file."""
        none = [f"--no-default-{each}" for each in ("fulcio", "oidc", "rekor", "tsa")]
        self.run("cosign-3", "signing-config", "create", *none, "--out", folder / "services.json")
        return folder / "services.json"

    @contextmanager
    def registry(self, folder: Path) -> Iterator[str]:
        """Run docker-registry on this machine; yield its host."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = folder / "registry.yml"
        settings.write_text(_REGISTRY.format(folder=folder / "registry", port=port))
        binary = self.folder / "old" / "usr" / "bin" / "docker-registry"
        with subprocess.Popen(
            [binary, "serve", settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as server:
            try:
                until = time.monotonic() + 20
                while not _listens(port):
                    assert server.poll() is None, f"docker-registry ended with {server.returncode}"
                    assert time.monotonic() < until, "docker-registry does not listen"
                    time.sleep(0.05)
                yield f"localhost:{port}"
            finally:
                server.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
