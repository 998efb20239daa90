"""Services conform to their OpenAPI documents, checked with thousands of generated requests."""

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
from tests.unit.app.conftest import create_note_service

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

SERVER = Path(__file__).parents[2] / "e2e" / "functions" / "customer_lookup_server" / "app.py"
TABLE = "customers"


@pytest.fixture(scope="module")
def notes() -> Iterator[Any]:
    """Serve the note service, and load its document."""
    with serving(create_note_service().asgi) as url:
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")


@pytest.fixture(scope="module")
def customers() -> Iterator[Any]:
    """Serve the customer-lookup-server on an in-memory table, and load its document."""
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


def check_responses(schema: Any, mode: schemathesis.GenerationMode) -> None:
    """Send generated requests to every operation, and check each response against the document."""
    operations = [result.ok() for result in schema.get_all_operations()]
    assert operations
    for operation in operations:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def check(case: Any) -> None:
            case.call_and_validate()

        try:
            check()
        except Unsatisfiable:
            # An operation without parameters has no invalid requests.
            assert mode is schemathesis.GenerationMode.NEGATIVE


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_the_service_framework_conforms_to_its_document(notes: Any, mode: schemathesis.GenerationMode) -> None:
    """The response of the note service to any request, valid or not, conforms to its document."""
    check_responses(notes.exclude(path_regex="^/(raise|wrong-response|unwritable)"), mode)


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_the_customer_lookup_server_conforms_to_its_document(customers: Any, mode: schemathesis.GenerationMode) -> None:
    """The server's response to any request, valid or not, conforms to its document."""
    check_responses(customers, mode)
