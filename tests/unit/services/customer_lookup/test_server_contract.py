"""The contract of the customer-lookup-server: the deployed server honours it, and the client understands it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from moto import mock_aws

from ai_voice_shared import CustomerLookupClient
from ai_voice_shared.errors import CustomerLookupError, CustomerLookupUnavailableError
from ai_voice_shared.http import HttpClient
from ai_voice_shared.services.customer_lookup.contract import LookupResponse, create_request, parse_response
from ai_voice_shared.services.customer_lookup.http_transport import HttpTransport
from ai_voice_shared.services.customer_lookup.lambda_transport import LambdaTransport
from ai_voice_shared.testing.aws import clear_clients, isolate
from ai_voice_shared.testing.context import FakeLambdaContext
from tests.support.asgi_server import serving

from .conftest import CUSTOMER, EXTERNAL_ID, PHONE, lookup_settings, own_circuit

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[4]
DOCUMENT = ROOT / "docs" / "customer-lookup-server.openapi.yaml"
SERVER = ROOT / "tests" / "e2e" / "functions" / "customer_lookup_server" / "app.py"
SCHEMA: Any = schemathesis.openapi.from_path(DOCUMENT)
OPERATION = SCHEMA.raw_schema["paths"]["/customers/lookup"]["post"]


@pytest.fixture(scope="module")
def function() -> Iterator[Any]:
    """Import the server on an in-memory table that has one customer with both ids."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        region = isolate(patch)
        patch.setenv("CUSTOMERS_TABLE_NAME", "customers")
        clear_clients()
        client = boto3.client("dynamodb", region_name=region)
        client.create_table(
            TableName="customers",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "sender", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "sender", "KeyType": "HASH"}],
        )
        for sender in (f"phone#{PHONE}", f"external#{EXTERNAL_ID}"):
            item = {name: {"S": value} for name, value in CUSTOMER.items()}
            client.put_item(TableName="customers", Item={"sender": {"S": sender}, **item})
        spec = importlib.util.spec_from_file_location("lookup_server_under_contract", SERVER)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    clear_clients()


@pytest.fixture(scope="module")
def url(function: Any) -> Iterator[str]:
    """Serve the function."""
    with serving(function.service.asgi) as where:
        yield where


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_the_server_honours_the_contract(url: str, mode: schemathesis.GenerationMode) -> None:
    """Any request, valid or not, gets a response that the document describes."""
    [operation] = [found.ok() for found in SCHEMA.get_all_operations()]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def conform(case: Any) -> None:
        case.call_and_validate(base_url=url)

    conform()


def test_the_client_finds_the_customer_on_the_server(url: str) -> None:
    """The client finds the customer by both ids, and no other one, over HTTP."""
    made = lookup_settings(url=url, cache_size=0)
    http = HttpClient()
    client = CustomerLookupClient(made, transport=HttpTransport(made, http), circuit_breaker=own_circuit())
    by_number = client.fetch_customer_metadata(phone_number=PHONE)
    assert by_number is not None
    assert by_number.model_dump() == CUSTOMER
    assert client.fetch_customer_metadata(external_user_id=EXTERNAL_ID) == by_number
    assert client.fetch_customer_metadata(phone_number="+61400000099") is None
    # A number is not an id, and an id not a number, whatever they look like.
    assert client.fetch_customer_metadata(external_user_id=PHONE) is None
    http.close()


class InProcessLambda:
    """A Lambda client that calls the handler in this process."""

    def __init__(self, handler: Any) -> None:
        self.handler = handler

    def invoke(self, **call: Any) -> dict[str, Any]:
        """Call the handler with the event, as Lambda does."""
        import io

        response = self.handler(json.loads(call["Payload"]), FakeLambdaContext())
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(response).encode())}


def test_a_direct_invoke_finds_the_same_customer(function: Any) -> None:
    """The server accepts the event that the client creates."""
    made = lookup_settings(url=None, function_name="f", cache_size=0)
    transport = LambdaTransport(made, InProcessLambda(function.handler))
    client = CustomerLookupClient(made, transport=transport, circuit_breaker=own_circuit())
    by_number = client.fetch_customer_metadata(phone_number=PHONE)
    assert by_number is not None
    assert by_number.model_dump() == CUSTOMER
    assert client.fetch_customer_metadata(phone_number="+61400000099") is None


def test_the_client_sends_what_is_documented() -> None:
    """The client sends the examples of the document."""
    examples = [
        example["value"] for example in OPERATION["requestBody"]["content"]["application/json"]["examples"].values()
    ]
    assert [
        json.loads(create_request("+61400000000", None).body),
        json.loads(create_request(None, "US.1234ABC").body),
    ] == (examples)


@pytest.mark.parametrize("status", OPERATION["responses"])
def test_the_client_understands_every_documented_response(status: str) -> None:
    """Each documented response is a customer, None, an outage or an error."""
    [content] = OPERATION["responses"][status]["content"].values()
    for example in content["examples"].values():
        reply = LookupResponse(int(status), {"retry-after": "7"}, json.dumps(example["value"]).encode())
        if status == "200":
            assert parse_response(reply) is not None
        elif status == "404":
            assert parse_response(reply) is None
        else:
            kind = CustomerLookupUnavailableError if status in {"429", "503"} else CustomerLookupError
            with pytest.raises(CustomerLookupError) as caught:
                parse_response(reply)
            assert type(caught.value) is kind
