"""What this machine trusts and where it looks for packages, so that builds can do the same.

Inside a build of our own Dockerfile these are BuildKit secrets, which never become part of a layer, and the
predefined proxy arguments, which never become part of the history. Values can hold passwords: nothing here
shows them, and `repr` leaves them out.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hullproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Where the Dockerfile's `--mount=type=secret,id=...` puts them.
SECRET_BUNDLE = "/run/secrets/ca-certificates"  # noqa: S105  a path
# BuildKit refuses larger secrets.
_SECRET_LIMIT = 500 * 1024

# In the order in which one of them is believed: what was set for pip first, as pip runs in the build.
_BUNDLE_VARIABLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_LOCAL_AUTHORITIES = (Path("/usr/local/share/ca-certificates"), Path("/etc/pki/ca-trust/source/anchors"))
_SYSTEM_BUNDLES = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt"))

# https://docs.docker.com/reference/dockerfile/#predefined-args
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY")

# Those of pip's options that say where packages come from. `no-index` is left out: it goes with local
# folders, which do not exist inside a build.
_INDEX_OPTIONS = (
    "index-url",
    "extra-index-url",
    "find-links",
    "trusted-host",
    "timeout",
    "default-timeout",
    "retries",
)
_LIST_OPTIONS = ("extra-index-url", "find-links", "trusted-host")

_PEM = re.compile(
    r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----.+?-----END (?:TRUSTED )?CERTIFICATE-----", re.DOTALL
)


@dataclass(frozen=True)
class HostTrust:
    """The host's certificate bundle, pip settings and proxies, as a build can use them.

    `ca_bundle` is None where the host trusts nothing but the public authorities. `pip_conf` is None where
    there is nothing to say. `dropped` names settings that cannot work inside a build.
    """

    ca_bundle: Path | None
    pip_conf: str | None = field(repr=False)
    proxy_args: dict[str, str] = field(repr=False)
    dropped: tuple[str, ...] = ()

    def write_secrets(self, folder: Path) -> dict[str, Path]:
        """Write the secrets' files (mode 0600) into a folder of this run; return them by secret id.

        Raises UsageError when the bundle cannot be read or is larger than BuildKit takes.
        """
        secrets: dict[str, Path] = {}
        if self.ca_bundle is not None:
            text = "\n".join(certificates([self.ca_bundle])) + "\n"
            if len(text) > _SECRET_LIMIT:
                raise UsageError(
                    f"the certificate bundle {self.ca_bundle} has {len(text) // 1024} KiB, and BuildKit takes "
                    "secrets up to 500 KiB: point PIP_CERT at a bundle of just what is needed"
                )
            secrets["ca-certificates"] = _write_private(folder / "ca-certificates", text)
        if self.pip_conf is not None:
            secrets["pip-conf"] = _write_private(folder / "pip-conf", self.pip_conf)
        return secrets

    def describe(self) -> list[str]:
        """Return what was found, a line each, without passwords: for `hullproof doctor`."""
        lines = [f"certificate bundle {self.ca_bundle}"] if self.ca_bundle else []
        lines += [f"pip: {redact(line)}" for line in (self.pip_conf or "").splitlines() if "=" in line]
        lines += [f"proxy {name}={redact(value)}" for name, value in self.proxy_args.items()]
        lines += [
            f"not usable inside a build: {redact(value)}, which no container reaches"
            for value in loopback_proxies(self.proxy_args)
        ]
        return [*lines, *(f"not usable inside a build: {redact(what)}" for what in self.dropped)]


def loopback_proxies(proxy_args: Mapping[str, str]) -> list[str]:
    """Return the proxies that are at this machine's loopback address, which within a container is the container's own."""
    found = []
    for name, value in proxy_args.items():
        with suppress(ValueError):
            host = urlsplit(value if "://" in value else f"//{value}").hostname or ""
            if name.upper() != "NO_PROXY" and (host == "localhost" or ip_address(host).is_loopback):
                found.append(value)
    return list(dict.fromkeys(found))


def host_trust(
    environ: Mapping[str, str] | None = None, *, pip_files: Iterable[Path] | None = None
) -> HostTrust:
    """Gather what the environment and pip's configuration files say."""
    environ = os.environ if environ is None else environ
    settings = _pip_settings(environ, pip_config_files(environ) if pip_files is None else pip_files)
    bundle = _find_bundle(environ, settings.pop("cert", None))
    kept, dropped = _usable(settings)
    if bundle is not None:
        kept = {"cert": SECRET_BUNDLE, **kept}
    proxies = {
        name: environ[name]
        for upper in _PROXY_VARIABLES
        for name in (upper, upper.lower())
        if environ.get(name)
    }
    return HostTrust(bundle, _render(kept) if kept else None, proxies, tuple(dropped))


