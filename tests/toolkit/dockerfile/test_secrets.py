"""Secrets that a Dockerfile gives away, and names that only sound like it."""

from __future__ import annotations

import pytest

from hullproof.dockerfile import mentions_of_secrets, parse
from hullproof.secrets import (
    held,
    is_made_up,
    kind_of,
    named,
    secret_in,
    secret_name,
    secret_on_command_line,
    setting_in,
)

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


@pytest.mark.parametrize(
    "step",
    [
        "DATABASE_URL=postgres://user:pass@localhost/db python manage.py collectstatic",
        "DATABASE_URL=postgresql://postgres:postgres@db:5432/app SECRET_KEY=x python manage.py check",
        "SECRET_KEY=s3cr3t python manage.py collectstatic",
        "SECRET_KEY=placeholder123 python manage.py collectstatic",
        "DJANGO_SECRET_KEY=aaaabbbbccccdddd python manage.py collectstatic",
        "SECRET_KEY=$(openssl rand -hex 32) python manage.py collectstatic",
        "curl -H 'X-Api-Key: $KEY' https://packages.internal",
    ],
)
def test_a_stopgap_for_one_step_is_no_secret(step: str) -> None:
    """Settings must have some value; no build reaches a database, and no framework's real key is a word."""
    assert secret_on_command_line(step) is None
    assert not mentions_of_secrets(parse(f"FROM python:3.12-slim\nRUN {step}\n"))


@pytest.mark.parametrize(
    "step",
    [
        "DATABASE_URL=postgres://app:Tr0ub4dor3@db/app python manage.py migrate",
        "pip install --index-url https://user:pass@packages.internal/simple x",
        "SECRET_KEY=k3J9xPq2vLmZ8tRw python manage.py collectstatic",
        "PGPASSWORD=Tr0ub4dor3 pg_dump -h db",
        "curl -H 'PRIVATE-TOKEN: Tr0ub4dor3x9k' https://git.internal",
        "docker login -u bob -p Tr0ub4dor3 registry.internal",
        r"printf 'machine git.internal\nlogin bob\npassword Tr0ub4dor3\n' > ~/.netrc",
    ],
)
def test_what_a_step_uses_for_real_is_one(step: str) -> None:
    """A random value, or a login at a server that a build does reach."""
    mentioned = mentions_of_secrets(parse(f"FROM python:3.12-slim\nRUN {step}\n"))
    assert secret_on_command_line(step) or mentioned


@pytest.mark.parametrize("keyword", ["CMD", "ENTRYPOINT", "HEALTHCHECK CMD"])
def test_what_is_started_uses_what_it_is_told(keyword: str) -> None:
    """A password that is made up for a step of the build is the real one where the container has it."""
    text = f'FROM python:3.12-slim\n{keyword} ["app", "--database", "postgres://user:pass@db/app"]\n'
    assert mentions_of_secrets(parse(text))


@pytest.mark.parametrize(
    ("path", "text", "is_secret"),
    [
        ("/app/config.json", '{"db": {"host": "db", "password": "Tr0ub4dor3x"}}', True),
        ("/app/config.json", '{"db": {"host": "db", "password": "changeme"}}', False),
        (
            "/app/aws.ini",
            "[default]\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYQ7wB2xkLmA\n",
            True,
        ),
        ("/app/paths.ini", "[default]\nsecret_key = certs/production/2024/Signing/key\n", False),
        ("/app/alembic.ini", "[alembic]\nsqlalchemy.url = postgresql://bob:Tr0ub4dor3x@db/live\n", True),
        ("/app/alembic.ini", "[alembic]\nsqlalchemy.url = driver://user:pass@localhost/dbname\n", False),
        (
            "/app/alembic.ini",
            "[alembic]\nsqlalchemy.url = postgresql://me:me123456@localhost/dbname\n",
            False,
        ),
        ("/app/.npmrc", "//npm.internal/:_authToken=a1b2c3d4-1111-2222-3333-444455556666\n", True),
        ("/app/.npmrc", "//npm.internal/:_authToken=${NPM_TOKEN}\n", False),
    ],
)
def test_settings_are_read_in_the_form_they_have(path: str, text: str, *, is_secret: bool) -> None:
    """JSON on one line, Base64 with slashes in it, a URL of a database that is not this machine's, npm's own form."""
    assert (setting_in(path, text) is not None) == is_secret


@pytest.mark.parametrize("path", ["/app/_netrc", "/root/.terraformrc", "/app/terraform.tfstate.backup"])
def test_credentials_under_their_other_usual_names(path: str) -> None:
    """Of Windows, and of a tool that keeps a copy."""
    found = named(path)
    assert found is not None
    assert found.kind == "credentials file"


@pytest.mark.parametrize(
    ("path", "text", "is_secret"),
    [
        ("/app/secrets.yaml", "db: Tr0ub4dor3\n", True),
        ("/app/secrets.toml", "[db]\npassword = 'hunter2'\n", True),
        ("/app/secrets.toml", "[db]\npassword = 'p@ss$w0rd#1'\n", True),
        ("/app/secrets.yml", 'db:\n  password: "hunter{2}!"  # of the live one\n', True),
        ("/app/texts/secrets.yml", 'count: "{count12}"\nhint: (optional)\nforgot: Forgot?\n', False),
        ("/app/credentials.json", '{"installed": {"client_secret": "GOCSPX-1a2b3c4d5e"}}', True),
        (
            "/app/schema/secrets.json",
            '{"properties": {"password": {"type": "string", "default": "Passw0rd1"}}}',
            False,
        ),
        ("/app/secrets.json", '{"title": "Secrets", "properties": {"password": {"type": "string"}}}', False),
        ("/app/texts/secrets.yml", "title: Secrets\nhelp: Nobody's but yours\n", False),
        (
            "/app/texts/secrets.json",
            '{"help": "You\'ll find nobody else\'s here", "title": "Secrets"}',
            False,
        ),
        ("/app/secrets.yaml", "db: ${DB_PASSWORD}\ntoken: ENC[AES256_GCM]\n", False),
    ],
)
def test_a_file_that_is_named_for_secrets_may_be_about_them(path: str, text: str, *, is_secret: bool) -> None:
    """Its values tell: words, sentences and references are none."""
    assert (kind_of(path, held(text.encode()), text) is not None) == is_secret
