"""AWS Signature Version 4, by botocore, for requests that go out by the package's own HTTP client."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from ai_voice_shared.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AwsCredentials", "credentials", "sign"]

_REPLACED = frozenset({"authorization", "x-amz-date", "x-amz-security-token"})


class AwsCredentials(NamedTuple):
    """An access key, its secret, and for a role's the session token; botocore's own show the secret in their `repr`."""

    access_key: str
    secret_key: str
    token: str | None = None

    def __repr__(self) -> str:
        return f"AwsCredentials(access_key={self.access_key!r})"


def credentials() -> AwsCredentials:
    """Return the process's credentials: Lambda's from the environment, else by botocore's whole chain.

    Raises
    ------
    ConfigurationError
        There are none.
    """
    access_key, secret_key = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if access_key and secret_key:
        return AwsCredentials(access_key, secret_key, os.environ.get("AWS_SESSION_TOKEN") or None)
    from ai_voice_shared.aws import aws_credentials

    found = aws_credentials()
    if found is None:
        msg = "there are no AWS credentials: neither in the environment nor where botocore looks"
        raise ConfigurationError(msg)
    frozen = found.get_frozen_credentials()
    return AwsCredentials(frozen.access_key, frozen.secret_key, frozen.token)


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    service: str,
    region: str,
    credentials: AwsCredentials,
) -> dict[str, str]:
    """Sign a request.

    Parameters
    ----------
    method, url, headers, body
        As they will be sent: the URL percent-encoded, and all of the headers that are to be signed.
    service, region
        Of the signature's scope (`"lambda"` for a function URL).
    credentials
        Whose request it is.

    Returns
    -------
    dict
        The headers with `X-Amz-Date`, `X-Amz-Security-Token` and `Authorization`, in place of any that there were.

    Examples
    --------
    >>> mine = AwsCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    >>> headers = sign("GET", "https://example.com/", {}, b"", service="lambda", region="us-east-1", credentials=mine)
    >>> headers["Authorization"].partition("/")[0]
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE'
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    own = {name: value for name, value in headers.items() if name.lower() not in _REPLACED}
    request = AWSRequest(method=method, url=url, headers=own, data=body)
    signer: Any = SigV4Auth  # typed for botocore's own credentials, of which it reads the three values
    signer(credentials, service, region).add_auth(request)
    return dict(request.headers.items())
