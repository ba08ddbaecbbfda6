"""How one logs in to a registry: with what `docker login` has stored, in the ways of Docker's registries.

Basic, or a token: https://distribution.github.io/distribution/spec/auth/token/ .
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
import warnings
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from hullproof.evidence.errors import RegistryError
from hullproof.text import one_line

_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_TIMEOUT_S = (10, 30)
_LONGEST_TOKEN = 1_000_000
_HUB = "docker.io"


@dataclass(frozen=True)
class Login:
    """A name and a password, or a token that stands for both."""

    name: str
    password: str
    identity: str | None = None


def stored(host: str) -> Login | None:
    """Return what `docker login` has stored for a registry; None for none.

    Raises RegistryError where it is in a credential store that this machine lacks or that fails.
    """
    from docker import auth  # noqa: PLC0415 - heavy, and most registries of one's own ask for no login
    from docker.errors import DockerException  # noqa: PLC0415 - the same

    asked = "https://index.docker.io/v1/" if host == _HUB else host
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of a store that is not there, of which the error below says more
            found = auth.load_config().resolve_authconfig(asked)
    except (DockerException, OSError, ValueError) as error:
        raise RegistryError(
            f"the login of {host} cannot be read from Docker's credential store ({one_line(str(error))}): "
            f"fix the store, or take it out of Docker's config.json and run `docker login {host}`"
        ) from error
    if not found:
        return None
    name, password = found.get("username"), found.get("password")
    identity = found.get("identitytoken") or found.get("IdentityToken")
    if name == "<token>":
        return Login("", "", password)
    return Login(name or "", password or "", identity) if identity or (name and password) else None


def authorization(http: requests.Session, host: str, challenge: str, login: Login | None) -> str | None:
    """Answer a registry's challenge: return the header that it asks for, None where there is nothing to answer with.

    Raises RegistryError where it asks for a password to be sent in the open, or its token service fails.
    """
    kind, _, rest = challenge.partition(" ")
    asked = dict(_CHALLENGE.findall(rest))
    if kind.lower() == "basic" and login:
        return "Basic " + base64.b64encode(f"{login.name}:{login.password}".encode()).decode()
    if kind.lower() != "bearer" or "realm" not in asked:
        return None
    realm = asked.pop("realm")
    parts = urlsplit(realm)
    if parts.scheme != "https" and not is_this_machine(parts.hostname or ""):
        raise RegistryError(
            f"registry {host} wants the login sent to {realm}, which is not encrypted: it is not sent"
        )
    try:
        answer = _ask(http, realm, asked, login)
    except (requests.RequestException, ValueError) as error:
        raise RegistryError(
            f"registry {host}: its token service does not answer ({one_line(str(error))})"
        ) from error
    token = answer.get("token") or answer.get("access_token")
    return f"Bearer {token}" if isinstance(token, str) and token.isascii() and token.isprintable() else None


def _ask(http: requests.Session, realm: str, asked: dict[str, str], login: Login | None) -> dict[str, Any]:
    wanted: dict[str, str] = {name: asked[name] for name in ("service", "scope") if name in asked}
    if login and login.identity:
        form = {
            **wanted,
            "grant_type": "refresh_token",
            "client_id": "hullproof",
            "refresh_token": login.identity,
        }
        answer = http.post(realm, data=form, timeout=_TIMEOUT_S, allow_redirects=False, stream=True)
    else:
        basic = (login.name, login.password) if login else http.auth
        answer = http.get(
            realm, params=wanted, auth=basic, timeout=_TIMEOUT_S, allow_redirects=False, stream=True
        )
    with answer:
        if not answer.ok:
            return {}
        said = answer.raw.read(_LONGEST_TOKEN, decode_content=True)
    found: Any = json.loads(said)
    if not isinstance(found, dict):
        raise ValueError("it answers with no JSON object")  # noqa: TRY004 - a fault of what came, not of ours
    return {str(name): each for name, each in found.items()}


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine itself, so that nothing goes over a wire."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
