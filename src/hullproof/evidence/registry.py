"""A registry: https://github.com/opencontainers/distribution-spec/blob/main/spec.md .

A small client of our own: what PyPI has (`oras`) waits without a limit, reads without one, and knows no referrers. Whatever comes
from a registry is bounded in size and time, and is what its digest says.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase

from hullproof.evidence.errors import NotThereError, RegistryError, UnusableError
from hullproof.evidence.login import authorization, is_this_machine, stored
from hullproof.evidence.reference import Reference
from hullproof.text import one_line

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
INDEXES = (OCI_INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = (OCI_MANIFEST, "application/vnd.docker.distribution.manifest.v2+json", *INDEXES)

MOST_OF_A_MANIFEST = 4_000_000
"""What registries take at the most, in bytes."""
MOST_OF_A_BLOB = 32_000_000
"""No evidence is larger, in bytes."""
MOST_REFERRERS = 200
"""So many pieces of evidence are looked at."""
DEADLINE_S = 60.0
"""How long one answer may take, read whole."""

_CONNECT_S, _SILENCE_S = 10.0, 20.0
_CHUNK = 65_536
_HUB, _HUB_SERVES = "docker.io", "registry-1.docker.io"


class _AsGiven(AuthBase):
    """Adds nothing: what .netrc has for a host is no login of a registry's."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Leave the request as it is."""
        return request


@dataclass(frozen=True)
class Answer:
    """What a registry answered: its status, headers and body, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Manifest:
    """A manifest or an index as it is stored, by its digest."""

    digest: str
    media_type: str
    body: bytes
    json: Mapping[str, Any] = field(compare=False)

    @property
    def descriptor(self) -> dict[str, Any]:
        """What points to it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.body)}


