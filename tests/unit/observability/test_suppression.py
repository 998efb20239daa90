"""Others' log lines of this package's own calls."""

from __future__ import annotations

import logging
import threading

import anyio
import pytest

from ai_voice_shared.observability.suppression import suppress_logging

pytestmark = pytest.mark.unit

NAMES = ("somebody.client", "somebody.pool")


def test_named_loggers_are_silent_for_the_block(caplog: pytest.LogCaptureFixture) -> None:
    """At any level, and no longer than that; others are not."""
    with suppress_logging(*NAMES):
        for name in NAMES:
            logging.getLogger(name).critical("held back")
        logging.getLogger("else").warning("elsewhere")
    logging.getLogger(NAMES[0]).warning("afterwards")
    assert caplog.messages == ["elsewhere", "afterwards"]


def test_blocks_nest_and_end_with_their_error(caplog: pytest.LogCaptureFixture) -> None:
    """The inner one's end is not the outer one's."""

    def fail() -> None:
        with suppress_logging(*NAMES):
            with suppress_logging(NAMES[1]):
                pass
            logging.getLogger(NAMES[1]).warning("held back")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    logging.getLogger(NAMES[1]).warning("afterwards")
    assert caplog.messages == ["afterwards"]


def test_other_threads_log_on(caplog: pytest.LogCaptureFixture) -> None:
    """It is this thread's call."""
    with suppress_logging(*NAMES):
        thread = threading.Thread(target=lambda: logging.getLogger(NAMES[0]).warning("another's"))
        thread.start()
        thread.join()
    assert caplog.messages == ["another's"]


@pytest.mark.anyio
async def test_worker_threads_of_the_block_are_silent(caplog: pytest.LogCaptureFixture) -> None:
    """They belong to the call."""
    with suppress_logging(*NAMES):
        await anyio.to_thread.run_sync(logging.getLogger(NAMES[0]).warning, "held back")
    assert caplog.messages == []
