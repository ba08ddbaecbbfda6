"""Where this Hullproof came from, so that others get the same: an index, a repository, or a folder of this machine."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution

from hullproof import __version__


def own_requirement(extra: str = "pytest") -> str:
    """Return what pip installs to have this very Hullproof in another environment, with one of its extras.

    From where it came, if that was a folder, a file or a repository (PEP 610), else by its version.
    """
    try:
        origin = json.loads(distribution("hullproof").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        origin = {}
    url = origin.get("url")
    if not url:
        return f"hullproof[{extra}]=={__version__}"
    vcs = origin.get("vcs_info")
    if vcs:
        url = f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    return f"hullproof[{extra}] @ {url}"


def documentation() -> str | None:
    """Return the address of the documentation that this Hullproof's metadata name; None where they name none."""
    try:
        urls = distribution("hullproof").metadata.get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    named = dict(each.split(", ", 1) for each in urls if ", " in each)
    return named.get("Documentation")
