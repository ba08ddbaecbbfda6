"""What signing, attaching and verifying cost, beside cosign on the same image and registry: `python -m benchmarks.evidence`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks.measure import in_a_folder, rounds, run, timed
from benchmarks.rows import Row, times
from tests.toolkit.evidence.pieces import write_keys
from tests.toolkit.evidence.test_commands import write_report
from tests.toolkit.evidence.verifiers import Verifiers

NOTES = (
    "Each is a whole process, from its start to its end, on an image of one small layer in docker-registry on this machine. "
    "Attest: one statement (the report), by a P-256 key in a file; every round adds one more to the same image. "
    "Verify: with those attached. cosign is Debian's, 2.5 and 3.1, told to ask no service of Sigstore's."
)
_TYPE = "urn:hullproof:report:1"


def main() -> None:
    """Measure and print."""
    in_a_folder("Evidence", __doc__ or "", {"evidence": evidence}, NOTES, default_rounds=7)


def evidence(folder: Path, count: int) -> list[Row]:
    """Attest and verify, ours and theirs in turn."""
    os.environ["CI"] = "true"  # fetch the tools
    tools = Verifiers.had()
    if tools is None:
        sys.exit("cosign and docker-registry are fetched from Debian's packages, which this machine lacks")
    private, public = write_keys(folder)
    with tools.registry(folder) as host:
        mine, second, third = (tools.push(folder, f"{host}/shop:{name}") for name in ("ours", "two", "three"))
        report = write_report(folder, mine[1])
        hullproof = [sys.executable, "-m", "hullproof"]
        attest = [*hullproof, "attest", str(report), mine[0], f"--key={private}", "--predicate=report"]
        verify = [*hullproof, "verify", mine[0], f"--key={public}"]
        own, theirs = _cosigns_key(tools, folder)
        services = tools.no_services(folder)
        signs = ("attest", "--key", own, "--type", _TYPE, "--predicate", report)
        asks = ("verify-attestation", "--insecure-ignore-tlog", "--key", theirs, "--type", _TYPE)
        measured = rounds(
            count,
            lambda: timed(lambda: run(attest)),
            lambda: timed(lambda: tools.run("cosign-2", *signs, "--tlog-upload=false", second[0])),
            lambda: timed(lambda: tools.run("cosign-3", *signs, "--signing-config", services, third[0])),
            lambda: timed(lambda: run(verify)),
            lambda: timed(lambda: tools.run("cosign-2", *asks, second[0])),
            lambda: timed(lambda: tools.run("cosign-3", *asks, third[0])),
        )
    a, a2, a3, v, v2, v3 = measured
    return [
        times("hullproof attest", a, "cosign 2.5 attest", a2),
        times("hullproof attest", a, "cosign 3.1 attest", a3),
        times("hullproof verify", v, "cosign 2.5 verify-attestation", v2),
        times("hullproof verify", v, "cosign 3.1 verify-attestation", v3),
    ]


def _cosigns_key(tools: Verifiers, folder: Path) -> tuple[Path, Path]:
    tools.run("cosign-3", "generate-key-pair", cwd=folder)
    return folder / "cosign.key", folder / "cosign.pub"


if __name__ == "__main__":
    main()
