"""Files that hold secrets: by what is in them, and where that does not tell, by their names.

One table of names serves what reaches a builder and what a release ships. A name alone tells of environment files and
credentials; what is named like a key or a database must also be one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hullproof.secrets.values import is_made_up, issued_token, secret_in, secret_name, token_shape
from hullproof.tools import names

ENVIRONMENT, KEY, KEY_STORE, CREDENTIALS, DATABASE = (
    "environment file", "private key", "key store", "credentials file", "database",
)  # fmt: skip
_NAMES = {
    ENVIRONMENT: ".env .env.* .env-* .env_* .envrc *.env",
    KEY: "id_rsa id_dsa id_ecdsa id_ed25519 id_ecdsa_sk id_ed25519_sk *.ppk *.pem *.key",
    KEY_STORE: "*.p12 *.pfx *.jks *.keystore *.kdbx",
    CREDENTIALS: """.netrc _netrc .pypirc .pgpass .my.cnf .htpasswd .git-credentials .vault-token .s3cfg .dockercfg credentials.json
        client_secret*.json .aws/credentials .docker/config.json .kube/config kubeconfig *.kubeconfig *.tfstate *.tfstate.backup *.tfvars .terraformrc credentials.tfrc.json
        secrets.json secrets.yml secrets.yaml secrets.toml""",
    DATABASE: "*.sqlite3 *.sqlite *.db *.dump *.sql",
}
_MAY_BE_ABOUT_THEM = re.compile(r"(?:.*/)?(?:secrets\.[a-z]+|credentials\.json)\Z")
"""Names of files that hold secrets, or are about them: a schema, a translation. The values tell."""
_REFERENCE = re.compile(r"\$|\{\{|<|!?vault\b|ENC\[|arn:|projects/")
_PROSE = 3
"""So many words are a sentence."""
_CERTAIN_KEYS = re.compile(r"id_[a-z0-9_]+\Z|.*\.ppk\Z")
_EXAMPLE = names("example examples sample template tpl dist default defaults schema")
_FOR_SHOW = re.compile(
    r"example|sample|template|schema|default|fixture|locale|i18n|openapi|swagger", re.IGNORECASE
)
_FOR_INSTALLERS = re.compile(
    r"/(?:\.?pip\.(?:conf|ini)|uv\.toml|poetry\.toml|auth\.toml|\.?npmrc|\.yarnrc(?:\.yml)?|\.?condarc)$"
)
_CODE = re.compile(r"\.(?:py[ixw]?|[cm]?[jt]sx?|vue|css|scss|html?|md|rst|sh|bash|go|rs|java|rb|lock)$")
_SETTING = re.compile(
    r"""^[ \t]*(?:-[ \t]+|//\S+:(?=_auth))?["']?(?P<name>[A-Za-z_][\w.-]*)["']?[ \t]*[:=][ \t]*["']?(?P<value>[^\s"',#;{}<>$%()=][^\s"',#;{}<>$%()]*)["']?(?:[ \t]*[,;])?[ \t]*(?:[#;].*)?$""",
    re.MULTILINE,
)
_ANY_VALUE = re.compile(
    r"""^[ \t]*(?:-[ \t]+)?["']?[A-Za-z_][\w.-]*["']?[ \t]*[:=][ \t]*(?P<quote>["']?)(?P<value>[^\s"'{%]\S*?)(?P=quote)[ \t]*(?:[ \t][#;].*)?$""",
    re.MULTILINE,
)
"""A line with a value of any characters but spaces, which a template's braces do not begin."""
_STRONG = re.compile(
    r"(?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])(?:[^/\\]{8,}|(?=.*[a-z])(?=.*[A-Z])(?!/)[A-Za-z0-9+/]{32,}={0,2})\Z"
)
"""Not a path, which Base64 of some length may look like."""
_PASSWORD_IN_URL = re.compile(
    r"""^[^#;\n]*[:=][ \t]*["']?[a-z][a-z0-9+.-]*://[^\s/:@'"]*:([^\s/@'"]+)@(?!localhost|127\.)[\w\[]""",
    re.MULTILINE,
)
_KEY_ALONE = re.compile(r"\s*[A-Za-z0-9+/=_-]{16,}\s*\Z")

