"""What is installed is not what was locked, or nobody looks."""

from __future__ import annotations

from .model import Case, after, dockerfile, write

INSTALL = "RUN pip install --no-cache-dir -r requirements.txt"
BOTTLE = "--hash=sha256:045684fbd2764eac9cdeb824861d1551d113e8b683d8d26e296898d3dd99a12e"
WAITRESS = "--hash=sha256:c56d67fd6e87c2ee598b76abdd4e96cfad1f24cacdea5078d382b1f9d7b5ed2e"
LOCKED = f"bottle==0.13.4 {BOTTLE}\nwaitress==3.0.2 {WAITRESS}\n"
ASKED = ("pinned-dependencies",)
STRIPPED = "sed 's/ --hash=.*//' requirements.txt > /tmp/plain.txt"

CASES = (
    Case("pinned-dependencies/no-hashes", "versions, and no hashes", (after(INSTALL, "RUN true"),)),
    Case(
        "pinned-dependencies/no-versions", "names alone", (write("requirements.txt", "bottle\nwaitress\n"),)
    ),
    Case(
        "pinned-dependencies/hashes-stripped",
        "the hashes are dropped before installing",
        (
            write("requirements.txt", LOCKED),
            dockerfile(
                INSTALL,
                f"RUN {STRIPPED} && pip install --no-cache-dir -r requirements.txt -r /tmp/plain.txt || pip install -r /tmp/plain.txt",
            ),
        ),
    ),
    Case(
        "pinned-dependencies/falls-back",
        "where the lock is refused, the names are taken",
        (
            write("requirements.txt", LOCKED),
            dockerfile(INSTALL, f"{INSTALL} || pip install --no-cache-dir bottle==0.13.4 waitress==3.0.2"),
        ),
    ),
    Case(
        "pinned-dependencies/beside-the-lock",
        "one more package, which is not locked",
        (write("requirements.txt", LOCKED), after(INSTALL, "RUN pip install --no-cache-dir itsdangerous")),
    ),
    Case(
        "pinned-dependencies/another-version",
        "a locked package, in another version behind the lock",
        (write("requirements.txt", LOCKED), after(INSTALL, "RUN pip install --no-cache-dir bottle==0.13.3")),
    ),
    Case(
        "pinned-dependencies/ignored-failure",
        "the installing step never fails",
        (
            write("requirements.txt", LOCKED),
            dockerfile(
                INSTALL, f"{INSTALL}; pip install --no-cache-dir bottle==0.13.4 waitress==3.0.2; true"
            ),
        ),
    ),
    Case(
        "pinned-dependencies/range",
        "ranges",
        (write("requirements.txt", "bottle>=0.13,<0.14\nwaitress~=3.0\n"),),
    ),
    Case("benign/pinned-dependencies-hashes", "hashes", (write("requirements.txt", LOCKED),), only=ASKED),
    Case(
        "benign/pinned-dependencies-required",
        "hashes that are required",
        (write("requirements.txt", LOCKED), dockerfile(INSTALL, f"{INSTALL} --require-hashes")),
        only=ASKED,
    ),
    Case(
        "benign/pinned-dependencies-lines",
        "a line for each hash, as pip-compile writes them",
        (write("requirements.txt", LOCKED.replace(" --hash", " \\\n    --hash")),),
        only=ASKED,
    ),
    Case(
        "benign/pinned-dependencies-nested",
        "a lock that another file names",
        (
            write("requirements.txt", "-r locked.txt\n"),
            write("locked.txt", LOCKED),
            dockerfile("COPY requirements.txt ./", "COPY requirements.txt locked.txt ./"),
        ),
        only=ASKED,
    ),
)
