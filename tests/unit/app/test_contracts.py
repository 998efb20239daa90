"""Services hold what their OpenAPI documents promise, against thousands of generated requests."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from moto import mock_aws

from tests.support.asgi_server import serving
from tests.unit.app.conftest import make_service

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

SERVER = Path(__file__).parents[2] / "e2e" / "functions" / "customer_lookup_server" / "app.py"
TABLE = "customers"


@pytest.fixture(scope="module")
def notes() -> Iterator[Any]:
    """Serve the notes and load their document."""
    with serving(make_service().asgi) as url:
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")


@pytest.fixture(scope="module")
def customers() -> Iterator[Any]:
    """Serve the customer-lookup-server on a table in memory and load its document."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in {
            "CUSTOMERS_TABLE_NAME": TABLE,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }.items():
            patch.setenv(name, value)
        boto3.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "sender", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "sender", "KeyType": "HASH"}],
        )
        spec = importlib.util.spec_from_file_location("customer_lookup_server", SERVER)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with serving(module.service.asgi) as url:
            yield schemathesis.openapi.from_url(f"{url}/openapi.json")


def hold(schema: Any, mode: schemathesis.GenerationMode) -> None:
    """Send generated requests to every operation, and hold each response against the document."""
    operations = [found.ok() for found in schema.get_all_operations()]
    assert operations
    for operation in operations:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def responses(case: Any) -> None:
            case.call_and_validate()

        try:
            responses()
        except Unsatisfiable:
            # There is nothing wrong to send where nothing is taken.
            assert mode is schemathesis.GenerationMode.NEGATIVE


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_the_chassis_holds_the_contract(notes: Any, mode: schemathesis.GenerationMode) -> None:
    """Whatever is sent, right or wrong, the response is one that the document names."""
    hold(notes.exclude(path_regex="^/(raise|wrong-response|unwritable)"), mode)


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_the_customer_lookup_server_holds_the_contract(customers: Any, mode: schemathesis.GenerationMode) -> None:
    """Whatever is asked, right or wrong, the response is one that the document names."""
    hold(customers, mode)
