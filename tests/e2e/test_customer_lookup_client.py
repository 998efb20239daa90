"""CustomerLookupClient against the deployed customer-lookup-server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared import CustomerLookupSettings
from ai_voice_shared.errors import CustomerLookupUnavailableError

if TYPE_CHECKING:
    from ai_voice_shared import CustomerLookupClient
    from tests.support.stack import Stack

pytestmark = pytest.mark.e2e

PHONE = "+61400000011"
EXTERNAL_ID = "US.5678DEF"


@pytest.fixture(scope="module", autouse=True)
def customer(stack: Stack) -> None:
    """Store a customer under both of its ids."""
    stack.seed_customer(
        customer_id="cust-011",
        company_id="north-pier",
        company_name="North Pier Ltd",
        phone_number=PHONE,
        external_user_id=EXTERNAL_ID,
    )


@pytest.fixture
def client(stack: Stack, own_clients: None) -> CustomerLookupClient:
    """Create a client that invokes the server's function."""
    from ai_voice_shared import CustomerLookupClient

    return CustomerLookupClient(
        CustomerLookupSettings(function_name=stack.lookup_server, cache_size=0, max_attempts=1, read_timeout=10)
    )


def test_a_customer_is_found_by_phone_number(client: CustomerLookupClient) -> None:
    """A lookup by phone number returns the customer, the company and its name."""
    found = client.fetch_customer_metadata(phone_number=PHONE)
    assert found is not None
    assert (found.customer_id, found.company_id, found.company_name) == ("cust-011", "north-pier", "North Pier Ltd")


def test_a_customer_is_found_by_external_user_id(client: CustomerLookupClient) -> None:
    """A lookup by business-scoped id returns the same customer."""
    by_id = client.fetch_customer_metadata(external_user_id=EXTERNAL_ID)
    assert by_id == client.fetch_customer_metadata(phone_number=PHONE)


def test_an_unknown_sender_is_not_an_error(client: CustomerLookupClient) -> None:
    """A lookup of an unknown sender returns None."""
    assert client.fetch_customer_metadata(phone_number="+61499999998") is None


def test_an_outage_is_not_an_unknown_sender(local_stack: Stack, client: CustomerLookupClient) -> None:
    """A lookup raises when the server cannot run, and never reports the customer as unknown."""
    functions = local_stack.aws.client("lambda")
    functions.put_function_concurrency(FunctionName=local_stack.lookup_server, ReservedConcurrentExecutions=0)
    try:
        with pytest.raises(CustomerLookupUnavailableError):
            client.fetch_customer_metadata(phone_number=PHONE)
    finally:
        functions.delete_function_concurrency(FunctionName=local_stack.lookup_server)
    assert client.fetch_customer_metadata(phone_number=PHONE) is not None


@pytest.mark.parametrize("lookup", [{}, {"phone_number": ""}, {"phone_number": 61400000011}])
def test_a_request_without_a_sender_is_refused(stack: Stack, lookup: dict[str, Any]) -> None:
    """The server responds to an invalid lookup with 400, not with 404."""
    response = stack.aws.client("lambda").invoke(FunctionName=stack.lookup_server, Payload=json.dumps(lookup))
    assert json.load(response["Payload"])["statusCode"] == 400
