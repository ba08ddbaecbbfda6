"""What no release needs wherever it lies, told by its path alone: version control data, caches, stored wheels."""

from __future__ import annotations

import re

_VERSION_CONTROL = re.compile(r"^(.*?/(?:\.git|\.hg|\.svn|\.bzr|CVS))(?:/|$)")
_CACHE = re.compile(
    r"^(.*?/(?:\.pytest_cache|\.mypy_cache|\.ruff_cache|\.hypothesis|\.tox|\.nox|\.eggs|htmlcov|\.ipynb_checkpoints"
    r"|\.cache/(?:pip|uv|pypoetry|pipenv|pdm|hatch|pre-commit|virtualenv|pip-tools|Homebrew)|\.npm/_cacache"
    r"|\.?pip[-_]cache|\.?uv[-_]cache))/.|^(.*/\.coverage(?:\.[^/]+)?)$|^(/tmp/pip-[^/]+)/."
)
_HTTP_CACHE = re.compile(r"^(.*?)/_?http(?:-v2)?(?:/[0-9a-f]){5}/[0-9a-f]{20,}")
"""How pip and Poetry file what they fetched, wherever their cache was put."""
_STORED_WHEEL = re.compile(r"^(/var/(?:cache|lib|spool)/.*\.whl)$")
_ANYWHERE = (
    (_VERSION_CONTROL, "version control data"),
    (_CACHE, "cache"),
    (_HTTP_CACHE, "cache"),
    (_STORED_WHEEL, "wheel"),
)


def kind_anywhere(path: str) -> tuple[str, str] | None:
    """Tell the kind, and the path to name it by; None for what some release may need."""
    for pattern, kind in _ANYWHERE:
        if found := pattern.match(path):
            top = first_group(found)
            return (_cache_of(top) if kind == "cache" else kind), top
    return None


def _cache_of(top: str) -> str:
    """Name a cache by the tool that filled it, as far as its folder tells."""
    name = re.sub(r"^[._]|[-_]?cache$", "", top.rpartition("/")[2])
    tool = {"pypoetry": "poetry", "_http": "poetry", "http": "pip", "http-v2": "pip", "_caca": "npm"}.get(
        name, name
    )
    return f"{tool} cache" if "cache" in top and tool else "cache"


def first_group(found: re.Match[str]) -> str:
    """Return the group of a pattern of alternatives that matched."""
    return next(group for group in found.groups() if group is not None)
