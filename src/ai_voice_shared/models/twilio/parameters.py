"""What all that Twilio sends has in common: form pairs with Twilio's names, of which more come without notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr
from pydantic import ValidationError as PydanticValidationError

from ai_voice_shared.errors import InvalidPayloadError
from ai_voice_shared.utils.http_events import FORM_CONTENT_TYPE, HttpEvent, parse_form

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TwilioParameters", "form_pairs"]

Pairs = tuple[tuple[str, str], ...]


class TwilioParameters(BaseModel):
    """Parameters of one request of Twilio's, frozen.

    An attribute is Twilio's name in snake_case; a parameter that came blank counts as not sent. What this class
    does not know stands in `extra`, and `parameters` has every pair as it came.
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
        """Read the parameters of an HTTP event, from its form or, for GET, from its query.

        The signature is not looked at: `TwilioService.verify` does that.

        Parameters
        ----------
        event
            An event of API Gateway (v1, v2), a function URL or an ALB, or what `TwilioService.verify` returned.

        Raises
        ------
        InvalidPayloadError
            It cannot be read, or is not what this class is for. No value is in the message.
        PayloadTooLargeError
            The body has more bytes than a webhook can have.

        Examples
        --------
        >>> from ai_voice_shared import TwilioWebhookPayload
        >>> from ai_voice_shared.testing.twilio import TwilioWebhooks
        >>> TwilioWebhookPayload.from_event(TwilioWebhooks().message(Body="hello", shape="alb")).body
        'hello'
        """
        return cls.from_pairs(form_pairs(event if isinstance(event, HttpEvent) else HttpEvent(event)))

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]] | Mapping[str, str]) -> Self:
        """Read form pairs; of a repeated parameter the last counts, and `parameters` has them all.

        Raises
        ------
        InvalidPayloadError
            As in `from_event`.
        """
        kept = pairs if type(pairs) is tuple else tuple(pairs.items() if isinstance(pairs, Mapping) else pairs)
        try:
            read = cls.model_validate({name: value for name, value in kept if value})
        except PydanticValidationError as error:
            raise _explained(error) from None
        read._parameters = kept  # noqa: SLF001 - it is this class's own
        read._check()  # noqa: SLF001 - as above
        return read

    @property
    def parameters(self) -> Pairs:
        """Every pair as it came, in its order, repeats and blank values included."""
        return self._parameters

    @property
    def extra(self) -> dict[str, Any]:
        """The parameters that this class does not know."""
        return {name: value for name, value in (self.model_extra or {}).items() if not self._is_known(name)}

    def get_all(self, name: str) -> list[str]:
        """Give every value of a parameter by Twilio's name, blank ones included.

        Examples
        --------
        >>> from ai_voice_shared import TwilioWebhookPayload
        >>> from ai_voice_shared.testing.twilio import message_parameters
        >>> TwilioWebhookPayload.from_pairs([*message_parameters().items(), ("Tag", "a"), ("Tag", "")]).get_all("Tag")
        ['a', '']
        """
        return [value for found, value in self._parameters if found == name]

    def _check(self) -> None:
        """Check what depends on several parameters."""

    def _is_known(self, name: str) -> bool:  # noqa: ARG002 - for subclasses with numbered names
        return False

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        # Ids alone: everything else may be personal data.
        for name in ("message_sid", "account_sid"):
            yield name, getattr(self, name, None)


def form_pairs(request: HttpEvent) -> Pairs:
    """Give the pairs of a request: of its form, or for GET of its query.

    Raises
    ------
    InvalidPayloadError
        The body is no form.
    """
    if request.method == "GET":
        return parse_form(request.query_string)
    if request.content_type != FORM_CONTENT_TYPE:
        raise InvalidPayloadError(f"the body is not {FORM_CONTENT_TYPE}")
    return request.form


def _explained(error: PydanticValidationError) -> InvalidPayloadError:
    # Only names that the class declares are told: a name that somebody else made up may hold anything.
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    details = [{"parameter": str(problem["loc"][0]), "reason": problem["type"]} for problem in problems]
    named = ", ".join(f"{detail['parameter']} ({detail['reason']})" for detail in details)
    return InvalidPayloadError(f"not what Twilio sends: {named}", details=details)
