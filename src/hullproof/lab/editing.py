"""Edits that change a file's content and nothing that it means."""

from __future__ import annotations

import posixpath
import secrets

from hullproof.lab.vocabulary import Vocabulary

_COMMENTS = {
    "# {}": "py pyi pyx sh bash toml cfg ini conf yml yaml txt in env rb pl lock pip Pipfile Makefile properties",
    "<!-- {} -->": "html htm xml svg jinja jinja2 j2 md",
    "/* {} */": "css js mjs cjs ts tsx jsx scss less",
    "-- {}": "sql lua",
    "{{# {} #}}": "tmpl",
}
_BY_SUFFIX = {suffix: form for form, suffixes in _COMMENTS.items() for suffix in suffixes.split()}


def can_edit(path: str) -> bool:
    """Whether a harmless edit to such a file is known."""
    return _suffix(path) in _BY_SUFFIX or _suffix(path) == "json" or path.endswith("Pipfile.lock")


def edited(path: str, content: bytes) -> bytes:
    """Return the content with a comment at its end, another each time; JSON gets blank lines instead."""
    form = _BY_SUFFIX.get(_suffix(path))
    if form is None or path.endswith("Pipfile.lock"):
        return content + "".join(secrets.choice(" \n") for _ in range(64)).encode()
    comment = form.format(Vocabulary(content.decode("utf-8", "replace")).line())
    newline = b"\r\n" if content.endswith(b"\r\n") else b"\n"
    gap = b"" if not content or content.endswith(b"\n") else newline
    return content + gap + comment.encode() + newline


def _suffix(path: str) -> str:
    name = posixpath.basename(path)
    return name.rpartition(".")[2] if "." in name else name
