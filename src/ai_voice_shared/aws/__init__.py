"""The one way to AWS: clients with limits from the current deadline, and botocore's errors as this package's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    from ai_voice_shared.aws.clients import OPERATIONS as OPERATIONS
    from ai_voice_shared.aws.clients import aws_client as aws_client
    from ai_voice_shared.aws.clients import aws_credentials as aws_credentials
    from ai_voice_shared.aws.clients import clear_clients as clear_clients
    from ai_voice_shared.aws.clients import close_connections as close_connections
    from ai_voice_shared.aws.dynamodb import dynamodb_client as dynamodb_client
    from ai_voice_shared.aws.errors import AwsFailure as AwsFailure
    from ai_voice_shared.aws.errors import classify_error as classify_error
    from ai_voice_shared.aws.errors import map_error as map_error
    from ai_voice_shared.aws.errors import map_errors as map_errors

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "AwsFailure": ".errors",
        "OPERATIONS": ".clients",
        "aws_client": ".clients",
        "aws_credentials": ".clients",
        "classify_error": ".errors",
        "clear_clients": ".clients",
        "close_connections": ".clients",
        "dynamodb_client": ".dynamodb",
        "map_error": ".errors",
        "map_errors": ".errors",
    },
)
