"""Logs and traces that agree from one service to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.observability.correlation import correlation_id_from_event as correlation_id_from_event
    from ai_voice_shared.observability.correlation import get_correlation_id as get_correlation_id
    from ai_voice_shared.observability.correlation import use_correlation_id as use_correlation_id
    from ai_voice_shared.observability.log_functions import LogManager as LogManager
    from ai_voice_shared.observability.log_functions import log_event as log_event
    from ai_voice_shared.observability.log_functions import log_request as log_request
    from ai_voice_shared.observability.logger import adopt_library_logger as adopt_library_logger
    from ai_voice_shared.observability.logger import get_agent_logger as get_agent_logger
    from ai_voice_shared.observability.logger import get_api_logger as get_api_logger
    from ai_voice_shared.observability.logger import get_logger as get_logger
    from ai_voice_shared.observability.logger import get_shared_logger as get_shared_logger
    from ai_voice_shared.observability.logger import get_web_logger as get_web_logger
    from ai_voice_shared.observability.logger import setup_logging as setup_logging
    from ai_voice_shared.observability.service_logger import ServiceLogger as ServiceLogger
    from ai_voice_shared.observability.tracing import NoopTracer as NoopTracer
    from ai_voice_shared.observability.tracing import OpenTelemetryTracer as OpenTelemetryTracer
    from ai_voice_shared.observability.tracing import Tracer as Tracer
    from ai_voice_shared.observability.tracing import XRayTracer as XRayTracer
    from ai_voice_shared.observability.tracing import get_tracer as get_tracer
    from ai_voice_shared.observability.tracing import set_tracer as set_tracer

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "LogManager": ".log_functions",
        "NoopTracer": ".tracing",
        "OpenTelemetryTracer": ".tracing",
        "ServiceLogger": ".service_logger",
        "Tracer": ".tracing",
        "XRayTracer": ".tracing",
        "adopt_library_logger": ".logger",
        "correlation_id_from_event": ".correlation",
        "get_agent_logger": ".logger",
        "get_api_logger": ".logger",
        "get_correlation_id": ".correlation",
        "get_logger": ".logger",
        "get_shared_logger": ".logger",
        "get_tracer": ".tracing",
        "get_web_logger": ".logger",
        "log_event": ".log_functions",
        "log_request": ".log_functions",
        "set_tracer": ".tracing",
        "setup_logging": ".logger",
        "use_correlation_id": ".correlation",
    },
)
