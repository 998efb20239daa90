"""What is asked and what is answered: the client's half of `docs/customer-lookup-server.openapi.yaml`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

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
    "MAX_ANSWER",
    "SERVICE",
    "LookupReply",
    "LookupRequest",
    "interpret",
    "make_request",
    "speaks_against_server",
]

SERVICE = "customer-lookup-server"
LOOKUP_PATH = "/customers/lookup"
MAX_ANSWER = 64 * 1024
"""Bytes that an answer may have; the longest of the contract has some hundreds."""

_OK, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 200, 404, 429, 500
_REFUSED = frozenset({400, 413, 422})
_LONGEST_ID = 256
# Not compiled here: what Twilio sends does not need it.
_FORMATTING = r"[\s().\-\u2010-\u2015]+"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class LookupRequest(NamedTuple):
    """A question. A tuple, for it is the key of the cache, and tuples are hashed in C.

    Parameters
    ----------
    kind
        `"phone_number"` or `"external_user_id"`.
    value
        Whose; personal data, so it stays out of `repr`, and travels in the body only.
    """

    kind: str
    value: str

    def __repr__(self) -> str:
        return f"LookupRequest(kind={self.kind!r})"

    @property
    def body(self) -> bytes:
        """The JSON that is sent."""
        return json.dumps({self.kind: self.value}, separators=(",", ":")).encode()


class LookupReply(NamedTuple):
    """An answer as it came: nothing of it is believed yet. Header names are in lower case."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"LookupReply(status_code={self.status_code})"


def make_request(phone_number: str | None, external_user_id: str | None) -> LookupRequest:
    """Make the question about a sender.

    Parameters
    ----------
    phone_number
        In E.164 with its plus; Twilio's `whatsapp:` and the usual formatting are taken off.
    external_user_id
        A business-scoped id such as `US.1234ABC`, which is never taken for a number.

    Raises
    ------
    ValidationError
        Neither or both are given, or the number is none. The message does not repeat it.

    Examples
    --------
    >>> make_request("whatsapp:+61 400-000-000", None).body
    b'{"phone_number":"+61400000000"}'
    """
    if (phone_number is None) == (external_user_id is None):
        raise ValidationError("give either phone_number or external_user_id")
    if external_user_id is not None:
        return LookupRequest("external_user_id", _external_id(external_user_id))
    if isinstance(phone_number, str):
        if _E164.fullmatch(phone_number):
            return LookupRequest("phone_number", phone_number)
        number = re.sub(_FORMATTING, "", phone_number.removeprefix("whatsapp:"))
        if _E164.fullmatch(number):
            return LookupRequest("phone_number", number)
    raise ValidationError("phone_number is no number in E.164 (a plus and 7 to 15 digits)")


def _external_id(given: Any) -> str:
    value = given.removeprefix("whatsapp:").strip() if isinstance(given, str) else ""
    if not value or not value.isprintable() or len(value) > _LONGEST_ID:
        msg = f"external_user_id is empty, has control characters, or more than {_LONGEST_ID} of others"
        raise ValidationError(msg)
    return value


def interpret(reply: LookupReply) -> CustomerMetadata | None:
    """Read an answer: a customer, or None for "nobody".

    Raises
    ------
    CustomerLookupUnavailableError
        The server says that it cannot answer now; with the seconds that it asks to wait.
    CustomerLookupError
        An answer that is not what was agreed. A 404 that the server did not write itself, such as a wrong path's, is
        one of these, and never "nobody".
    """
    status = reply.status_code
    if status == _OK:
        return _customer(reply)
    if status == _NOT_FOUND and _problem_code(reply) == CustomerNotFoundError.code:
        return None
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        msg = f"{SERVICE} answered {status}"
        raise CustomerLookupUnavailableError(
            msg, service=SERVICE, status_code=status, retry_after=retry_after_seconds(reply.headers)
        )
    msg = f"{SERVICE} answered {status}, which is not in its contract"
    raise CustomerLookupError(msg, service=SERVICE, status_code=status)


def speaks_against_server(error: Exception) -> bool:
    """Say whether an error should count towards opening the circuit.

    One question that the server refuses does not: else a single sender could open it for all.
    """
    if isinstance(error, CustomerLookupError) and error.status_code in _REFUSED:
        return False
    return is_failure(error)


def _customer(reply: LookupReply) -> CustomerMetadata:
    from pydantic import ValidationError as PydanticValidationError

    from ai_voice_shared.models.customer import CustomerMetadata

    try:
        return CustomerMetadata.model_validate_json(reply.body)
    except PydanticValidationError as error:
        # Where it is wrong, not what stands there.
        found = error.errors(include_url=False, include_context=False, include_input=False)
        places = ", ".join(sorted({".".join(str(part) for part in one["loc"]) or "body" for one in found}))
    # Out here pydantic's error, which repeats the answer, is not even this one's context.
    msg = f"{SERVICE} gave an answer of another shape: {places}"
    raise CustomerLookupError(msg, service=SERVICE, status_code=reply.status_code)


def _problem_code(reply: LookupReply) -> Any:
    try:
        problem = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    return problem.get("code") if isinstance(problem, dict) else None
