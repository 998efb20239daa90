"""How components are checked, and what the three routes answer."""

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
    """Give a registry of its own."""
    return HealthRegistry("my-service")


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """Give an event that is set when the test is over, for checks that hang."""
    event = threading.Event()
    yield event
    event.set()


def failing() -> None:
    """Fail as a dependency might, with a text that nobody should see."""
    raise ConnectionError("postgresql://app:hunter2@db")


def test_a_service_without_checks_is_healthy(registry: HealthRegistry) -> None:
    """There is nothing that could be wrong."""
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
    """An optional one only degrades; the process is live in any case."""
    registry.register("database", lambda: critical)
    registry.register("cache", lambda: optional, critical=False)
    assert registry.get_health_status()["status"] == status
    assert (registry.health().status_code, registry.ready().status_code) == (health, ready)
    assert set(registry.ready().body["components"]) == {"database"}
    assert registry.live().status_code == 200
    assert registry.live().body["status"] == "healthy"


def test_an_error_is_named_by_its_type_alone(registry: HealthRegistry) -> None:
    """Its text may hold a password, and the route may be public."""
    registry.register("database", failing)
    status = registry.get_health_status()
    assert status["components"]["database"]["error"] == "ConnectionError"
    assert "hunter2" not in str(status)


def test_a_check_may_be_a_coroutine_function(registry: HealthRegistry) -> None:
    """It runs in an event loop of its own."""

    async def check() -> bool:
        return False

    registry.register("database", check)
    assert registry.get_health_status()["components"]["database"]["error"] == "CheckFailed"


def test_a_check_that_hangs_is_cut_off(registry: HealthRegistry, stuck: threading.Event) -> None:
    """The others answer, the hanging one is a timeout, and asking again starts no second one."""
    begun: list[int] = []

    def hang() -> None:
        begun.append(1)
        stuck.wait(30)

    registry.register("database", hang, timeout=0.05)
    registry.register("cache", lambda: True)
    for _ in range(2):
        components: dict[str, Any] = registry.get_health_status()["components"]
        assert components["database"]["error"] == "TimeoutError"
        assert components["cache"]["status"] == "healthy"
    assert begun == [1]


def test_checks_run_side_by_side(registry: HealthRegistry) -> None:
    """Each waits for the other; one after the other they would never pass."""
    barrier = threading.Barrier(2)
    registry.register("one", lambda: barrier.wait(20) >= 0, timeout=20)
    registry.register("two", lambda: barrier.wait(20) >= 0, timeout=20)
    assert registry.get_health_status()["status"] == "healthy"


def test_a_check_that_recovers_is_healthy_again(registry: HealthRegistry) -> None:
    """Nothing of a former run is kept."""
    answers = iter([False, True])
    registry.register("database", lambda: next(answers))
    assert [registry.ready().status_code for _ in range(2)] == [503, 200]


def test_the_registry_of_the_process() -> None:
    """The functions work on one registry, which a check can be taken from."""
    register_health_check("test-component", lambda: False, critical=False)
    try:
        assert get_health_status()["components"]["test-component"]["status"] == "unhealthy"
    finally:
        get_health_registry().unregister("test-component")
    assert "test-component" not in get_health_status()["components"]
