"""A botocore session that holds only what clients of some services use.

botocore's own session registers 127 event handlers, half of them for the documentation and for other services, and
each client copies them all; its chain of credentials creates TLS contexts for places that are not asked where
the environment has the credentials, as in Lambda. Without these, by arguments and components that botocore offers, a
first voice note takes 41 M instructions less of 1,407 M.

The module imports botocore: only a function that creates a client imports it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from botocore import handlers
from botocore.credentials import CredentialResolver, EnvProvider
from botocore.session import Session
from botocore.utils import EVENT_ALIASES

from ai_voice_shared.aws.limits import DeadlineEmitter

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["create_session"]


def create_session(services: Iterable[str] | None = None) -> Session:
    """Create a session whose clients end with the current deadline.

    Parameters
    ----------
    services
        The services that it creates clients of, as boto3 names them; by default it is botocore's own, for all.
    """
    session = Session(event_hooks=DeadlineEmitter(), include_builtin_handlers=services is None)
    if services is None:
        return session
    _register_handlers(session, services)
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        # The first place of botocore's own chain.
        session.register_component("credential_provider", CredentialResolver([EnvProvider()]))
    return session


def _register_handlers(session: Session, services: Iterable[str]) -> None:
    """Register botocore's own handlers, in its order, but those of documentation and of other services."""
    events = session.get_component("event_emitter")
    register = {handlers.REGISTER_FIRST: events.register_first, handlers.REGISTER_LAST: events.register_last}
    # Events are named by the service's id; botocore accepts the name of its endpoint as well.
    wanted = {"", "*"}.union(*((name, EVENT_ALIASES.get(name, name)) for name in services))
    for event_name, handler, *position in handlers.BUILTIN_HANDLERS:
        kind, service, *_ = f"{event_name}.".split(".")
        if kind != "docs" and service in wanted:
            (register[position[0]] if position else events.register)(event_name, handler)
