"""Authentication of calling services by their API keys."""

from __future__ import annotations

import hmac
import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ai_voice_shared.auth.api_keys import NewApiKey, generate_api_key, get_key_id, hash_api_key
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
    """The identity of a calling service.

    Attributes
    ----------
    service : str
        The service's name.
    key_id : str
        The id of the API key.
    scopes : frozenset[str]
        The scopes of the key.
    """

    service: str
    key_id: str
    scopes: frozenset[str] = frozenset()


class InternalAuthManager:
    """Manager that creates, verifies, rotates and revokes the API keys of services.

    Parameters
    ----------
    store
        Stores the records; by default in the DynamoDB table of `ApiKeySettings`.
    clock
        Returns seconds since 1970.

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
        """The store, created on first use."""
        if self._store is None:
            from ai_voice_shared.auth.stores import DynamoDBApiKeyStore
            from ai_voice_shared.settings.security import ApiKeySettings

            settings = ApiKeySettings()
            self._store = DynamoDBApiKeyStore(settings.table, region=settings.region, cache_ttl=settings.cache_ttl)
        return self._store

    def create_key(self, service: str, *, scopes: Collection[str] = (), expires_in: float | None = None) -> NewApiKey:
        """Create a key for a service and store its hash.

        Parameters
        ----------
        service
            The service that will use the key.
        scopes
            The scopes of the key.
        expires_in
            The lifetime in seconds; None for a key that does not expire.
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
        """Return the service that a key belongs to.

        Parameters
        ----------
        api_key
            The received key.
        scopes
            The required scopes; the key needs all of them.

        Raises
        ------
        InvalidApiKeyError
            The key is unknown, wrong, expired or revoked; the error does not reveal which.
        AuthorizationError
            The key is valid but lacks a required scope.
        ServiceError
            The store could not be reached. That does not make the key invalid.
        """
        key_id = get_key_id(api_key) if isinstance(api_key, str) else None
        record = self.store.get(key_id) if key_id else None
        # An unknown id costs the same comparison as a known one.
        genuine = hmac.compare_digest(
            hash_api_key(api_key) if key_id else _NO_HASH, record.key_hash if record else "f" * 64
        )
        if record is None or not genuine:
            _log.warning("API key rejected", extra={"key_id": key_id})
            raise InvalidApiKeyError
        if record.expires_at is not None and record.expires_at <= self._clock():
            _log.warning("expired API key rejected", extra={"key_id": key_id, "caller": record.service})
            raise InvalidApiKeyError
        missing = sorted(set(scopes) - set(record.scopes))
        if missing:
            msg = f"the API key lacks the scopes: {', '.join(missing)}"
            raise AuthorizationError(msg, context={"key_id": key_id, "caller": record.service})
        return ServiceIdentity(record.service, record.key_id, frozenset(record.scopes))

    def verify(self, api_key: str, *, scopes: Collection[str] = ()) -> ServiceIdentity | None:
        """Return the service that a key belongs to, or None where the key is invalid or lacks a required scope."""
        try:
            return self.authenticate(api_key, scopes=scopes)
        except (InvalidApiKeyError, AuthorizationError):
            return None

    def rotate(self, key_id: str, *, overlap: float = _DAY) -> NewApiKey:
        """Create a replacement for a key, which itself stays valid for a while.

        Parameters
        ----------
        key_id
            The id of the old key. Its expiration time is never extended.
        overlap
            Seconds in which both keys are valid.

        Raises
        ------
        NotFoundError
            The key does not exist.
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
        """Revoke a key. Another process may accept it for as long as its store caches records."""
        self.store.delete(key_id)

    def dependency(self, *, scopes: Collection[str] = ()) -> Callable[..., ServiceIdentity]:
        """Return a function for Powertools' `Depends` that authenticates the calling service by `X-Api-Key`.

        Parameters
        ----------
        scopes
            The scopes that the route requires.
        """
        from ai_voice_shared.auth.event_handler import API_KEY_HEADER, get_header, make_dependency

        def authenticate_service(event: Any) -> ServiceIdentity:
            return self.authenticate(get_header(event, API_KEY_HEADER), scopes=scopes)

        return make_dependency(authenticate_service, ServiceIdentity)

    def middleware(self, *, scopes: Collection[str] = ()) -> Middleware:
        """Return a middleware for Powertools' resolvers that sets `app.context["service"]` for the route."""
        from ai_voice_shared.auth.event_handler import API_KEY_HEADER, get_header, make_middleware

        return make_middleware(
            "service", lambda event: self.authenticate(get_header(event, API_KEY_HEADER), scopes=scopes)
        )
