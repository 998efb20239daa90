"""Secrets by reference: a setting names where its value is kept, and Powertools Parameters fetches and caches it."""

from __future__ import annotations

from ai_voice_shared.errors import ConfigurationError

__all__ = ["DEFAULT_MAX_AGE", "get_secret"]

DEFAULT_MAX_AGE = 300
"""Seconds that a fetched secret is kept before it is asked for again."""


def get_secret(reference: str, *, max_age: int = DEFAULT_MAX_AGE, force_fetch: bool = False) -> str:
    """Fetch the secret that `reference` names.

    Parameters
    ----------
    reference
        `ssm:/path/to/parameter` (SSM Parameter Store, decrypted) or `secretsmanager:name` (Secrets Manager).
    max_age
        Seconds that a value may be kept.
    force_fetch
        Ask again now: for the one retry after a service has refused the secret.

    Raises
    ------
    ConfigurationError
        The secret cannot be fetched; the reference is named, and the cause is chained.
    """
    from aws_lambda_powertools.utilities import parameters

    scheme, _, name = reference.partition(":")
    try:
        if scheme == "ssm":
            value = parameters.get_parameter(name, decrypt=True, max_age=max_age, force_fetch=force_fetch)
        elif scheme == "secretsmanager":
            value = parameters.get_secret(name, max_age=max_age, force_fetch=force_fetch)
        else:
            msg = f"{scheme!r} is no known place for secrets: use ssm:NAME or secretsmanager:NAME"
            raise ConfigurationError(msg)
    except (parameters.GetParameterError, parameters.TransformParameterError) as error:
        msg = f"the secret {reference} could not be fetched: does it exist, and may the function's role read it?"
        raise ConfigurationError(msg, context={"reference": reference}) from error
    return value.decode() if isinstance(value, bytes) else str(value)
