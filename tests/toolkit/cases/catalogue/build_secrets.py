"""Secrets of the build that the image gives away."""

from __future__ import annotations

from .model import Case, after, before, write

INSTALL = "RUN pip install --no-cache-dir -r requirements.txt"
CMD = 'CMD ["python", "-m", "greeter"]'
USER = "USER app"
SECRET = "RUN --mount=type=secret,id=token "
ASKED = ("build-secrets",)
HANDED = (
    write("hullproof.toml", '[secrets]\ntoken = "token.txt"\n'),
    write("token.txt", "not-to-be-found-in-any-image\n"),
)

CASES = (
    Case(
        "build-secrets/argument",
        "an argument that a step of the release uses",
        (before(USER, "ARG API_TOKEN", 'RUN test -n "$API_TOKEN" || true'),),
    ),
    Case(
        "build-secrets/in-env",
        "an argument that becomes a variable",
        (before(USER, "ARG SECRET_KEY", "ENV SECRET_KEY=$SECRET_KEY"),),
    ),
    Case(
        "build-secrets/in-label",
        "an argument that becomes a label",
        (before(USER, "ARG DEPLOY_TOKEN", "LABEL token=$DEPLOY_TOKEN"),),
    ),
    Case(
        "build-secrets/copied",
        "a secret that is copied to a file",
        (*HANDED, before(USER, f"{SECRET}cp /run/secrets/token /etc/token")),
    ),
    Case(
        "build-secrets/netrc",
        "a .netrc that the next step deletes",
        (
            *HANDED,
            before(
                USER,
                f'{SECRET}echo "machine a login b password $(cat /run/secrets/token)" > /root/.netrc',
                "RUN rm /root/.netrc",
            ),
        ),
    ),
    Case(
        "build-secrets/encoded",
        "a header with the secret in base64",
        (
            *HANDED,
            before(USER, f"{SECRET}printf 'ci:%s' $(cat /run/secrets/token) | base64 -w0 > /etc/header"),
        ),
    ),
    Case(
        "build-secrets/in-the-environment-s-stage",
        "a file of another stage, which the release copies",
        (*HANDED, after(INSTALL, f"{SECRET}cp /run/secrets/token /venv/token")),
    ),
    Case(
        "build-secrets/in-a-configuration",
        "an installer's configuration",
        (
            *HANDED,
            after(
                INSTALL,
                f"{SECRET}pip config --site set global.extra-index-url https://ci:$(cat /run/secrets/token)@pypi.example.org/simple",
            ),
        ),
    ),
    Case(
        "benign/build-secrets-mounted",
        "a secret that a step looks at",
        (before(USER, f"{SECRET}test -s /run/secrets/token || true"),),
        only=ASKED,
    ),
    Case(
        "benign/build-secrets-stays-behind",
        "a file of a stage that does not ship",
        (*HANDED, after(INSTALL, f"{SECRET}cp /run/secrets/token /root/.token")),
        only=ASKED,
    ),
    Case(
        "benign/build-secrets-no-secret",
        "an argument that is none",
        (before(USER, "ARG REVISION", "LABEL revision=$REVISION"),),
        only=ASKED,
    ),
    Case(
        "benign/build-secrets-hashed",
        "a file that has only the secret's hash",
        (before(USER, f"{SECRET}sha256sum /run/secrets/token > /etc/checksum || true"),),
        only=ASKED,
    ),
)
