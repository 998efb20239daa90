"""The garbage collector is held back, and no longer than said."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from ai_voice_shared._collector import collector_paused

pytestmark = pytest.mark.unit


def test_it_is_off_inside_and_on_afterwards_also_after_an_error() -> None:
    """A block that fails does not leave a process without a collector."""

    def failing() -> None:
        with collector_paused():
            assert not gc.isenabled()
            raise LookupError

    with pytest.raises(LookupError):
        failing()
    assert gc.isenabled()


def test_an_inner_block_does_not_turn_it_on_again() -> None:
    """Only who turned it off does."""
    with collector_paused():
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_runs_without_a_collector_keeps_it_off() -> None:
    """A function's own choice stands."""
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_nothing_is_collected_while_names_are_loaded() -> None:
    """Neither the models nor an AWS client are searched for garbage while they are made."""
    script = """
import gc
import ai_voice_shared
from ai_voice_shared.aws import aws_client

collections = []
gc.callbacks.append(lambda phase, info: collections.append(phase))
ai_voice_shared.TwilioWebhookPayload
loading = len(collections)
gc.collect()
collections.clear()
aws_client("s3", region_name="us-east-1")
print(loading, len(collections))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    loading, making = done.stdout.split()
    # One may begin as soon as it is on again; without the pause there are dozens.
    assert int(loading) <= 2, done.stderr
    assert int(making) <= 2, done.stderr
