"""The service does not run in a directory of its own, or not in the one that the image names."""

from __future__ import annotations

from .model import Case, after, append, before, dockerfile, replace, write

RELEASE_DIR = "WORKDIR /app\nCOPY --from=deps"
CODE = "COPY --from=test --chown=app:app /app/greeter greeter/"
COMMAND = 'CMD ["python", "-m", "greeter"]'
FINDS_ITSELF = dockerfile("ENV PYTHONUNBUFFERED=1", "ENV PYTHONUNBUFFERED=1 PYTHONPATH=/app")
TO_APP = dockerfile(CODE, CODE.replace(" greeter/", " /app/greeter/"))

# The root directory is not the service's own, so nor is what lies under it.
AT_ROOT = frozenset({"ownership"})

CASES = (
    Case("workdir/none", "no WORKDIR", (dockerfile(RELEASE_DIR, "COPY --from=deps"),), AT_ROOT),
    Case(
        "workdir/none-but-a-path",
        "no WORKDIR, and a search path that hides it",
        (dockerfile(RELEASE_DIR, "COPY --from=deps"), TO_APP, FINDS_ITSELF),
        AT_ROOT,
    ),
    Case("workdir/root", "WORKDIR /", (dockerfile(RELEASE_DIR, "WORKDIR /\nCOPY --from=deps"),), AT_ROOT),
    Case(
        "workdir/back-to-root",
        "WORKDIR / before the command",
        (after("EXPOSE 8000", "WORKDIR /"), FINDS_ITSELF),
        AT_ROOT,
    ),
    Case(
        "workdir/parent",
        "a relative step back up to the root",
        (after("EXPOSE 8000", "WORKDIR .."), FINDS_ITSELF),
        AT_ROOT,
    ),
    Case(
        "workdir/temporary",
        "WORKDIR /tmp, where everybody writes",
        (after("EXPOSE 8000", "WORKDIR /tmp"), FINDS_ITSELF),
        AT_ROOT,
    ),
    Case(
        "workdir/argument",
        "a build argument that defaults to the root",
        (dockerfile(RELEASE_DIR, "ARG ROOT=/\nWORKDIR ${ROOT}\nCOPY --from=deps"),),
        AT_ROOT,
    ),
    Case(
        "workdir/argument-of-another-stage",
        "an argument that this stage never declares",
        (
            before("FROM python:3.11-slim AS deps", "ARG ROOT=/app"),
            dockerfile(RELEASE_DIR, "WORKDIR $ROOT/\nCOPY --from=deps"),
        ),
        AT_ROOT,
    ),
    Case(
        "workdir/relative",
        "a relative directory, on whatever the base has",
        (dockerfile(RELEASE_DIR, "WORKDIR app\nCOPY --from=deps"),),
    ),
    Case(
        "workdir/run-cd",
        "RUN cd, which lasts for its own step",
        (dockerfile(RELEASE_DIR, "RUN cd /app\nCOPY --from=deps"), TO_APP, FINDS_ITSELF),
        AT_ROOT,
    ),
    Case(
        "workdir/entry-script-changes",
        "the entry script goes elsewhere",
        (
            FINDS_ITSELF,
            before("USER app", "COPY --chown=app:app --chmod=755 start.sh ./"),
            before(COMMAND, 'ENTRYPOINT ["/app/start.sh"]'),
            write(
                "start.sh",
                """\
                #!/bin/sh
                set -e
                cd /tmp
                exec "$@"
                """,
                0o755,
            ),
        ),
    ),
    Case(
        "workdir/program-changes",
        "the program goes elsewhere",
        (
            replace("greeter/__main__.py", "import signal", "import os\nimport signal"),
            replace("greeter/__main__.py", "    serve(", '    os.chdir("/")\n    serve('),
        ),
    ),
    Case(
        "workdir/program-changes-on-import",
        "a module of the program goes elsewhere",
        (append("greeter/words.py", '\n\n__import__("os").chdir("/tmp")\n'),),
    ),
    Case(
        "workdir/command-changes",
        "the command goes elsewhere",
        (FINDS_ITSELF, dockerfile(COMMAND, 'CMD ["env", "--chdir=/tmp", "python", "-m", "greeter"]')),
    ),
    Case(
        "workdir/shell-changes",
        "a shell in the command goes elsewhere, and makes way",
        (FINDS_ITSELF, dockerfile(COMMAND, 'CMD ["sh", "-c", "cd /var && exec python -m greeter"]')),
        also_expected=frozenset({"default-command"}),
    ),
    Case(
        "workdir/in-another-stage",
        "a WORKDIR in a stage that the release is not built from",
        (
            dockerfile(
                "FROM python:3.11-slim AS release",
                "FROM python:3.11-slim AS runtime\nWORKDIR /app\n\nFROM python:3.11-slim AS release",
            ),
            dockerfile("/app\nWORKDIR /app\nCOPY --from=deps", "/app\nCOPY --from=deps"),
            TO_APP,
            FINDS_ITSELF,
        ),
        AT_ROOT,
    ),
)