# A header on a line of its own, or one inside a quoted value with the key's text after it. The bare words in
# the source of a program that reads keys are neither. Inside YAML it is packed in Base64: `-----BEGIN … PRIVATE K`.
_PRIVATE_KEY_WORDS = (b"PRIVATE KEY", b"PuTTY-User-Key-File-", b"LS0tLS1CRUdJTi")
_PRIVATE_KEY = re.compile(
    rb"^[ \t]*-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[ \t]*\r?$"
    rb"|-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:\\r)?(?:\\n|\r?\n| )[A-Za-z0-9+/]{16}"
    rb"|^PuTTY-User-Key-File-\d:"
    rb"|LS0tLS1CRUdJTi(?:BSU0EgUFJJVkFURSBL|BQUklWQVRFIEtF|BFQyBQUklWQVRFIEtF|BPUEVOU1NIIFBSSVZBVEUg)",
    re.MULTILINE,
)
_KEY_IN_DER = re.compile(
    rb"\x30(?:\x81.|\x82..|[\x20-\x7f])\x02\x01[\x00\x01](?:\x30.\x06|\x02\x82|\x04\x20)", re.DOTALL
)
"""PKCS#8, PKCS#1 and SEC 1: https://www.rfc-editor.org/rfc/rfc5208, rfc8017, rfc5915."""
_KEY_STORE = re.compile(
    rb"\x30(?:\x80|\x82..|\x83...)\x02\x01\x03\x30|\xfe\xed\xfe\xed|\xce\xce\xce\xce|\x03\xd9\xa2\x9a",
    re.DOTALL,
)
"""PKCS#12 (https://www.rfc-editor.org/rfc/rfc7292), Java's two kinds, KeePass."""
_SQLITE = b"SQLite format 3\0"
_DUMP = re.compile(
    rb"\APGDMP|\A(?:--[^\n]*\n)*-- (?:PostgreSQL|MySQL|MariaDB)[\w ]* dump|\APRAGMA foreign_keys=OFF;\s*BEGIN TRANSACTION;"
)
_DATA = re.compile(rb"\bINSERT INTO\b|\bCOPY [^;\n]+ FROM stdin", re.IGNORECASE)
_COLUMNS = re.compile(rb"\bCREATE TABLE\b[^(]{1,200}\(([^;\0]{1,4000})", re.IGNORECASE)


@dataclass(frozen=True)
class Named:
    """What a file may be by its name, and the line for an ignore file that leaves out all of that name."""

    kind: str
    pattern: str


def _of_table() -> tuple[re.Pattern[str], dict[str, Named]]:
    """Make of the table one expression, with a group for each name, and what each group stands for."""
    kinds: dict[str, Named] = {}
    parts = []
    for kind, globs in _NAMES.items():
        for glob in globs.split():
            group = f"n{len(kinds)}"
            wide = ".env*" if glob.startswith(".env") else "id_*" if glob.startswith("id_") else glob
            kinds[group] = Named(kind, f"**/{wide}")
            parts.append(f"(?P<{group}>{'[^/]*'.join(map(re.escape, glob.split('*')))})")
    return re.compile(f"(?:[^/]*/)?(?:{'|'.join(parts)})"), kinds


_NAMED, _KINDS = _of_table()


def named(path: str) -> Named | None:
    """Say what secret a path may hold by its name; None if none, or if it is an example by its name."""
    *_, folder, name = ("", *path.lower().rsplit("/", 2))
    found = _NAMED.fullmatch(f"{folder}/{name}")
    if found is None or found.lastgroup is None or _EXAMPLE & set(re.split(r"[-_.]", name)):
        return None
    return _KINDS[found.lastgroup]


def held(content: bytes) -> str | None:
    """Say what a content is, whatever its name: a private key, a key store, a database, or one with secrets in it.

    The beginning of a file is enough, some 64 KiB of it.
    """
    if content.startswith(_SQLITE):
        return f"{DATABASE} with secrets" if _has_secret_columns(content) else DATABASE
    if _KEY_STORE.match(content):
        return KEY_STORE
    if _KEY_IN_DER.match(content):
        return KEY
    # Plain words first: the expression alone takes far longer than hashing the file.
    if (
        b"\0" not in content
        and any(each in content for each in _PRIVATE_KEY_WORDS)
        and _PRIVATE_KEY.search(content)
    ):
        return KEY
    is_dump = _DUMP.match(content) and (content.startswith(b"PGDMP") or _DATA.search(content))
    return f"{DATABASE} dump" if is_dump else None


