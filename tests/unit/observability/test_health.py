"""Health checks of components, and the responses of the three health routes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.observability import (
    HealthRegistry,
    get_health_registry,
    get_health_status,
    register_health_check,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


@pytest.fixture
def registry() -> HealthRegistry:
    """Return a new registry."""
    return HealthRegistry("my-service")


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """Return an event that is set after the test, for checks that hang."""
    event = threading.Event()
    yield event
    event.set()


def fail() -> None:
    """Fail as a dependency might, with a secret in the error's text."""
    raise ConnectionError("postgresql://app:hunter2@db")


def test_a_service_without_checks_is_healthy(registry: HealthRegistry) -> None:
    """A service without checks is healthy and has no components."""
    status = registry.get_health_status()
    assert (status["status"], status["service"], status["components"]) == ("healthy", "my-service", {})


@pytest.mark.parametrize(
    ("critical", "optional", "status", "health", "ready"),
    [
        (True, True, "healthy", 200, 200),
        (True, False, "degraded", 200, 200),
        (False, True, "unhealthy", 503, 503),
        (False, False, "unhealthy", 503, 503),
    ],
)
def test_the_worst_critical_component_decides(
    *, critical: bool, optional: bool, status: str, health: int, ready: int, registry: HealthRegistry
) -> None:
    """A critical component makes the service unhealthy, an optional one degrades it; the process stays live."""
    registry.register("database", lambda: critical)
    registry.register("cache", lambda: optional, critical=False)
    assert registry.get_health_status()["status"] == status
    assert (registry.health().status_code, registry.ready().status_code) == (health, ready)
    assert set(registry.ready().body["components"]) == {"database"}
    assert registry.live().status_code == 200
    assert registry.live().body["status"] == "healthy"


def test_an_error_is_named_by_its_type_alone(registry: HealthRegistry) -> None:
    """The status contains the type of an error only: its text may contain a password, and the route may be public."""
    registry.register("database", fail)
    status = registry.get_health_status()
    assert status["components"]["database"]["error"] == "ConnectionError"
    assert "hunter2" not in str(status)


def test_a_check_may_be_a_coroutine_function(registry: HealthRegistry) -> None:
    """A check that is a coroutine function runs in its own event loop."""

    async def check() -> bool:
        return False

    registry.register("database", check)
    assert registry.get_health_status()["components"]["database"]["error"] == "CheckFailed"


def test_a_check_that_hangs_is_cut_off(registry: HealthRegistry, stuck: threading.Event) -> None:
    """A hanging check is reported as a timeout beside the others, and is not started again."""
    started: list[int] = []

    def hang() -> None:
        started.append(1)
        stuck.wait(30)

    registry.register("database", hang, timeout=0.05)
    registry.register("cache", lambda: True)
    for _ in range(2):
        components: dict[str, Any] = registry.get_health_status()["components"]
        assert components["database"]["error"] == "TimeoutError"
        assert components["cache"]["status"] == "healthy"
    assert started == [1]


def test_checks_run_concurrently(registry: HealthRegistry) -> None:
    """Two checks that wait for each other both pass, because they run concurrently."""
    barrier = threading.Barrier(2)
    registry.register("one", lambda: barrier.wait(20) >= 0, timeout=20)
    registry.register("two", lambda: barrier.wait(20) >= 0, timeout=20)
    assert registry.get_health_status()["status"] == "healthy"


def test_a_check_that_recovers_is_healthy_again(registry: HealthRegistry) -> None:
    """A check that passes after a failure is healthy: no earlier result is cached."""
    results = iter([False, True])
    registry.register("database", lambda: next(results))
    assert [registry.ready().status_code for _ in range(2)] == [503, 200]


def test_the_registry_of_the_process() -> None:
    """The module's functions share one registry, from which a check can be removed."""
    register_health_check("test-component", lambda: False, critical=False)
    try:
        assert get_health_status()["components"]["test-component"]["status"] == "unhealthy"
    finally:
        get_health_registry().unregister("test-component")
    assert "test-component" not in get_health_status()["components"]
