"""Constants, protocols and other names that no profiler sees: each checked with the code that depends on it."""

from __future__ import annotations

import typing
from typing import Any

from .registry import checks_usage

__all__: list[str] = []


@checks_usage("agents.FLAG_NAME", "agents.flags.FLAG_NAME", "agents.flags.evaluate_system_flag")
def the_flag_decides_the_system() -> None:
    """A flag of that name switches between the two systems."""
    from ai_voice_shared.agents.flags import FLAG_NAME, evaluate_system_flag

    class Flags:
        def evaluate(self, *, name: str, context: dict[str, Any], default: Any) -> Any:
            return {FLAG_NAME: context["beta"]}.get(name, default)

    assert evaluate_system_flag(typing.cast("Any", Flags()), {"beta": True}) == "enhanced"
    assert evaluate_system_flag(typing.cast("Any", Flags()), {"beta": False}) == "simple"


@checks_usage("agents.config.DEFAULTS", "agents.config.SYSTEMS")
def every_agent_system_has_defaults() -> None:
    """Both systems have the same settings, and the enhanced one may use tools."""
    from ai_voice_shared.agents.config import DEFAULTS, SYSTEMS

    assert set(DEFAULTS) == set(SYSTEMS)
    assert len({frozenset(DEFAULTS[system]) for system in SYSTEMS}) == 1
    assert not DEFAULTS["simple"]["tools_enabled"]
    assert DEFAULTS["enhanced"]["tools_enabled"]


@checks_usage("app.health.HEALTH_PATHS")
def health_paths_answer() -> None:
    """Each path is a route that reports the service's health."""
    import json

    from ai_voice_shared import create_service
    from ai_voice_shared.app.health import HEALTH_PATHS

    service = create_service("healthy-service")
    for path in HEALTH_PATHS:
        event = {"rawPath": path, "requestContext": {"http": {"method": "GET"}}, "headers": {}}
        response = service.app.resolve(event, None)
        assert (response["statusCode"], json.loads(response["body"])["service"]) == (200, "healthy-service")


@checks_usage("auth.event_handler.API_KEY_HEADER", "auth.event_handler.Middleware")
def the_api_key_travels_in_its_header() -> None:
    """Without the header the middleware refuses, and names it."""
    from ai_voice_shared.auth import InternalAuthManager
    from ai_voice_shared.auth.event_handler import API_KEY_HEADER, Middleware
    from ai_voice_shared.auth.stores import InMemoryApiKeyStore
    from ai_voice_shared.errors import AuthenticationError

    middleware = InternalAuthManager(InMemoryApiKeyStore()).middleware()
    assert str(Middleware).count("Response") == 1

    class Event:
        raw_event: typing.ClassVar[dict[str, Any]] = {"headers": {}}

    class App:
        current_event = Event()

        def append_context(self, **context: Any) -> None:
            """Handle a request that passed the middleware."""

    try:
        middleware(typing.cast("Any", App()), typing.cast("Any", None))
    except AuthenticationError as error:
        assert API_KEY_HEADER in str(error)
    else:
        raise AssertionError


@checks_usage("auth.tokens.MAX_TOKEN_BYTES")
def a_token_beyond_the_limit_is_not_looked_at() -> None:
    """The longest token fits into an Authorization header of API Gateway."""
    from ai_voice_shared.auth.tokens import MAX_TOKEN_BYTES

    assert 1024 <= MAX_TOKEN_BYTES <= 10_240


@checks_usage("auth.TokenPurpose")
def four_purposes() -> None:
    """A purpose is the text in the token."""
    from ai_voice_shared.auth import TokenPurpose

    assert [purpose.value for purpose in TokenPurpose] == ["access", "refresh", "password_reset", "email_verification"]
    assert TokenPurpose("refresh") is TokenPurpose.REFRESH


@checks_usage("aws.OPERATIONS")
def clients_know_the_operations_of_the_package() -> None:
    """The layer's part of botocore's data has every operation."""
    from ai_voice_shared.aws import OPERATIONS, aws_client

    for service, operations in OPERATIONS.items():
        known = aws_client(service).meta.service_model.operation_names
        assert set(operations) <= set(known), service


