"""The cache of lookups: what is kept, for how long, and what may serve in an outage."""

from __future__ import annotations

import random
import threading

import pytest

from ai_voice_shared.models.customer import CustomerMetadata
from ai_voice_shared.services.customer_lookup.cache import CacheEntry, LookupCache
from ai_voice_shared.services.customer_lookup.contract import LookupRequest

pytestmark = pytest.mark.unit

CUSTOMER = CustomerMetadata(customer_id="c", company_id="a", company_name="A")
ASKED = LookupRequest("phone_number", "+61400000000")


class Clock:
    """A clock that is put forward by hand."""

    now = 1000.0

    def __call__(self) -> float:
        """Give its time."""
        return self.now


def make(
    clock: Clock, *, size: int = 10, ttl: float = 300, negative_ttl: float = 15, stale: float = 3600
) -> LookupCache:
    """Make a cache on that clock."""
    return LookupCache(size=size, ttl=ttl, negative_ttl=negative_ttl, stale_if_error=stale, clock=clock)


def known(entry: CacheEntry | None) -> CustomerMetadata | None:
    """Give the customer of an entry that is there."""
    assert entry is not None
    return entry.customer


def test_a_customer_is_fresh_for_its_time() -> None:
    """And no longer."""
    clock = Clock()
    cache = make(clock)
    cache.put(ASKED, CUSTOMER)
    clock.now += 299.9
    assert known(cache.fresh(ASKED)) is CUSTOMER
    clock.now += 0.1
    assert cache.fresh(ASKED) is None


def test_nobody_is_fresh_for_a_shorter_time() -> None:
    """A new customer is not told for long that nobody knows them."""
    clock = Clock()
    cache = make(clock)
    cache.put(ASKED, None)
    clock.now += 14.9
    assert known(cache.fresh(ASKED)) is None
    clock.now += 0.1
    assert cache.fresh(ASKED) is None


def test_a_customer_may_serve_stale_for_its_window() -> None:
    """Past its time, and within the window."""
    clock = Clock()
    cache = make(clock)
    cache.put(ASKED, CUSTOMER)
    clock.now += 3899.9
    assert cache.fresh(ASKED) is None
    assert known(cache.stale(ASKED)) is CUSTOMER
    clock.now += 0.1
    assert cache.stale(ASKED) is None


def test_nobody_never_serves_stale() -> None:
    """Not even while it is fresh."""
    clock = Clock()
    cache = make(clock)
    cache.put(ASKED, None)
    assert cache.stale(ASKED) is None


def test_a_new_answer_replaces_the_old() -> None:
    """In both directions, with the times of the new one."""
    clock = Clock()
    cache = make(clock)
    cache.put(ASKED, CUSTOMER)
    cache.put(ASKED, None)
    assert known(cache.fresh(ASKED)) is None
    assert cache.stale(ASKED) is None
    clock.now += 20
    cache.put(ASKED, CUSTOMER)
    clock.now += 200
    assert known(cache.fresh(ASKED)) is CUSTOMER


def test_it_is_bounded() -> None:
    """The one that was not asked for longest goes first."""
    cache = make(Clock(), size=3)
    asked = [LookupRequest("phone_number", f"+6140000000{number}") for number in range(4)]
    for one in asked[:3]:
        cache.put(one, CUSTOMER)
    cache.fresh(asked[0])
    cache.put(asked[3], CUSTOMER)
    assert [cache.fresh(one) is not None for one in asked] == [True, False, True, True]
    assert cache.info().size == 3


def test_a_size_of_nothing_keeps_nothing() -> None:
    """The cache is off."""
    cache = make(Clock(), size=0)
    cache.put(ASKED, CUSTOMER)
    assert cache.fresh(ASKED) is None
    assert cache.info().size == 0


@pytest.mark.parametrize(("ttl", "customer"), [({"ttl": 0}, CUSTOMER), ({"negative_ttl": 0}, None)])
def test_a_time_of_nothing_keeps_nothing(ttl: dict[str, float], customer: CustomerMetadata | None) -> None:
    """Each kind by its own time."""
    cache = make(Clock(), **ttl)  # type: ignore[arg-type] # none of the two is the size
    cache.put(ASKED, customer)
    assert cache.info().size == 0


def test_ids_and_numbers_are_apart() -> None:
    """The same text as the other kind is another question."""
    cache = make(Clock())
    cache.put(ASKED, CUSTOMER)
    assert cache.fresh(LookupRequest("external_user_id", ASKED.value)) is None


def test_figures_count_questions() -> None:
    """A hit, a miss, a stale answer; what is learned meanwhile counts for neither."""
    clock = Clock()
    cache = make(clock)
    cache.fresh(ASKED)
    cache.put(ASKED, CUSTOMER)
    assert known(cache.recheck(ASKED)) is CUSTOMER
    cache.fresh(ASKED)
    clock.now += 400
    assert cache.recheck(ASKED) is None
    cache.fresh(ASKED)
    cache.stale(ASKED)
    assert cache.info() == (1, 2, 1, 1)


def test_figures_are_taken_once() -> None:
    """Each report has what came since the last one, and the size as it is."""
    clock = Clock()
    cache = make(clock)
    cache.fresh(ASKED)
    cache.put(ASKED, CUSTOMER)
    cache.fresh(ASKED)
    assert cache.take_stats() == (1, 1, 0, 1)
    cache.fresh(ASKED)
    assert cache.take_stats() == (1, 0, 0, 1)
    assert cache.take_stats() == (0, 0, 0, 1)
    assert cache.info() == (2, 1, 0, 1)


def test_it_forgets() -> None:
    """Everything at once."""
    cache = make(Clock())
    cache.put(ASKED, CUSTOMER)
    cache.clear()
    assert cache.fresh(ASKED) is None


def test_threads_do_not_disturb_each_other() -> None:
    """Sixteen of them write and read more keys than it holds, on a clock that runs; it stays within its bounds."""
    clock = Clock()
    cache = make(clock, size=20, ttl=3, negative_ttl=1, stale=2)
    wrong: list[BaseException] = []

    def work(seed: int) -> None:
        rng = random.Random(seed)
        try:
            for _ in range(2000):
                number = rng.randrange(40)
                asked = LookupRequest("phone_number", f"+614{number:08}")
                customer = CustomerMetadata(customer_id=str(number), company_id="a", company_name="A")
                cache.put(asked, customer if rng.random() < 0.8 else None)
                entry = cache.fresh(asked) or cache.stale(asked)
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