def digest_of(body: bytes) -> str:
    """Return the digest that content is known by."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


class Registry:
    """One repository of one registry. All methods raise RegistryError where it does not answer as registries do."""

    def __init__(self, reference: Reference, *, deadline_s: float = DEADLINE_S) -> None:
        """Take the repository of a reference; nothing is asked yet."""
        self.host, self.repository = reference.host, reference.repository
        served = _HUB_SERVES if self.host == _HUB else self.host
        scheme = "http" if is_this_machine(urlsplit(f"//{served}").hostname or "") else "https"
        self._base = f"{scheme}://{served}/v2/{self.repository}/"
        self._deadline_s = deadline_s
        self._http = requests.Session()
        self._http.auth = _AsGiven()
        self._authorization: str | None = None

    def close(self) -> None:
        """Let go of its connections."""
        self._http.close()

    # --- reading -----------------------------------------------------------------------------------------

    def manifest(self, what: str) -> Manifest:
        """Return a manifest or an index by tag or digest. Raises NotThereError where there is none."""
        accepted = {"Accept": ", ".join(MANIFESTS)}
        answer = self._ask("GET", f"manifests/{what}", headers=accepted, most=MOST_OF_A_MANIFEST)
        digest = digest_of(answer.body)
        if what.startswith("sha256:") and digest != what:
            raise UnusableError(
                f"registry {self.host} answers with other content than {what}: do not trust it"
            )
        found = self._json(answer.body, what)
        return Manifest(
            digest, str(found.get("mediaType") or answer.headers.get("Content-Type")), answer.body, found
        )

    def blob(self, digest: str, *, most: int = MOST_OF_A_BLOB) -> bytes:
        """Return content by its digest."""
        body = self._ask("GET", f"blobs/{digest}", most=most).body
        if digest_of(body) != digest:
            raise UnusableError(
                f"registry {self.host} answers with other content than {digest}: do not trust it"
            )
        return body

    def referrers(self, digest: str) -> list[str]:
        """Name what refers to a manifest, by digest or tag: by the API, and by the tags that stand in for it and came before it.

        Raises RegistryError where it is more than can be looked at: the newest might be missed.
        """
        pointed: dict[str, None] = {}
        for index in self._indexes(digest):
            for each in index.get("manifests") or ():
                if isinstance(each, dict) and isinstance(each.get("digest"), str):
                    pointed.setdefault(each["digest"])
        if len(pointed) > MOST_REFERRERS:
            raise RegistryError(
                f"registry {self.host} has {len(pointed)} things that refer to {digest}, and {MOST_REFERRERS} are looked at: "
                "remove old ones, or verify a file with --evidence"
            )
        return [*pointed, f"{fallback_tag(digest)}.att"]  # where cosign before 3 puts them

    def _indexes(self, digest: str) -> Iterator[Mapping[str, Any]]:
        for path in (f"referrers/{digest}", f"manifests/{fallback_tag(digest)}"):
            try:
                body = self._ask("GET", path, headers={"Accept": OCI_INDEX}, most=MOST_OF_A_MANIFEST).body
            except NotThereError:
                continue
            yield self._json(body, path)

    # --- writing -----------------------------------------------------------------------------------------

    def push_blob(self, body: bytes) -> dict[str, Any]:
        """Store content, unless it is there; return what points to it but for its type."""
        digest = digest_of(body)
        try:
            self._ask("HEAD", f"blobs/{digest}", most=0)
        except NotThereError:
            begun = self._ask("POST", "blobs/uploads/", most=MOST_OF_A_MANIFEST)
            place = urljoin(self._base, begun.headers.get("Location", ""))
            mark = "&" if urlsplit(place).query else "?"
            octets = {"Content-Type": "application/octet-stream"}
            self._ask(
                "PUT", f"{place}{mark}digest={digest}", headers=octets, data=body, most=MOST_OF_A_MANIFEST
            )
        return {"digest": digest, "size": len(body)}

    def push_manifest(self, manifest: Mapping[str, Any], tag: str | None = None) -> tuple[Manifest, bool]:
        """Store a manifest or an index, by its digest or a tag; also return whether the registry keeps referrers itself."""
        body = json.dumps(manifest).encode()
        made = Manifest(digest_of(body), str(manifest["mediaType"]), body, manifest)
        answer = self._ask(
            "PUT",
            f"manifests/{tag or made.digest}",
            headers={"Content-Type": made.media_type},
            data=body,
            most=MOST_OF_A_MANIFEST,
        )
        return made, bool(answer.headers.get("OCI-Subject"))

    # --- asking ------------------------------------------------------------------------------------------

    def _ask(
        self,
        method: str,
        path: str,
        *,
        most: int,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Answer:
        """Ask, log in where that is asked for, and return the answer. Raises NotThereError for what is not there."""
        answer = self._once(method, path, most, headers or {}, data)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            challenge = answer.headers.get("WWW-Authenticate", "")
            login = stored(self.host)
            self._authorization = authorization(self._http, self.host, challenge, login)
            if self._authorization:
                answer = self._once(method, path, most, headers or {}, data)
            if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                known = "the login that is stored is not enough" if login else "it needs a login"
                raise RegistryError(
                    f"registry {self.host} refuses {self.repository} ({known}): run `docker login {self.host}`"
                )
        if answer.status == HTTPStatus.NOT_FOUND:
            raise NotThereError(
                f"registry {self.host} has no {self.repository}{_shown(path)}: push it, or check its name"
            )
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise RegistryError(
                f"registry {self.host} refuses {self.repository}{_shown(path)} ({_reason(answer)})"
            )
        return answer

    def _once(
        self, method: str, path: str, most: int, headers: Mapping[str, str], data: bytes | None
    ) -> Answer:
        url = urljoin(self._base, path)
        own = urlsplit(url).netloc == urlsplit(self._base).netloc
        sent = {**headers, **({"Authorization": self._authorization} if own and self._authorization else {})}
        ends = time.monotonic() + self._deadline_s
        try:
            with self._http.request(
                method,
                url,
                headers=sent,
                data=data,
                stream=True,
                timeout=(_CONNECT_S, min(_SILENCE_S, self._deadline_s)),
            ) as answer:
                return Answer(answer.status_code, answer.headers, self._read(answer, most, ends))
        except requests.Timeout as error:
            raise RegistryError(
                f"registry {self.host} did not answer within {min(_SILENCE_S, self._deadline_s):g} s: try again later"
            ) from error
        except (requests.RequestException, OSError) as error:
            raise RegistryError(
                f"registry {self.host} cannot be reached ({_cause(error)}): check its name, and that it runs"
            ) from error

    def _read(self, answer: requests.Response, most: int, ends: float) -> bytes:
        body = bytearray()
        for chunk in answer.iter_content(_CHUNK):
            body += chunk
            if len(body) > max(most, _CHUNK):
                raise UnusableError(
                    f"registry {self.host} answers with more than {most:,} bytes: that is no evidence"
                )
            if time.monotonic() > ends:
                raise RegistryError(
                    f"registry {self.host} did not finish its answer within {self._deadline_s:g} s"
                )
        return bytes(body)

    def _json(self, body: bytes, what: str) -> Mapping[str, Any]:
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise RegistryError(
                f"registry {self.host} does not answer as registries do (no manifest at {what})"
            )
        return found


def fallback_tag(digest: str) -> str:
    """Return the tag under which a registry without the referrers API keeps what refers to a manifest."""
    return digest.replace(":", "-")


def _shown(path: str) -> str:
    kind, _, what = path.partition("/")
    if kind == "manifests":
        return f"@{what}" if what.startswith("sha256:") else f":{what}"
    return ""


def _reason(answer: Answer) -> str:
    """Return what the registry says of a refusal: its first error, else the status."""
    try:
        first = json.loads(answer.body)["errors"][0]
        said = f", {first.get('code', '')} {first.get('message', '')}"
    except (ValueError, LookupError, TypeError, AttributeError):
        said = ""
    return one_line(f"{answer.status}{said}")


def _cause(error: BaseException) -> str:
    """Return the innermost reason: the outer ones repeat the address."""
    inner: BaseException = error
    while (
        deeper := inner.__cause__ or getattr(inner, "reason", None) or next(iter(inner.args), None)
    ) and isinstance(deeper, BaseException):
        inner = deeper
    return one_line(str(getattr(inner, "strerror", None) or inner))
