"""The stack under test: on the local AWS emulator, or on a real account when ``.env.test`` names one."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ai_voice_shared.aws import close_connections
from ai_voice_shared.testing.aws import clear_clients
from ai_voice_shared.testing.xray import XRayCollector
from tests.support.local_aws import LocalAWS
from tests.support.real_aws import RealAccountError, RealAWS, account_settings
from tests.support.stack import Stack, deploy_stack, read_stack
from tests.support.twilio_harness import Media, TwilioHarness
from tests.support.webhooks import EXTERNAL_ID, PHONE

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all tests of the stack on one worker of pytest-xdist (--dist loadgroup): it is deployed once."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("stack"))


@pytest.fixture(scope="session")
def twilio() -> Iterator[TwilioHarness]:
    """Run Twilio's media API on loopback."""
    with TwilioHarness() as harness:
        yield harness


@pytest.fixture(scope="session")
def collector() -> Iterator[XRayCollector]:
    """Collect the traces of the local stack's functions."""
    with XRayCollector() as listener:
        yield listener


@pytest.fixture(scope="session")
def stack(twilio: TwilioHarness, collector: XRayCollector) -> Iterator[Stack]:
    """Return the stack; deploy it first unless it is on a real account."""
    settings = account_settings()
    if settings:
        account = RealAWS(settings)
        try:
            account.check()
        except RealAccountError as error:
            pytest.skip(str(error).splitlines()[0])
        yield read_stack(account, account.stack_name)
        return
    with ExitStack() as exits:
        aws = exits.enter_context(LocalAWS({"AWS_XRAY_DAEMON_ADDRESS": collector.address}, strict=True))
        deployed = deploy_stack(aws, parameters=twilio.stack_parameters())
        deployed.put_auth_token()
        yield deployed


@pytest.fixture(scope="session")
def s3_bucket(stack: Stack) -> str:
    """Return the bucket for the tests of S3Service: the one of ``.env.test``, else the stack's."""
    return account_settings().get("S3_BUCKET_NAME") or stack.bucket


@pytest.fixture(scope="module")
def own_clients(stack: Stack) -> Iterator[None]:
    """Allow the package to create its own AWS clients, as in a function: they are tested too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in stack.aws.environment().items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        clear_clients()
        yield
        close_connections()
    clear_clients()


@pytest.fixture(scope="session")
def local_stack(stack: Stack) -> Stack:
    """Return the stack on the local emulator: a real account cannot reach the fake Twilio."""
    if stack.aws.endpoint_url is None:
        pytest.skip("needs the fake Twilio on loopback, which a real account cannot reach")
    return stack


@pytest.fixture(scope="session")
def voice_note() -> bytes:
    """Read a real Ogg Opus file."""
    return (HERE / "data" / "voice-note.ogg").read_bytes()


@pytest.fixture(scope="session")
def customers(stack: Stack) -> None:
    """Store a customer by phone number, and another by a business-scoped id alone."""
    stack.seed_customer(
        customer_id="cust-001", company_id="harbour-street", company_name="Harbour Street Builders", phone_number=PHONE
    )
    stack.seed_customer(
        customer_id="cust-002",
        company_id="harbour-street",
        company_name="Harbour Street Builders",
        external_user_id=EXTERNAL_ID,
    )


@pytest.fixture
def note(voice_note: bytes) -> Media:
    """Create a voice note that Twilio serves."""
    return Media(voice_note)
