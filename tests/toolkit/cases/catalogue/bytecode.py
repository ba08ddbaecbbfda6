"""Installed packages have no bytecode, or some that Python does not take."""

from __future__ import annotations

from .model import Case, after, before, dockerfile

INSTALL = "RUN pip install --no-cache-dir -r requirements.txt"
PACKAGES = "/venv/lib/python3.11/site-packages"
COPY = "COPY --from=deps /venv /venv"
USER = "USER app"
WANTS_NONE = "ENV PYTHONUNBUFFERED=1 PATH"
ASKED = ("bytecode",)
NO_COMPILE = dockerfile(INSTALL, f"{INSTALL} --no-compile && find /venv -name __pycache__ -exec rm -r {{}} +")

CASES = (
    Case("bytecode/no-compile", "pip compiles nothing, and nobody after it", (NO_COMPILE,)),
    Case(
        "bytecode/removed",
        "removed to make the image smaller",
        (after(INSTALL, "RUN find /venv -name '*.pyc' -delete"),),
    ),
    Case(
        "bytecode/touched",
        "all times set to one, as rewrite-timestamp does",
        (dockerfile(INSTALL, f"{INSTALL} && find {PACKAGES} -exec touch -d @1700000000 {{}} +"),),
    ),
    Case(
        "bytecode/copied-without-times",
        "an environment copied by cp -r",
        (dockerfile(INSTALL, f"{INSTALL} && cp -r /venv /copied && rm -r /venv && mv /copied /venv"),),
    ),
    Case(
        "bytecode/patched",
        "sources changed once they are installed",
        (dockerfile(INSTALL, f"{INSTALL} && sed -i '1i # patched' {PACKAGES}/pip/*.py"),),
    ),
    Case(
        "bytecode/another-python",
        "compiled for another Python",
        (
            dockerfile(
                INSTALL,
                f"{INSTALL} && for each in $(find {PACKAGES} -name '*.cpython-311.pyc'); do "
                "mv $each ${each%.cpython-311.pyc}.cpython-310.pyc; done",
            ),
        ),
    ),
    Case(
        "bytecode/stale-and-unwanted",
        "the variable is set, and stale bytecode is there",
        (
            dockerfile(INSTALL, f"{INSTALL} && find {PACKAGES} -exec touch -d @1600000000 {{}} +"),
            dockerfile(WANTS_NONE, f"ENV PYTHONDONTWRITEBYTECODE=1\n{WANTS_NONE}"),
        ),
    ),
    Case(
        "bytecode/touched-in-the-release",
        "a step of the release changes the times",
        (before(USER, f"RUN find {PACKAGES} -name '*.py' -exec touch {{}} +"),),
    ),
    Case("benign/bytecode-by-pip", "pip compiles", (after(USER, "LABEL a=b"),), only=ASKED),
    Case(
        "benign/bytecode-by-hash",
        "compiled by hash, and all times rewritten",
        (
            dockerfile(
                INSTALL,
                f"{INSTALL} --no-compile && python -m compileall -qf --invalidation-mode unchecked-hash {PACKAGES} ; "
                f"find {PACKAGES} -exec touch -d @1700000000 {{}} +",
            ),
        ),
        only=ASKED,
    ),
    Case(
        "benign/bytecode-unwanted",
        "an image that wants none",
        (NO_COMPILE, dockerfile(WANTS_NONE, f"ENV PYTHONDONTWRITEBYTECODE=1\n{WANTS_NONE}")),
        only=ASKED,
    ),
    Case(
        "benign/bytecode-with-epoch",
        "pip sees SOURCE_DATE_EPOCH, and times are rewritten",
        (
            dockerfile(
                INSTALL,
                f"RUN SOURCE_DATE_EPOCH=1700000000 pip install --no-cache-dir -r requirements.txt && "
                f"SOURCE_DATE_EPOCH=1 python -m compileall -qf {PACKAGES}; find {PACKAGES} -exec touch -d @1700000000 {{}} +",
            ),
        ),
        only=ASKED,
    ),
)
