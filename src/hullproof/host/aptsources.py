"""The machine's apt sources, read so that further ones can be derived from them.

A derived source keeps mirror, key and options: a machine that reaches Debian through a mirror of its own
would not reach the public one. Both formats of sources.list(5) are read; deb822 is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# The archive's own folder, also as snapshot.debian.org serves it, and the list that Debian's cloud images use.
_ARCHIVE = re.compile(r"/debian(/\d{8}T\d{6}Z)?/?$|mirrors/debian\.list$")
_SECURITY = re.compile(
    r"/debian-security(/\d{8}T\d{6}Z)?/?$|mirrors/debian-security\.list$|//security\.debian\.org/?$"
)
# One-line options whose deb822 field is not merely the capitalised name.
_FIELDS = {"arch": "Architectures", "lang": "Languages", "target": "Targets", "pdiffs": "PDiffs"}


@dataclass(frozen=True)
class AptSource:
    """One stanza. `options` are the remaining deb822 fields (`Signed-By`, `Trusted`, ...), in order."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str | None:
        """Return a field's value; names are case-insensitive."""
        return next((value for key, value in self.options if key.lower() == name.lower()), None)

    def render(self) -> str:
        """Write the stanza in deb822 form."""
        fields = [
            ("Types", "deb"),
            ("URIs", self.uri),
            ("Suites", " ".join(self.suites)),
            ("Components", " ".join(self.components)),
            *self.options,
        ]
        return "".join(f"{name}: {value}\n" for name, value in fields)


DEFAULT_ARCHIVE = AptSource("http://deb.debian.org/debian", (), ("main",), (("Signed-By", KEYRING),))
DEFAULT_SECURITY = AptSource(
    "http://deb.debian.org/debian-security", (), ("main",), (("Signed-By", KEYRING),)
)


def read_sources(apt: Path = Path("/etc/apt")) -> tuple[AptSource, ...]:
    """Read all enabled binary sources; files that cannot be read count as empty, as apt says so itself."""
    folder = apt / "sources.list.d"
    paths = [apt / "sources.list", *sorted(folder.glob("*.list")), *sorted(folder.glob("*.sources"))]
    found: list[AptSource] = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found += parse_deb822(text) if path.suffix == ".sources" else parse_one_line(text)
    return tuple(found)


def parse_one_line(text: str) -> list[AptSource]:
    """Parse `deb [option=value ...] uri suite component ...` lines."""
    found = []
    for raw in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+[^\s#]+)*)", raw)
        if not match:
            continue
        options = tuple(
            (_FIELDS.get(key.lower(), key.title()), value.replace(",", " "))
            for key, _, value in (word.partition("=") for word in (match[1] or "").split())
        )
        found.append(AptSource(match[2], (match[3],), tuple(match[4].split()), options))
    return found


def parse_deb822(text: str) -> list[AptSource]:
    """Parse stanzas; several URIs in one become several sources. Disabled ones are left out."""
    found = []
    for stanza in re.split(r"\n[ \t]*\n", text):
        fields = _fields(stanza)
        if "deb" not in fields.pop("types", "").split() or fields.pop("enabled", "yes").lower() in (
            "no",
            "false",
        ):
            continue
        uris, suites, components = (fields.pop(name, "").split() for name in ("uris", "suites", "components"))
        options = tuple((name.title(), value) for name, value in fields.items())
        found += [AptSource(uri, tuple(suites), tuple(components), options) for uri in uris]
    return found


def _fields(stanza: str) -> dict[str, str]:
    """Return a stanza's fields by lower-case name; a value may go on over indented lines (an embedded key)."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace() and name:
            fields[name] += "\n" + line
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def debian_sources(sources: Iterable[AptSource], suite: str) -> tuple[AptSource, ...]:
    """Derive the sources of another Debian suite: its archive and, where it has one, its security updates.

    The public mirror stands in where the machine has no Debian source (Ubuntu, other systems).
    """
    own = list(sources)
    archive = next((s for s in own if _ARCHIVE.search(s.uri) and "main" in s.components), DEFAULT_ARCHIVE)
    security = next((s for s in own if _SECURITY.search(s.uri) and "main" in s.components), None)
    if security is None:
        security = DEFAULT_SECURITY if archive is DEFAULT_ARCHIVE else _beside(archive)
    derived = [replace(archive, suites=(suite,), components=("main",))]
    if suite != "sid":
        derived[0] = replace(derived[0], suites=(suite, f"{suite}-updates"))
        derived.append(replace(security, suites=(f"{suite}-security",), components=("main",)))
    return tuple(_without_arch(source) for source in derived)


def _beside(archive: AptSource) -> AptSource:
    """Guess security updates beside a mirror's archive, where nearly all mirrors have them... or the public ones."""
    if archive.uri.startswith("mirror"):
        return DEFAULT_SECURITY
    return replace(archive, uri=re.sub(r"/debian(?=/|$)", "/debian-security", archive.uri.rstrip("/")))


def _without_arch(source: AptSource) -> AptSource:
    """Drop fields that speak of one machine's choice rather than of how to reach and check the mirror."""
    dropped = {"architectures", "languages", "targets", "snapshot"}
    return replace(source, options=tuple(o for o in source.options if o[0].lower() not in dropped))


def resolve_mirror_list(source: AptSource) -> AptSource:
    """Replace apt's `mirror+file:` list, a file of this machine, by the first mirror in it."""
    if not source.uri.startswith("mirror+file:"):
        return source
    path = Path("/" + source.uri.removeprefix("mirror+file:").lstrip("/"))
    try:
        lines = path.read_text(encoding="utf-8").split()
    except OSError:
        lines = []
    return replace(source, uri=next((line for line in lines if "://" in line), DEFAULT_ARCHIVE.uri))
