"""Runs inside a build: the `sitecustomize` of every Python of a test step, which notes what the application asks for.

Of the files and modules that the lists beside it name, it notes which are opened for reading or imported, and by whose
code: that of the nearest frame that belongs to the project, not to a library. What a test runner opens is not noted.
What is withheld is not there for the code that imports it, and for nobody else.

It knows Python 3.8 and later, needs no module that is not there at every start, prints nothing, and lets nothing fail.
"""

from __future__ import annotations

import atexit
import builtins
import os
import sys
from _thread import get_ident
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import CodeType, FrameType, ModuleType

FILES, MODULES, WITHHELD, NOTES = "files", "modules", "withheld", "notes"
"""What lies beside it: names of files, last parts of modules' names, what is withheld from whom, and the notes."""
REQUEST = ""
"""Who asks, where no code of the project does: a framework that answers a request of a test's."""

_HERE = os.path.dirname(os.path.abspath(__file__))
_STDLIB = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_RUNNERS = frozenset(
    ("_pytest", "pytest", "pluggy", "unittest", "doctest", "xdist", "execnet", "nose2", "ward", "behave", "green")
)  # fmt: skip
_DJANGO, _CLIENT = "django.test.", "django.test.client"


class _Watch:
    """What one Python process notes."""

    def __init__(self) -> None:
        self.files, self.modules = _lines(FILES), _lines(MODULES)
        self.withheld = {tuple(line.split("\t")) for line in _lines(WITHHELD)}
        self.notes: set[tuple[str, ...]] = set()
        self.is_of_a_test = "PYTEST_CURRENT_TEST" in os.environ
        self.main = get_ident()
        self.imports = builtins.__import__

    # --- files ---------------------------------------------------------------------------------------

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Take an event of the interpreter's: https://docs.python.org/3/library/audit_events.html."""
        if event == "open":
            try:  # noqa: SIM105 - contextlib is not there at every start
                self.opened(*args)
            except Exception:  # noqa: BLE001, S110 - the tests are not to notice
                pass

    def opened(self, path: Any, _mode: str | None, flags: int) -> None:  # noqa: ANN401 - whatever open takes
        """Note a file that is opened for reading, if it is one of those looked for."""
        if isinstance(path, int) or flags & (os.O_WRONLY | os.O_RDWR):
            return
        folder, name = os.path.split(os.fsdecode(path))
        if name.endswith(".pyc"):
            folder, name = folder[: -len("/__pycache__")], name.split(".")[0] + ".py"
        if name in self.files:
            asking, within = _who_asks(sys._getframe(2))
            if asking is not None and (within or self.is_of_a_test or get_ident() != self.main):
                self.notes.add(("file", os.path.abspath(os.path.join(folder, name)), *asking, ""))

    # --- modules -------------------------------------------------------------------------------------

    def imported(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - as Python calls it
        locals: Mapping[str, object] | None = None,  # noqa: A002 - the same
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import, as the statement does, also what has been imported already; note it if it is looked for."""
        asked: tuple[str, ...] = ()
        if not (self.modules.isdisjoint(name.split(".")) and self.modules.isdisjoint(fromlist or ())):
            asked = _absolute(name, globals or {}, fromlist or (), level)
        by = str((globals or {}).get("__file__") or "")
        for each in asked:
            if (each, by) in self.withheld:
                raise ModuleNotFoundError(f"No module named {each!r}", name=each)
        module = self.imports(name, globals, locals, fromlist or (), level)
        for each in asked:
            file = getattr(sys.modules.get(each), "__file__", None)
            if file and by and os.path.basename(file) in self.files and not _is_library(by):
                test = (_who_asks(sys._getframe(1))[0] or (by, ""))[1]
                self.notes.add(("module", os.path.abspath(file), by, test, each))
        return module

    def write(self) -> None:
        """Write down what was noted, in a file of this process's own."""
        if self.notes:
            import json

            name = f"{os.getpid()}-{os.urandom(4).hex()}"
            with open(os.path.join(_HERE, NOTES, name), "w", encoding="utf-8") as file:
                json.dump(sorted(self.notes), file)


def _lines(name: str) -> frozenset[str]:
    with open(os.path.join(_HERE, name), encoding="utf-8") as file:
        return frozenset(filter(None, file.read().split("\n")))


def _is_library(file: str) -> bool:
    return file.startswith(("<", _STDLIB)) or "/site-packages/" in file or "/dist-packages/" in file


def _who_asks(frame: FrameType | None) -> tuple[tuple[str, str] | None, bool]:
    """Return whose code asks and the test that it does so for, None for a runner; and whether a runner stands above.

    An import by a statement is noted where that stands.
    """
    asking, test = None, ""
    while frame is not None:
        code, module = frame.f_code, str(frame.f_globals.get("__name__", ""))
        if code.co_filename == __file__ and asking is None:
            return None, False
        if code.co_filename == __file__:
            pass
        elif not _is_library(code.co_filename):
            file = os.path.abspath(code.co_filename)
            asking, test = (file if asking is None else asking), f"{file}::{code.co_name}"
        elif asking is None and _answers(code):
            asking = REQUEST
        elif module.partition(".")[0] in _RUNNERS or (
            module.startswith(_DJANGO) and not module.startswith(_CLIENT)
        ):
            break
        frame = frame.f_back
    return None if asking is None else (asking, test), frame is not None


def _answers(code: CodeType) -> bool:
    """Whether it is called as WSGI (PEP 3333) or ASGI have an application called."""
    taken = code.co_varnames[: code.co_argcount]
    if code.co_name == "__call__" and ("environ" in taken or "scope" in taken):
        return True
    return {"environ", "start_response"}.issubset(taken) or {"scope", "receive", "send"}.issubset(taken)


def _absolute(
    name: str, globals: Mapping[str, object], fromlist: Sequence[str], level: int  # noqa: A002 - as Python calls it
) -> tuple[str, ...]:  # fmt: skip
    """Spell out the modules that a statement may import."""
    if level:
        package = str(globals.get("__package__") or "").rsplit(".", level - 1)[0]
        name = f"{package}.{name}".rstrip(".")
    parts = name.split(".")
    within = [".".join(parts[: at + 1]) for at in range(len(parts))]
    return (*within, *(f"{name}.{each}" for each in fromlist if each != "*"))


def _install() -> None:
    """Begin to watch, and let the `sitecustomize` come that this one stands before."""
    watch = _Watch()
    sys.addaudithook(watch.hear)
    if watch.modules:
        builtins.__import__ = watch.imported
    atexit.register(watch.write)
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != _HERE]
    mine = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # type: ignore[import-not-found] # noqa: F401
    except ImportError:
        if mine is not None:
            sys.modules["sitecustomize"] = mine


if __name__ == "sitecustomize":
    _install()
