"""Policies for other people's verifiers: each asks of the signed report that certain practices are proven or do not apply.

The same that `hullproof verify --require` asks for: one list, in the language of each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import yaml

from hullproof.errors import UsageError
from hullproof.evidence.claims import GOOD
from hullproof.report.as_statement import PREDICATES

TYPE = PREDICATES["report"][0]


@dataclass(frozen=True)
class Asked:
    """What a policy asks for: the practices, by id, the age at the most; and, where it finds images itself, which, and whose."""

    required: Sequence[str]
    max_age: timedelta | None = None
    images: str | None = None
    public_key: str | None = None


def policy(language: str, asked: Asked) -> str:
    """Return a policy in a language of `LANGUAGES`. Raises UsageError where it cannot say what was asked for."""
    return LANGUAGES[language](asked)


def _cue(asked: Asked) -> str:
    if asked.max_age is not None:
        raise UsageError("--max-age: CUE has no clock; write the policy in rego")
    good = " | ".join(map(json.dumps, GOOD))
    lines = "".join(
        f"\tproofs: list.MatchN(>0, {{id: {json.dumps(each)}, verdict: {good}, ...}})\n"
        for each in asked.required
    )
    return f"""\
// For cosign: cosign verify-attestation --key KEY --type {TYPE} --policy FILE IMAGE@DIGEST
import "list"

predicateType: {json.dumps(TYPE)}
predicate: {{
\t// Each of these practices is proven, or does not apply.
{lines}\t...
}}
"""


def _rego(asked: Asked) -> str:
    return f"""\
# For cosign 3: cosign verify-attestation --key KEY --type {TYPE} --policy FILE IMAGE@DIGEST
package signature

import rego.v1

default allow := false

# Each of these practices is proven, or does not apply.
required := {_set(asked.required)}

good := {{proof.id | some proof in input.predicate.proofs; proof.verdict in {_set(GOOD)}}}

allow if {{
\tinput.predicateType == {json.dumps(TYPE)}
\tcount(required - good) == 0{_young(asked, "input.predicate")}
}}
"""


def _young(asked: Asked, report: str) -> str:
    if asked.max_age is None:
        return ""
    most = int(asked.max_age.total_seconds()) * 10**9
    return f"\n\ttime.now_ns() - time.parse_rfc3339_ns({report}.started_at) <= {most}"


def _scout(asked: Asked) -> str:
    age = (
        f"""
violation contains v if {{
\tref := oci.referrer(predicate_type)
\tnot is_young(ref.statement.predicate)
\tv := {{"message": "The report is too old", "detail": {{"practice": "", "reason": "is too old"}}}}
}}

is_young(report) if {{{_young(asked, "report")}
}}
"""
        if asked.max_age is not None
        else ""
    )
    return f"""\
# METADATA
# title: Practices proven by Hullproof
# description: The image's signed report says that each of these practices is proven, or does not apply.
# custom:
#   name: hullproof
#   result_type: generic
#   not_compliant_title: Practices are not proven
#   details_order:
#   - practice
#   - reason
# For Docker Scout: docker scout policy IMAGE --policy-file FILE
package docker.scout

import rego.v1

default pass := false

pass if count(violation) == 0

predicate_type := {json.dumps(TYPE)}

required := {_set(asked.required)}

violation contains v if {{
\tis_null(oci.referrer(predicate_type))
\tv := {{"message": "No report is attached", "detail": {{"practice": "", "reason": "is missing"}}}}
}}

violation contains v if {{
\tref := oci.referrer(predicate_type)
\tdigests := {{sprintf("sha256:%s", [each.digest.sha256]) | some each in ref.statement.subject}}
\tnot input.source.image.digest in digests
\tv := {{"message": "The report is of another image", "detail": {{"practice": "", "reason": "is of another image"}}}}
}}

violation contains v if {{
\tref := oci.referrer(predicate_type)
\tgood := {{proof.id | some proof in ref.statement.predicate.proofs; proof.verdict in {_set(GOOD)}}}
\tsome each in required - good
\tv := {{"message": sprintf("%s is not proven", [each]), "detail": {{"practice": each, "reason": "is not proven"}}}}
}}
{age}"""


def _kyverno(asked: Asked) -> str:
    if asked.public_key is None or asked.images is None:
        raise UsageError(
            "Kyverno's policy names images and their key: give --images 'registry.example/*' and --key FILE"
        )
    good = " || ".join(f"verdict=='{each}'" for each in GOOD)
    conditions: list[dict[str, Any]] = [
        {
            "key": f"{{{{ length(proofs[?id=='{each}' && ({good})]) }}}}",
            "operator": "Equals",
            "value": 1,
            "message": f"{each} is not proven",
        }
        for each in asked.required
    ]
    if asked.max_age is not None:
        conditions.append(
            {
                "key": "{{ time_since('','{{ started_at }}','') }}",
                "operator": "LessThanOrEquals",
                "value": f"{int(asked.max_age.total_seconds())}s",
                "message": "the report is too old",
            }
        )
    rule = {
        "name": "practices-are-proven",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "verifyImages": [
            {
                "imageReferences": [asked.images],
                "failureAction": "Enforce",
                "attestations": [
                    {
                        "type": TYPE,
                        "attestors": [
                            {
                                "entries": [
                                    {
                                        "keys": {
                                            "publicKeys": asked.public_key,
                                            "rekor": {"ignoreTlog": True},
                                            "ctlog": {"ignoreSCT": True},
                                        }
                                    }
                                ]
                            }
                        ],
                        "conditions": [{"all": conditions}],
                    }
                ],
            }
        ],
    }
    made = {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "hullproof"},
        "spec": {"webhookConfiguration": {"timeoutSeconds": 30}, "rules": [rule]},
    }
    return str(yaml.safe_dump(made, sort_keys=False, width=10_000))


def _set(values: Sequence[str]) -> str:
    return "{" + ", ".join(map(json.dumps, values)) + "}"


LANGUAGES: Mapping[str, Callable[[Asked], str]] = {
    "cue": _cue,
    "rego": _rego,
    "kyverno": _kyverno,
    "scout": _scout,
}
"""What a policy can be written in: CUE and Rego for cosign, and those of Kyverno and of Docker Scout."""
