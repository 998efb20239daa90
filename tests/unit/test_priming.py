"""Priming, and the hooks for SnapStart."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
from typing import Any

import pytest
import snapshot_restore_py

from ai_voice_shared.aws import clients as aws
from ai_voice_shared.errors import ConfigurationError
from ai_voice_shared.http import shared
from ai_voice_shared.priming import PARTS, after_restore, enable_snapstart, prime

pytestmark = pytest.mark.unit

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "S3_BUCKET_NAME": "notes",
    "CUSTOMER_LOOKUP_FUNCTION_NAME": "lookup",
    "TWILIO_ACCOUNT_SID": "AC" + 32 * "0",
    "TWILIO_AUTH_TOKEN": "token",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_every_part_can_be_primed_without_a_network() -> None:
    """In a process whose sockets are blocked, each part creates its clients and imports what its first call needs."""
    script = """
import socket, sys
def refused(*args, **kwargs):
    raise AssertionError("priming went to the network")
socket.socket.connect = refused
socket.getaddrinfo = refused
from ai_voice_shared.priming import PARTS, prime
prime(*PARTS)
print(sorted({"httpx", "botocore", "pydantic"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=ENVIRONMENT)
    # httpx is for coroutines alone.
    assert done.stdout.strip() == "['botocore', 'pydantic']", done.stderr


def test_an_unknown_part_primes_nothing() -> None:
    """The error for an unknown part names it and lists the parts."""
    with pytest.raises(ValueError, match=r"'s4' cannot be primed: choose from .*s3"):
        prime("s3", "s4")


def test_a_missing_setting_fails_at_init(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing setting is an error at INIT that names the variable."""
    monkeypatch.delenv("S3_BUCKET_NAME")
    with pytest.raises(ConfigurationError, match="S3_BUCKET_NAME"):
        prime("s3")
    assert gc.isenabled()


def test_garbage_collection_is_restored_afterwards() -> None:
    """After priming, garbage collection is enabled or disabled as before."""
    assert gc.isenabled()
    prime("models")
    assert gc.isenabled()
    gc.disable()
    try:
        prime("models")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_snapstart_primes_before_and_drops_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambda's hooks prime before the snapshot, and drop sockets, secrets and random state after a restore."""
    monkeypatch.setattr(snapshot_restore_py, "_before_snapshot_registry", [])
    monkeypatch.setattr(snapshot_restore_py, "_after_restore_registry", [])
    primed: list[str] = []
    monkeypatch.setitem(PARTS, "models", lambda: primed.append("models"))
    enable_snapstart("models")
    for function, arguments, options in snapshot_restore_py.get_before_snapshot():
        function(*arguments, **options)
    assert primed == ["models"]
    assert [entry[0] for entry in snapshot_restore_py.get_after_restore()] == [after_restore]


def test_a_restored_copy_has_its_own_random_state_and_no_old_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two copies of a snapshot draw different random numbers, without pooled connections and cached secrets."""
    from aws_lambda_powertools.utilities import parameters

    class Counting:
        closed = 0

        def close(self) -> None:
            """Count a call."""
            self.closed += 1

    client: Any = Counting()
    monkeypatch.setattr(aws, "_clients", {("s3", "x"): client})
    monkeypatch.setitem(shared._shared, "sync", client)
    provider = parameters.SSMProvider()
    base: Any = parameters.base
    monkeypatch.setitem(base.DEFAULT_PROVIDERS, "ssm", provider)
    random.seed(1)
    after_restore()
    first = random.random()
    random.seed(1)
    after_restore()
    assert random.random() != first
    assert client.closed == 4
    assert base.DEFAULT_PROVIDERS == {}
