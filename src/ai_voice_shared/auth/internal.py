"""Services that call each other, known by their API keys."""

from __future__ import annotations

import hmac
import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ai_voice_shared.auth.api_keys import NewApiKey, generate_api_key, hash_api_key, key_id_of
from ai_voice_shared.errors import AuthorizationError, InvalidApiKeyError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ai_voice_shared.auth.event_handler import Middleware
    from ai_voice_shared.auth.stores import ApiKeyStore

__all__ = ["InternalAuthManager", "ServiceIdentity"]

_log = logging.getLogger(__name__)
_NO_HASH = "0" * 64
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class ServiceIdentity:
    """The service that is calling.

    Attributes
    ----------
    service : str
        Its name.
    key_id : str
        The key that it came with.
    scopes : frozenset[str]
        What it may do.
    """

    service: str
    key_id: str
    scopes: frozenset[str] = frozenset()


class InternalAuthManager:
    """Makes, checks, rotates and revokes the API keys of services.

    Parameters
    ----------
    store
        Keeps the records; by default the DynamoDB table that `ApiKeySettings` names.
    clock
        Seconds since 1970.

    Examples
    --------
    >>> from ai_voice_shared.auth import InMemoryApiKeyStore, InternalAuthManager
    >>> manager = InternalAuthManager(InMemoryApiKeyStore())
    >>> new = manager.create_key("webhook-handler", scopes=("lookup",))
    >>> manager.authenticate(new.key).service
    'webhook-handler'
    >>> manager.verify("avk_wrong") is None
    True
    """

    def __init__(self, store: ApiKeyStore | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    @property
    def store(self) -> ApiKeyStore:
        """The store, made on first use."""
        if self._store is None:
            from ai_voice_shared.auth.stores import DynamoDBApiKeyStore
            from ai_voice_shared.settings.security import ApiKeySettings

            settings = ApiKeySettings()
            self._store = DynamoDBApiKeyStore(settings.table, region=settings.region, cache_ttl=settings.cache_ttl)
        return self._store

    def create_key(self, service: str, *, scopes: Collection[str] = (), expires_in: float | None = None) -> NewApiKey:
        """Make a key for a service and keep its hash.

        Parameters
        ----------
        service
            Who will call with it.
        scopes
            What it may be used for.
        expires_in
            Seconds until it ends; None for no end.
        """
        now = self._clock()
        new = generate_api_key(
            service,
            scopes=tuple(scopes),
            created_at=now,
            expires_at=None if expires_in is None else now + expires_in,
        )
        self.store.put(new.record)
        return new

    def authenticate(self, api_key: str, *, scopes: Collection[str] = ()) -> ServiceIdentity:
        """Tell whose key this is.

        Parameters
        ----------
        api_key
            The key as it came.
        scopes
            What the call needs; the key has to have all of them.

        Raises
        ------
        InvalidApiKeyError
            It is unknown, wrong, expired or revoked; which of them is not told.
        AuthorizationError
            It is good, and not for this.
        ServiceError
            The store could not be asked. That is not an invalid key.
        """
        key_id = key_id_of(api_key) if isinstance(api_key, str) else None
        record = self.store.get(key_id) if key_id else None
        # An unknown id costs the same comparison as a known one.
        genuine = hmac.compare_digest(
            hash_api_key(api_key) if key_id else _NO_HASH, record.key_hash if record else "f" * 64
        )
        if record is None or not genuine:
            _log.warning("an API key was refused", extra={"key_id": key_id})
            raise InvalidApiKeyError
        if record.expires_at is not None and record.expires_at <= self._clock():
            _log.warning("an expired API key was refused", extra={"key_id": key_id, "caller": record.service})
            raise InvalidApiKeyError
        missing = sorted(set(scopes) - set(record.scopes))
        if missing:
            msg = f"the API key lacks: {', '.join(missing)}"
            raise AuthorizationError(msg, context={"key_id": key_id, "caller": record.service})
        return ServiceIdentity(record.service, record.key_id, frozenset(record.scopes))

    def verify(self, api_key: str, *, scopes: Collection[str] = ()) -> ServiceIdentity | None:
        """Tell whose key this is, or None where it is not good, or not for this."""
        try:
            return self.authenticate(api_key, scopes=scopes)
        except (InvalidApiKeyError, AuthorizationError):
            return None

    def rotate(self, key_id: str, *, overlap: float = _DAY) -> NewApiKey:
        """Make a new key in place of an old one, which stays good for a while.

        Parameters
        ----------
        key_id
            The old key. Its end never moves away.
        overlap
            Seconds in which both are good.

        Raises
        ------
        NotFoundError
            There is no such key.
        """
        old = self.store.get(key_id)
        if old is None:
            kind = "API key"
            raise NotFoundError(kind, key_id)
        now = self._clock()
        lifetime = None if old.expires_at is None else max(old.expires_at - old.created_at, 0.0)
        new = self.create_key(old.service, scopes=old.scopes, expires_in=lifetime)
        end = now + overlap
        self.store.put(replace(old, expires_at=end if old.expires_at is None else min(end, old.expires_at)))
        return new

    def revoke(self, key_id: str) -> None:
        """Make a key useless. Another process may know it for as long as its store keeps records in memory."""
        self.store.delete(key_id)

    def dependency(self, *, scopes: Collection[str] = ()) -> Callable[..., ServiceIdentity]:
        """Give a function for Powertools' `Depends`: the service that is calling, by the header `X-Api-Key`.

        Parameters
        ----------
        scopes
            What the route needs.
        """
        from ai_voice_shared.auth.event_handler import API_KEY_HEADER, dependency_on, header_of

        def calling_service(event: Any) -> ServiceIdentity:
            return self.authenticate(header_of(event, API_KEY_HEADER), scopes=scopes)

        return dependency_on(calling_service, ServiceIdentity)

    def middleware(self, *, scopes: Collection[str] = ()) -> Middleware:
        """Give a middleware for Powertools' resolvers; the route finds the service in `app.context["service"]`."""
        from ai_voice_shared.auth.event_handler import API_KEY_HEADER, header_of, middleware_on

        return middleware_on(
            "service", lambda event: self.authenticate(header_of(event, API_KEY_HEADER), scopes=scopes)
        )