@checks_usage("domain.CallFailureReason", "domain.CallStatus", "domain.MemoryType", "domain.UserRole", "EventType")
def enums_are_their_texts() -> None:
    """Enumeration values are written to JSON and databases unchanged."""
    from ai_voice_shared import EventType
    from ai_voice_shared.domain import CallFailureReason, CallStatus, MemoryType, UserRole

    assert (CallStatus("completed"), CallFailureReason("busy")) == (CallStatus.COMPLETED, CallFailureReason.BUSY)
    assert (MemoryType("fact"), UserRole("admin")) == (MemoryType.FACT, UserRole.ADMIN)
    assert EventType("call.completed") is EventType.CALL_COMPLETED


@checks_usage("domain.events.EVENT_MODELS", "domain.events.registry.EVENT_MODELS")
def every_event_type_has_a_model() -> None:
    """The registry leaves none out."""
    from ai_voice_shared import EventType
    from ai_voice_shared.domain.events import EVENT_MODELS

    assert {kind for kind, _ in EVENT_MODELS} == set(EventType)


@checks_usage("events.entries.MAX_ENTRIES")
def eleven_events_are_two_requests() -> None:
    """PutEvents accepts ten entries."""
    from ai_voice_shared.domain.events import create_subject_deleted_event
    from ai_voice_shared.events.entries import MAX_ENTRIES, Entry, batch_entries

    entry = Entry.from_event(create_subject_deleted_event(subject_id="1"), source="subjects")
    batches = list(batch_entries([entry] * 11, max_bytes=1 << 18))
    assert [len(batch) for batch in batches] == [MAX_ENTRIES, 1]


@checks_usage("http.DEFAULT_MAX_BYTES")
def answers_are_capped() -> None:
    """A request without a limit accepts that many bytes."""
    from ai_voice_shared.http import DEFAULT_MAX_BYTES, HttpRequest

    assert HttpRequest(method="GET", url="http://127.0.0.1").max_bytes == DEFAULT_MAX_BYTES == 1 << 20


@checks_usage("http.connection.MAX_HEAD_BYTES")
def heads_are_capped() -> None:
    """The head of a response has at most 64 kB."""
    from ai_voice_shared.http.connection import MAX_HEAD_BYTES

    assert MAX_HEAD_BYTES == 1 << 16


@checks_usage("observability.tracing.NOOP_SPAN")
def nothing_is_traced_without_a_tracer() -> None:
    """The no-op span discards everything."""
    from ai_voice_shared.observability.tracing import NOOP_SPAN, NoopTracer

    with NoopTracer().span("## nothing") as span:
        span.annotate("key", "value")
    assert span is NOOP_SPAN


@checks_usage("observability.logger.LIBRARY_LOGGER", "observability.logger.LIBRARY_RECORD")
def the_package_s_lines_have_a_logger_and_a_field() -> None:
    """The package's logger has the name that handlers attach, and the filter reads the record from the field."""
    import logging

    from ai_voice_shared.observability.logger import LIBRARY_LOGGER, LIBRARY_RECORD, LineFilter

    assert logging.getLogger("ai_voice_shared.http").parent is logging.getLogger(LIBRARY_LOGGER)
    buffered = logging.makeLogRecord({LIBRARY_RECORD: logging.makeLogRecord({"msg": "in detail", "size": 3})})
    assert LineFilter().filter(buffered)
    assert (buffered.msg, vars(buffered)["size"], LIBRARY_RECORD in vars(buffered)) == ("in detail", 3, False)


@checks_usage("observability.correlation.CORRELATION_HEADER", "observability.correlation.CORRELATION_METADATA_KEY")
def the_correlation_id_has_one_name_for_each_way() -> None:
    """The correlation id is read from the header in which it was sent."""
    from ai_voice_shared.observability.correlation import (
        CORRELATION_HEADER,
        CORRELATION_METADATA_KEY,
        correlation_id_from_event,
    )

    assert correlation_id_from_event({"headers": {CORRELATION_HEADER: "order-7"}}) == "order-7"
    assert CORRELATION_METADATA_KEY == "correlation-id"


@checks_usage("observability.health.DEFAULT_TIMEOUT")
def a_check_has_its_time() -> None:
    """The timeout is shorter than a load balancer's."""
    from ai_voice_shared.observability.health import DEFAULT_TIMEOUT

    assert 0 < DEFAULT_TIMEOUT <= 5


@checks_usage("priming.PARTS")
def every_part_is_primed_by_a_function() -> None:
    """The webhook's and the parser's parts are among them."""
    from ai_voice_shared.priming import PARTS

    assert {"twilio", "lookup", "s3", "dynamodb"} <= set(PARTS)
    assert all(callable(part) for part in PARTS.values())


