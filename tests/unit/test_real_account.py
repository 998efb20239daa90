"""The one-line error if `.env.test` names an account that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ai_voice_shared.testing.aws import isolate
from tests.support import real_aws
from tests.support.faulty_http import FaultyHttp, closed_port, reply
from tests.support.real_aws import RealAccountError, RealAWS, account_settings

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

KEYS = {"AWS_REGION": "ap-southeast-2", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture(autouse=True)
def _away(monkeypatch: pytest.MonkeyPatch) -> None:
    isolate(monkeypatch)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("AWS_REGION=ap-southeast-2\nAWS_PROFILE=cohesv\nS3_BUCKET_NAME=cohesv-ai-voice-tool\n", True),
        ("AWS_ACCESS_KEY_ID=AKID\nAWS_SECRET_ACCESS_KEY=x\n", True),
        ("AWS_REGION=ap-southeast-2\nS3_BUCKET_NAME=cohesv-ai-voice-tool\n", False),
        ("AWS_PROFILE=\n", False),
        (None, False),
    ],
)
def test_an_account_is_named_by_profile_or_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None, *, named: bool
) -> None:
    """An account is configured by a profile or a key; without either the tests run on the local AWS emulator."""
    monkeypatch.setattr(real_aws, "ROOT", tmp_path)
    if text is not None:
        (tmp_path / ".env.test").write_text(text)
    assert bool(account_settings()) is named


def why(settings: dict[str, str]) -> str:
    """Return the reason why an account cannot be used."""
    with pytest.raises(RealAccountError) as caught:
        RealAWS(settings).check()
    return str(caught.value)


def test_a_missing_profile_is_named() -> None:
    """The error for a missing profile names it."""
    message = why({"AWS_REGION": "ap-southeast-2", "AWS_PROFILE": "no-such-profile"})
    assert message == ".env.test: The config profile (no-such-profile) could not be found"


def test_invalid_credentials_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for invalid credentials has AWS's reason, in one line and without the secret."""
    refusal = (
        b"<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>bad token</Message></Error></ErrorResponse>"
    )
    with FaultyHttp(responses=[reply(403, refusal, {"Content-Type": "text/xml"})]) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        message = why(KEYS)
    assert message.startswith(".env.test: the account's credentials do not work: ")
    assert "InvalidClientTokenId" in message
    assert "\n" not in message
    assert "secret" not in message


def test_an_unreachable_account_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for an endpoint that cannot be reached, as without a network, reports that."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert why(KEYS).startswith(".env.test: the account's credentials do not work: Could not connect")


@pytest.mark.parametrize("there", [False, True])
def test_a_missing_stack_is_reported_with_the_commands(monkeypatch: pytest.MonkeyPatch, *, there: bool) -> None:
    """The error for a missing stack has its name, its region and the commands that deploy it."""
    who = b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult>"
    xml = {"Content-Type": "text/xml"}
    found = b"<DescribeStacksResponse><DescribeStacksResult><Stacks/></DescribeStacksResult></DescribeStacksResponse>"
    missing = (
        b"<ErrorResponse><Error><Code>ValidationError</Code><Message>does not exist</Message></Error></ErrorResponse>"
    )
    responses = [
        reply(200, who + b"</GetCallerIdentityResponse>", xml),
        reply(200, found, xml) if there else reply(400, missing, xml),
    ]
    with FaultyHttp(responses=responses) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        settings = KEYS | {"E2E_STACK_NAME": "the-stack"}
        if there:
            RealAWS(settings).check()
            return
        message = why(settings)
    assert message.startswith(".env.test: no stack the-stack in ap-southeast-2, run sam build && sam deploy: ")
    assert "\n" not in message
