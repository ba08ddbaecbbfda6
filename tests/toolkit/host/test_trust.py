"""What the host trusts and where its packages come from, as builds get it."""

from __future__ import annotations

import stat
import subprocess
import uuid
from pathlib import Path

import pytest

from hullproof.engine.connection import Engine
from hullproof.errors import UsageError
from hullproof.host.trust import HostTrust, certificates, host_trust, redact
from hullproof.owner import image_name

PEM = "-----BEGIN CERTIFICATE-----\nMIIB{}\n-----END CERTIFICATE-----"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return a bundle of two authorities, one of them twice, with comments."""
    path = tmp_path / "ca.crt"
    path.write_text(f"# one\n{PEM.format('a')}\n# two\n{PEM.format('b')}\n{PEM.format('a')}\n")
    return path


def pip_file(folder: Path, text: str) -> Path:
    """Write a pip.conf."""
    path = folder / "pip.conf"
    path.write_text(text)
    return path


def test_index_settings_are_kept_and_local_ones_dropped(tmp_path: Path) -> None:
    """What points at this machine's files does not exist inside a build."""
    text = "[global]\nindex-url = https://a/simple\nextra-index-url = file:///x https://b/simple\nfind-links=/wheels\n"
    trust = host_trust({}, pip_files=[pip_file(tmp_path, text)])
    assert trust.pip_conf is not None
    assert "index-url = https://a/simple\n" in trust.pip_conf
    assert "extra-index-url = https://b/simple\n" in trust.pip_conf
    assert "find-links" not in trust.pip_conf
    assert trust.dropped == ("extra-index-url file:///x", "find-links /wheels")


def test_environment_wins_over_files_and_install_over_global(tmp_path: Path) -> None:
    """As pip itself has it."""
    text = "[global]\nindex-url = https://a\ntimeout = 5\n[install]\ntimeout = 7\n"
    trust = host_trust({"PIP_INDEX_URL": "https://env"}, pip_files=[pip_file(tmp_path, text)])
    assert trust.pip_conf is not None
    assert "index-url = https://env" in trust.pip_conf
    assert "timeout = 7" in trust.pip_conf


def test_bundle_of_pip_comes_first(bundle: Path) -> None:
    """PIP_CERT wins, and inside the build it is the secret's path."""
    trust = host_trust({"PIP_CERT": str(bundle), "SSL_CERT_FILE": "/none"}, pip_files=[])
    assert trust.ca_bundle == bundle
    assert "cert = /run/secrets/ca-certificates" in (trust.pip_conf or "")


def test_proxies_in_both_cases_and_without_passwords_in_repr() -> None:
    """Both spellings are handed on; neither repr nor description shows the password."""
    trust = host_trust({"HTTPS_PROXY": "http://me:pw@p:1", "no_proxy": "x"}, pip_files=[])
    assert trust.proxy_args == {"HTTPS_PROXY": "http://me:pw@p:1", "no_proxy": "x"}
    assert "pw" not in repr(trust)
    assert "proxy HTTPS_PROXY=http://***@p:1" in trust.describe()


def test_a_proxy_at_loopback_is_no_use_inside_a_build() -> None:
    """A container's loopback address is its own."""
    trust = host_trust({"HTTPS_PROXY": "http://me:pw@127.0.0.1:1", "HTTP_PROXY": "http://p:1"}, pip_files=[])
    told = [line for line in trust.describe() if line.startswith("not usable inside a build")]
    assert told == ["not usable inside a build: http://***@127.0.0.1:1, which no container reaches"]


def test_secrets_are_private_and_without_repetition(bundle: Path, tmp_path: Path) -> None:
    """Mode 0600, each authority once."""
    secrets = HostTrust(bundle, "[global]\n", {}).write_secrets(tmp_path)
    assert sorted(secrets) == ["ca-certificates", "pip-conf"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in secrets.values())
    assert certificates([secrets["ca-certificates"]]) == [PEM.format("a"), PEM.format("b")]


def test_no_settings_no_secrets(tmp_path: Path) -> None:
    """A host with nothing to say gives nothing."""
    assert HostTrust(None, None, {}).write_secrets(tmp_path) == {}


def test_too_large_bundle_is_said(tmp_path: Path) -> None:
    """BuildKit's limit is met before the build, in words."""
    large = tmp_path / "large.crt"
    large.write_text("\n".join(PEM.format(f"{n}" * 5000) for n in range(99)))
    with pytest.raises(UsageError, match="500 KiB"):
        HostTrust(large, None, {}).write_secrets(tmp_path)


def test_redact() -> None:
    """User names and passwords go, hosts stay."""
    assert redact("https://u:p@h/x and ftp://h") == "https://***@h/x and ftp://h"


@pytest.mark.engine
def test_secrets_stay_out_of_layers_and_history(engine: Engine, python_base: str, tmp_path: Path) -> None:
    """A build reads both secrets; nothing of them is in the image afterwards."""
    canary, run = uuid.uuid4().hex, uuid.uuid4().hex
    authorities = tmp_path / "ca.crt"
    authorities.write_text(PEM.format(canary) + "\n")
    secrets = HostTrust(authorities, f"[global]\nindex-url = https://{canary}/\n", {}).write_secrets(tmp_path)
    (tmp_path / "context").mkdir()
    tag = image_name(run)
    (tmp_path / "context/Dockerfile").write_text(
        f"FROM {python_base}\nRUN --mount=type=secret,id=pip-conf --mount=type=secret,id=ca-certificates "
        f"grep -q {canary[:9]} /run/secrets/pip-conf && grep -q {canary[:9]} /run/secrets/ca-certificates && echo 1 > /seen\n"
    )
    done: subprocess.CompletedProcess[str] | None = None
    try:
        files = [f"--secret=id={name},src={path}" for name, path in secrets.items()]
        done = subprocess.run(
            engine.cli(
                "buildx",
                "build",
                *files,
                "-t",
                tag,
                str(tmp_path / "context"),
            ),
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-1000:]
        image = engine.client.images.get(tag)
        assert canary not in str(image.history())
        assert canary not in str(image.attrs)
        assert not any(canary.encode() in chunk for chunk in image.save())
    finally:
        if done is not None and done.returncode == 0:
            engine.client.images.remove(tag, force=True)