@checks_usage("problems.PROBLEM_CONTENT_TYPE")
def problems_have_their_type() -> None:
    """The content type is that of RFC 9457."""
    from ai_voice_shared.problems import PROBLEM_CONTENT_TYPE

    assert PROBLEM_CONTENT_TYPE == "application/problem+json"


@checks_usage(
    "security.twilio_signature.ALGORITHMS",
    "security.twilio_signature.SIGNATURE_HEADER",
    "security.twilio_signature.SIGNATURE_SETTINGS_HEADER",
)
def twilio_s_names() -> None:
    """Every algorithm is available in hashlib."""
    import hashlib

    from ai_voice_shared.security.twilio_signature import ALGORITHMS, SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER

    assert set(ALGORITHMS.values()) <= hashlib.algorithms_guaranteed
    assert SIGNATURE_HEADER == "X-Twilio-Signature"
    assert SIGNATURE_SETTINGS_HEADER.startswith("X-Twilio-")


@checks_usage("services.service_client.IDEMPOTENCY_HEADER")
def a_post_with_a_key_is_idempotent() -> None:
    """The idempotency key is sent in the header."""
    from ai_voice_shared.services.http_service.request import create_request
    from ai_voice_shared.services.service_client import IDEMPOTENCY_HEADER

    request = create_request("http://127.0.0.1", "POST", "/notes", body={}, idempotency_key="note-1")
    assert request.headers[IDEMPOTENCY_HEADER] == "note-1"
    assert request.idempotent


@checks_usage("settings.config.SECTIONS")
def every_section_is_on_the_config() -> None:
    """Each section is one of the settings classes."""
    from ai_voice_shared import settings
    from ai_voice_shared.settings.config import SECTIONS, Config

    config = Config("my-service")
    for section in ("api", "agent", "metrics", "chassis"):
        assert type(getattr(config, section)).__name__ == SECTIONS[section]
    assert set(SECTIONS.values()) <= set(settings.__all__)


@checks_usage("settings.secrets.DEFAULT_MAX_AGE", "settings.secrets.REFRESH_INTERVAL")
def secrets_are_cached_for_a_while() -> None:
    """Secrets are cached for longer than the refresh interval."""
    from ai_voice_shared.settings.secrets import DEFAULT_MAX_AGE, REFRESH_INTERVAL

    assert 0 < REFRESH_INTERVAL < DEFAULT_MAX_AGE


@checks_usage(
    "utils.filetype.SNIFF_LENGTH",
    "utils.http_events.FORM_CONTENT_TYPE",
    "utils.http_events.MAX_BODY_BYTES",
    "utils.http_events.MAX_FORM_FIELDS",
    "utils.twiml.WHATSAPP_MAX_LENGTH",
)
def limits_of_the_utilities() -> None:
    """Each limit is enforced at its boundary."""
    from ai_voice_shared.errors import PayloadTooLargeError
    from ai_voice_shared.utils.filetype import SNIFF_LENGTH, content_type_of
    from ai_voice_shared.utils.http_events import FORM_CONTENT_TYPE, MAX_BODY_BYTES, MAX_FORM_FIELDS, HttpEvent
    from ai_voice_shared.utils.twiml import WHATSAPP_MAX_LENGTH, split_message

    from .loopback import AUDIO

    assert content_type_of(AUDIO[:SNIFF_LENGTH]) == "audio/ogg"
    assert (FORM_CONTENT_TYPE, MAX_FORM_FIELDS) == ("application/x-www-form-urlencoded", 1000)
    assert [len(part) for part in split_message("a" * (WHATSAPP_MAX_LENGTH + 1))] == [WHATSAPP_MAX_LENGTH, 1]
    event = {"requestContext": {"http": {"method": "POST"}}, "rawPath": "/", "body": "a" * (MAX_BODY_BYTES + 1)}
    try:
        _ = HttpEvent(event).body
    except PayloadTooLargeError:
        return
    raise AssertionError


@checks_usage("observability.performance.RETENTION_DAYS")
def cloudwatch_s_days() -> None:
    """An unsupported number of days is refused before any request."""
    from ai_voice_shared.errors import ValidationError
    from ai_voice_shared.observability import cleanup_old_metrics
    from ai_voice_shared.observability.performance import RETENTION_DAYS

    assert {1, 30, 365} <= set(RETENTION_DAYS)
    try:
        cleanup_old_metrics(31)
    except ValidationError:
        return
    raise AssertionError
