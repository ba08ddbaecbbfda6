"""All that goes into a stand-in base, gathered: the plan, the machine's mirror and apt settings, its authorities."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.errors import EngineError
from hullproof.host.aptsources import debian_sources, read_sources, resolve_mirror_list
from hullproof.host.trust import authority_files, certificates, host_trust, redact
from hullproof.process import run

if TYPE_CHECKING:
    from hullproof.host.standinplan import Plan

REPOSITORY = "hullproof/stand-in"
SETUP = Path(__file__).with_name("standin-setup.sh")
# How apt reaches a mirror on this machine, which must hold in builds too. Proxies with passwords stay out.
_APT_SETTINGS = ("Check-Valid-Until", "Check-Date", "http::Proxy", "https::Proxy", "ForceIPv4", "Retries")
# dpkg leaves these out, now and in builds on the base, as official slim images have it.
EXCLUDED = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    *(f"path-exclude=/usr/share/{name}/*" for name in ("man", "locale", "info", "lintian", "groff", "linda")),
    "path-exclude=/usr/lib/python3*/EXTERNALLY-MANAGED",
)
# 8 MB of character sets that Python does not use: it brings its own.
EXCLUDED_SLIM = (
    "path-exclude=/usr/lib/*/gconv/*",
    *(f"path-include=/usr/lib/*/gconv/{name}*" for name in ("gconv-modules", "UTF", "UNICODE", "ISO8859")),
)


@dataclass(frozen=True)
class Recipe:
    """All that goes into a stand-in. `authorities` are PEM texts, `apt_conf` the machine's apt settings."""

    plan: Plan
    sources: str
    apt_conf: str
    authorities: tuple[str, ...]

    @property
    def name(self) -> str:
        """The image's local name."""
        parts = (
            self.plan.name,
            " ".join(self.plan.packages),
            self.sources,
            self.apt_conf,
            *self.authorities,
            *EXCLUDED,
            *EXCLUDED_SLIM,
            SETUP.read_text(encoding="utf-8"),
        )
        return f"{REPOSITORY}:{self.plan.name}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:10]}"


def recipe(plan: Plan) -> Recipe:
    """Gather what this machine adds to a plan: mirror, apt settings, trusted authorities."""
    sources = [resolve_mirror_list(source) for source in debian_sources(read_sources(), plan.suite)]
    return Recipe(plan, "\n".join(source.render() for source in sources), _apt_conf(), _authorities())


def _apt_conf() -> str:
    """Return the settings with which this machine's apt reaches its mirror, as apt writes them."""
    try:
        done = run(["apt-config", "dump"], timeout_s=15, waiting_for="apt-config", keep=10_000)
    except EngineError:
        return ""
    wanted = tuple(f"Acquire::{name}" for name in _APT_SETTINGS)
    lines = [line for line in done.lines if line.startswith(wanted)]
    return "".join(f"{line}\n" for line in lines if line == redact(line))


def _authorities() -> tuple[str, ...]:
    """Return the authorities that are not among Debian's own, which every stand-in has anyway."""
    public = {
        pem for path in Path("/usr/share/ca-certificates").rglob("*.crt") for pem in certificates([path])
    }
    return tuple(pem for pem in certificates(authority_files(host_trust())) if pem not in public)
