"""The cache of customers: known senders for minutes, unknown senders for seconds, failures never.

cachetools provides the bounded cache with an expiry per entry. Added here are the stale window, in which an entry may
serve while the server is down, and statistics.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachetools import TLRUCache

    from ai_voice_shared.models.customer import CustomerMetadata
    from ai_voice_shared.services.customer_lookup.contract import LookupRequest

__all__ = ["CacheEntry", "CacheInfo", "LookupCache"]


class CacheEntry(NamedTuple):
    """A customer, or None for an unknown sender, with its expiry times."""

    customer: CustomerMetadata | None
    fresh_until: float
    stale_until: float


class CacheInfo(NamedTuple):
    """Statistics of a cache since the process started."""

    hits: int
    misses: int
    stale: int
    size: int


class LookupCache:
    """A bounded cache of lookups, safe for threads.

    Parameters
    ----------
    size
        Maximum number of entries; 0 turns the cache off.
    ttl
        Seconds that a customer is fresh.
    negative_ttl
        Seconds that an unknown sender is cached.
    stale_if_error
        Seconds past its expiry that a customer may serve while the server is down.
    clock
        A monotonic clock.

    Examples
    --------
    >>> cache = LookupCache(size=10, ttl=300, negative_ttl=15, stale_if_error=3600)
    >>> cache.info()
    CacheInfo(hits=0, misses=0, stale=0, size=0)
    """

    def __init__(
        self,
        *,
        size: int,
        ttl: float,
        negative_ttl: float,
        stale_if_error: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._size = size
        self._ttl = ttl
        self._negative_ttl = negative_ttl
        self._stale_if_error = stale_if_error
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: TLRUCache[LookupRequest, CacheEntry] | None = None
        self._hits = self._misses = self._stale = 0
        self._reported = CacheInfo(0, 0, 0, 0)

    def fresh(self, request: LookupRequest) -> CacheEntry | None:
        """Return a fresh entry, and count the hit or the miss."""
        with self._lock:
            if self._entries is not None:
                try:
                    entry = self._entries[request]
                except KeyError:
                    pass
                else:
                    if self._clock() < entry.fresh_until:
                        self._hits += 1
                        return entry
            self._misses += 1
        return None

    def recheck(self, request: LookupRequest) -> CacheEntry | None:
        """Return a fresh entry that another caller has stored since the miss was counted."""
        entry = self._get(request)
        return entry if entry is not None and self._clock() < entry.fresh_until else None

    def stale(self, request: LookupRequest) -> CacheEntry | None:
        """Return an expired customer that may serve while the server is down; never an unknown sender."""
        entry = self._get(request)
        if entry is None or entry.customer is None:
            return None
        with self._lock:
            self._stale += 1
        return entry

    def put(self, request: LookupRequest, customer: CustomerMetadata | None) -> None:
        """Store a response of the server."""
        ttl = self._negative_ttl if customer is None else self._ttl
        if self._size <= 0 or ttl <= 0:
            return
        now = self._clock()
        # An unknown sender has no stale window: a new customer must not be turned away in an outage.
        stale_until = now + ttl + (0 if customer is None else self._stale_if_error)
        with self._lock:
            if self._entries is None:
                from cachetools import TLRUCache

                self._entries = TLRUCache(self._size, ttu=lambda _, entry, __: entry.stale_until, timer=self._clock)
            self._entries[request] = CacheEntry(customer, now + ttl, stale_until)

    def clear(self) -> None:
        """Remove all entries."""
        with self._lock:
            self._entries = None

    def info(self) -> CacheInfo:
        """Return the statistics."""
        with self._lock:
            size = len(self._entries) if self._entries is not None else 0
            return CacheInfo(self._hits, self._misses, self._stale, size)

    def take_stats(self) -> CacheInfo:
        """Return the statistics since the previous call; the size is the current one."""
        now = self.info()
        with self._lock:
            before, self._reported = self._reported, now
        return CacheInfo(now.hits - before.hits, now.misses - before.misses, now.stale - before.stale, now.size)

    def _get(self, request: LookupRequest) -> CacheEntry | None:
        with self._lock:
            return self._entries.get(request) if self._entries is not None else None
