"""The one way to AWS: clients with limits from the current deadline, and botocore's errors as this package's."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".clients": ("OPERATIONS", "aws_client", "aws_credentials", "clear_clients", "close_connections"),
        ".dynamodb": ("dynamodb_client",),
        ".errors": ("AwsFailure", "classify_error", "map_error", "map_errors"),
    },
)
