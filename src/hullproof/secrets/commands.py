"""Secrets on command lines, which an image's history keeps word for word."""

from __future__ import annotations

import re

from hullproof.secrets.values import is_made_up, is_stopgap, secret_in, secret_name

_ON_COMMAND_LINE = {
    "a login with its password": re.compile(
        r"(?:\b|\\n)login(?:\s|\\n)+[^\s\\]+(?:\s|\\n)+password\s+(?![$<{%*])[^\s'\"$\\]+"
    ),
    "a password as an option": re.compile(
        r"\s--?(?:password|passwd|token|secret|api-key)(?:=|\s+)[\"']?(?![$<{%*/-])[^\s\"'$]{4,}"
    ),
    "an authorization header": re.compile(
        r"(?i)authorization:\s*(?:bearer|basic|token)\s+(?![$<{%*])[\w+/=.-]{6,}"
    ),
    "a password of a program's": re.compile(
        r"\b(?:mysql\w*|mariadb[\w-]*)\b[^|;&\n]{0,1000}\s-p[\"']?(?![$<{%*-])[^\s'\"$]{4,}"
        r"|\bsshpass\s+-p\s*[\"']?(?![$<{%*-])[^\s'\"$]{4,}|\bredis-cli\b[^|;&\n]{0,1000}\s-a\s+[\"']?(?![$<{%*-])[^\s'\"$]{4,}"
        r"|\bcurl\b[^|;&\n]{0,1000}\s(?:-u|--user)[\s=]*[\"']?[\w.@-]+:(?![$<{%*])[^\s'\"$]{4,}"
        r"|\bconfigure\s+set\s+\w*secret_access_key\s+[\"']?(?![$<{%*])\S{8,}"
        r"|\b(?:docker|podman|helm|az|oras|crane)\b[^|;&\n]{0,100}\blogin\b[^|;&\n]{0,1000}\s-p[\s=]+[\"']?(?![$<{%*-])[^\s'\"$]{4,}"
        r"|\bpoetry\s+config\s+(?:http-basic\.\S+\s+\S+|pypi-token\.\S+)\s+[\"']?(?![$<{%*-])[^\s'\"$]{4,}"
    ),
    "a password for an account": re.compile(
        r"\b(?:echo|printf)\s+(?:-\w+\s+)?[\"']?[\w.-]+:(?![$<{%*])[^\s'\"$|]+[\"']?\s*\|\s*(?:sudo\s+)?chpasswd"
    ),
}
_HEADER = re.compile(r"\s(?:-H|--header)[\s=]*[\"']?([A-Za-z][\w-]*):\s*(?![$<{%*])([^\s'\"$]{6,})")
_ASSIGNED = re.compile(
    r"(?:^|[\s;&|(])(?:export\s+)?([A-Za-z_]\w*)=(\"[^\"$`]+\"|'[^'$`]+'|[^\s\"'$`;&|()]+)"
)


def secret_on_command_line(text: str) -> str | None:
    """Say what a command line gives away: a netrc login, an option, an assignment, a header. None for nothing."""
    for what, shape in _ON_COMMAND_LINE.items():
        if shape.search(text):
            return what
    for name, quoted in _ASSIGNED.findall(text):
        value = quoted.strip("\"'")
        if secret_in(name, value) and not is_stopgap(name, value):
            return f"a value for {name}"
    for name, value in _HEADER.findall(text):
        if secret_name(name) and not is_made_up(value):
            return f"a value for the header {name}"
    return None


def recorded_arguments(created_by: str) -> list[tuple[str, str]]:
    """Read the build arguments that BuildKit notes before a RUN: `RUN |2 NAME=value OTHER=value /bin/sh -c ...`."""
    words = created_by.removeprefix("RUN ").split()
    if not words or not words[0].startswith("|") or not words[0][1:].isdigit():
        return []
    pairs = (word.partition("=") for word in words[1 : 1 + int(words[0][1:])])
    return [(name, value) for name, equals, value in pairs if equals]
