"""A registry: https://github.com/opencontainers/distribution-spec/blob/main/spec.md .

A small client of our own: what PyPI has (`oras`) waits without a limit, reads without one, and knows no referrers. Whatever comes
from a registry is bounded in size and time, and is what its digest says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

from requests.utils import parse_header_links

from hullproof.evidence.errors import NotThereError, RegistryError, UnusableError
from hullproof.evidence.login import authorization, stored
from hullproof.evidence.reference import Reference
from hullproof.evidence.transport import DEADLINE_S, Answer, Transport, origin
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
MOST_PAGES = 20
"""Of so many pages is the list of what refers to a manifest, at the most."""

_HUB, _HUB_SERVES = "docker.io", "registry-1.docker.io"


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
        self._transport = Transport(self.host, deadline_s=deadline_s)
        served = _HUB_SERVES if self.host == _HUB else self.host
        scheme = "http" if self._transport.is_local else "https"
        self._base = f"{scheme}://{served}/v2/{self.repository}/"
        self._authorization: str | None = None

    def close(self) -> None:
        """Let go of its connections."""
        self._transport.close()

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
        found = self._json(answer, what)
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
            for each in entries(index, "manifests"):
                if isinstance(each.get("digest"), str):
                    pointed.setdefault(each["digest"])
        if len(pointed) > MOST_REFERRERS:
            raise RegistryError(
                f"registry {self.host} has {len(pointed)} things that refer to {digest}, and {MOST_REFERRERS} are looked at: "
                "remove old ones, or verify a file with --evidence"
            )
        return [*pointed, f"{fallback_tag(digest)}.att"]  # where cosign before 3 puts them

    def _indexes(self, digest: str) -> Iterator[Mapping[str, Any]]:
        """Go through the lists of what refers to a manifest: all pages of the API's, and the one under the tag."""
        pages: list[str] = [f"referrers/{digest}", f"manifests/{fallback_tag(digest)}"]
        for number, path in enumerate(pages, 1):
            if number > MOST_PAGES:
                raise RegistryError(
                    f"registry {self.host} has more than {MOST_PAGES} pages of things that refer to {digest}: remove old "
                    "ones, or verify a file with --evidence"
                )
            try:
                answer = self._ask("GET", path, headers={"Accept": OCI_INDEX}, most=MOST_OF_A_MANIFEST)
            except NotThereError:
                continue
            if following := _next(answer):
                pages.append(self._at(answer.url, following))
            yield self._json(answer, path)

    # --- writing -----------------------------------------------------------------------------------------

    def push_blob(self, body: bytes) -> dict[str, Any]:
        """Store content, unless it is there; return what points to it but for its type."""
        digest = digest_of(body)
        try:
            self._ask("HEAD", f"blobs/{digest}", most=0)
        except NotThereError:
            begun = self._ask("POST", "blobs/uploads/", most=MOST_OF_A_MANIFEST)
            place = self._at(self._base, begun.headers.get("Location", ""))
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
        # Who else asks for a login, such as a store of blobs that is led to, would have it sent where they like.
        if answer.status == HTTPStatus.UNAUTHORIZED and answer.is_of(self._base):
            challenge = answer.headers.get("WWW-Authenticate", "")
            login = stored(self.host)
            self._authorization = authorization(self._transport, challenge, login)
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
        if not answer.is_good:
            raise RegistryError(
                f"registry {self.host} refuses {self.repository}{_shown(path)} ({_reason(answer)})"
            )
        return answer

    def _once(
        self, method: str, path: str, most: int, headers: Mapping[str, str], data: bytes | None
    ) -> Answer:
        url = urljoin(self._base, path)
        is_own = origin(url) == origin(self._base)
        sent = {
            **headers,
            **({"Authorization": self._authorization} if is_own and self._authorization else {}),
        }
        return self._transport.ask(method, url, most=most, headers=sent, data=data)

    def _at(self, base: str, address: str) -> str:
        """Return where an address leads that the registry gave."""
        try:
            return urljoin(base, address)
        except ValueError as error:  # such as a bracket without its other half
            raise RegistryError(
                f"registry {self.host} leads to {one_line(address, 200)!r}, which is no address ({error})"
            ) from error

    def _json(self, answer: Answer, what: str) -> Mapping[str, Any]:
        if (found := answer.json) is None:
            raise RegistryError(
                f"registry {self.host} does not answer as registries do (no manifest at {what})"
            )
        return found


def entries(found: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a list of a manifest's or an index's, of the objects that are in it, whatever else somebody put there."""
    listed = found.get(name)
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def fallback_tag(digest: str) -> str:
    """Return the tag under which a registry without the referrers API keeps what refers to a manifest."""
    return digest.replace(":", "-")


def _shown(path: str) -> str:
    kind, _, what = path.partition("/")
    if kind == "manifests":
        return f"@{what}" if what.startswith("sha256:") else f":{what}"
    return ""


def _next(answer: Answer) -> str | None:
    """Return the address of the next page, as it is written, where there is one (RFC 8288)."""
    links = parse_header_links(answer.headers.get("Link", ""))
    return next((each["url"] for each in links if each.get("rel") == "next"), None)


def _reason(answer: Answer) -> str:
    """Return what the registry says of a refusal: its first error, else the status."""
    first = next(iter(entries(answer.json or {}, "errors")), None)
    said = f", {first.get('code', '')} {first.get('message', '')}" if first else ""
    return one_line(f"{answer.status}{said}")
