"""A function with the layer attached, under Lambda's own runtime client and emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.lambda_emulator import running_function, unavailable_reason

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.layer,
    pytest.mark.skipif(unavailable_reason() is not None, reason=str(unavailable_reason())),
]

HANDLER = """
import ai_voice_shared
from ai_voice_shared import get_logger, get_tracer, use_correlation_id
from ai_voice_shared.observability.correlation import correlation_id_from_event

logger = get_logger("test-function")

def handler(event, context):
    with use_correlation_id(correlation_id_from_event(event)) as correlation_id, get_tracer().span("## work"):
        names = {}
        for name in ai_voice_shared.__all__:
            names[name] = type(getattr(ai_voice_shared, name)).__name__
        logger.info("handled", extra={"names": len(names)})
        return {"file": ai_voice_shared.__file__, "correlation_id": correlation_id, "names": names}
"""


def test_a_handler_works_with_the_layer_attached(opt: Path, runtime: Path, tmp_path: Path) -> None:
    """In a handler the package comes from the layer, all of its names resolve, and its log lines have the id."""
    (tmp_path / "app.py").write_text(HANDLER)
    with running_function("app.handler", paths=[tmp_path, opt / "python", runtime]) as function:
        response = function.invoke({"headers": {"x-correlation-id": "order-7"}})
        again = function.invoke({"headers": {}})
        log = function.log_text()
        assert function.init_milliseconds() > 0
    assert response["file"].startswith(str(opt))
    assert response["correlation_id"] == "order-7"
    assert again["correlation_id"] != "order-7"
    assert {"S3Service", "CustomerLookupClient", "TwilioWebhookPayload"} <= set(response["names"])
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{"level"')]
    assert next(line["correlation_id"] for line in lines) == "order-7"
    assert {line["service"] for line in lines} == {"test-function"}
