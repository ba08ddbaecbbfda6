"""The image's configuration and history as the engine tells them, and the Dockerfile lines that made them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from docker.errors import DockerException, ImageNotFound
from requests.exceptions import ReadTimeout, RequestException

from hullproof.engine.layers import NoImageError, base_layers
from hullproof.engine.model.image import FileFacts, HistoryEntry, ImageFacts, Layer
from hullproof.errors import DeadlineError, EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hullproof.engine.connection import Engine

# What BuildKit puts before a command (the count and values of build arguments, the shell), and what it leaves
# out of an instruction: keyword, flags, comments.
_PREFIX = re.compile(r"^\w+\s+(?:\|\d+ .*?)?(?:/bin/sh -c )?|^/bin/sh -c ", re.DOTALL)
_NOISE = re.compile(r"\A\s*\w+(?:[\s\\]+--\S+)*|^[ \t]*#.*$", re.MULTILINE)

_LAYER_MAKERS = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})


def inspect_image(
    engine: Engine, image_id: str, *, base_diff_ids: Sequence[str], base_history: int | None = None
) -> ImageFacts:
    """Return the image's configuration and history.

    `base_diff_ids`: the layers of its base; `base_history`: how many history entries the base has (see
    `history_length`). Without that number the base's part of the history ends with its last layer, so that
    the CMD or ENV that a base ends with counts as the project's own.

    `size_bytes` is the unpacked size of all layers together, files of lower layers that upper ones replace
    included. The engine's own store counts file sizes. The containerd store, whose `Size` is of compressed
    content, counts disk usage, so that each file is rounded up to whole blocks. There `id` is the digest of
    the manifest and not of the configuration.

    Raises EngineError when the image is not there or the engine does not answer.
    """
    image, history = _ask(engine, image_id)
    config: dict[str, Any] = image.get("Config") or {}
    diff_ids = tuple(image.get("RootFS", {}).get("Layers") or ())
    platform = (image.get("Os"), image.get("Architecture"), image.get("Variant"))
    digests = [str(known).partition("@")[2] for known in image.get("RepoDigests") or ()]
    return ImageFacts(
        id=str(image["Id"]),
        size_bytes=_size(image, history),
        user=config.get("User") or "",
        workdir=config.get("WorkingDir") or "",
        exposed=tuple(sorted(config.get("ExposedPorts") or ())),
        command=_arguments(config.get("Cmd")),
        entrypoint=_arguments(config.get("Entrypoint")),
        env={name: value for name, _, value in (item.partition("=") for item in config.get("Env") or ())},
        labels=dict(config.get("Labels") or {}),
        volumes=tuple(sorted(config.get("Volumes") or ())),
        stop_signal=config.get("StopSignal") or "SIGTERM",
        healthcheck=tuple((config.get("Healthcheck") or {}).get("Test") or ()),
        history=_history(history, len(diff_ids), base_layers(diff_ids, base_diff_ids), base_history),
        diff_ids=diff_ids,
        platform="/".join(part for part in platform if part) or None,
        digest=digests[0] if digests else None,
    )


def unpacked_size(engine: Engine, reference: str) -> int:
    """Return what an image's layers take unpacked, in bytes, as `ImageFacts.size_bytes` does; on every image store.

    Raises EngineError when the image is not there or the engine does not answer.
    """
    return _size(*_ask(engine, reference))


def history_length(engine: Engine, reference: str) -> int | None:
    """Count an image's history entries, None where the engine does not have it."""
    try:
        return len(_ask(engine, reference)[1])
    except NoImageError:
        return None


