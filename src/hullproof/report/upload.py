"""Sends a report to a release board."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from hullproof.errors import MachineError, UsageError
from hullproof.model import Report
from hullproof.report.as_json import render
from hullproof.text import clean, one_line

TOKEN = "HULLPROOF_BOARD_TOKEN"  # noqa: S105 - the name of a variable
"""The environment variable with the board's token: in an option, whoever lists processes would read it."""

_ANSWER_S = 30.0
_LONGEST_ANSWER = 100_000


class _Stay(HTTPRedirectHandler):
    """Follows nobody elsewhere, who would get the token."""

    def redirect_request(self, *_: Any) -> None:  # noqa: ANN401 - whatever there is
        """Refuse."""
        return


@dataclass(frozen=True)
class Board:
    """A board, by its address, and the token that uploads bring."""

    url: str
    token: str = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Board:
        """Read an address. Raises UsageError where it is none, or where there is no token."""
        try:
            parts = urlsplit(url)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        if "@" in url:  # what stands before it is nobody's to read
            raise UsageError(
                f"--output board: takes an address without a name and a password; the token goes into {TOKEN}"
            )
        if not is_address or not url.isprintable() or " " in url:
            raise UsageError(f"--output board:{url}: is no address; write it as board:https://board.example")
        token = os.environ.get(TOKEN, "")
        if not (token and token.isascii() and token.isprintable()):
            raise UsageError(f"--output board:{url}: put the board's token into the environment, as {TOKEN}")
        return cls(url.rstrip("/") + "/", token)

    def send(self, report: Report) -> str:
        """Upload a report; return the address of its page.

        Raises UsageError where the board refuses it, MachineError where the board cannot be reached.
        """
        request = Request(  # noqa: S310 - its scheme was looked at
            urljoin(self.url, "api/reports"),
            render(report).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
        )
        try:
            with build_opener(_Stay).open(request, timeout=_ANSWER_S) as answer:
                said = json.loads(answer.read(_LONGEST_ANSWER))
            return clean(urljoin(self.url, str(said["url"])))
        except HTTPError as error:
            with error:
                why = _reason(error)
            if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise MachineError(
                    f"board {self.url} cannot take the report now ({why}): send it again later"
                ) from None
            raise UsageError(
                f"board {self.url} refuses the report ({why}): check its address and {TOKEN}"
            ) from None
        except OSError as error:  # urllib's own errors are such
            why = one_line(str(getattr(error, "reason", error)))
            raise MachineError(
                f"board {self.url} cannot be reached ({why}): check its address, then send again"
            ) from None
        except (HTTPException, ValueError, KeyError, TypeError):
            raise UsageError(f"{self.url} does not answer as a board does; check the address") from None


def _reason(error: HTTPError) -> str:
    """Return what the board says of a refusal: its problem details (RFC 9457), else the status."""
    try:
        problem = json.loads(error.read(_LONGEST_ANSWER))
        said = str(problem.get("detail") or problem["title"]).rstrip(".")
        return one_line(f"{error.code}, {said}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return one_line(f"{error.code} {error.reason}")
