"""Which files of a context look like secrets, by name and, for keys, by content."""

from __future__ import annotations

import fnmatch
import posixpath
from typing import TYPE_CHECKING

from hullproof.project import projectfiles

if TYPE_CHECKING:
    from pathlib import Path

_EXAMPLES = ("example", "sample", "template", "dist", "defaults", "default", "tpl", "schema")
_KEY_NAMES = ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*.pem", "*.key", "*.p12", "*.pfx", "*.ppk")
_CERTAIN_KEYS = ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*.ppk")
_OTHER = (
    ".netrc",
    ".pypirc",
    ".htpasswd",
    "credentials.json",
    "secrets.y*ml",
    "secrets.json",
    "secrets.toml",
)
_LARGEST_KEY = 65_536


def kind_of_name(path: str) -> str | None:
    """Say what secret a path may hold by its name: "environment file", "key" or "credentials"; None if none."""
    name = posixpath.basename(path).lower()
    if name in {".env", ".envrc"} or name.startswith(".env.") or name.endswith(".env"):
        return (
            None
            if any(part in _EXAMPLES for part in name.replace("-", ".").split("."))
            else "environment file"
        )
    if any(fnmatch.fnmatch(name, pattern) for pattern in _KEY_NAMES):
        return "key"
    return "credentials" if any(fnmatch.fnmatch(name, pattern) for pattern in _OTHER) else None


def is_secret(folder: Path, path: str) -> bool:
    """Whether a file of the project is a secret: what is named like a key must also be one."""
    kind = kind_of_name(path)
    name = posixpath.basename(path).lower()
    if kind != "key" or any(fnmatch.fnmatch(name, pattern) for pattern in _CERTAIN_KEYS):
        return kind is not None
    content = projectfiles.head(folder, path, _LARGEST_KEY)
    return b"PRIVATE KEY-----" in content or (bool(content) and name.endswith((".p12", ".pfx")))
