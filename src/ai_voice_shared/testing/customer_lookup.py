"""A customer lookup in memory, for the tests of services."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import CustomerNotFoundError
from ai_voice_shared.services.customer_lookup.contract import LookupReply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ai_voice_shared.services.customer_lookup.contract import LookupRequest

__all__ = ["AsyncInMemoryTransport", "InMemoryTransport"]


class InMemoryTransport:
    """Answers from a dictionary, as the server would.

    Parameters
    ----------
    customers
        Phone number or external user id to what the server would answer with.
    error
        Raised in place of every answer while it is set: an outage.

    Attributes
    ----------
    requests : list
        All questions so far.
    """

    def __init__(
        self, customers: Mapping[str, Mapping[str, Any]] | None = None, error: Exception | None = None
    ) -> None:
        self.customers = dict(customers or {})
        self.error = error
        self.requests: list[LookupRequest] = []
        self._lock = threading.Lock()

    def send(self, request: LookupRequest, timeout: float) -> LookupReply:  # noqa: ARG002 - the protocol's arguments
        """Answer a question."""
        with self._lock:
            self.requests.append(request)
        if self.error is not None:
            raise self.error
        customer = self.customers.get(request.value)
        if customer is None:
            problem = {"status": 404, "code": CustomerNotFoundError.code, "title": CustomerNotFoundError.title}
            return LookupReply(404, {"content-type": "application/problem+json"}, json.dumps(problem).encode())
        return LookupReply(200, {"content-type": "application/json"}, json.dumps(customer).encode())


class AsyncInMemoryTransport(InMemoryTransport):
    """The same for the asynchronous client."""

    async def send(  # type: ignore[override] # the asynchronous protocol's method
        self,
        request: LookupRequest,
        timeout: float,  # noqa: ASYNC109 - the protocol's arguments
    ) -> LookupReply:
        """Answer a question."""
        return super().send(request, timeout)
