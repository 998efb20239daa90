"""Request and response: the client's side of `docs/customer-lookup-server.openapi.yaml`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ai_voice_shared.errors import (
    CustomerLookupError,
    CustomerLookupUnavailableError,
    CustomerNotFoundError,
    ValidationError,
)
from ai_voice_shared.problems import retry_after_seconds
from ai_voice_shared.resilience.circuit_breaker import is_failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ai_voice_shared.models.customer import CustomerMetadata

__all__ = [
    "LOOKUP_PATH",
    "MAX_RESPONSE_BYTES",
    "SERVICE",
    "AsyncTransport",
    "LookupRequest",
    "LookupResponse",
    "Transport",
    "create_request",
    "is_server_failure",
    "parse_response",
]

SERVICE = "customer-lookup-server"
LOOKUP_PATH = "/customers/lookup"
MAX_RESPONSE_BYTES = 64 * 1024
"""Maximum size of a response; those of the contract have some hundred bytes."""

_OK, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 200, 404, 429, 500
_REJECTED = frozenset({400, 413, 422})
_MAX_ID_LENGTH = 256
# Not compiled at import, because numbers from Twilio do not need it.
_FORMATTING = r"[\s().\-\u2010-\u2015]+"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class LookupRequest(NamedTuple):
    """A request. It is a tuple because it is the key of the cache, and tuples are hashed in C.

    Parameters
    ----------
    kind
        `"phone_number"` or `"external_user_id"`.
    value
        The sender; personal data, so it stays out of `repr`, and is sent in the body only.
    """

    kind: str
    value: str

    def __repr__(self) -> str:
        return f"LookupRequest(kind={self.kind!r})"

    @property
    def body(self) -> bytes:
        """The JSON body."""
        return json.dumps({self.kind: self.value}, separators=(",", ":")).encode()


class LookupResponse(NamedTuple):
    """A response, not validated yet. Header names are in lower case."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"LookupResponse(status_code={self.status_code})"


class Transport(Protocol):
    """Sends a request to the server: over HTTP, or by direct Lambda invoke."""

    def send(self, request: LookupRequest, timeout: float) -> LookupResponse:
        """Send a request; `timeout` is in seconds, for the whole exchange.

        Raises
        ------
        ServiceError
            There is no response; retryable if another attempt may succeed.
        """


class AsyncTransport(Protocol):
    """The async counterpart of `Transport`."""

    async def send(self, request: LookupRequest, timeout: float) -> LookupResponse:  # noqa: ASYNC109 - part of the request
        """Send a request; as `Transport.send`."""


def create_request(phone_number: str | None, external_user_id: str | None) -> LookupRequest:
    """Create the request for a sender.

    Parameters
    ----------
    phone_number
        In E.164 with its plus; Twilio's `whatsapp:` and the usual formatting are removed.
    external_user_id
        A business-scoped id such as `US.1234ABC`, which is never treated as a number.

    Raises
    ------
    ValidationError
        Neither or both are passed, or the number is not valid. The message does not contain it.

    Examples
    --------
    >>> create_request("whatsapp:+61 400-000-000", None).body
    b'{"phone_number":"+61400000000"}'
    """
    if (phone_number is None) == (external_user_id is None):
        raise ValidationError("pass either phone_number or external_user_id")
    if external_user_id is not None:
        return LookupRequest("external_user_id", _clean_external_id(external_user_id))
    if isinstance(phone_number, str):
        if _E164.fullmatch(phone_number):
            return LookupRequest("phone_number", phone_number)
        number = re.sub(_FORMATTING, "", phone_number.removeprefix("whatsapp:"))
        if _E164.fullmatch(number):
            return LookupRequest("phone_number", number)
    raise ValidationError("phone_number is not a valid number in E.164 (a plus and 7 to 15 digits)")


def _clean_external_id(given: Any) -> str:
    value = given.removeprefix("whatsapp:").strip() if isinstance(given, str) else ""
    if not value or not value.isprintable() or len(value) > _MAX_ID_LENGTH:
        msg = f"external_user_id is empty, has control characters, or is longer than {_MAX_ID_LENGTH} characters"
        raise ValidationError(msg)
    return value


def parse_response(response: LookupResponse) -> CustomerMetadata | None:
    """Parse a response: a customer, or None for an unknown sender.

    Raises
    ------
    CustomerLookupUnavailableError
        The server is unavailable; with the delay before a retry, if the server sent one.
    CustomerLookupError
        The response violates the contract. So does a 404 without the server's own code, such as that of a wrong path:
        it is never an unknown sender.
    """
    status = response.status_code
    if status == _OK:
        return _parse_customer(response)
    if status == _NOT_FOUND and _problem_code(response) == CustomerNotFoundError.code:
        return None
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        msg = f"{SERVICE} responded with {status}"
        raise CustomerLookupUnavailableError(
            msg, service=SERVICE, status_code=status, retry_after=retry_after_seconds(response.headers)
        )
    msg = f"{SERVICE} responded with {status}, which is not in its contract"
    raise CustomerLookupError(msg, service=SERVICE, status_code=status)


def is_server_failure(error: Exception) -> bool:
    """Return whether an error should count towards opening the circuit.

    A rejected request does not count: otherwise a single sender could open the circuit for all.
    """
    if isinstance(error, CustomerLookupError) and error.status_code in _REJECTED:
        return False
    return is_failure(error)


def _parse_customer(response: LookupResponse) -> CustomerMetadata:
    from pydantic import ValidationError as PydanticValidationError

    from ai_voice_shared.models.customer import CustomerMetadata

    try:
        return CustomerMetadata.model_validate_json(response.body)
    except PydanticValidationError as error:
        # The fields only, not their values.
        found = error.errors(include_url=False, include_context=False, include_input=False)
        fields = ", ".join(sorted({".".join(str(part) for part in problem["loc"]) or "body" for problem in found}))
    # Raised outside the handler, because pydantic's error contains the response and would be its context.
    msg = f"{SERVICE} sent a response with invalid fields: {fields}"
    raise CustomerLookupError(msg, service=SERVICE, status_code=response.status_code)


def _problem_code(response: LookupResponse) -> Any:
    try:
        problem = json.loads(response.body)
    except (ValueError, RecursionError):
        return None
    return problem.get("code") if isinstance(problem, dict) else None
