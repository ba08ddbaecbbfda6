"""The builder sees what it must not see, or does not see what it needs."""

from __future__ import annotations

from .model import GOOD, NOTHING_BUILDS, Case, append, delete, dockerfile, rename, replace, write

FILE = ".dockerignore"
IGNORED = GOOD.joinpath(FILE).read_text()


def anchored(text: str) -> str:
    """Return the patterns without what makes them hold below the top."""
    return text.replace("**/", "")


CASES = (
    Case("dockerignore/missing", "no ignore file", (delete(FILE),)),
    Case("dockerignore/empty", "an empty ignore file", (write(FILE, ""),)),
    Case(
        "dockerignore/comments-only",
        "an ignore file that ignores nothing",
        (write(FILE, "# .git\n# .env\n"),),
    ),
    Case(
        "dockerignore/misplaced", "an ignore file where no builder looks", (rename(FILE, f"greeter/{FILE}"),)
    ),
    Case("dockerignore/misnamed", "an ignore file under another tool's name", (rename(FILE, ".gitignore"),)),
    Case("dockerignore/top-only", "patterns that hold at the top alone", (write(FILE, anchored(IGNORED)),)),
    Case(
        "dockerignore/bytecode-top-only",
        "bytecode is ignored at the top alone",
        (replace(FILE, "**/__pycache__\n**/*.py[cod]", "__pycache__\n*.pyc"),),
    ),
    Case(
        "dockerignore/env-top-only",
        "env files are ignored at the top alone",
        (replace(FILE, "**/.env\n**/.env.*\n**/*.env", ".env\n.env.*\n*.env"),),
    ),
    Case(
        "dockerignore/keys-top-only",
        "keys are ignored at the top alone",
        (replace(FILE, "**/*.key\n**/*.pem", "*.key\n*.pem"), replace(FILE, "**/id_*\n", "id_*\n")),
    ),
    Case(
        "dockerignore/no-version-control",
        "the project's history is let through",
        (replace(FILE, "**/.git\n", ""),),
    ),
    Case(
        "dockerignore/no-virtual-environment",
        "virtual environments are let through",
        (replace(FILE, "**/.venv\n**/venv\n**/env\n", ""),),
    ),
    Case(
        "dockerignore/no-env",
        "env files are let through",
        (replace(FILE, "**/.env\n**/.env.*\n**/*.env\n", ""),),
    ),
    Case("dockerignore/exception-env", "an exception lets env files back in", (append(FILE, "!.env\n"),)),
    Case(
        "dockerignore/exception-secrets",
        "an exception lets keys back in",
        (
            append(FILE, "!secrets\n!secrets/*.key\n"),
            write("secrets/deploy.key", "made up, and yet nobody's business\n"),
        ),
    ),
    Case("dockerignore/exception-all", "an exception lets everything back in", (append(FILE, "!**\n"),)),
    Case(
        "dockerignore/allow-list-of-directories",
        "an allow-list whose directories bring what lies in them",
        (write(FILE, "*\n!greeter\n!tests\n!requirements*.txt\n"),),
    ),
    Case(
        "dockerignore/comments-behind",
        "comments behind the patterns, which become part of them",
        (replace(FILE, "**/.env\n**/.env.*\n**/*.env\n", "**/.env   # settings\n**/*.env # the same\n"),),
    ),
    Case(
        "dockerignore/upper-case",
        "patterns in another case than the files",
        (replace(FILE, "**/.env\n**/.env.*\n**/*.env\n", "**/.ENV\n**/*.ENV\n"),),
    ),
    Case(
        "dockerignore/shadowed",
        "an ignore file for this Dockerfile alone, which the builder prefers",
        (write("Dockerfile.dockerignore", "*.md\n"),),
    ),
    Case(
        "dockerignore/copied-file-ignored",
        "what the build copies is ignored",
        (append(FILE, "requirements*.txt\n"),),
        NOTHING_BUILDS,
        NOTHING_BUILDS,
    ),
    Case(
        "dockerignore/everything-ignored",
        "everything is ignored",
        (write(FILE, "*\n"),),
        NOTHING_BUILDS,
        NOTHING_BUILDS,
    ),
    Case(
        "dockerignore/tests-ignored",
        "the tests that the build copies are ignored",
        (append(FILE, "tests\n"),),
        NOTHING_BUILDS,
        NOTHING_BUILDS,
    ),
    Case(
        "dockerignore/tests-ignored-quietly",
        "the tests are ignored, and another file keeps the runner content",
        (
            append(FILE, "**/test_words.py\n**/test_service.py\n"),
            write("tests/conftest.py", "collect_ignore = []\n"),
            dockerfile("RUN python -m pytest", "RUN python -m pytest || [ $? -eq 5 ]"),
        ),
        also_expected=frozenset({"test-gate"}),
    ),
    Case(
        "dockerignore/one-virtual-environment",
        "one usual name of a virtual environment is ignored, the other is let through",
        (replace(FILE, "**/venv\n", ""),),
    ),
    Case(
        "dockerignore/javascript-packages",
        "the packages of the page's JavaScript are let through",
        (write("web/package.json", "{}\n"),),
    ),
    Case(
        "dockerignore/developers-database",
        "the database that the code names and Git ignores is let through",
        (append("greeter/words.py", '\nDATABASE = "greeter.sqlite3"\n'), write(".gitignore", "*.sqlite3\n")),
    ),
    Case(
        "dockerignore/file-ignored-that-a-step-reads",
        "a file that a step reads is ignored, and the build fails for want of it",
        (
            append(FILE, "**/*.txt\n!requirements*.txt\n"),
            write("greeter/words.txt", "hello\n"),
            dockerfile("RUN python -m pytest", "RUN cat greeter/words.txt && python -m pytest"),
        ),
        NOTHING_BUILDS,
        NOTHING_BUILDS,
    ),
)
