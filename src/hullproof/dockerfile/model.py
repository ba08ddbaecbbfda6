"""What a Dockerfile is made of: stages, instructions, mounts, heredocs. Plain facts, nothing resolved."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_SHELL = ("/bin/sh", "-c")
GLOBAL_SCOPE = -1
_HEREDOC_START = re.compile(r"""\d*<<(?P<chomp>-?)\s*(?P<quote>["']?)(?P<name>[^\s"'<>;|&]+)""")
_LONE_HEREDOC = re.compile(r"""\d*<<-?\s*(?:"[^"<]+"|'[^'<]+'|[^\s"'<]+)\s*\Z""")


@dataclass(frozen=True)
class Heredoc:
    """One here-document: its delimiter, and its text as written."""

    name: str
    raw: str = ""
    chomp: bool = False
    expand: bool = True

    @property
    def content(self) -> str:
        """The text as a shell gets it: tabs removed for `<<-`."""
        return re.sub(r"(?m)^\t+", "", self.raw) if self.chomp else self.raw


@dataclass(frozen=True)
class Mount:
    """One `RUN --mount`. `options` has every key as written, lower case; a bare key maps to `true`."""

    type: str
    options: Mapping[str, str]

    @property
    def from_(self) -> str | None:
        """The stage or image it comes from, raw; None for the build context."""
        return self.options.get("from") or None

    @property
    def source(self) -> str | None:
        """The path in the context or stage, raw."""
        return self.options.get("source", self.options.get("src"))

    @property
    def target(self) -> str | None:
        """The path in the step, raw."""
        return self.options.get("target", self.options.get("dst", self.options.get("destination")))

    @classmethod
    def read(cls, text: str) -> Mount:
        """Read the value of one `--mount` flag."""
        options: dict[str, str] = {}
        for field in _csv(text):
            key, equals, value = field.partition("=")
            options[key.strip().lower()] = value if equals else "true"
        return cls(type=options.get("type", "bind"), options=options)


@dataclass(frozen=True)
class Instruction:
    """One instruction. `line` and `end_line` count from 1, in the file as it is on disk."""

    keyword: str
    args: tuple[str, ...]
    json: bool
    flags: tuple[str, ...]
    original: str
    line: int
    end_line: int
    heredocs: tuple[Heredoc, ...] = ()
    stage_index: int = GLOBAL_SCOPE
    trigger: str | None = None
    """For ONBUILD: the keyword of the instruction that a child image will run. `args` are that one's."""
    shell: tuple[str, ...] = DEFAULT_SHELL
    """The SHELL in effect here, as far as this file says."""

    @cached_property
    def flag_values(self) -> Mapping[str, tuple[str, ...]]:
        """Each flag's values, by its name without dashes; a flag without a value has `true`."""
        values: dict[str, tuple[str, ...]] = {}
        for flag in self.flags:
            name, equals, value = flag.removeprefix("--").partition("=")
            values[name] = (*values.get(name, ()), value if equals else "true")
        return values

    def flag(self, name: str) -> str | None:
        """Return the last value of a flag, raw; None if it is not there."""
        return self.flag_values.get(name, (None,))[-1]

    @cached_property
    def mounts(self) -> tuple[Mount, ...]:
        """All `--mount` flags, read."""
        return tuple(Mount.read(value) for value in self.flag_values.get("mount", ()))

    @cached_property
    def pairs(self) -> tuple[tuple[str, str | None], ...]:
        """For ENV, LABEL and ARG: names and raw values; None where ARG gives no default."""
        if self.keyword == "ARG":
            split = (argument.partition("=") for argument in self.args)
            return tuple((name, value if equals else None) for name, equals, value in split)
        if self.keyword in {"ENV", "LABEL"}:
            return tuple(zip(self.args[::2], self.args[1::2], strict=False))
        return ()

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """For COPY and ADD: what is copied, raw, without here-documents."""
        if self.keyword not in {"COPY", "ADD"}:
            return ()
        return tuple(argument for argument in self.args[:-1] if not _HEREDOC_START.match(argument))

    @property
    def destination(self) -> str | None:
        """For COPY and ADD: where it goes, raw."""
        return self.args[-1] if self.keyword in {"COPY", "ADD"} and self.args else None

    @property
    def is_script(self) -> bool:
        """Whether a RUN consists of nothing but one here-document, which is then the program itself."""
        lone = len(self.heredocs) == 1 and len(self.args) == 1 and not self.json
        return lone and _LONE_HEREDOC.match(self.args[0].strip()) is not None

    @cached_property
    def shell_text(self) -> str:
        """The program that a RUN (CMD, ENTRYPOINT) hands to its shell; the exec form as one quoted command.

        Continuations are joined and comments between them gone, as BuildKit does it. A here-document
        that is the whole command is the program; any other is appended, for the shell to read.
        """
        if self.json:
            return shlex.join(self.args)
        if self.is_script:
            return self.heredocs[0].content
        bodies = "".join(f"\n{doc.content}{doc.name}" for doc in self.heredocs)
        return " ".join(self.args) + bodies


@dataclass(frozen=True)
class Stage:
    """One FROM and what follows it. `base` and `platform` are as written, variables and all."""

    index: int
    name: str | None
    base: str
    platform: str | None
    line: int
    instructions: tuple[Instruction, ...]

    @property
    def reference(self) -> str:
        """How `--target` takes it: its name, or else its number."""
        return self.name or str(self.index)

    @property
    def label(self) -> str:
        """How to speak of it: its name, or else its number."""
        return f"stage '{self.name}'" if self.name else f"stage {self.index}"


@dataclass(frozen=True)
class ImageReference:
    """An image from outside this file that a build needs. `reference` is resolved, `raw` as written."""

    reference: str
    raw: str
    line: int
    keyword: str
    stage_index: int


def _csv(text: str) -> list[str]:
    """Split a `--mount` value as BuildKit does: comma-separated values, quotes around a whole field."""
    if '"' not in text:
        return [field for field in text.split(",") if field]
    import csv  # noqa: PLC0415 (hardly any Dockerfile quotes here)

    return [field for field in next(csv.reader([text])) if field]
