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
    """Make one customer known by both of its ids."""
    stack.seed_customer(
        customer_id="cust-011",
        company_id="north-pier",
        company_name="North Pier Ltd",
        phone_number=PHONE,
        external_user_id=EXTERNAL_ID,
    )


@pytest.fixture
def client(stack: Stack, own_clients: None) -> CustomerLookupClient:
    """Make a client that invokes the server's function."""
    from ai_voice_shared import CustomerLookupClient

    return CustomerLookupClient(
        CustomerLookupSettings(function_name=stack.lookup_server, cache_size=0, max_attempts=1, read_timeout=10)
    )


def test_a_customer_is_found_by_phone_number(client: CustomerLookupClient) -> None:
    """The number gives the customer, the company and its name."""
    found = client.fetch_customer_metadata(phone_number=PHONE)
    assert found is not None
    assert (found.customer_id, found.company_id, found.company_name) == ("cust-011", "north-pier", "North Pier Ltd")


def test_a_customer_is_found_by_external_user_id(client: CustomerLookupClient) -> None:
    """A business-scoped id gives the same customer."""
    by_id = client.fetch_customer_metadata(external_user_id=EXTERNAL_ID)
    assert by_id == client.fetch_customer_metadata(phone_number=PHONE)


def test_nobody_is_not_an_error(client: CustomerLookupClient) -> None:
    """Who is not known is None."""
    assert client.fetch_customer_metadata(phone_number="+61499999998") is None


def test_an_outage_is_not_nobody(local_stack: Stack, client: CustomerLookupClient) -> None:
    """A server that may not run raises, and never says that the customer is unknown."""
    functions = local_stack.aws.client("lambda")
    functions.put_function_concurrency(FunctionName=local_stack.lookup_server, ReservedConcurrentExecutions=0)
    try:
        with pytest.raises(CustomerLookupUnavailableError):
            client.fetch_customer_metadata(phone_number=PHONE)
    finally:
        functions.delete_function_concurrency(FunctionName=local_stack.lookup_server)
    assert client.fetch_customer_metadata(phone_number=PHONE) is not None


@pytest.mark.parametrize("asked", [{}, {"phone_number": ""}, {"phone_number": 61400000011}])
def test_a_request_that_names_nobody_is_refused(stack: Stack, asked: dict[str, Any]) -> None:
    """The server says 400 to what is no question, rather than 404."""
    answer = stack.aws.client("lambda").invoke(FunctionName=stack.lookup_server, Payload=json.dumps(asked))
    assert json.load(answer["Payload"])["statusCode"] == 400
