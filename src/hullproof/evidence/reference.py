"""Names of images in registries: https://github.com/distribution/reference ."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from hullproof.errors import UsageError

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HUB = "docker.io"
_LONGEST = 255


@dataclass(frozen=True)
class Reference:
    """An image in a registry: `host` as people write it, `repository` within it, and a tag or a digest, or both."""

    host: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read `shop:1.2`, `registry.example/shop@sha256:...`. Raises UsageError, one line, for what names no image."""
        name, at, digest = text.partition("@")
        first, slash, rest = name.partition("/")
        is_host = bool(slash) and (first == "localhost" or any(each in first for each in ".:["))
        host, path = (first, rest) if is_host else (_HUB, name)
        path, colon, tag = path.partition(":")
        if host == _HUB and "/" not in path:
            path = f"library/{path}"
        wrong = (
            not _HOST.fullmatch(host)
            or not _NAME.fullmatch(path)
            or len(path) > _LONGEST
            or (colon and not _TAG.fullmatch(tag))
            or (at and not _DIGEST.fullmatch(digest))
        )
        if wrong:
            raise UsageError(
                f"{text!r} names no image; write it as registry.example/shop:1.2 or shop@sha256:..."
            )
        return cls(host, path, tag or (None if digest else "latest"), digest or None)

    @property
    def name(self) -> str:
        """The repository with its host, which statements call their subject."""
        return f"{self.host}/{self.repository}"

    @property
    def what(self) -> str:
        """What a registry looks it up by: its digest, else its tag."""
        return self.digest or self.tag or "latest"

    def at(self, digest: str) -> Reference:
        """Return the same image by a digest alone."""
        return replace(self, tag=None, digest=digest)

    def __str__(self) -> str:
        """Return it as people write it."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}{f'@{self.digest}' if self.digest else ''}"
