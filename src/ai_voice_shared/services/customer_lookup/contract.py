"""What is asked and what is answered: the client's half of `docs/customer-lookup-server.openapi.yaml`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ai_voice_shared.errors import (
    CustomerLookupError,
    CustomerLookupUnavailableError,
    CustomerNotFoundError,
    ValidationError,
)
from ai_voice_shared.problems import retry_after_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ai_voice_shared.models.customer import CustomerMetadata

__all__ = ["LOOKUP_PATH", "SERVICE", "LookupReply", "LookupRequest", "interpret", "make_request"]

SERVICE = "customer-lookup-server"
LOOKUP_PATH = "/customers/lookup"

_OK, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 200, 404, 429, 500
_FORMATTING = re.compile(r"[\s().\-\u2010-\u2015]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """A question.

    Parameters
    ----------
    kind
        `"phone_number"` or `"external_user_id"`.
    value
        Whose; personal data, so it stays out of `repr`, and travels in the body only.
    """

    kind: str
    value: str = field(repr=False)

    @property
    def body(self) -> bytes:
        """The JSON that is sent."""
        return json.dumps({self.kind: self.value}, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class LookupReply:
    """An answer as it came: nothing of it is believed yet. Header names are in lower case."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


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
        value = external_user_id.removeprefix("whatsapp:").strip()
        if not value or not value.isprintable():
            raise ValidationError("external_user_id is empty or has control characters")
        return LookupRequest("external_user_id", value)
    number = phone_number or ""
    if not _E164.fullmatch(number):
        number = _FORMATTING.sub("", number.removeprefix("whatsapp:"))
        if not _E164.fullmatch(number):
            raise ValidationError("phone_number is no number in E.164 (a plus and 7 to 15 digits)")
    return LookupRequest("phone_number", number)


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


def _customer(reply: LookupReply) -> CustomerMetadata:
    from pydantic import ValidationError as PydanticValidationError

    from ai_voice_shared.models.customer import CustomerMetadata

    try:
        return CustomerMetadata.model_validate_json(reply.body)
    except PydanticValidationError as error:
        # Where it is wrong, not what stands there.
        found = error.errors(include_url=False, include_context=False, include_input=False)
        places = ", ".join(sorted({".".join(str(part) for part in one["loc"]) or "body" for one in found}))
        msg = f"{SERVICE} gave an answer of another shape: {places}"
        raise CustomerLookupError(msg, service=SERVICE, status_code=reply.status_code) from None


def _problem_code(reply: LookupReply) -> Any:
    try:
        problem = json.loads(reply.body)
    except ValueError:
        return None
    return problem.get("code") if isinstance(problem, dict) else None
