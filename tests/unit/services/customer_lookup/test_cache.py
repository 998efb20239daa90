"""The cache of lookups: what is stored, for how long, and what may serve in an outage."""

from __future__ import annotations

import random
import threading

import pytest

from ai_voice_shared.models.customer import CustomerMetadata
from ai_voice_shared.services.customer_lookup.cache import CacheEntry, LookupCache
from ai_voice_shared.services.customer_lookup.contract import LookupRequest

pytestmark = pytest.mark.unit

CUSTOMER = CustomerMetadata(customer_id="c", company_id="a", company_name="A")
REQUEST = LookupRequest("phone_number", "+61400000000")


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def create_cache(
    clock: Clock, *, size: int = 10, ttl: float = 300, negative_ttl: float = 15, stale: float = 3600
) -> LookupCache:
    """Create a cache on that clock."""
    return LookupCache(size=size, ttl=ttl, negative_ttl=negative_ttl, stale_if_error=stale, clock=clock)


def get_customer(entry: CacheEntry | None) -> CustomerMetadata | None:
    """Return the customer of an entry that must exist."""
    assert entry is not None
    return entry.customer


def test_a_customer_is_fresh_for_its_ttl() -> None:
    """A customer is fresh until its time to live is over."""
    clock = Clock()
    cache = create_cache(clock)
    cache.put(REQUEST, CUSTOMER)
    clock.now += 299.9
    assert get_customer(cache.fresh(REQUEST)) is CUSTOMER
    clock.now += 0.1
    assert cache.fresh(REQUEST) is None


def test_an_unknown_sender_is_fresh_for_a_shorter_time() -> None:
    """An unknown sender is cached for seconds only, since they may become a customer."""
    clock = Clock()
    cache = create_cache(clock)
    cache.put(REQUEST, None)
    clock.now += 14.9
    assert get_customer(cache.fresh(REQUEST)) is None
    clock.now += 0.1
    assert cache.fresh(REQUEST) is None


def test_a_customer_may_serve_stale_for_its_window() -> None:
    """An expired customer may serve within the stale window."""
    clock = Clock()
    cache = create_cache(clock)
    cache.put(REQUEST, CUSTOMER)
    clock.now += 3899.9
    assert cache.fresh(REQUEST) is None
    assert get_customer(cache.stale(REQUEST)) is CUSTOMER
    clock.now += 0.1
    assert cache.stale(REQUEST) is None


def test_an_unknown_sender_never_serves_stale() -> None:
    """An unknown sender never serves as a stale entry, not even while it is fresh."""
    clock = Clock()
    cache = create_cache(clock)
    cache.put(REQUEST, None)
    assert cache.stale(REQUEST) is None


def test_a_new_response_replaces_the_old() -> None:
    """A new response replaces the old one, with its own expiry times."""
    clock = Clock()
    cache = create_cache(clock)
    cache.put(REQUEST, CUSTOMER)
    cache.put(REQUEST, None)
    assert get_customer(cache.fresh(REQUEST)) is None
    assert cache.stale(REQUEST) is None
    clock.now += 20
    cache.put(REQUEST, CUSTOMER)
    clock.now += 200
    assert get_customer(cache.fresh(REQUEST)) is CUSTOMER


def test_the_cache_is_bounded() -> None:
    """A full cache drops the least recently used entry."""
    cache = create_cache(Clock(), size=3)
    requests = [LookupRequest("phone_number", f"+6140000000{number}") for number in range(4)]
    for request in requests[:3]:
        cache.put(request, CUSTOMER)
    cache.fresh(requests[0])
    cache.put(requests[3], CUSTOMER)
    assert [cache.fresh(request) is not None for request in requests] == [True, False, True, True]
    assert cache.info().size == 3


def test_a_size_of_zero_turns_the_cache_off() -> None:
    """A cache of size 0 stores nothing."""
    cache = create_cache(Clock(), size=0)
    cache.put(REQUEST, CUSTOMER)
    assert cache.fresh(REQUEST) is None
    assert cache.info().size == 0


@pytest.mark.parametrize(("ttl", "customer"), [({"ttl": 0}, CUSTOMER), ({"negative_ttl": 0}, None)])
def test_a_ttl_of_zero_stores_nothing(ttl: dict[str, float], customer: CustomerMetadata | None) -> None:
    """Customers and unknown senders each have a time to live, and 0 turns it off."""
    cache = create_cache(Clock(), **ttl)  # type: ignore[arg-type] # the size is not among them
    cache.put(REQUEST, customer)
    assert cache.info().size == 0


def test_ids_and_numbers_are_apart() -> None:
    """The same text as an id and as a number are two entries."""
    cache = create_cache(Clock())
    cache.put(REQUEST, CUSTOMER)
    assert cache.fresh(LookupRequest("external_user_id", REQUEST.value)) is None


def test_stats_count_lookups() -> None:
    """Hits, misses and stale hits are counted, and a recheck counts as neither."""
    clock = Clock()
    cache = create_cache(clock)
    cache.fresh(REQUEST)
    cache.put(REQUEST, CUSTOMER)
    assert get_customer(cache.recheck(REQUEST)) is CUSTOMER
    cache.fresh(REQUEST)
    clock.now += 400
    assert cache.recheck(REQUEST) is None
    cache.fresh(REQUEST)
    cache.stale(REQUEST)
    assert cache.info() == (1, 2, 1, 1)


def test_stats_are_taken_once() -> None:
    """Each report has what happened since the last one, and the current size."""
    clock = Clock()
    cache = create_cache(clock)
    cache.fresh(REQUEST)
    cache.put(REQUEST, CUSTOMER)
    cache.fresh(REQUEST)
    assert cache.take_stats() == (1, 1, 0, 1)
    cache.fresh(REQUEST)
    assert cache.take_stats() == (1, 0, 0, 1)
    assert cache.take_stats() == (0, 0, 0, 1)
    assert cache.info() == (2, 1, 0, 1)


def test_the_cache_can_be_cleared() -> None:
    """Clearing removes all entries."""
    cache = create_cache(Clock())
    cache.put(REQUEST, CUSTOMER)
    cache.clear()
    assert cache.fresh(REQUEST) is None


def test_threads_do_not_disturb_each_other() -> None:
    """Sixteen threads on a running clock read what they stored, and the cache stays within its bounds."""
    clock = Clock()
    cache = create_cache(clock, size=20, ttl=3, negative_ttl=1, stale=2)
    wrong: list[BaseException] = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        try:
            for _ in range(2000):
                number = rng.randrange(40)
                request = LookupRequest("phone_number", f"+614{number:08}")
                customer = CustomerMetadata(customer_id=str(number), company_id="a", company_name="A")
                cache.put(request, customer if rng.random() < 0.8 else None)
                entry = cache.fresh(request) or cache.stale(request)
                assert entry is None or entry.customer is None or entry.customer.customer_id == str(number)
                clock.now += 0.01
        except BaseException as error:  # noqa: BLE001 - a thread's error has to reach the test
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    info = cache.info()
    assert info.size <= 20
    assert info.hits + info.misses == 16 * 2000
