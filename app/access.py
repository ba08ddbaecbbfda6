"""Who may do what: tokens, of which nothing but hashes is kept.

    python -m app.access web-shop

makes a token for one project. A token is long and random, so that a plain SHA-256 gives nothing away of it.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import sys
from hashlib import sha256
from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.config import Settings
from app.problems import ProblemError


def hashed(token: str) -> str:
    """Return what is kept of a token."""
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class Access:
    """Compares what a request brings with what the settings say."""

    def __init__(self, settings: Settings) -> None:
        """Keep the hashes of the tokens that are set."""
        self._administrator = hashed(settings.token) if settings.token else None
        self._reader = hashed(settings.read_token) if settings.read_token else None
        self._projects = settings.project_tokens

    @property
    def takes_uploads(self) -> bool:
        """Whether there is any token that reports can be sent with."""
        return self._administrator is not None or bool(self._projects)

    @property
    def is_read_by_all(self) -> bool:
        """Whether reading needs no token."""
        return self._reader is None

    def uploader(self, request: Request) -> str | None:
        """Return the project that the request may send reports of, None for any. Raises a 401 or a 403."""
        if not self.takes_uploads:
            raise ProblemError(
                HTTPStatus.FORBIDDEN, "This board takes no uploads: BOARD_TOKEN is not set where it runs."
            )
        given = _given(request)
        if _same(given, self._administrator):
            return None
        if given in self._projects:  # a lookup by hash: the clock tells nothing of a token
            return self._projects[given]
        raise _unauthorized("Uploads need a token: send the header 'Authorization: Bearer TOKEN'.")

    def require_administrator(self, request: Request) -> None:
        """Let the board's own token pass, and no other. Raises a 401 or a 403."""
        given = _given(request)
        if _same(given, self._administrator):
            return
        if self._administrator is None or given in self._projects:
            raise ProblemError(
                HTTPStatus.FORBIDDEN, "Only the board's own token, BOARD_TOKEN, deletes reports."
            )
        raise _unauthorized(
            "Deleting needs the board's token: send the header 'Authorization: Bearer TOKEN'."
        )

    def require_reader(self, request: Request) -> None:
        """Let those pass who may read. Raises a 401."""
        given = _given(request)
        if not (self.is_read_by_all or _same(given, self._reader) or _same(given, self._administrator)):
            raise _unauthorized(
                "Reading needs a token: give it as the password, with any name.", browser=True
            )


class ReadersOnly:
    """Keeps everything that can be read behind the token for reading, where one is set."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        """Stand in front of `app`."""
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it reads and may not. What changes something has a token of its own.

        Whatever is not known to write is taken for reading, however its method is spelled.
        """
        writes = scope["type"] != "http" or scope["method"] in ("POST", "DELETE")
        if not writes and not scope["path"].startswith(("/static/", "/healthz", "/readyz")):
            self._access.require_reader(Request(scope))
        await self._app(scope, receive, send)


def _given(request: Request) -> str:
    """Return the hash of the token that a request brings: as `Bearer TOKEN` or, from browsers, as a Basic password."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")[2]
        except ValueError:
            value = ""
    elif scheme.lower() != "bearer":
        value = ""
    return hashed(value.strip())


def _same(given: str, kept: str | None) -> bool:
    return kept is not None and hmac.compare_digest(given, kept)


def _unauthorized(detail: str, *, browser: bool = False) -> ProblemError:
    scheme = "Basic" if browser else "Bearer"
    return ProblemError(
        HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": f'{scheme} realm="release board"'}
    )


def main(arguments: list[str]) -> int:
    """Print a new token and the line that lets it in. Returns the exit code."""
    if len(arguments) != 1 or not arguments[0].isprintable():
        print("usage: python -m app.access PROJECT", file=sys.stderr)  # noqa: T201 - a command
        return 2
    token = secrets.token_urlsafe(32)
    print(f"token, for the project's CI, shown once: {token}")  # noqa: T201
    print(f"line, for the file that BOARD_TOKENS names: {hashed(token)} {arguments[0]}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
