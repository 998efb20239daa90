"""The SigV4 signer against botocore's: on paper, and over the wire."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_voice_shared.errors import ConfigurationError
from ai_voice_shared.http import HttpClient, HttpRequest, build_url
from ai_voice_shared.security.sigv4 import AwsCredentials, credentials, sign
from ai_voice_shared.testing.aws import clear_clients, isolate
from tests.support.faulty_http import FaultyHttp, reply
from tests.support.sigv4_server import botocore_authorization, is_signed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.unit

ENCODED = st.text("abcXYZ019-._~%20%2F%C3%A9!$&'()*+,;:@", max_size=8).map(
    lambda text: text.replace("%", "%25") if "%" in text else text
)
SEGMENTS = st.one_of(ENCODED, st.sampled_from([".", "..", "", "%2F", "%2e%2e", "a%20b", "%25", "%C3%A9"]))
PATHS = st.lists(SEGMENTS, max_size=6).map(lambda parts: "/" + "/".join(parts) if parts else "")
NAMES = st.text("abAB19-._~%2", max_size=4)
PAIRS = st.tuples(NAMES, st.sampled_from(["=", ""]), NAMES).map("".join)
QUERIES = st.lists(
    st.one_of(PAIRS, st.sampled_from(["a=1", "a=2", "a", "a=", "ab=1", "a=a=b", "a%20b=c%2Bd"])), max_size=6
)
HOSTS = st.sampled_from(
    ["example.com", "EXAMPLE.com", "x.lambda-url.eu-central-1.on.aws", "127.0.0.1", "localhost", "[::1]"]
)
PORTS = st.sampled_from(["", ":80", ":443", ":8443"])
URLS = st.tuples(
    st.sampled_from(["https://", "http://"]),
    HOSTS,
    PORTS,
    PATHS,
    QUERIES.map(lambda query: "?" * bool(query) + "&".join(query)),
).map("".join)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "X-One",
            "x-two",
            "Content-Type",
            "User-Agent",
            "X-Amzn-Trace-Id",
            "Expect",
            "Connection",
            "Authorization",
            "X-Amz-Security-Token",
            "Host",
            "My-Header1",
        ]
    ),
    st.text("abc 123\t;,=\"'", max_size=20),
)
MOMENTS = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2099, 12, 31), timezones=st.just(dt.UTC))  # noqa: DTZ001 - aware by timezones


@settings(max_examples=1000, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "put"]),
    url=URLS,
    headers=HEADERS,
    body=st.binary(max_size=40),
    token=st.sampled_from([None, "token/+="]),
    now=MOMENTS,
    secret=st.text("abcXYZ/+09", min_size=1, max_size=40),
)
@pytest.mark.differential
def test_signatures_are_botocore_s(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes,
    token: str | None,
    now: dt.datetime,
    secret: str,
) -> None:
    """Whatever the URL, the headers, the body, the credentials and the time."""
    # One without a token of its own would keep the caller's; here it is dropped, for it belongs to other credentials.
    theirs_from = {name: value for name, value in headers.items() if token or name != "X-Amz-Security-Token"}
    theirs = botocore_authorization(
        method,
        url,
        theirs_from,
        body,
        service="lambda",
        region="eu-central-1",
        credentials=("AKID", secret, token),
        now=now,
    )
    ours = sign(
        method,
        url,
        headers,
        body,
        service="lambda",
        region="eu-central-1",
        credentials=AwsCredentials("AKID", secret, token),
        now=now,
    )
    assert ours["Authorization"] == theirs
    assert ours.get("X-Amz-Security-Token") == token


KEYS = ("AKIDLOCAL", "a/secret+key", "a/token+==")


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyHttp]:
    """Give a server that answers what is signed, and 403 to the rest."""
    with FaultyHttp(
        answers=[reply(200)],
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
def test_what_is_signed_is_what_is_sent(
    server: FaultyHttp, path: str, query: dict[str, str], value: str, body: bytes
) -> None:
    """A server that checks what arrived, as AWS does, is satisfied with what the HTTP client made of it."""
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


def test_what_is_changed_on_the_way_is_noticed(server: FaultyHttp) -> None:
    """The server of these tests does check."""
    url = f"{server.url}/customers/lookup"
    headers = sign("POST", url, {}, b"body", service="lambda", region="eu-central-1", credentials=AwsCredentials(*KEYS))
    client = HttpClient()
    for changed, content, expected in [(url, b"body", 200), (url, b"other", 403), (f"{url}?a=1", b"body", 403)]:
        request = HttpRequest(method="POST", url=changed, headers=headers, content=content)
        assert client.send(request).status_code == expected
    client.close()


def test_a_caller_s_own_authorization_gives_way() -> None:
    """Two of them would be none."""
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
    """With the role's token; botocore is not asked."""
    isolate(monkeypatch)
    assert credentials() == AwsCredentials("testing", "testing", "testing")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "")
    assert credentials().token is None


def test_others_come_from_botocore_s_chain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Such as a profile."""
    isolate(monkeypatch)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = mine\naws_secret_access_key = own\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    clear_clients()
    assert credentials() == AwsCredentials("mine", "own", None)
    clear_clients()


def test_none_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, and not by a 403 of the other side."""
    isolate(monkeypatch)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    clear_clients()
    with pytest.raises(ConfigurationError, match="there are no AWS credentials"):
        credentials()
    clear_clients()


def test_secrets_stay_out_of_reprs() -> None:
    """The id of the key is no secret."""
    assert repr(AwsCredentials("AKID", "secret", "token")) == "AwsCredentials(access_key='AKID')"
