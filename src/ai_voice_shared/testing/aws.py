"""Isolation of tests from the machine's AWS configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

__all__ = ["REGION", "clear_clients", "isolate"]

REGION = "eu-central-1"
"""The region of tests."""


def isolate(monkeypatch: pytest.MonkeyPatch) -> str:
    """Replace the machine's AWS configuration in the environment by fake values.

    Parameters
    ----------
    monkeypatch
        Restores the environment after the test.

    Returns
    -------
    str
        The region.
    """
    for name in list(os.environ):
        if name.startswith("AWS_") or name == "_X_AMZN_TRACE_ID":
            monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # botocore would request credentials there, and wait for the response.
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(name, value)
    return REGION


def clear_clients() -> None:
    """Drop the package's AWS clients, which hold the credentials that they were created with."""
    from ai_voice_shared import aws

    aws.clear_clients()
