"""What the board says of its interface is true: asked for whatever the description allows, and for what it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app.main import ROUTES
from tests.unit.client import BoardClient

DESCRIBED = json.loads((Path(__file__).parents[2] / "app" / "openapi.json").read_text("utf-8"))
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = {
    f"{method} {path}": item[method]
    for path, item in DESCRIBED["paths"].items()
    for method in METHODS
    if method in item
}
WITH_INPUT = [
    name for name, operation in OPERATIONS.items() if operation.keys() & {"parameters", "requestBody"}
]
CASES = [
    *((name, GenerationMode.POSITIVE) for name in OPERATIONS),
    *((name, GenerationMode.NEGATIVE) for name in WITH_INPUT),
]
EXAMPLES = 30


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_the_board_does_as_it_says(
    make_board: Callable[..., BoardClient],
    make_report: Callable[..., dict[str, Any]],
    token: str,
    operation: str,
    mode: GenerationMode,
) -> None:
    """Every answer has a status, a type and a form that are described; what breaks the description is refused.

    A report that its schema allows may be refused all the same: what JSON allows and not every reader can take, such as
    numbers beyond 2**53, no JSON Schema can say. (Schemathesis' plugin for pytest is bound to pytest's inside, and breaks
    with it: hence the loop by hand.)
    """
    client = make_board()
    client.post("/api/reports", json=make_report(), headers={"Authorization": f"Bearer {token}"})
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", client.app)
    method, path = operation.split()
    excluded: list[Any] = [positive_data_acceptance] if method == "post" else []

    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=excluded)

    ask()


def test_all_of_the_interface_is_described(client: BoardClient) -> None:
    """Every address under /api, with all its methods."""
    found = {
        (route.path, method)
        for route in ROUTES
        if route.path.startswith("/api/")
        for method in METHODS
        if hasattr(route.endpoint, method) or method.upper() in (route.methods or ())
    }
    told = client.get("/api/openapi.json").json()["paths"]
    assert found == {(path, method) for path, item in told.items() for method in METHODS if method in item}
