"""What lies under the working directory is not the service's own, or everybody's."""

from __future__ import annotations

from .model import Case, after, before, dockerfile

MAKE = "RUN useradd --uid 10001 --no-create-home app && install -d -o app -g app /app"
CODE = "COPY --from=test --chown=app:app /app/greeter greeter/"
USER = "USER app"

CASES = (
    Case(
        "ownership/no-chown",
        "the code is copied as root's",
        (dockerfile(CODE, "COPY --from=test /app/greeter greeter/"),),
    ),
    Case(
        "ownership/directory",
        "the code is the user's, the directory that WORKDIR made is root's",
        (dockerfile(MAKE, "RUN useradd --uid 10001 --no-create-home app"),),
    ),
    Case(
        "ownership/one-file",
        "one file among many is root's",
        (before(USER, "COPY requirements.txt ./"),),
    ),
    Case(
        "ownership/behind-a-link",
        "the code lies elsewhere, as root's, and is linked in",
        (
            dockerfile(
                CODE, "COPY --from=test /app/greeter /opt/code/greeter/\nRUN ln -s /opt/code/greeter greeter"
            ),
        ),
    ),
    Case(
        "ownership/foreign-number",
        "the code belongs to a number that is not the user's",
        (dockerfile(CODE, "COPY --from=test --chown=1234:1234 /app/greeter greeter/"),),
    ),
    Case(
        "ownership/runs-by-number",
        "the release runs as a number that has no account, and owns nothing",
        (dockerfile(USER, "USER 4711"),),
    ),
    Case(
        "ownership/another-account",
        "the code belongs to another account than the one that runs it",
        (
            after(MAKE, "RUN useradd --uid 10002 --no-create-home runner"),
            dockerfile(USER, "USER runner"),
        ),
    ),
    Case(
        "ownership/chown-undone",
        "a later step gives the code back to root",
        (before(USER, "RUN chown -R root:root /app"),),
    ),
    Case(
        "ownership/chown-too-early",
        "the directory is given away before the code is in it",
        (
            dockerfile(
                CODE,
                "RUN chown -R app:app /app\nCOPY --from=test /app/greeter greeter/",
            ),
        ),
    ),
    Case(
        "ownership/chown-not-recursive",
        "only the directories are given away",
        (
            dockerfile(
                CODE,
                "COPY --from=test /app/greeter greeter/\nRUN chown app:app /app /app/greeter",
            ),
        ),
    ),
    Case(
        "ownership/everybody",
        "everybody may write everything",
        (before(USER, "RUN chmod -R 777 /app"),),
    ),
    Case(
        "ownership/everybody-one-file",
        "everybody may write one module",
        (before(USER, "RUN chmod o+w greeter/words.py"),),
    ),
    Case(
        "ownership/everybody-directory",
        "everybody may put files into the directory",
        (before(USER, "RUN chmod 1777 /app"),),
    ),
    Case(
        "ownership/everybody-by-copy",
        "the files are copied for everybody to write",
        (dockerfile(CODE, "COPY --from=test --chown=app:app --chmod=777 /app/greeter greeter/"),),
    ),
    Case(
        "ownership/subdirectory",
        "a directory for the service's data is made by root",
        (before(USER, "RUN mkdir data"),),
    ),
    Case(
        "ownership/subdirectory-by-workdir",
        "WORKDIR makes a directory as root on the way",
        (before(USER, "WORKDIR /app/data", "WORKDIR /app"),),
    ),
    Case(
        "ownership/unreadable",
        "a file that its own user cannot read",
        (before(USER, "RUN install -o app -g app -m 000 /dev/null notes.txt"),),
    ),
    Case(
        "ownership/read-only",
        "root owns the code and the service may only read it: defensible, but not what the practice asks for",
        (
            dockerfile(CODE, "COPY --from=test --chmod=555 /app/greeter greeter/"),
            dockerfile(MAKE, "RUN useradd --uid 10001 --no-create-home app"),
        ),
    ),
    Case(
        "ownership/by-group",
        "root owns the code, the service's group may write it",
        (
            dockerfile(
                CODE,
                "COPY --from=test --chown=root:app --chmod=775 /app/greeter greeter/",
            ),
        ),
    ),
)
