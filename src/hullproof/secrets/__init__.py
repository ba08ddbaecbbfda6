"""The one place that knows secrets: names of variables, shapes of values, command lines, and files."""

from __future__ import annotations

from hullproof.secrets.commands import recorded_arguments, secret_on_command_line
from hullproof.secrets.files import Named, held, is_key, kind_of, named, setting_in
from hullproof.secrets.values import (
    is_made_up,
    issued_token,
    secret_in,
    secret_name,
    token_in_command,
    token_shape,
)

__all__ = [
    "Named",
    "held",
    "is_key",
    "is_made_up",
    "issued_token",
    "kind_of",
    "named",
    "recorded_arguments",
    "secret_in",
    "secret_name",
    "secret_on_command_line",
    "setting_in",
    "token_in_command",
    "token_shape",
]
