"""Recognises secrets that a Dockerfile writes down, or that a build would write into the image.

Names are judged by whole words, so `BYPASS_CACHE` and `TOKENIZERS_PARALLELISM` are none; values by the
shapes that issuers give their tokens. What neither shows is not guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.tools import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hullproof.dockerfile.graph import Dockerfile
    from hullproof.dockerfile.model import Instruction, Stage
    from hullproof.dockerfile.resolution import Place
    from hullproof.dockerfile.variables import Scope

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

_NAMED = re.compile(r"\$\{?(\w+)")
_MADE_UP = re.compile(
    r"(?i)(?=[a-z_. -]+\Z).*(?<![a-z])(?:dummy|fake|placeholder|change[-_ ]?me|example|sample|build|builder|unused|ignored?"
    r"|insecure|unsafe|not[-_ ]?(?:a[-_ ]?)?(?:real|secret|used|needed|set)|temp|temporary|tmp|todo|collectstatic"
    r"|nothing|foo|test|testing|development)(?![a-z]).*\Z|x+\Z|.{0,2}\Z"
)


@dataclass(frozen=True)
class SecretMention:
    """A place where a secret is, or would come to be. `name` is the variable, or the instruction's keyword."""

    name: str
    line: int
    why: str
    keyword: str
    stage_index: int


def token_shape(text: str) -> str | None:
    """Say what kind of secret a text holds by its shape: "a GitHub token"; None if none is known."""
    return next((what for what, shape in _SHAPES.items() if shape.search(text)), None)


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
    found = [position for position, part in enumerate(parts) if part in _WORDS]
    return any(not (at and parts[at] == "token" and parts[at - 1] in _ORDINARY_TOKENS) for at in found)


def secret_in(name: str, value: str | None) -> str | None:
    """Say why a name and its value give a secret away; None if they do not. For env, labels and history."""
    shape = token_shape(value or "")
    if shape is not None:
        return f"its value looks like {shape}"
    if value and value.strip() and not _NO_SECRET.match(value.strip()) and secret_name(name):
        return "its name says that it is a secret, and it has a value"
    return None


def is_made_up(value: str) -> bool:
    """Whether a value says of itself that it is none, as `SECRET_KEY=dummy ./manage.py collectstatic` does.

    That holds where it is for one step alone; what stays in the environment is used as it is, and a build argument
    invites a real one.
    """
    return _MADE_UP.match(value.strip()) is not None


def mentions_of_secrets(
    dockerfile: Dockerfile, stage: Stage | None = None, build_args: Mapping[str, str] | None = None
) -> tuple[SecretMention, ...]:
    """List the secrets that a Dockerfile mentions: in the chain of `stage`, or else in every stage."""
    given = build_args or {}
    stages = dockerfile.stages if stage is None else dockerfile.ancestors(stage, given)
    global_scope = dockerfile.global_scope(given)
    found = [
        mention
        for item in dockerfile.global_args
        for mention in _in_pairs(item, global_scope, recorded=lambda _name: False)
    ]
    for current in sorted(stages, key=lambda each: each.index):
        found += _in_stage(dockerfile.own_places(current, given))
    return tuple(found)


def _in_stage(places: Sequence[Place]) -> list[SecretMention]:
    """Judge a stage, from its end: an argument is recorded with any RUN after it, or where it is named."""
    found: list[SecretMention] = []
    runs, named = False, set[str]()

    def recorded(name: str) -> bool:
        return runs or name in named

    for place in reversed(places):
        instruction = place.instruction
        own = [*_in_pairs(instruction, place.scope, recorded), *_in_text(instruction)]
        found += reversed(own)
        runs = runs or instruction.keyword == "RUN"
        named.update(_NAMED.findall(instruction.original))
    return found[::-1]


def _in_pairs(
    instruction: Instruction, scope: Scope, recorded: Callable[[str], bool]
) -> Iterator[SecretMention]:
    """Judge the names and values of an ENV, LABEL or ARG."""
    for raw_name, raw in instruction.pairs:
        name = scope.expand(raw_name)
        value = scope.expand(raw or "")
        why = secret_in(name, value)
        if why is None and secret_name(name):
            if instruction.keyword == "ARG" and raw is None and recorded(name):
                why = "it is a build argument: whatever is given for it stays in the image's history"
            elif instruction.keyword != "ARG" and "$" in (raw or "") and not value:
                why = "its name says that it is a secret, and a build argument's value is kept in it"
        if why is not None:
            yield SecretMention(name, instruction.line, why, instruction.keyword, instruction.stage_index)


def _in_text(instruction: Instruction) -> Iterator[SecretMention]:
    """Judge the text of everything that has no names and values."""
    if instruction.keyword in {"ENV", "ARG", "LABEL"}:
        return
    bodies = "\n".join(doc.content for doc in instruction.heredocs)
    shape = token_shape(f"{instruction.original}\n{bodies}")
    if shape is not None:
        line, index = instruction.line, instruction.stage_index
        yield SecretMention(instruction.keyword, line, f"its text holds {shape}", instruction.keyword, index)
