"""SigV4 signatures, verified over the received request as AWS does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_voice_shared.errors import ConfigurationError
from ai_voice_shared.http import AsyncHttpClient, HttpClient, HttpRequest, build_url
from ai_voice_shared.security.sigv4 import AwsCredentials, credentials, sign
from ai_voice_shared.testing.aws import clear_clients, isolate
from tests.support.faulty_http import FaultyHttp, reply
from tests.support.sigv4_server import is_signed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.unit

KEYS = ("AKIDLOCAL", "a/secret+key", "a/token+==")


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyHttp]:
    """Start a server that accepts signed requests, and responds with 403 to others."""
    with FaultyHttp(
        responses=[reply(200)],
        check=lambda asked: (
            None if is_signed(asked, service="lambda", region="eu-central-1", credentials=KEYS) else 403
        ),
    ) as made:
        yield made


@settings(max_examples=150, deadline=None)
@given(
    path=st.text(max_size=12).filter(lambda text: {".", ".."}.isdisjoint(text.split("/"))),
    query=st.dictionaries(st.text("ab é+&=%/?#'\"<>", max_size=6), st.text("ab é+&=%/?#'\"<>", max_size=6), max_size=4),
    value=st.text("abc  123,;", max_size=12).map(str.strip),
    body=st.binary(max_size=30),
)
@pytest.mark.differential
def test_a_request_is_sent_as_it_is_signed(
    server: FaultyHttp, path: str, query: dict[str, str], value: str, body: bytes
) -> None:
    """The signature of any request is valid for the request that the server receives."""
    url = build_url(server.url, path, query)
    headers = sign(
        "POST",
        url,
        {"X-Mine": value, "Content-Type": "text/plain"},
        body,
        service="lambda",
        region="eu-central-1",
        credentials=AwsCredentials(*KEYS),
    )
    client = HttpClient()
    try:
        assert client.send(HttpRequest(method="POST", url=url, headers=headers, content=body)).status_code == 200
    finally:
        client.close()


@pytest.mark.parametrize(
    "path",
    ["", "/", "/a%2fb/%C3%A9", "//a//b/", "/a/../b/./c", "?b=2&a=1&a=0&ab=&c", "/x?q=x%20y&n=%2B"],
)
@pytest.mark.parametrize("client", ["sync", "async"])
def test_a_url_of_any_form_is_signed_as_it_is_sent(server: FaultyHttp, path: str, client: str) -> None:
    """Neither client changes a URL of any form, which would invalidate the signature."""
    url = server.url + path
    headers = sign("GET", url, {}, b"", service="lambda", region="eu-central-1", credentials=AwsCredentials(*KEYS))
    request = HttpRequest(method="GET", url=url, headers=headers)
    if client == "sync":
        plain = HttpClient()
        assert plain.send(request).status_code == 200
        plain.close()
        return

    async def send() -> int:
        asynchronous = AsyncHttpClient()
        status = (await asynchronous.send(request)).status_code
        await asynchronous.aclose()
        return status

    assert anyio.run(send) == 200


def test_headers_keep_their_names_and_values() -> None:
    """Headers keep the caller's names and values, except those that the signature replaces."""
    sent = {"content-type": "text/plain", "X-Mine": "a  b", "X-Amz-Security-Token": "another's"}
    headers = sign(
        "POST", "https://h/", sent, b"", service="lambda", region="us-east-1", credentials=AwsCredentials("a", "b", "t")
    )
    assert {"content-type": "text/plain", "X-Mine": "a  b", "X-Amz-Security-Token": "t"}.items() <= headers.items()
    assert set(headers) - set(sent) == {"X-Amz-Date", "Authorization"}


def test_a_changed_request_is_rejected(server: FaultyHttp) -> None:
    """The server of these tests rejects a request that was changed after it was signed."""
    url = f"{server.url}/customers/lookup"
    headers = sign("POST", url, {}, b"body", service="lambda", region="eu-central-1", credentials=AwsCredentials(*KEYS))
    client = HttpClient()
    for changed, content, expected in [(url, b"body", 200), (url, b"other", 403), (f"{url}?a=1", b"body", 403)]:
        request = HttpRequest(method="POST", url=changed, headers=headers, content=content)
        assert client.send(request).status_code == expected
    client.close()


def test_a_caller_s_own_authorization_is_replaced() -> None:
    """A signed request has one Authorization header, which replaces the caller's."""
    headers = sign(
        "GET",
        "https://example.com/",
        {"authorization": "Bearer x", "x-amz-date": "yesterday"},
        b"",
        service="lambda",
        region="eu-central-1",
        credentials=AwsCredentials("a", "b"),
    )
    assert sorted(name.lower() for name in headers) == ["authorization", "x-amz-date"]
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 ")


def test_lambda_s_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda's credentials come from the environment, with the role's token."""
    isolate(monkeypatch)
    assert credentials() == AwsCredentials("testing", "testing", "testing")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "")
    assert credentials().token is None


def test_other_credentials_come_from_botocore_s_chain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without variables the credentials come from botocore's chain, such as a profile."""
    isolate(monkeypatch)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = mine\naws_secret_access_key = own\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    clear_clients()
    assert credentials() == AwsCredentials("mine", "own", None)
    clear_clients()


def test_missing_credentials_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing credentials are a ConfigurationError, not a 403 of the called service."""
    isolate(monkeypatch)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    clear_clients()
    with pytest.raises(ConfigurationError, match="there are no AWS credentials"):
        credentials()
    clear_clients()


def test_secrets_stay_out_of_reprs() -> None:
    """The repr of credentials contains only the access key's id."""
    assert repr(AwsCredentials("AKID", "secret", "token")) == "AwsCredentials(access_key='AKID')"
