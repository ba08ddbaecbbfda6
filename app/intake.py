"""From uploaded bytes to a report that can be kept."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256

from app import schema, strictjson
from app.tables import VERDICTS

ID_LENGTH = 32
"""Hexadecimal digits of the content hash that make an id: 128 bits, and still fit for a URL."""


@dataclass(frozen=True)
class Report:
    """A valid report. `body` is its canonical JSON, and `id` comes from that, so it names the content."""

    id: str
    project: str
    verdict: str
    counts: dict[str, int]
    started_at: str
    body: str


def read(data: bytes) -> Report:
    """Return the report in `data`. Raises `app.fault.Fault` when there is none.

    The same content gives the same report, whatever its spacing, order of keys or spelling of characters.
    """
    document = strictjson.parse(data)
    schema.check(document)
    body = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    found = Counter(proof["verdict"] for proof in document["proofs"])
    return Report(
        id=sha256(body.encode("utf-8")).hexdigest()[:ID_LENGTH],
        project=document["project"]["name"],
        verdict=document["verdict"],
        counts={verdict: found[verdict] for verdict in VERDICTS},
        started_at=document["started_at"],
        body=body,
    )
