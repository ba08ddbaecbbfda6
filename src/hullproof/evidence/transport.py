"""How a registry and its token service are asked: encrypted, within a deadline, and with no login but the one that is given."""

from __future__ import annotations

import ipaddress
import json
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from hullproof.evidence.errors import RegistryError, UnusableError
from hullproof.text import one_line

DEADLINE_S = 60.0
"""How long one answer may take, from the look-up of the name to its last byte."""

_CONNECT_S, _SILENCE_S = 10.0, 20.0
_CHUNK = 65_536


@dataclass(frozen=True)
class Answer:
    """What came: its status, headers and body, read whole, and the address that it came from, redirects followed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def is_good(self) -> bool:
        """Whether it is what was asked for."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def json(self) -> dict[str, Any] | None:
        """The JSON object that it is; None for anything else."""
        return json_object(self.body)

    def is_of(self, url: str) -> bool:
        """Whether it came from where `url` is: scheme, host and port."""
        return origin(self.url) == origin(url)


def json_object(text: bytes) -> dict[str, Any] | None:
    """Return the JSON object that a text is; None for anything else, such as what is nested without end."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def origin(url: str) -> tuple[str, str]:
    """Return what tells one server from another: https://www.rfc-editor.org/rfc/rfc6454 ."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine itself, so that nothing goes over a wire."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Transport:
    """Asks for one registry. All methods raise RegistryError, one line, where no answer comes."""

    def __init__(self, host: str, *, deadline_s: float) -> None:
        """Take the registry's host and port; nothing is asked yet."""
        self.host = host
        self.is_local = is_this_machine(urlsplit(f"//{host}").hostname or "")
        self._deadline_s = deadline_s
        self._session = _Session(self)

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def ask(
        self,
        method: str,
        url: str,
        *,
        most: int,
        headers: Mapping[str, str],
        data: bytes | Mapping[str, str] | None = None,
        follow: bool = True,
    ) -> Answer:
        """Return an answer of `most` bytes at the most, within the deadline, redirects followed or not.

        Raises UnusableError where it is larger.
        """
        # From beside: between any two bytes requests starts to count anew, of a status line as of a body.
        answered: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()

        def exchange() -> None:
            try:
                with self._session.request(
                    method,
                    url,
                    headers=dict(headers),
                    data=data,
                    stream=True,
                    timeout=(_CONNECT_S, _SILENCE_S),
                    allow_redirects=follow,
                ) as response:
                    body = self._read(response, most)
                    answered.put(Answer(response.status_code, response.headers, body, response.url or url))
            except Exception as error:  # noqa: BLE001 - handed to the thread that waits
                answered.put(error)

        threading.Thread(target=exchange, name="hullproof-registry", daemon=True).start()
        try:
            found = answered.get(timeout=self._deadline_s)
        except queue.Empty:
            raise self._late(self._deadline_s) from None
        if isinstance(found, requests.Timeout):
            waited = _CONNECT_S if isinstance(found, requests.ConnectTimeout) else _SILENCE_S
            raise self._late(waited) from found
        # requests lets a ValueError through where a redirect leads to what is no address.
        if isinstance(found, (requests.RequestException, OSError, ValueError)):
            raise RegistryError(
                f"registry {self.host} cannot be reached ({_cause(found)}): check its name, and that it runs"
            ) from found
        if isinstance(found, Exception):
            raise found
        return found

    def _read(self, response: requests.Response, most: int) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > max(most, _CHUNK):
                raise UnusableError(
                    f"registry {self.host} answers with more than {most:,} bytes: that is no evidence"
                )
        return bytes(body)

    def _late(self, waited_s: float) -> RegistryError:
        return RegistryError(f"registry {self.host} did not answer within {waited_s:g} s: try again later")


class _AsGiven(AuthBase):
    """Adds nothing: what .netrc has for a host is no login of a registry's."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Leave the request as it is."""
        return request


class _Session(requests.Session):
    """A session that goes nowhere in the open but within this machine, whoever leads there."""

    def __init__(self, transport: Transport) -> None:
        """Take whom it asks for."""
        super().__init__()
        self.auth = _AsGiven()
        self._transport = transport

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # noqa: ANN401 - requests' own
        """Send a request, the first or one that a redirect made. Raises RegistryError where it would be in the open."""
        parts = urlsplit(request.url or "")
        is_within = self._transport.is_local and is_this_machine(parts.hostname or "")
        if parts.scheme != "https" and not is_within:
            raise RegistryError(
                f"registry {self._transport.host} leads to {parts.scheme}://{parts.hostname}, which is not encrypted: it is "
                "not sent anything; the registry's own settings must name it by https"
            )
        return super().send(request, **how)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Take the login away where a redirect leads to another server, and add none of .netrc's."""
        before, after = response.request.url or "", prepared_request.url or ""
        if self.should_strip_auth(before, after):  # type: ignore[no-untyped-call]
            prepared_request.headers.pop("Authorization", None)


def _cause(error: BaseException) -> str:
    """Return the innermost reason: the outer ones repeat the address."""
    inner: BaseException = error
    while (
        deeper := inner.__cause__ or getattr(inner, "reason", None) or next(iter(inner.args), None)
    ) and isinstance(deeper, BaseException):
        inner = deeper
    return one_line(str(getattr(inner, "strerror", None) or inner))
