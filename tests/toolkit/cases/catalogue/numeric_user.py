"""The image's user is a name."""

from __future__ import annotations

from .model import Case, dockerfile, replace

USER = "USER app"
ADD = "RUN useradd --uid 10001 --no-create-home app && install -d -o app -g app /app"
CODE = "COPY --from=test --chown=app:app /app/greeter greeter/"
ASKED = ("numeric-user",)

CASES = (
    Case("numeric-user/name", "a name", (dockerfile(USER, "USER app\nLABEL user=app"),)),
    Case("numeric-user/with-group", "a name and a group", (dockerfile(USER, "USER app:app"),)),
    Case("numeric-user/name-and-gid", "a name and a gid", (dockerfile(USER, "USER app:10001"),)),
    Case(
        "numeric-user/argument",
        "a build argument that is a name",
        (dockerfile(USER, "ARG WHO=app\nUSER $WHO"),),
    ),
    Case(
        "numeric-user/variable", "a variable that is a name", (dockerfile(USER, "ENV WHO=app\nUSER ${WHO}"),)
    ),
    Case(
        "numeric-user/named-back",
        "a number, and a name after it",
        (dockerfile(USER, "USER 10001\nUSER app"),),
    ),
    Case("numeric-user/of-the-base", "an account that the base brings", (dockerfile(USER, "USER nobody"),)),
    Case(
        "numeric-user/digits-in-a-name",
        "a name that begins with a digit",
        (
            replace(
                "Dockerfile",
                ADD,
                ADD.replace("app &&", "--badname 1app &&").replace("-o app -g app", "-o 1app -g 1app"),
            ),
            dockerfile(CODE, CODE.replace("app:app", "1app:1app")),
            dockerfile(USER, "USER 1app"),
        ),
    ),
    Case("benign/numeric-user-uid", "a uid", (dockerfile(USER, "USER 10001"),), only=ASKED),
    Case("benign/numeric-user-both", "a uid and a gid", (dockerfile(USER, "USER 10001:10001"),), only=ASKED),
    Case(
        "benign/numeric-user-argument",
        "a number by an argument",
        (dockerfile(USER, "ARG UID=10001\nUSER $UID:app"),),
        only=ASKED,
    ),
    Case(
        "benign/numeric-user-no-account",
        "a uid that no account has",
        (
            dockerfile(ADD, "RUN install -d -o 4711 -g 4711 /app"),
            dockerfile(CODE, CODE.replace("app:app", "4711:4711")),
            dockerfile(USER, "USER 4711:4711"),
        ),
        only=ASKED,
    ),
)
