"""The base of Twilio's requests: form pairs with Twilio's names, to which Twilio adds without notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr
from pydantic import ValidationError as PydanticValidationError

from ai_voice_shared.errors import InvalidPayloadError
from ai_voice_shared.utils.http_events import FORM_CONTENT_TYPE, HttpEvent, parse_form

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TwilioParameters", "get_form_pairs"]

Pairs = tuple[tuple[str, str], ...]


class TwilioParameters(BaseModel):
    """The parameters of one request from Twilio, frozen.

    Attributes have Twilio's names in snake_case; a blank parameter counts as not sent. `extra` has the parameters that
    this class does not declare, and `parameters` every pair as received.
    """

    model_config = ConfigDict(
        alias_generator=lambda name: name.title().replace("_", ""),
        allow_inf_nan=False,
        extra="allow",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    _parameters: Pairs = PrivateAttr(default=())

    @classmethod
    def from_event(cls, event: Mapping[str, Any] | HttpEvent) -> Self:
        """Parse the parameters of an HTTP event, from its form or, for GET, from its query.

        The signature is not checked here, but by `TwilioService.verify`.

        Parameters
        ----------
        event
            An event of API Gateway (v1, v2), a function URL or an ALB, or the result of `TwilioService.verify`.

        Raises
        ------
        InvalidPayloadError
            The request is malformed, or not of this class's kind. The message contains no value.
        PayloadTooLargeError
            The body exceeds the size of any webhook.

        Examples
        --------
        >>> from ai_voice_shared import TwilioWebhookPayload
        >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
        >>> TwilioWebhookPayload.from_event(TwilioWebhooks().message(Body="hello", shape="alb")).body
        'hello'
        """
        return cls.from_pairs(get_form_pairs(event if isinstance(event, HttpEvent) else HttpEvent(event)))

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]] | Mapping[str, str]) -> Self:
        """Parse form pairs. The last value of a repeated parameter counts; `parameters` has all of them.

        Raises
        ------
        InvalidPayloadError
            As in `from_event`.
        """
        received = pairs if type(pairs) is tuple else tuple(pairs.items() if isinstance(pairs, Mapping) else pairs)
        try:
            parsed = cls.model_validate({name: value for name, value in received if value})
        except PydanticValidationError as error:
            raise _map_error(error) from None
        parsed._parameters = received  # noqa: SLF001 - an attribute of this class
        parsed._check()  # noqa: SLF001 - as above
        return parsed

    @property
    def parameters(self) -> Pairs:
        """Every pair as received, in order, including repeated parameters and blank values."""
        return self._parameters

    @property
    def extra(self) -> dict[str, Any]:
        """The parameters that this class does not declare."""
        return {name: value for name, value in (self.model_extra or {}).items() if not self._is_known(name)}

    def get_all(self, name: str) -> list[str]:
        """Return every value of a parameter by Twilio's name, including blank values.

        Examples
        --------
        >>> from ai_voice_shared import TwilioWebhookPayload
        >>> from ai_voice_shared.testing.twilio import message_parameters
        >>> TwilioWebhookPayload.from_pairs([*message_parameters().items(), ("Tag", "a"), ("Tag", "")]).get_all("Tag")
        ['a', '']
        """
        return [value for parameter, value in self._parameters if parameter == name]

    def _check(self) -> None:
        """Check constraints across several parameters."""

    def _is_known(self, name: str) -> bool:  # noqa: ARG002 - for subclasses with numbered names
        return False

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # Only ids: everything else may be personal data.
        for name in ("message_sid", "account_sid"):
            yield name, getattr(self, name, None)


def get_form_pairs(request: HttpEvent) -> Pairs:
    """Return the pairs of a request's form or, for GET, of its query.

    Raises
    ------
    InvalidPayloadError
        The body is not a form.
    """
    if request.method == "GET":
        return parse_form(request.query_string)
    if request.content_type != FORM_CONTENT_TYPE:
        raise InvalidPayloadError(f"the body is not {FORM_CONTENT_TYPE}")
    return request.form


def _map_error(error: PydanticValidationError) -> InvalidPayloadError:
    # Only declared parameters fail validation, so the message never contains a name of a sender's choice.
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    details = [{"parameter": str(problem["loc"][0]), "reason": problem["type"]} for problem in problems]
    invalid = ", ".join(f"{detail['parameter']} ({detail['reason']})" for detail in details)
    return InvalidPayloadError(f"not a valid Twilio request; invalid parameters: {invalid}", details=details)
