"""DynamoDB clients for tables of the package's own: the one place that knows their limits."""

from __future__ import annotations

from typing import Any

__all__ = ["dynamodb_client"]

# DynamoDB responds in milliseconds, and somebody waits.
_CONNECT_TIMEOUT = 1.0
_READ_TIMEOUT = 2.0
_MAX_ATTEMPTS = 3


def dynamodb_client(
    *,
    region_name: str | None = None,
    connect_timeout: float = _CONNECT_TIMEOUT,
    read_timeout: float = _READ_TIMEOUT,
    max_attempts: int = _MAX_ATTEMPTS,
    grace: float = 0.0,
) -> Any:
    """Return the process's client for a table that somebody waits for.

    The defaults are the same everywhere, so that one client, and one connection, serves all tables.

    Parameters
    ----------
    region_name
        The table's region; by default the environment's.
    connect_timeout, read_timeout
        Seconds, for each attempt.
    max_attempts
        How often a call is sent at most.
    grace
        As in `aws_client`.

    Examples
    --------
    >>> client = dynamodb_client(region_name="eu-central-1")
    >>> client is dynamodb_client(region_name="eu-central-1")
    True
    """
    from ai_voice_shared.aws.clients import aws_client

    return aws_client(
        "dynamodb",
        region_name=region_name,
        grace=grace,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": max_attempts},
    )
