"""Whether a request brings the token without which the board takes no upload."""

from __future__ import annotations

import hmac


def is_right(authorization: str, token: str | None) -> bool:
    """Say whether the value of a request's `Authorization` header brings the board's token; nothing does without one.

    Always compared, and in constant time, so that nothing about the token can be learnt from the clock.
    """
    scheme, _, given = authorization.partition(" ")
    is_same = hmac.compare_digest(given.strip().encode(), (token or "").encode())
    return is_same and scheme.lower() == "bearer" and token is not None
