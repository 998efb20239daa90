"""Logs, traces, metrics and health that agree from one service to the next."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".correlation": ("correlation_id_from_event", "get_correlation_id", "use_correlation_id"),
        ".health": (
            "HealthRegistry",
            "HealthResponse",
            "get_health_registry",
            "get_health_status",
            "register_health_check",
        ),
        ".log_events": ("LogManager", "log_event", "log_request"),
        ".logger": (
            "attach_library_logs",
            "get_agent_logger",
            "get_api_logger",
            "get_logger",
            "get_shared_logger",
            "get_web_logger",
            "setup_logging",
        ),
        ".metrics": ("MetricsClient", "get_metrics", "set_metrics"),
        ".monitoring": ("circuit_transition_hook", "monitor_api_call", "monitor_task_execution"),
        ".performance": ("cleanup_old_metrics", "get_performance_metrics", "get_system_metrics", "get_user_metrics"),
        ".service_logger": ("ServiceLogger",),
        ".tracing": ("NoopTracer", "OpenTelemetryTracer", "Tracer", "XRayTracer", "get_tracer", "set_tracer"),
    },
)