def certificates(bundles: Iterable[Path]) -> list[str]:
    """Return the PEM certificates in files, each once, without the comments between them.

    Raises UsageError for a file that cannot be read.
    """
    found: dict[str, None] = {}
    for bundle in bundles:
        try:
            text = bundle.read_text(encoding="ascii", errors="replace")
        except OSError as error:
            raise UsageError(
                f"the certificate bundle {bundle} cannot be read: {error.strerror}; check PIP_CERT, "
                "REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and SSL_CERT_FILE"
            ) from error
        found.update(dict.fromkeys(match.group(0).replace("\r", "") for match in _PEM.finditer(text)))
    return list(found)


def authority_files(trust: HostTrust) -> list[Path]:
    """Return all files that hold authorities of this machine: the bundle and what was added to the system."""
    local = [path for folder in _LOCAL_AUTHORITIES for path in sorted(folder.glob("*")) if path.is_file()]
    return [*([trust.ca_bundle] if trust.ca_bundle else []), *local]


def redact(text: str) -> str:
    """Return a text with the user name and password of every URL in it hidden."""
    return re.sub(r"://[^/\s@]+@", "://***@", text)


def _find_bundle(environ: Mapping[str, str], pip_cert: str | None) -> Path | None:
    named = [environ.get("PIP_CERT"), pip_cert, *(environ.get(name) for name in _BUNDLE_VARIABLES[1:])]
    for value in named:
        if value and Path(value).is_file():
            return Path(value)
    if any(folder.is_dir() and any(folder.iterdir()) for folder in _LOCAL_AUTHORITIES):
        return next((bundle for bundle in _SYSTEM_BUNDLES if bundle.is_file()), None)
    return None


def pip_config_files(environ: Mapping[str, str]) -> list[Path]:
    """Return the files that pip reads, the weakest first: global, user, site, then PIP_CONFIG_FILE.

    https://pip.pypa.io/en/stable/topics/configuration/#location
    """
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    home = Path(environ.get("HOME") or Path.home())
    if sys.platform == "darwin":
        shared = [Path("/Library/Application Support/pip/pip.conf"), Path("/etc/pip.conf")]
        user = [
            home / ".pip/pip.conf",
            home / "Library/Application Support/pip/pip.conf",
            home / ".config/pip/pip.conf",
        ]
    else:
        folders = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
        shared = [*(Path(folder) / "pip/pip.conf" for folder in folders if folder), Path("/etc/pip.conf")]
        user = [
            home / ".pip/pip.conf",
            Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf",
        ]
    return [*shared, *user, Path(sys.prefix) / "pip.conf", *([Path(chosen)] if chosen else [])]


def _pip_settings(environ: Mapping[str, str], files: Iterable[Path]) -> dict[str, str]:
    """Merge as pip does: later files win, [install] wins over [global], the environment over both."""
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for path in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"pip's configuration {path} cannot be read: {str(error).splitlines()[0]}; fix it"
            ) from error
        for name, values in sections.items():
            if parser.has_section(name):
                values.update({key.replace("_", "-"): value for key, value in parser.items(name)})
    merged = {**sections["global"], **sections["install"]}
    for option in (*_INDEX_OPTIONS, "cert"):
        if value := environ.get("PIP_" + option.upper().replace("-", "_")):
            merged[option] = value
    return {key: value for key, value in merged.items() if key in (*_INDEX_OPTIONS, "cert")}


def _usable(settings: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Part what a build can use from what points at this machine's own files."""
    kept: dict[str, str] = {}
    dropped: list[str] = []
    for option, value in settings.items():
        words = value.split() if option in _LIST_OPTIONS else [value.strip()]
        local = [word for word in words if option.endswith(("url", "links")) and _is_local(word)]
        dropped += [f"{option} {word}" for word in local]
        if rest := [word for word in words if word not in local]:
            kept[option] = "\n    ".join(rest)
    return kept, dropped


def _is_local(location: str) -> bool:
    return urlsplit(location).scheme in ("", "file")


def _render(settings: Mapping[str, str]) -> str:
    return "[global]\n" + "".join(f"{option} = {value}\n" for option, value in settings.items())


def _write_private(path: Path, text: str) -> Path:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    path.chmod(0o600)
    return path
