"""HTTP, the clients of services, the customer lookup and Twilio: over real connections on loopback."""

from __future__ import annotations

import os
from typing import Any

from .loopback import AUDIO, CUSTOMER, serving
from .registry import checks_usage

__all__: list[str] = []


@checks_usage(
    "http.HttpClient",
    "http.HttpRequest",
    "http.HttpResponse",
    "http.HttpStream",
    "http.close_connections",
    "http.shared_http_client",
)
def a_request_and_its_answer() -> None:
    """A request is sent unchanged; a stream has the same bytes; a second request uses the same connection."""
    from ai_voice_shared.http import HttpRequest, close_connections, shared_http_client

    with serving() as url:
        client = shared_http_client()
        request = HttpRequest(method="POST", url=f"{url}/echo", content=b'{"a":1}', headers={"X-One": "1"})
        for _ in range(2):
            echo = client.send(request).json()
            assert (echo["method"], echo["body"], echo["headers"]["x-one"]) == ("POST", '{"a":1}', "1")
        with client.stream(HttpRequest(method="GET", url=f"{url}/Media/ME1")) as stream:
            assert b"".join(stream.iter_bytes()) == AUDIO
        close_connections()


@checks_usage("http.AsyncHttpClient", "http.AsyncHttpStream", "http.shared_async_http_client")
def the_same_for_coroutines() -> None:
    """Both async clients work under asyncio."""
    import anyio

    from ai_voice_shared.http import AsyncHttpClient, HttpRequest, shared_async_http_client

    async def ask(url: str) -> tuple[Any, bytes]:
        client = AsyncHttpClient()
        echo = (await client.send(HttpRequest(method="GET", url=f"{url}/echo"))).json()
        async with client.stream(HttpRequest(method="GET", url=f"{url}/Media/ME1")) as stream:
            content = b"".join([chunk async for chunk in stream.aiter_bytes()])
        await client.aclose()
        shared = shared_async_http_client()
        assert (await shared.send(HttpRequest(method="GET", url=f"{url}/echo"))).json()["path"] == echo["path"]
        await shared.aclose()
        return echo, content

    with serving() as url:
        echo, content = anyio.run(ask, url)
    assert (echo["path"], content) == ("/echo", AUDIO)


@checks_usage(
    "http.connection.POOL_CLASSES",
    "http.connection.Exchange",
    "http.connection.current_exchange",
    "http.prepare.PreparedRequest",
)
def requests_go_over_connections_of_this_package() -> None:
    """urllib3's pools create the connections."""
    import json

    from ai_voice_shared.http import HttpRequest
    from ai_voice_shared.http.connection import POOL_CLASSES, Exchange, current_exchange
    from ai_voice_shared.http.prepare import PreparedRequest, prepare_request

    with serving() as url:
        request = HttpRequest(method="GET", url=f"{url}/echo")
        prepared = prepare_request(request)
        assert isinstance(prepared, PreparedRequest)
        pool = POOL_CLASSES[prepared.scheme](prepared.host, prepared.port)
        token = current_exchange.set(Exchange(request, prepared, float("inf"), fresh=False))
        response = pool.urlopen("GET", "/", headers=prepared.headers, preload_content=False)
        assert json.loads(response.read1())["path"] == "/echo"
        current_exchange.reset(token)
        pool.close()


@checks_usage(
    "http.errors.ConnectError",
    "http.errors.ConnectTimeout",
    "http.errors.DisconnectedError",
    "http.errors.InvalidRequestError",
    "http.errors.ProtocolError",
    "http.errors.ReadTimeout",
    "http.errors.TransportError",
    "http.errors.WriteTimeout",
    "http.errors.map_errors",
    "http.messages.server_name",
)
def failures_of_an_exchange_have_names() -> None:
    """Each kind of failure is mapped to a package error, without the request's data."""
    from ai_voice_shared import errors as package_errors
    from ai_voice_shared.http import HttpRequest, errors
    from ai_voice_shared.http.messages import server_name

    request = HttpRequest(method="GET", url="http://127.0.0.1:9/secret", service="notes")
    assert "secret" not in server_name(request)
    expected: dict[type[errors.TransportError], type[Exception]] = {
        errors.ConnectTimeout: package_errors.ServiceTimeoutError,
        errors.ReadTimeout: package_errors.ServiceTimeoutError,
        errors.WriteTimeout: package_errors.ServiceTimeoutError,
        errors.ConnectError: package_errors.ServiceUnavailableError,
        errors.DisconnectedError: package_errors.ServiceUnavailableError,
        errors.TransportError: package_errors.ServiceUnavailableError,
        errors.ProtocolError: package_errors.ServiceResponseError,
        errors.InvalidRequestError: package_errors.ConfigurationError,
    }
    for failure, kind in expected.items():
        try:
            with errors.map_errors(request):
                raise failure("secret")
        except kind as error:
            assert "secret" not in str(error) + str(error.__cause__), failure
        else:
            raise AssertionError(failure)


