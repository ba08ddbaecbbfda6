"""What a history tells: which of its entries made a layer, which are the base's, and which line of the Dockerfile made each.

An engine lists them as words. BuildKit and the builder before it write one entry for each instruction, in order; what the
ONBUILD lines of a base add comes before those of the file.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hullproof.engine.model.image import FileFacts, HistoryEntry, ImageFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hullproof.dockerfile import Instruction

# What BuildKit puts before a command (the count and values of build arguments, the shell), and what it leaves
# out of an instruction: keyword, flags, comments.
_PREFIX = re.compile(r"^\w+\s+(?:\|\d+ .*?)?(?:/bin/sh -c )?|^/bin/sh -c ", re.DOTALL)
_NOISE = re.compile(r"\A\s*\w+(?:[\s\\]+--\S+)*|^[ \t]*#.*$", re.MULTILINE)
_OLD_BUILDERS = "/bin/sh -c #(nop) "

_LAYER_MAKERS = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
_SILENT = frozenset({"FROM", "ONBUILD"})
"""They write no entry."""


def read_history(
    entries: list[dict[str, Any]], layers: int, of_base: int, base_history: int | None
) -> tuple[HistoryEntry, ...]:
    """Tell which entries made a layer, which the API leaves out, and which are the base's.

    BuildKit's entries tell by their keyword; a WORKDIR makes a layer, an empty one where the directory
    exists, unless it is "/". What other builders and importers wrote is counted down from the layers.
    """
    made = [_makes_layer(str(entry.get("CreatedBy") or ""), int(entry.get("Size") or 0)) for entry in entries]
    start = base_history
    if start is None or start > len(entries) or sum(made[start:]) != layers - of_base:
        start = _own_start(made, layers - of_base) if of_base else 0
    if sum(made[:start]) != of_base:  # only what surely holds files is a layer
        surely = [int(entry.get("Size") or 0) > 0 for entry in entries[:start]]
        made[:start] = surely if sum(surely) == of_base else made[:start]
    return tuple(
        HistoryEntry(str(entry.get("CreatedBy") or ""), empty_layer=not layer, from_base=at < start)
        for at, (entry, layer) in enumerate(zip(entries, made, strict=True))
    )


def _own_start(made: list[bool], own_layers: int) -> int:
    """Return where the project's own entries begin: after the entry of the base's last layer."""
    at = len(made)
    while at and (own_layers or not made[at - 1]):
        at -= 1
        own_layers -= made[at]
    return at


def _makes_layer(created_by: str, size: int) -> bool:
    if size > 0:
        return True
    command = created_by.removeprefix(_OLD_BUILDERS).strip()
    keyword, _, rest = command.partition(" ")
    if keyword == "WORKDIR":
        return command == created_by and rest.strip() != "/"
    return keyword in _LAYER_MAKERS or (command == created_by and command.startswith("/bin/sh -c "))


# --- lines -----------------------------------------------------------------------------------------


def with_lines(history: Sequence[HistoryEntry], chain: Sequence[Instruction]) -> tuple[HistoryEntry, ...]:
    """Say of each own entry which instruction of the Dockerfile made it; `chain` is `Release.chain`.

    The last entries are the file's, one for each instruction. Where one is of another kind the image was made from another
    file, or another way, and no line is known; nor is that of an entry whose words are not the instruction's.
    """
    recorded = [each for each in chain if each.keyword not in _SILENT]
    start = len(history) - len(recorded)
    own = list(zip(history[max(0, start) :], recorded, strict=start >= 0))
    if start < 0 or any(_keyword(entry.created_by) != each.keyword for entry, each in own):
        return tuple(history)
    lined = (
        replace(entry, line=each.line) if not entry.from_base and _says(entry.created_by, each) else entry
        for entry, each in own
    )
    return (*history[:start], *lined)


def layers_with_lines(files: FileFacts, image: ImageFacts) -> FileFacts:
    """Give own layers the lines of the history's entries that made them: same words, same order."""
    makers = [entry for entry in image.history if not entry.from_base and not entry.empty_layer]
    if [layer.created_by for layer in files.added_layers] != [entry.created_by for entry in makers]:
        return files
    lines = iter(makers)
    layers = (layer if layer.from_base else replace(layer, line=next(lines).line) for layer in files.layers)
    return replace(files, layers=tuple(layers))


def _command(created_by: str) -> str:
    return created_by.removeprefix(_OLD_BUILDERS).strip()


def _keyword(created_by: str) -> str:
    command = _command(created_by)
    return "RUN" if command.startswith("/bin/sh -c ") else command.partition(" ")[0].upper()


def _says(created_by: str, instruction: Instruction) -> bool:
    """Whether an entry says what an instruction does: at least half of the words of either are the other's, too."""
    text = instruction.original
    if "$" in text or "<<" in text:  # replaced in the history
        return True
    seen = _words(_PREFIX.sub("", _command(created_by).removesuffix("# buildkit")))
    meant = _words(_NOISE.sub("", text))
    return seen == meant or 2 * len(seen & meant) >= min(len(seen), len(meant)) > 0


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9_.+-]+", text.lower()))
