"""A customer lookup, compared with a baseline of `requests`, pydantic and a `cachetools` cache with a lock.

::

    uv run python -m tests.benchmarks lookup
"""

from __future__ import annotations

import multiprocessing
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import requests
from cachetools import TTLCache, cached
from pydantic import BaseModel
from requests.adapters import HTTPAdapter

from ai_voice_shared import CustomerLookupClient, CustomerLookupSettings
from ai_voice_shared.http import HttpClient
from ai_voice_shared.services.customer_lookup.http_transport import HttpTransport
from tests.benchmarks.rows import Note, Row, alternate
from tests.benchmarks.services import running_services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

__all__ = ["run"]

ROUNDS = 15
QUICK_ROUNDS = 5
CACHED_CALLS = 5000
HTTP_CALLS = 100
THREADS, LOOKUPS, NUMBERS = 32, 1000, 100
PHONE = "+61400000000"


class _Customer(BaseModel):
    customer_id: str
    company_id: str
    company_name: str


def run(*, quick: bool, note: Note) -> list[Row]:
    """Measure a cached lookup, an uncached one, and many concurrent ones."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with _served() as url, closing(HttpClient()) as http, requests.Session() as session:
        settings = CustomerLookupSettings(url=f"{url}/lookup", connect_timeout=5, read_timeout=10, timeout=30)
        client = _layer(settings, http)
        baseline = _baseline(session, url, keep=True)
        lookup = client.fetch_customer_metadata
        rows = [
            _row(
                "a cached lookup",
                alternate(
                    lambda: lookup(phone_number=PHONE), lambda: baseline(PHONE), rounds=rounds, times=CACHED_CALLS
                ),
                ceiling=5.0,
            )
        ]
        uncached = _layer(settings.model_copy(update={"cache_size": 0}), http).fetch_customer_metadata
        uncached_baseline = _baseline(session, url, keep=False)
        rows.append(
            _row(
                "a lookup over HTTP",
                alternate(
                    lambda: uncached(phone_number=PHONE),
                    lambda: uncached_baseline(PHONE),
                    rounds=rounds,
                    times=HTTP_CALLS,
                ),
                goal=1.0,
            )
        )
        rows.append(_many(settings, http, url))
    return rows


@contextmanager
def _served() -> Iterator[str]:
    """Serve the lookup in a separate process, because its threads would slow the measured code down in this one."""
    parent, child = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(child,), daemon=True)
    server.start()
    try:
        yield parent.recv()
    finally:
        parent.send("stop")
        server.join(10)


def _serve(pipe: Connection) -> None:
    with running_services(tls=False) as port:
        pipe.send(f"http://127.0.0.1:{port}")
        pipe.recv()


def _row(name: str, figures: list[float], **aims: float) -> Row:
    layer, baseline = figures
    return Row(name, "us", layer, baseline, "requests, pydantic, cachetools", **aims)


def _many(settings: CustomerLookupSettings, http: HttpClient, url: str) -> Row:
    """Count the calls of a thousand concurrent lookups of a hundred numbers."""
    counted = _Counting(HttpTransport(settings, http))
    client = CustomerLookupClient(settings, transport=counted)
    calls: list[str] = []
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(pool_maxsize=THREADS))
        baseline = _baseline(session, url, keep=True, calls=calls)
        _run_concurrently(lambda number: client.fetch_customer_metadata(phone_number=number))
        _run_concurrently(baseline)
    return Row(
        f"{LOOKUPS} lookups of {NUMBERS} numbers, {THREADS} threads",
        "calls",
        counted.calls,
        len(calls),
        "requests, pydantic, cachetools",
        ceiling=NUMBERS,
    )


def _run_concurrently(lookup: Callable[[str], object]) -> None:
    numbers = iter([f"+614{number:08}" for number in range(NUMBERS)] * (LOOKUPS // NUMBERS))
    lock = threading.Lock()
    start = threading.Barrier(THREADS)

    def work() -> None:
        start.wait()
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            lookup(number)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class _Counting:
    """A transport that counts its requests."""

    def __init__(self, inner: HttpTransport) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self.calls = 0

    def send(self, request: Any, timeout: float) -> Any:
        """Send a request and count it."""
        with self._lock:
            self.calls += 1
        return self._inner.send(request, timeout)


def _layer(settings: CustomerLookupSettings, http: HttpClient) -> CustomerLookupClient:
    return CustomerLookupClient(settings, transport=HttpTransport(settings, http))


def _baseline(
    session: requests.Session, url: str, *, keep: bool, calls: list[str] | None = None
) -> Callable[[str], _Customer]:
    def ask(phone_number: str) -> _Customer:
        if calls is not None:
            calls.append(phone_number)
        response = session.post(f"{url}/lookup/customers/lookup", json={"phone_number": phone_number}, timeout=5)
        response.raise_for_status()
        return _Customer.model_validate_json(response.content)

    return cached(TTLCache(2048, 300), lock=threading.Lock())(ask) if keep else ask
