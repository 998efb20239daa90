"""Suppression of other packages' log lines about this package's own calls."""

from __future__ import annotations

import logging
import threading

import anyio
import pytest

from ai_voice_shared.observability.suppression import suppress_logging

pytestmark = pytest.mark.unit

NAMES = ("library.client", "library.pool")


def test_named_loggers_are_silent_for_the_block(caplog: pytest.LogCaptureFixture) -> None:
    """The named loggers are suppressed at any level until the block ends; other loggers are not."""
    with suppress_logging(*NAMES):
        for name in NAMES:
            logging.getLogger(name).critical("suppressed")
        logging.getLogger("else").warning("elsewhere")
    logging.getLogger(NAMES[0]).warning("afterwards")
    assert caplog.messages == ["elsewhere", "afterwards"]


def test_blocks_nest_and_end_with_their_error(caplog: pytest.LogCaptureFixture) -> None:
    """The end of an inner block does not end the outer one, and an error ends both."""

    def fail() -> None:
        with suppress_logging(*NAMES):
            with suppress_logging(NAMES[1]):
                pass
            logging.getLogger(NAMES[1]).warning("suppressed")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    logging.getLogger(NAMES[1]).warning("afterwards")
    assert caplog.messages == ["afterwards"]


def test_other_threads_are_not_suppressed(caplog: pytest.LogCaptureFixture) -> None:
    """A block suppresses the lines of its own thread only."""
    with suppress_logging(*NAMES):
        thread = threading.Thread(target=lambda: logging.getLogger(NAMES[0]).warning("another's"))
        thread.start()
        thread.join()
    assert caplog.messages == ["another's"]


@pytest.mark.anyio
async def test_worker_threads_of_the_block_are_silent(caplog: pytest.LogCaptureFixture) -> None:
    """Lines of worker threads that the block starts are suppressed too."""
    with suppress_logging(*NAMES):
        await anyio.to_thread.run_sync(logging.getLogger(NAMES[0]).warning, "suppressed")
    assert caplog.messages == []
