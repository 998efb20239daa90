# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
from ai_voice_shared.observability.correlation import correlation_id_from_event as correlation_id_from_event
from ai_voice_shared.observability.correlation import get_correlation_id as get_correlation_id
from ai_voice_shared.observability.correlation import use_correlation_id as use_correlation_id
from ai_voice_shared.observability.health import HealthRegistry as HealthRegistry
from ai_voice_shared.observability.health import HealthResponse as HealthResponse
from ai_voice_shared.observability.health import get_health_registry as get_health_registry
from ai_voice_shared.observability.health import get_health_status as get_health_status
from ai_voice_shared.observability.health import register_health_check as register_health_check
from ai_voice_shared.observability.log_events import LogManager as LogManager
from ai_voice_shared.observability.log_events import log_event as log_event
from ai_voice_shared.observability.log_events import log_request as log_request
from ai_voice_shared.observability.logger import attach_library_logs as attach_library_logs
from ai_voice_shared.observability.logger import get_agent_logger as get_agent_logger
from ai_voice_shared.observability.logger import get_api_logger as get_api_logger
from ai_voice_shared.observability.logger import get_logger as get_logger
from ai_voice_shared.observability.logger import get_shared_logger as get_shared_logger
from ai_voice_shared.observability.logger import get_web_logger as get_web_logger
from ai_voice_shared.observability.logger import setup_logging as setup_logging
from ai_voice_shared.observability.metrics import MetricsClient as MetricsClient
from ai_voice_shared.observability.metrics import get_metrics as get_metrics
from ai_voice_shared.observability.metrics import set_metrics as set_metrics
from ai_voice_shared.observability.monitoring import circuit_transition_hook as circuit_transition_hook
from ai_voice_shared.observability.monitoring import monitor_api_call as monitor_api_call
from ai_voice_shared.observability.monitoring import monitor_task_execution as monitor_task_execution
from ai_voice_shared.observability.performance import cleanup_old_metrics as cleanup_old_metrics
from ai_voice_shared.observability.performance import get_performance_metrics as get_performance_metrics
from ai_voice_shared.observability.performance import get_system_metrics as get_system_metrics
from ai_voice_shared.observability.performance import get_user_metrics as get_user_metrics
from ai_voice_shared.observability.service_logger import ServiceLogger as ServiceLogger
from ai_voice_shared.observability.tracing import NoopTracer as NoopTracer
from ai_voice_shared.observability.tracing import OpenTelemetryTracer as OpenTelemetryTracer
from ai_voice_shared.observability.tracing import Tracer as Tracer
from ai_voice_shared.observability.tracing import XRayTracer as XRayTracer
from ai_voice_shared.observability.tracing import get_tracer as get_tracer
from ai_voice_shared.observability.tracing import set_tracer as set_tracer

__all__ = [
    "HealthRegistry",
    "HealthResponse",
    "LogManager",
    "MetricsClient",
    "NoopTracer",
    "OpenTelemetryTracer",
    "ServiceLogger",
    "Tracer",
    "XRayTracer",
    "attach_library_logs",
    "circuit_transition_hook",
    "cleanup_old_metrics",
    "correlation_id_from_event",
    "get_agent_logger",
    "get_api_logger",
    "get_correlation_id",
    "get_health_registry",
    "get_health_status",
    "get_logger",
    "get_metrics",
    "get_performance_metrics",
    "get_shared_logger",
    "get_system_metrics",
    "get_tracer",
    "get_user_metrics",
    "get_web_logger",
    "log_event",
    "log_request",
    "monitor_api_call",
    "monitor_task_execution",
    "register_health_check",
    "set_metrics",
    "set_tracer",
    "setup_logging",
    "use_correlation_id",
]
