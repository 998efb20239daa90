# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
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

__all__ = [
    "AwsFailure",
    "OPERATIONS",
    "aws_client",
    "aws_credentials",
    "classify_error",
    "clear_clients",
    "close_connections",
    "dynamodb_client",
    "map_error",
    "map_errors",
]
