"""A real account, if ``.env.test`` names one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tests.support.local_aws import json_log_lines
from tests.support.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3

__all__ = ["DEFAULT_STACK_NAME", "RealAWS", "RealAccountError", "account_settings"]

DEFAULT_STACK_NAME = "ai-voice-shared-test"
"""The default stack name of ``sam deploy``."""


class RealAccountError(RuntimeError):
    """The account that ``.env.test`` names cannot be used; the message is one line with the reason."""


def account_settings() -> dict[str, str]:
    """Read ``.env.test``; it names an account if it has AWS_PROFILE or AWS_ACCESS_KEY_ID.

    Returns
    -------
    dict
        Its variables; empty if it names no account.
    """
    from dotenv import dotenv_values

    found = {name: value for name, value in dotenv_values(ROOT / ".env.test").items() if value}
    return found if {"AWS_PROFILE", "AWS_ACCESS_KEY_ID"} & found.keys() else {}


class RealAWS:
    """The account that ``.env.test`` names.

    Parameters
    ----------
    settings
        Its variables: AWS_REGION, AWS_PROFILE or keys, S3_BUCKET_NAME, and E2E_STACK_NAME if the stack does
        not have the default name of ``sam deploy``.
    """

    endpoint_url: str | None = None
    verify: str | bool = True

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.settings = dict(settings)
        self.stack_name = self.settings.get("E2E_STACK_NAME", DEFAULT_STACK_NAME)
        self._session: boto3.Session | None = None

    @property
    def region(self) -> str:
        """The region of the stack."""
        return self.settings.get("AWS_REGION") or os.environ.get("AWS_REGION", "ap-southeast-2")

    def session(self) -> boto3.Session:
        """Return a boto3 session of the account.

        Raises
        ------
        RealAccountError
            If the profile is not configured on this machine.
        """
        import boto3
        from botocore.exceptions import BotoCoreError

        if self._session is None:
            try:
                self._session = boto3.Session(
                    region_name=self.region,
                    profile_name=self.settings.get("AWS_PROFILE"),
                    aws_access_key_id=self.settings.get("AWS_ACCESS_KEY_ID"),
                    aws_secret_access_key=self.settings.get("AWS_SECRET_ACCESS_KEY"),
                    aws_session_token=self.settings.get("AWS_SESSION_TOKEN"),
                )
            except BotoCoreError as error:
                msg = f".env.test: {error}"
                raise RealAccountError(msg) from None
        return self._session

    def client(self, service: str) -> Any:
        """Return a boto3 client of the account."""
        session: Any = self.session()  # the stubs require a literal name
        return session.client(service)

    def environment(self) -> dict[str, str]:
        """Return the environment variables for a program that uses the account."""
        named = {name: value for name, value in self.settings.items() if name.startswith("AWS_")}
        return named | {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}

    def log_lines(self, function: str) -> list[dict[str, Any]]:
        """Return the JSON log lines of a function."""
        return json_log_lines(self.client("logs"), function)

    def check(self) -> None:
        """Verify the credentials and the stack.

        Raises
        ------
        RealAccountError
            If either is missing.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            msg = f".env.test: the account's credentials do not work: {error}"
            raise RealAccountError(msg) from None
        try:
            self.client("cloudformation").describe_stacks(StackName=self.stack_name)
        except (BotoCoreError, ClientError) as error:
            msg = f".env.test: no stack {self.stack_name} in {self.region}, run sam build && sam deploy: {error}"
            raise RealAccountError(msg) from None
