"""The release builds, or starts, from this checkout alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .model import Case, Edit, after, before, dockerfile, write

CODE = "COPY --from=test --chown=app:app /app/greeter greeter/"
CMD = 'CMD ["python", "-m", "greeter"]'
USER = "USER app"
ASKED = ("clean-checkout",)
ENTRY = "#!/bin/sh\nexec python -m greeter\n"
STARTS = (dockerfile(CMD, 'COPY entry.sh /entry.sh\nENTRYPOINT ["/entry.sh"]'),)


def committed(*ignored: str) -> Edit:
    """Commit all but these."""

    def edit(project: Path) -> None:
        (project / ".gitignore").write_text("".join(f"/{each}\n" for each in ignored))
        for arguments in (("init", "-q"), ("add", ".")):
            subprocess.run(["git", "-C", str(project), *arguments], check=True, capture_output=True)

    return edit


CASES = (
    Case(
        "clean-checkout/untracked-module",
        "a module that was never committed",
        (
            write("greeter/settings.py", "GREETING = 'Hello'\n"),
            after(CODE, "RUN python -c 'import greeter.settings'"),
            committed("greeter/settings.py"),
        ),
    ),
    Case(
        "clean-checkout/untracked-file",
        "a file that is copied, and ignored by git",
        (
            write("local.ini", "[app]\n"),
            before(USER, "COPY local.ini /etc/local.ini"),
            committed("local.ini"),
        ),
    ),
    Case(
        "clean-checkout/untracked-requirements",
        "a list of requirements that git ignores",
        (
            write("extra.txt", "bottle==0.13.4\n"),
            after("COPY requirements.txt ./", "COPY extra.txt ./", "RUN test -s extra.txt"),
            committed("extra.txt"),
        ),
    ),
    Case(
        "clean-checkout/untracked-at-start",
        "an ignored file that the start needs",
        (
            write("greeter/words.txt", "Hello\n"),
            dockerfile(CMD, 'CMD ["sh", "-c", "cat greeter/words.txt && exec python -m greeter"]'),
            committed("greeter/words.txt"),
        ),
    ),
    Case(
        "clean-checkout/modes-of-code",
        "code of root's that only root could read",
        (dockerfile(CODE, "COPY greeter/ greeter/"), committed()),
    ),
    Case(
        "clean-checkout/modes-of-script",
        "an entry script of root's with the checkout's mode",
        (write("entry.sh", ENTRY, 0o755), write(".gitattributes", "*.sh eol=lf\n"), *STARTS, committed()),
    ),
    Case(
        "clean-checkout/line-ends-of-script",
        "an entry script whose line ends nothing settles",
        (
            write("entry.sh", ENTRY, 0o755),
            dockerfile(CMD, 'COPY --chmod=755 entry.sh /entry.sh\nENTRYPOINT ["/entry.sh"]'),
            committed(),
        ),
    ),
    Case(
        "clean-checkout/line-ends-in-a-step",
        "a script of the build",
        (
            write("build.sh", "#!/bin/sh\nset -e\nmkdir -p /srv/built\n", 0o755),
            before(
                USER,
                "RUN --mount=type=bind,source=build.sh,target=/build.sh sh /build.sh && test -d /srv/built",
            ),
            committed(),
        ),
    ),
    Case(
        "benign/clean-checkout-committed",
        "all is committed, and owned by its user",
        (committed(),),
        only=ASKED,
    ),
    Case(
        "benign/clean-checkout-settled",
        "an entry script with a mode and settled line ends",
        (
            write("entry.sh", ENTRY, 0o755),
            write(".gitattributes", "*.sh text eol=lf\n"),
            dockerfile(CMD, 'COPY --chmod=755 entry.sh /entry.sh\nENTRYPOINT ["/entry.sh"]'),
            committed(),
        ),
        only=ASKED,
    ),
    Case(
        "benign/clean-checkout-ignored-and-unneeded",
        "an ignored file that nothing needs",
        (write("greeter/notes.txt", "later\n"), committed("greeter/notes.txt")),
        only=ASKED,
    ),
    Case(
        "benign/clean-checkout-modes",
        "modes by COPY",
        (dockerfile(CODE, "COPY --chmod=755 greeter/ greeter/"), committed()),
        only=ASKED,
    ),
)
