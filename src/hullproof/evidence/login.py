"""How one logs in to a registry: with what `docker login` has stored, in the ways of Docker's registries.

Basic, or a token: https://distribution.github.io/distribution/spec/auth/token/ .
"""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from hullproof.evidence.errors import RegistryError
from hullproof.evidence.transport import Transport
from hullproof.text import one_line

_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
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


def authorization(transport: Transport, challenge: str, login: Login | None) -> str | None:
    """Answer a registry's challenge: return the header that it asks for, None where there is nothing to answer with.

    Raises RegistryError where it asks for a password to be sent in the open, or its token service fails.
    """
    kind, _, rest = challenge.partition(" ")
    asked = dict(_CHALLENGE.findall(rest))
    if kind.lower() == "basic" and login:
        return _basic(login)
    if kind.lower() != "bearer" or "realm" not in asked:
        return None
    token = _token(transport, asked, login)
    return f"Bearer {token}" if isinstance(token, str) and token.isascii() and token.isprintable() else None


def _basic(login: Login) -> str:
    return "Basic " + base64.b64encode(f"{login.name}:{login.password}".encode()).decode()


def _token(transport: Transport, asked: Mapping[str, str], login: Login | None) -> object:
    """Return what the token service gives; None where it gives nothing."""
    realm = asked["realm"]
    wanted = {name: asked[name] for name in ("service", "scope") if name in asked}
    if login and login.identity:
        form = {
            **wanted,
            "grant_type": "refresh_token",
            "client_id": "hullproof",
            "refresh_token": login.identity,
        }
        answer = transport.ask("POST", realm, most=_LONGEST_TOKEN, headers={}, data=form, follow=False)
    else:
        mark = "&" if "?" in realm else "?"
        headers = {"Authorization": _basic(login)} if login else {}
        answer = transport.ask(
            "GET", f"{realm}{mark}{urlencode(wanted)}", most=_LONGEST_TOKEN, headers=headers, follow=False
        )
    if not answer.is_good:
        return None
    if (found := answer.json) is None:
        raise RegistryError(f"registry {transport.host}: its token service answers with no JSON object")
    return found.get("token") or found.get("access_token")