@checks_usage("ServiceClient", "services.service_client.ServiceLimits")
def the_documented_service_call_works() -> None:
    """JSON is returned, an error of the other service is raised here, and the correlation id is sent."""
    import anyio

    from ai_voice_shared import ServiceClient, use_correlation_id
    from ai_voice_shared.errors import NotFoundError
    from ai_voice_shared.services.service_client import ServiceLimits

    async def ask(url: str) -> Any:
        async with ServiceClient("subject-service", url, limits=ServiceLimits(timeout=5)) as client:
            with use_correlation_id("order-7"):
                echo = await client.get("/api/v1/subjects", params={"page": 2})
            await client.post("/api/v1/subjects", {"name": "Math"})
            try:
                await client.get("/missing")
            except NotFoundError:
                return echo
            raise AssertionError

    with serving() as url:
        echo = anyio.run(ask, url)
    assert echo["path"] == "/api/v1/subjects?page=2"
    assert echo["headers"]["x-correlation-id"] == "order-7"


@checks_usage("SyncServiceClient")
def the_sync_client_sends_every_method() -> None:
    """Every method of the synchronous client sends its HTTP method."""
    from ai_voice_shared import SyncServiceClient

    with serving() as url:
        client = SyncServiceClient("subject-service", url)
        methods = [call("/x")["method"] for call in (client.get, client.post, client.put, client.patch, client.delete)]
    assert methods == ["GET", "POST", "PUT", "PATCH", "DELETE"]


@checks_usage(
    "CustomerLookupClient",
    "CustomerLookupSettings",
    "CustomerMetadata",
    "services.customer_lookup.http_transport.HttpTransport",
)
def a_customer_is_looked_up() -> None:
    """A customer is found by HTTP once, then in the cache; for an unknown sender the result is None."""
    from ai_voice_shared import CustomerLookupClient, CustomerLookupSettings, CustomerMetadata

    with serving() as url:
        client = CustomerLookupClient(CustomerLookupSettings(url=url))
        found = client.fetch_customer_metadata(phone_number="whatsapp:+61400000000")
        unknown = client.fetch_customer_metadata(external_user_id="US.1234ABC")
    assert found == CustomerMetadata(**CUSTOMER)
    assert unknown is None
    assert client.fetch_customer_metadata(phone_number="+61400000000") == found
    assert client.cache_info().hits == 1


@checks_usage(
    "AsyncCustomerLookupClient",
    "services.customer_lookup.http_transport.AsyncHttpTransport",
)
def a_customer_is_looked_up_by_a_coroutine() -> None:
    """The async client finds the same customer."""
    import anyio

    from ai_voice_shared import AsyncCustomerLookupClient, CustomerLookupSettings
    from ai_voice_shared.http import shared_async_http_client

    async def ask(url: str) -> Any:
        client = AsyncCustomerLookupClient(CustomerLookupSettings(url=url))
        found = await client.fetch_customer_metadata(phone_number="+61400000000")
        await shared_async_http_client().aclose()
        return found

    with serving() as url:
        assert anyio.run(ask, url).customer_id == "cust-1"


@checks_usage(
    "services.customer_lookup.lambda_transport.LambdaTransport",
    "services.customer_lookup.lambda_transport.AsyncLambdaTransport",
)
def a_customer_is_looked_up_by_a_direct_invoke() -> None:
    """Both clients look up customers through boto3 and Lambda's API."""
    import anyio

    from ai_voice_shared import AsyncCustomerLookupClient, CustomerLookupClient, CustomerLookupSettings
    from ai_voice_shared.services.customer_lookup.lambda_transport import AsyncLambdaTransport, LambdaTransport

    with serving() as url:
        os.environ["AWS_ENDPOINT_URL_LAMBDA"] = url
        settings = CustomerLookupSettings(function_name="customer-lookup-server")
        client = CustomerLookupClient(settings, transport=LambdaTransport(settings))
        async_client = AsyncCustomerLookupClient(settings, transport=AsyncLambdaTransport(settings))

        async def ask() -> Any:
            return await async_client.fetch_customer_metadata(phone_number="+61400000000")

        assert client.fetch_customer_metadata(phone_number="+61400000000") == anyio.run(ask)
        assert client.fetch_customer_metadata(phone_number="+61400000009") is None


@checks_usage("services.customer_lookup.contract.is_server_failure")
def a_rejected_request_is_not_a_server_failure() -> None:
    """A rejected request does not count, an outage does."""
    from ai_voice_shared.errors import CustomerLookupError, ServiceUnavailableError
    from ai_voice_shared.services.customer_lookup.contract import is_server_failure

    assert not is_server_failure(CustomerLookupError("refused", status_code=422))
    assert is_server_failure(ServiceUnavailableError("down"))
