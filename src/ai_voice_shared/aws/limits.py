"""The current deadline as a limit of AWS clients: one client per configuration, however much time is left.

botocore's timeouts and attempts belong to the client. What a deadline needs is set per attempt:

- An attempt that would begin after the end is refused by a handler of botocore's `before-send` event.
- A pause before another attempt that does not fit ends the attempts: what `needs-retry` responds is looked at by the
  event emitter, which botocore lets its users pass to a session.
- The timeouts of sockets come from urllib3, which calls `Timeout.clone` for each request.

Not limited are name resolution, the connect timeout of each further address of a host, and a body that arrives slowly
but steadily.

The module imports botocore: only a function that creates a client imports it.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from botocore.hooks import HierarchicalEmitter, first_non_none_response
from urllib3 import Timeout

from ai_voice_shared.aws.tls import shared_context
from ai_voice_shared.errors import DeadlineExceededError
from ai_voice_shared.utils.deadline import current_deadline

__all__ = ["DeadlineEmitter", "DeadlineTimeout", "apply_limits"]

_log = logging.getLogger(__name__)
# urllib3 refuses a timeout of 0.
_SHORTEST = 0.001


class DeadlineTimeout(Timeout):
    """Timeouts of which each request gets a copy that ends with the current deadline.

    Examples
    --------
    >>> from ai_voice_shared.utils.deadline import Deadline, use_deadline
    >>> with use_deadline(Deadline(60)):
    ...     copy = DeadlineTimeout(1.0, 2.0).clone()
    >>> copy.connect_timeout, copy.read_timeout
    (1.0, 2.0)
    """

    def __init__(self, connect: float | None, read: float | None, *, grace: float = 0.0) -> None:
        super().__init__(connect=connect, read=read)
        self._limits = connect, read
        self._grace = grace

    def clone(self) -> Timeout:
        """Return the timeouts of one request."""
        connect, read = self._limits
        deadline = current_deadline()
        if deadline is None:
            return Timeout(connect=connect, read=read)
        left = max(deadline.remaining(), self._grace, _SHORTEST)
        return Timeout(
            connect=left if connect is None else min(connect, left),
            read=left if read is None else min(read, left),
            total=left,
        )


class DeadlineEmitter(HierarchicalEmitter):
    """An event emitter of botocore's that ends the attempts where the pause before the next one does not fit."""

    def emit(self, event_name: str, **kwargs: Any) -> Any:
        """Call the handlers of an event."""
        responses = super().emit(event_name, **kwargs)
        if event_name.startswith("needs-retry."):
            pause = first_non_none_response(responses)
            deadline = current_deadline()
            if pause is not None and pause is not False and deadline is not None and pause >= deadline.remaining():
                return [(self.emit, False)]
        return responses


def apply_limits(client: Any, grace: float, *, bundle: str) -> None:
    """Apply the current deadline and the shared TLS context to a new client.

    Parameters
    ----------
    client
        A botocore client that has sent nothing yet.
    grace
        As in `aws_client`.
    bundle
        The file of certificates that the environment or the configuration names; empty for the default ones.
    """
    service = client.meta.service_model.service_name
    client.meta.events.register_first("before-send", partial(_refuse_when_over, service, grace))
    config = client.meta.config
    try:
        session = client._endpoint.http_session  # noqa: SLF001 - botocore accepts no session from outside
        options = session._manager.connection_pool_kw  # noqa: SLF001 - as above; none of its pools exists yet
    except AttributeError:
        # A later botocore, met by a layer that is older: the client works, with its configured timeouts.
        _log.warning("the deadline cannot cut the timeouts of AWS clients", extra={"aws_service": service})
        return
    timeout = DeadlineTimeout(config.connect_timeout, config.read_timeout, grace=grace)
    options["timeout"] = timeout
    session._timeout = timeout  # noqa: SLF001 - what the pools of a proxy are made with, if there is one
    if client.meta.endpoint_url.startswith("https:") and config.client_cert is None:
        options["ssl_context"] = shared_context(bundle)


def _refuse_when_over(service: str, grace: float, **_: Any) -> None:
    deadline = current_deadline()
    if deadline is not None and not grace and deadline.remaining() <= 0:
        # As `Deadline.limit` raises it, for a call that was not made.
        msg = f"{service}: deadline exceeded before the request was sent"
        raise DeadlineExceededError(msg, service=service)
