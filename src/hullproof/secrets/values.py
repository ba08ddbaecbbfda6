"""Secrets by what a value looks like, and by the name of the variable that holds it.

Names are judged by whole words, so `BYPASS_CACHE` and `TOKENIZERS_PARALLELISM` are none; values by the
shapes that issuers give their tokens. What neither shows is not guessed at.
"""

from __future__ import annotations

import re

from hullproof.tools import names

_IN_URL = "a password in a URL"
_SIGNED = "a JSON web token"
_SHAPES = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "a Stripe key": re.compile(r"\b[sr]k_live_[A-Za-z0-9]{16,}"),
    "a Google API key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b"),
    "a PyPI token": re.compile(r"\bpypi-Ag[A-Za-z0-9_-]{30,}"),
    "an npm token": re.compile(r"\bnpm_[A-Za-z0-9]{36}\b"),
    "a Docker token": re.compile(r"\bdckr_pat_[A-Za-z0-9_-]{20,}"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{34}\b"),
    "an API key": re.compile(r"\bsk-(?:ant|proj)-[A-Za-z0-9_-]{20,}"),
    _SIGNED: re.compile(r"(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    _IN_URL: re.compile(r"(?<=[A-Za-z0-9+.-])://[^\s/:@'\"]*:(?![$<{%*])[^\s/@'\"]+@[\w\[]"),
}
_WORDS = names(
    """token password passwd passphrase passcode pword secret secrets credential credentials creds
    apikey secretkey privatekey accesskey authtoken accesstoken"""
)
_SHORT = frozenset({"pass", "pwd", "pw", "pat"})  # only as the last of several words: DB_PWD, not PWD
_KEYS = names(
    """api access private secret encryption signing ssh master deploy account auth jwt session fernet
    app hmac aes rsa webhook admin storage"""
)
_HARMLESS_LAST = names(
    """file files path dir directory name names id length len ttl expiry expires expiration timeout
    age header prefix suffix field type enabled disabled required policy version algorithm alg
    count limit size format issuer host endpoint provider backend manager store class arn url uri
    user username lifetime days minutes seconds hours parallelism validators hasher hashers env"""
)
_ORDINARY_TOKENS = frozenset({"pad", "eos", "bos", "unk", "sep", "cls", "mask", "next", "page", "stop"})
_NO_SECRET = re.compile(r"(?i:true|false|yes|no|on|off|none|null|0|1)\Z|/[^:\s]*\Z|[a-z][a-z0-9+.-]*://\S*\Z")

_WORD = re.compile(r"[a-z]{1,16}|[A-Z]{1,16}|[A-Z][a-z]{1,15}")
_UNSPEAKABLE = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}|[aeiou]{5}")
_SEQUENCE = "01234567890123456789abcdefghijklmnopqrstuvwxyz"
_URL_OF_A_SERVICE = re.compile(
    r"(?<![\w+.-])(?!https?:|[\w.]+\+https?:|ssh:|ftps?:)[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:([^\s/@'\"]+)@(?=[\w\[])"
)
_KEY_OF_A_FRAMEWORK = re.compile(r"(?i)(?:\A|_)secret_?key\Z")
_SPELLED_WITH_DIGITS = str.maketrans("01345", "oleas")


def token_shape(text: str) -> str | None:
    """Say what kind of secret a text holds by its shape: "a GitHub token"; None if none is known."""
    return next((what for what, shape in _SHAPES.items() if shape.search(text)), None)


def token_in_command(text: str) -> str | None:
    """Say what kind of secret a step's own text holds by its shape; None if none is known.

    A build reaches no database: a made-up password for one stands for what settings ask for, and is never used.
    """
    return token_shape(_URL_OF_A_SERVICE.sub(lambda url: url[0] if not is_made_up(url[1]) else "", text))


def issued_token(text: str) -> str | None:
    """Say what token of an issuer's a text holds: its shape leaves no doubt, wherever it stands. None for none.

    Passwords in URLs and signed tokens are made up in many a text; so are the issuers' own examples.
    """
    for what, shape in _SHAPES.items():
        if what not in {_IN_URL, _SIGNED, "a private key"}:
            found = shape.search(text)
            if found is not None and "EXAMPLE" not in found[0].upper():
                return what
    return None


def secret_name(name: str) -> bool:
    """Whether a variable's name says that it holds a secret."""
    parts = [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    if not parts or parts[-1] in _HARMLESS_LAST or {"public", "pub"} & set(parts):
        return False
    if parts[-1] == "key" or "key" in parts[1:]:
        before = parts[parts.index("key", 1) - 1] if "key" in parts[1:] else ""
        if before in _KEYS:
            return True
    if parts[-1] in _SHORT and len(parts) > 1 and parts[0] != "old":
        return True
    found = [position for position, part in enumerate(parts) if part in _WORDS or part.endswith("password")]
    return any(not (at and parts[at] == "token" and parts[at - 1] in _ORDINARY_TOKENS) for at in found)


def secret_in(name: str, value: str | None) -> str | None:
    """Say why a name and its value give a secret away; None if they do not. For env, labels and history."""
    shape = token_shape(value or "")
    if shape is not None:
        return f"its value looks like {shape}"
    if value and value.strip() and not _NO_SECRET.match(value.strip()) and secret_name(name):
        return "its name says that it is a secret, and it has a value"
    return None


def is_stopgap(name: str, value: str) -> bool:
    """Whether a value for one step alone is there because a setting must have some.

    So is one that is made up, and a URL of a service with such a password. A framework's key is random and long
    wherever it is real: words spelled with digits, or with some behind them, are none: `s3cr3t`, `placeholder123`.
    """
    if url := _URL_OF_A_SERVICE.match(value):
        return is_made_up(url[1])
    spelled = re.sub(r"(?<=[A-Za-z])\d{1,4}(?![A-Za-z\d])", "", value).translate(_SPELLED_WITH_DIGITS)
    return is_made_up(value) or bool(_KEY_OF_A_FRAMEWORK.search(name) and is_made_up(spelled))


def is_made_up(value: str) -> bool:
    """Whether a value is plain words, or hardly a value at all: `only-to-collect`, `not a secret`, `xxxx`, `12345`.

    A random one has digits among its letters, capitals in its words, or letters that nobody can speak. It holds where
    a value is for one step alone; what stays in the environment is used as it is, and a build argument invites a real
    one.
    """
    parts = re.split(r"[-_.,:/ +]+", value.strip(" !?.-_"))
    text = "".join(parts).lower()
    if len(set(text)) <= 2 or re.sub(r"(.)\1+", r"\1", text) in _SEQUENCE:  # noqa: PLR2004 - `xxxx` and `0101`, too
        return True
    return all(
        (_WORD.fullmatch(part) and not _UNSPEAKABLE.search(part.lower()))
        or (part.isdigit() and len(part) <= 4)  # noqa: PLR2004 - a year, or a number behind a word
        for part in parts
    )
