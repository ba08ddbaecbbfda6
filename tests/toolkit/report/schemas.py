"""Holds the sample reports against the schemas that others publish: `./nox -s schemas`, which needs the web.

They are not kept here, being other people's work. Where the web cannot be reached, name files:
`./nox -s schemas -- --sarif FILE --junit FILE`.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from pathlib import Path

import jsonschema
import xmlschema

SAMPLES = Path(__file__).parent / "samples"
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
JUNIT = (
    "https://raw.githubusercontent.com/jenkinsci/xunit-plugin/master/"
    "src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd"
)


def main() -> None:
    """Validate every sample; exit code 1 with a line for each fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sarif", default=SARIF, help="the JSON Schema of SARIF 2.1.0, an address or a file")
    parser.add_argument("--junit", default=JUNIT, help="the XML schema by which Jenkins reads JUnit files")
    chosen = parser.parse_args()
    faults = [*sarif_faults(read(chosen.sarif)), *junit_faults(read(chosen.junit))]
    sys.stdout.write("".join(f"{fault}\n" for fault in faults) or "every sample is valid\n")
    sys.exit(1 if faults else 0)


def read(place: str) -> str:
    """Read a schema from an address or a file."""
    if not place.startswith("https://"):
        return Path(place).read_text(encoding="utf-8")
    with urllib.request.urlopen(place, timeout=60) as answer:
        return str(answer.read().decode("utf-8"))


def sarif_faults(text: str) -> list[str]:
    """Return what is wrong with the SARIF samples."""
    schema = json.loads(text)
    validator = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
    return [
        f"{path.name}: {error.json_path}: {error.message}"
        for path in sorted(SAMPLES.glob("*.sarif"))
        for error in validator.iter_errors(json.loads(path.read_text(encoding="utf-8")))
    ]


def junit_faults(text: str) -> list[str]:
    """Return what is wrong with the JUnit samples."""
    schema = xmlschema.XMLSchema(text)
    return [
        f"{path.name}: {error.path}: {error.reason}"
        for path in sorted(SAMPLES.glob("*.xml"))
        for error in schema.iter_errors(path)
    ]


if __name__ == "__main__":
    main()
