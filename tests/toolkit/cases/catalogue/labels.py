"""Labels of another build."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .model import Case, Edit, after, dockerfile

CMD = 'CMD ["python", "-m", "greeter"]'
OCI = "org.opencontainers.image"
REMOTE = "https://github.com/acme/greeter"
ASKED = ("labels",)
LABEL = f'LABEL {OCI}.revision="$REVISION" {OCI}.source="$SOURCE"'
RELEASE = "FROM python:3.11-slim AS release"


def label(*lines: str) -> Edit:
    """Set labels at the end of the release."""
    return after(CMD, "ARG REVISION", f"ARG SOURCE={REMOTE}", *lines)


def commit(remote: str = REMOTE, revision: str | None = None) -> Edit:
    """Make the project a repository, and hand its commit, or another, to the build."""

    def edit(project: Path) -> None:
        def git(*arguments: str) -> str:
            identity = ("-c", "user.name=Case", "-c", "user.email=case@example.org")
            run = subprocess.run(
                ["git", "-C", str(project), *identity, *arguments], check=True, capture_output=True, text=True
            )
            return run.stdout.strip()

        git("init", "-q")
        git("remote", "add", "origin", remote)
        git("add", ".")
        git("commit", "-q", "-m", "It works")
        said = git("rev-parse", "HEAD") if revision is None else revision
        (project / "hullproof.toml").write_text(f'[build_args]\nREVISION = "{said}"\n')

    return edit


CASES = (
    Case("labels/none", "no labels at all", (dockerfile(CMD, f"{CMD}\nLABEL team=shop"), commit())),
    Case(
        "labels/written-down",
        "a revision that is written down",
        (label(LABEL.replace("$REVISION", "4f2a1c9")), commit()),
    ),
    Case(
        "labels/a-version",
        "a version for a revision",
        (label(LABEL.replace("$REVISION", "v1.4.2")), commit()),
    ),
    Case("labels/a-branch", "a branch for a revision", (label(LABEL), commit(revision="main"))),
    Case("labels/earlier-commit", "the commit before", (label(LABEL), commit(revision="a" * 40))),
    Case(
        "labels/another-source",
        "the template's address",
        (label(LABEL.replace("$SOURCE", "https://github.com/acme/template")), commit()),
    ),
    Case(
        "labels/a-fork",
        "another owner's repository",
        (label(LABEL), commit(remote="git@github.com:shop/greeter.git")),
    ),
    Case(
        "labels/only-source", "a source and no revision", (label(f'LABEL {OCI}.source="$SOURCE"'), commit())
    ),
    Case("benign/labels-handed", "commit and address", (label(LABEL), commit()), only=ASKED),
    Case(
        "benign/labels-ssh",
        "fetched over SSH",
        (label(LABEL), commit(remote="git@github.com:acme/greeter.git")),
        only=ASKED,
    ),
    Case(
        "benign/labels-more",
        "other labels beside them",
        (label(LABEL, f'LABEL {OCI}.title="Greeter" {OCI}.version="1.0"'), commit()),
        only=ASKED,
    ),
    Case(
        "benign/labels-two-lines",
        "an instruction for each",
        (label(f'LABEL {OCI}.source="$SOURCE"', f"LABEL {OCI}.revision=$REVISION"), commit()),
        only=ASKED,
    ),
)
