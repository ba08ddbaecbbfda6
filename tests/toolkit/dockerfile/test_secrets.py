"""Secrets that a Dockerfile gives away, and names that only sound like it."""

from __future__ import annotations

import pytest

from hullproof.dockerfile import mentions_of_secrets, parse
from hullproof.secrets import is_made_up, named, secret_in, secret_name

GITHUB = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    "name",
    [
        "TOKEN",
        "API_TOKEN",
        "DB_PASSWORD",
        "dbPassword",
        "DB_PWD",
        "SMTP_PASS",
        "SECRET_KEY",
        "DJANGO_SECRET_KEY_BASE",
        "API_KEY",
        "STRIPE_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "PRIVATE_KEY",
        "GCP_CREDENTIALS",
        "APIKEY",
        "GITHUB_PAT",
        "db.password",
        "PASSWORD_PROD",
        "JWT_SECRET",
    ],
)
def test_secret_names(name: str) -> None:
    """Whole words that mean a secret."""
    assert secret_name(name)
    assert secret_in(name, "s3cr3t-value")


@pytest.mark.parametrize(
    "name",
    [
        "KEYCLOAK_URL",
        "BYPASS_CACHE",
        "ACCESSIBILITY",
        "TOKENIZERS_PARALLELISM",
        "PUBLIC_KEY",
        "GPG_KEY",
        "PWD",
        "OLDPWD",
        "DB_PASSWORD_FILE",
        "SECRET_KEY_PATH",
        "TOKEN_URL",
        "SECRET_NAME",
        "NEXT_TOKEN_LENGTH",
        "PAD_TOKEN",
        "MAX_TOKENS",
        "KEY",
        "CACHE_KEY",
        "PASSWORD_MIN_LENGTH",
        "AWS_ACCESS_KEY_ID",
        "COMPASS",
        "MONKEY",
        "SSH_PUBLIC_KEY",
        "",
    ],
)
def test_names_that_only_sound_like_it(name: str) -> None:
    """No false alarm."""
    assert not secret_name(name)
    assert secret_in(name, "some value") is None


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("AKIAIOSFODNN7EXAMPLE", "AWS"),
        (GITHUB, "GitHub"),
        ("glpat-" + "x" * 20, "GitLab"),
        ("xoxb-1234567890-abc", "Slack"),
        ("sk_live_" + "4eC39HqLyjWDarjt", "Stripe"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII", "private key"),
        ("postgres://user:hunter2@db/x", "URL"),
    ],
)
def test_values_with_a_known_shape(value: str, what: str) -> None:
    """The name does not matter."""
    assert what in (secret_in("SETTING", value) or "")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "/run/secrets/token",
        "true",
        "https://vault/x",
        "postgres://user@db/x",
        "none",
    ],
)
def test_values_that_are_none(value: str) -> None:
    """Empty, a switch, a path, or a URL without a password."""
    assert secret_in("API_TOKEN", value) is None


@pytest.mark.parametrize(
    "value",
    ["-----BEGIN PUBLIC KEY-----", "http://h:8000/a@b", "ghp_short", "git@github.com:a/b", "http://u:$P@h/"],
)
def test_values_without_a_known_shape(value: str) -> None:
    """Keys that are public, ports, and passwords that stand elsewhere."""
    assert secret_in("SETTING", value) is None


def found(text: str) -> list[tuple[str, int]]:
    """List the mentions in a text."""
    return [(mention.name, mention.line) for mention in mentions_of_secrets(parse(text))]


def test_where_secrets_are_mentioned() -> None:
    """ENV, ARG and LABEL by name or value; RUN by value."""
    assert found("FROM x\nENV A=1 API_KEY=abc\n") == [("API_KEY", 2)]
    assert found("FROM x\nARG TOKEN\nRUN a\n") == [("TOKEN", 2)]
    assert found("FROM x\nARG TOKEN\nENV T=${TOKEN}\n") == [("TOKEN", 2)]
    assert found("FROM x\nARG T\nENV API_TOKEN=$T\n") == [("API_TOKEN", 3)]
    assert found("FROM x\nARG TOKEN=abc\n") == [("TOKEN", 2)]
    assert found(f"FROM x\nRUN git clone https://a:{GITHUB}@h/r\n") == [("RUN", 2)]
    assert found(f"FROM x\nRUN <<E\ncurl -H {GITHUB}\nE\n") == [("RUN", 2)]


def test_where_none_is() -> None:
    """An empty value, an unused argument, a mounted secret, a file's path."""
    assert found('FROM x\nENV API_KEY=""\n') == []
    assert found("FROM x\nARG TOKEN\n") == []
    assert (
        found("FROM x\nRUN --mount=type=secret,id=token TOKEN=$(cat /run/secrets/token) pip install a\n")
        == []
    )
    assert found("FROM x\nARG D=/etc\nENV API_KEY=${D}/key PASSWORD_FILE=/x\n") == []
    assert found("FROM x\nENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D\n") == []
    assert found('FROM x\nRUN curl "https://user:$PASSWORD@h/"\n') == []


def test_only_the_chain_that_is_asked_for() -> None:
    """Another stage's secret is another stage's matter."""
    read = parse("FROM x AS a\nENV TOKEN=abc\nFROM x\nRUN b\n")
    assert mentions_of_secrets(read, read.release()) == ()
    assert len(mentions_of_secrets(read, read.stage("a"))) == 1


@pytest.mark.parametrize(
    "value",
    [
        *(
            "dummy",
            "build-key",
            "not-a-secret",
            "Change Me",
            "fake_secret",
            "x",
            "xxxx",
            "buildings",
            "only-to-collect",
        ),
        *(
            "unneeded",
            "unset",
            "bogus",
            "throwaway",
            "whatever",
            "ci-only",
            "abc",
            "secret",
            "build-2024",
            "000000",
        ),
    ],
)
def test_values_that_are_made_up(value: str) -> None:
    """Plain words, and what is hardly a value: nobody makes up a secret like that."""
    assert is_made_up(value)


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        "s3cr3t-value",
        "sk_test_4eC39HqLyjWD",
        "4f9a2c81d7be",
        "Xq7Kd2mPz",
        "kwrtzplmqhgfd",
        "aGVsbG8gd29ybGQh",
        "django-insecure-9x",
    ],
)
def test_values_that_may_be_meant(value: str) -> None:
    """Digits among the letters, or what nobody can speak: not to be waved through."""
    assert not is_made_up(value)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (".env.d/readme.md", None),
        ("conf/.env.d/x.txt", None),
        ("conf/.env-dev", "environment file"),
        ("/root/.aws/credentials", "credentials file"),
        ("aws/credentials", None),
        ("keys/id_rsa", "private key"),
        ("keys/id_rsa/readme", None),
        ("client_secret_1/a.json", None),
        (".env.example", None),
    ],
)
def test_a_file_is_named_by_its_own_name(path: str, kind: str | None) -> None:
    """A pattern of the table stops at a slash: what lies in a folder of such a name is not meant."""
    found = named(path)
    assert (found.kind if found else None) == kind
