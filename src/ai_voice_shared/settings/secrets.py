"""Secrets by reference: a setting names where its value is stored, and Powertools Parameters fetches and caches it.

A reference is `ssm:/path/to/parameter` (SSM Parameter Store, decrypted), `secretsmanager:name` (Secrets Manager) or
`secretsmanager:name#key` (one value of a secret that is a JSON object). A fetched value is cached for
`DEFAULT_MAX_AGE` seconds, so a rotated secret arrives by itself. Who cannot wait for that, because a service has just
refused the old one, calls through `with_secret_refresh`.

Powertools' providers get the package's clients: the ones that they make themselves take 495 M instructions more for
a first secret, and know nothing of the deadline.
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from ai_voice_shared.errors import AuthenticationError, ConfigurationError, DeadlineExceededError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ai_voice_shared.settings.base import Settings

    S = TypeVar("S", bound=Settings)

__all__ = [
    "DEFAULT_MAX_AGE",
    "REFRESH_INTERVAL",
    "clear_secrets",
    "get_secret",
    "refresh_secrets",
    "secrets_generation",
    "with_secret_refresh",
]

T = TypeVar("T")

DEFAULT_MAX_AGE = 300
"""Seconds that a fetched secret is cached."""

REFRESH_INTERVAL = 10.0
"""Seconds in which a secret is fetched by force at most once, so that a wrong one causes no storm of requests."""

_lock = threading.Lock()
_forced: dict[str, float] = {}
_providers: dict[str, Any] = {}
_generation = 0


def get_secret(reference: str, *, max_age: int = DEFAULT_MAX_AGE, force_fetch: bool = False) -> str:
    """Fetch the secret that `reference` names.

    Parameters
    ----------
    reference
        `ssm:NAME`, `secretsmanager:NAME` or `secretsmanager:NAME#KEY`.
    max_age
        Seconds that a value may be cached.
    force_fetch
        Ask again now: for the one retry after a service has refused the secret.

    Raises
    ------
    ConfigurationError
        The secret cannot be fetched, or has no such key; the reference is named, and the cause is chained.
    DeadlineExceededError
        The deadline is exceeded before it is fetched.

    Examples
    --------
    >>> get_secret("vault:stripe")
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.configuration.ConfigurationError: 'vault' is not a valid place for secrets: use ssm:NAME or \
secretsmanager:NAME
    """
    scheme, _, rest = reference.partition(":")
    name, _, key = rest.partition("#")
    if scheme not in ("ssm", "secretsmanager"):
        msg = f"{scheme!r} is not a valid place for secrets: use ssm:NAME or secretsmanager:NAME"
        raise ConfigurationError(msg)

    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

    options: dict[str, Any] = {"decrypt": True} if scheme == "ssm" else {}
    try:
        value = _provider(scheme).get(name, max_age=max_age, force_fetch=force_fetch, **options)
    except GetParameterError as error:
        if isinstance(error.__context__, DeadlineExceededError):
            raise error.__context__ from None
        msg = f"the secret {reference} could not be fetched: does it exist, and may the function's role read it?"
        raise ConfigurationError(msg, context={"reference": reference}) from error
    text = value.decode() if isinstance(value, bytes) else str(value)
    return _value_of(text, key, reference) if key else text


def _provider(scheme: str) -> Any:
    """Return Powertools' provider, which caches, on the process's client, which the layer makes cheaply."""
    from ai_voice_shared.aws import aws_client

    client = aws_client(
        scheme, connect_timeout=1.0, read_timeout=3.0, retries={"mode": "standard", "total_max_attempts": 3}
    )
    with _lock:
        provider = _providers.get(scheme)
        if provider is None or provider.client is not client:
            if scheme == "ssm":
                from aws_lambda_powertools.utilities.parameters.ssm import SSMProvider as Provider
            else:
                from aws_lambda_powertools.utilities.parameters.secrets import (  # type: ignore[assignment]
                    SecretsProvider as Provider,
                )
            provider = _providers[scheme] = Provider(boto3_client=client)
        return provider


def _value_of(text: str, key: str, reference: str) -> str:
    try:
        value = json.loads(text)[key]
    except (ValueError, TypeError, KeyError, IndexError):
        # `from None`: a decoding error shows the text, which is the secret.
        msg = f"the secret {reference} is not a JSON object with the key {key!r}"
        raise ConfigurationError(msg, context={"reference": reference}) from None
    return value if isinstance(value, str) else json.dumps(value)


def refresh_secrets(settings: S) -> S:
    """Fetch the secrets of `settings` again and return settings with them; the old object stays as it was.

    Parameters
    ----------
    settings
        Any settings object. One without secrets by reference is returned as it is.

    Raises
    ------
    ConfigurationError
        A secret cannot be fetched.
    """
    global _generation  # noqa: PLW0603 - one per process, as Powertools' cache is
    references = settings.secret_references
    if not references:
        return settings
    for reference in dict.fromkeys(references):
        with _lock:
            now = time.monotonic()
            if now - _forced.get(reference, -REFRESH_INTERVAL) < REFRESH_INTERVAL:
                continue
            _forced[reference] = now
        get_secret(reference, force_fetch=True)
        with _lock:
            _generation += 1
    return settings.refreshed()


def with_secret_refresh(
    call: Callable[[S], T],
    settings: S,
    *,
    refused: type[BaseException] | tuple[type[BaseException], ...] | Callable[[Exception], bool] = AuthenticationError,
) -> T:
    """Call with the settings; if the secret is refused, fetch it again and call once more.

    Parameters
    ----------
    call
        Gets the settings, and makes of them what it needs (a client, a header).
    settings
        The settings as they are.
    refused
        What says that the secret was refused: classes of errors, or a function of the error.

    Returns
    -------
    T
        What `call` gives.

    Raises
    ------
    Exception
        What `call` raises: any other error, the refusal where no secret is held by reference or where it is still
        the same one, and whatever the second call raises.

    Examples
    --------
    >>> from ai_voice_shared.settings.stripe import StripeSettings
    >>> settings = StripeSettings(secret_key="sk_test_1")
    >>> with_secret_refresh(lambda current: current.secret_key.get_secret_value(), settings)
    'sk_test_1'
    """
    try:
        return call(settings)
    except Exception as error:
        is_refusal = isinstance(error, refused) if isinstance(refused, type | tuple) else refused(error)
        if not is_refusal:
            raise
        fresh = refresh_secrets(settings)
        if fresh == settings:
            raise
    return call(fresh)


def secrets_generation() -> int:
    """Return how many secrets were fetched by force; what was created from secrets before is older than this."""
    return _generation


def clear_secrets() -> None:
    """Clear the cached secrets, as after a restored snapshot; the next use fetches them again."""
    global _generation  # noqa: PLW0603 - as above
    with _lock:
        _providers.clear()
        _forced.clear()
        _generation += 1