def is_key(path: str, content: bytes) -> bool:
    """Whether a file of any name is a private key or a store of them; code and documents, examples too, only show some."""
    return held(content) in {KEY, KEY_STORE} and not (_CODE.search(path) or _FOR_SHOW.search(path))


def kind_of(path: str, held_kind: str | None, text: str | None, *, is_read: bool = True) -> str | None:
    """Say what kind of secret a file is, by its content and its name together; None for none.

    `held_kind` is what `held` says of its content, `text` its content as far as that is text. Not `is_read`: it was too
    large, so that its name alone counts. A database without secrets is none: it may be the application's own data.
    """
    known = named(path)
    kind = known.kind if known else None
    if held_kind is not None and held_kind != DATABASE:
        return held_kind
    if kind == KEY and is_read and not _CERTAIN_KEYS.match(path.lower().rpartition("/")[2]):
        return KEY if text is not None and _KEY_ALONE.match(text) else None
    if kind == CREDENTIALS and text is not None and _MAY_BE_ABOUT_THEM.match(path.lower()):
        return kind if _has_a_value(path, text) else None
    if kind in {KEY_STORE, DATABASE}:
        return kind if kind == KEY_STORE and text is None else None
    return kind


def _has_a_value(path: str, text: str) -> bool:
    """Whether a file that is named for secrets has one: a value that is no word, no sentence and no reference."""
    values = (*(value for _, value in _settings(text)), *_strong_values(text))
    return not _FOR_SHOW.search(path) and any(
        secret_in("secret", value) and not is_made_up(value)
        for value in values
        if not _REFERENCE.match(value) and len(value.split()) < _PROSE
    )


def setting_in(path: str, text: str, *, generated: bool = False) -> str | None:
    """Say what secret a text gives away: a token of an issuer's, or a setting with a strong value. None for nothing.

    Settings are looked for in files of settings, whatever their ending; in code they are defaults, unless it was
    `generated` by a step of the build. Passwords in URLs count in the settings of installers. What is an example by
    its name holds none.
    """
    token = issued_token(text) or (token_shape(text) if _FOR_INSTALLERS.search(path) else None)
    if token is not None:
        return token
    if _FOR_SHOW.search(path) or not (generated or _is_settings(path, text)):
        return None
    for name, value in _settings(text):
        if _STRONG.match(value) and secret_in(name, value) and not is_made_up(value):
            return f"a value for {name}"
    in_urls = _PASSWORD_IN_URL.findall(text)
    if any(_STRONG.match(each) and not is_made_up(each) for each in in_urls):
        return "a password in a URL"
    return None


def _strong_values(text: str) -> Iterator[str]:
    """Read the values of lines that are as good as surely no words: a password has any character, and so no form."""
    for found in _ANY_VALUE.finditer(text):
        if _STRONG.match(found["value"]):
            yield found["value"]


def _settings(text: str) -> Iterator[tuple[str, str]]:
    """Read the names and values of a text: a line each, or JSON, in which a line may hold many."""
    for found in _SETTING.finditer(text):
        yield found["name"], found["value"]
    if text.lstrip()[:1] in ("{", "["):
        pairs: list[tuple[str, object]] = []
        try:
            json.loads(text, object_pairs_hook=pairs.extend)
        except (ValueError, RecursionError):
            return
        yield from ((name, value) for name, value in pairs if isinstance(value, str))


def _is_settings(path: str, text: str) -> bool:
    """Whether a text is made of settings: most of its lines are one, a section, or a bracket."""
    if _CODE.search(path) or text.startswith("#!"):
        return False
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("#", ";", "//"))]
    like = [line for line in lines if _LIKE_A_SETTING.match(line)]
    return len(like) * 10 >= len(lines) * 9


_LIKE_A_SETTING = re.compile(
    r"""(?:-[ \t]+)?(?:export[ \t]+)?["']?[A-Za-z_][\w. /-]*["']?[ \t]*[:=]|[\[\]{}(),;]|-[ \t]|["'].*["'],?\Z|</?\w"""
)


def _has_secret_columns(content: bytes) -> bool:
    """Whether a table's columns bear the names of secrets: `password`, `session_key`."""
    for found in _COLUMNS.finditer(content):
        columns = found[1].decode("latin-1").split(",")
        if any(secret_name(words[0].strip("\"'`[]")) for column in columns if (words := column.split())):
            return True
    return False