def _ask(engine: Engine, image_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what the engine tells of an image, and its history, oldest first."""
    api: Any = engine.client.api  # its methods have no types
    try:
        return api.inspect_image(image_id), api.history(image_id)[::-1]
    except ImageNotFound as error:
        raise NoImageError(image_id) from error
    except ReadTimeout as error:
        raise DeadlineError(
            f"the engine did not say what image {image_id} is within {api.timeout} s: see whether it still answers"
        ) from error
    except (DockerException, RequestException, OSError) as error:
        seen = " ".join(str(error).split())[:200]
        raise EngineError(f"the engine could not be asked about image {image_id} ({seen})") from error


def _arguments(value: str | list[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _size(image: dict[str, Any], history: list[dict[str, Any]]) -> int:
    own_store = bool((image.get("GraphDriver") or {}).get("Data")) and not image.get("Descriptor")
    unpacked = sum(int(entry.get("Size") or 0) for entry in history)
    return int(image.get("Size") or 0) if own_store or not unpacked else unpacked


# --- history ---------------------------------------------------------------------------------------


def _history(
    told: list[dict[str, Any]], layers: int, of_base: int, base_history: int | None
) -> tuple[HistoryEntry, ...]:
    """Tell which entries made a layer, which the API leaves out, and which are the base's.

    BuildKit's entries tell by their keyword; a WORKDIR makes a layer, an empty one where the directory
    exists, unless it is "/". What other builders and importers wrote is counted down from the layers.
    """
    made = [_makes_layer(str(entry.get("CreatedBy") or ""), int(entry.get("Size") or 0)) for entry in told]
    start = base_history
    if start is None or start > len(told) or sum(made[start:]) != layers - of_base:
        start = _own_start(made, layers - of_base) if of_base else 0
    if sum(made[:start]) != of_base:  # only what surely holds files is a layer
        surely = [int(entry.get("Size") or 0) > 0 for entry in told[:start]]
        made[:start] = surely if sum(surely) == of_base else made[:start]
    return tuple(
        HistoryEntry(str(entry.get("CreatedBy") or ""), empty_layer=not layer, from_base=at < start)
        for at, (entry, layer) in enumerate(zip(told, made, strict=True))
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
    command = created_by.removeprefix("/bin/sh -c #(nop) ").strip()
    keyword, _, rest = command.partition(" ")
    if keyword == "WORKDIR":
        return command == created_by and rest.strip() != "/"
    return keyword in _LAYER_MAKERS or (command == created_by and command.startswith("/bin/sh -c "))


# --- lines -----------------------------------------------------------------------------------------


def attach_lines(
    facts: FileFacts, image: ImageFacts, instructions: Sequence[tuple[int, str, str]]
) -> tuple[FileFacts, ImageFacts]:
    """Say for each own layer and own history entry which line of the Dockerfile made it.

    `instructions`: line, keyword and text of each instruction that the release is made by, through its
    chain of stages, in order; all keywords are welcome. An entry gets a line only where no other
    assignment fits as well: what an ONBUILD of the base did, or a squashed layer, has none.
    """
    own = [at for at, entry in enumerate(image.history) if not entry.from_base]
    pairs = _pairs([image.history[at].created_by for at in own], instructions)
    history = list(image.history)
    for at, instruction in pairs.items():
        history[own[at]] = replace(history[own[at]], line=instructions[instruction][0])
    entries = [history[at] for at in own]
    return replace(facts, layers=_lined(facts.layers, entries)), replace(image, history=tuple(history))


def _lined(layers: tuple[Layer, ...], entries: list[HistoryEntry]) -> tuple[Layer, ...]:
    """Give own layers the lines of the entries that made them: same words, same order."""
    makers = [entry for entry in entries if not entry.empty_layer]
    own = [layer for layer in layers if not layer.from_base]
    if [layer.created_by for layer in own] != [entry.created_by for entry in makers]:
        return layers
    lines = iter(makers)
    return tuple(layer if layer.from_base else replace(layer, line=next(lines).line) for layer in layers)


def _pairs(created_by: list[str], instructions: Sequence[tuple[int, str, str]]) -> dict[int, int]:
    """Align entries with instructions in order, and keep the pairs that every best alignment has."""
    fits = [[_fit(entry, keyword, text) for _, keyword, text in instructions] for entry in created_by]
    before = _best(fits)
    after = [row[::-1] for row in _best([row[::-1] for row in fits[::-1]])[::-1]]
    total = before[-1][-1]
    pairs = {}
    for i, row in enumerate(fits):
        if any(before[i][j] + after[i + 1][j] == total for j in range(len(row) + 1)):
            continue  # as good without this entry
        found = [j for j, fit in enumerate(row) if fit and before[i][j] + fit + after[i + 1][j + 1] == total]
        if len(found) == 1:
            pairs[i] = found[0]
    return pairs


def _best(fits: list[list[int]]) -> list[list[int]]:
    """Return at [i][j] how well the first i entries can be aligned with the first j instructions."""
    best = [[0] * (len(fits[0]) + 1 if fits else 1)]
    for row in fits:
        above, line = best[-1], [0]
        for j, fit in enumerate(row):
            line.append(max(above[j] + fit, above[j + 1], line[j]))
        best.append(line)
    return best


def _fit(created_by: str, keyword: str, text: str) -> int:
    """Say how well an entry's words fit an instruction's: 0 not at all, 1 cannot be told, or up to 200."""
    command = created_by.removeprefix("/bin/sh -c #(nop) ").strip()
    said = "RUN" if command.startswith("/bin/sh -c ") else command.partition(" ")[0]
    if said.upper() != keyword.upper():
        return 0
    seen, meant = _words(_PREFIX.sub("", command.removesuffix("# buildkit"))), _words(_NOISE.sub("", text))
    common = len(seen & meant)
    if seen == meant or 2 * common >= min(len(seen), len(meant)) > 0:
        return 100 + round(100 * common / (len(seen | meant) or 1))
    return 1 if "$" in text or "<<" in text else 0  # replaced in the history


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9_.+=-]+", text.lower()))
