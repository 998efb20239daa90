"""AWS clients: created on first use, one per process and configuration, limited by the current deadline.

Creating boto3's S3 client costs a cold start more than anything else in this package: boto3 reads 1.3 MB of endpoint
data, lists its 440 service directories twice and parses the whole model of the service. For the operations below the
layer ships a part of that data (`data`). All clients share one TLS context (`tls`).

A client from the layer's data knows only the operations in `OPERATIONS`. For anything else use boto3 itself.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import botocore.session

__all__ = ["OPERATIONS", "aws_client", "aws_credentials", "clear_clients", "close_connections"]

OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "cloudwatch": ("GetMetricData", "ListMetrics", "PutMetricData"),
    "dynamodb": (
        "BatchWriteItem",
        "DeleteItem",
        "DescribeTable",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactWriteItems",
        "UpdateItem",
    ),
    "events": ("DescribeEventBus", "PutEvents"),
    "lambda": ("GetFunction", "Invoke"),
    "logs": ("DescribeLogGroups", "FilterLogEvents", "PutRetentionPolicy"),
    "s3": (
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CopyObject",
        "CreateMultipartUpload",
        "CreateSession",
        "DeleteObject",
        "DeleteObjectTagging",
        "DeleteObjects",
        "GetObject",
        "GetObjectAttributes",
        "GetObjectTagging",
        "HeadBucket",
        "HeadObject",
        "ListMultipartUploads",
        "ListObjectVersions",
        "ListObjectsV2",
        "ListParts",
        "PutObject",
        "PutObjectTagging",
        "UploadPart",
        "UploadPartCopy",
    ),
    "secretsmanager": ("GetSecretValue",),
    "sqs": ("GetQueueAttributes", "GetQueueUrl", "SendMessage", "SendMessageBatch"),
    "ssm": ("GetParameter",),
}
"""The operations of each service that the package calls, and so those that the layer ships the models of."""

_lock = threading.RLock()
_clients: dict[tuple[str, str], Any] = {}
_sessions: list[botocore.session.Session] = []


def aws_client(
    service_name: str,
    *,
    region_name: str | None = None,
    endpoint_url: str | None = None,
    grace: float = 0.0,
    **config: Any,
) -> Any:
    """Return the process's client of a service, created on first use.

    Every call fits into the current deadline (`use_deadline`): its connect and read timeouts are cut to what is left,
    no attempt is sent and no pause begun that would end after it, and where nothing is left it raises
    `DeadlineExceededError`.

    Parameters
    ----------
    service_name
        As boto3 names it (`"s3"`).
    region_name
        The region; by default `AWS_REGION`, as in the settings, or `AWS_DEFAULT_REGION`.
    endpoint_url
        Another endpoint than AWS's; by default `AWS_ENDPOINT_URL` and similar, as in boto3.
    grace
        Seconds that a call gets even where the deadline leaves less. For what completes work that is done, such as
        recording its outcome: it may use the reserve that `Deadline.from_context` keeps.
    **config
        Options of `botocore.config.Config` (`read_timeout=5`, `retries={"mode": "standard"}`).

    Returns
    -------
    botocore.client.BaseClient
        The same one for the same arguments.

    Examples
    --------
    >>> client = aws_client("s3", region_name="eu-central-1", read_timeout=5)
    >>> client is aws_client("s3", region_name="eu-central-1", read_timeout=5)
    True
    """
    region_name = region_name or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    key = service_name, repr((region_name, endpoint_url, grace, sorted(config.items())))
    client = _clients.get(key)
    if client is None:
        with _lock:
            client = _clients.get(key)
            if client is None:
                client = _clients[key] = _create(service_name, region_name, endpoint_url, grace, config)
    return client


def aws_credentials() -> Any:
    """Return botocore's credentials of this process, from its whole chain of places, or None.

    Returns
    -------
    botocore.credentials.Credentials | None
        Call its `get_frozen_credentials()` before each use: it refreshes them.
    """
    from ai_voice_shared.aws import data

    with _lock:
        # The session that the clients have, so that a role's credentials are fetched once.
        return (data.trimmed_session() or _session()).get_credentials()


def close_connections() -> None:
    """Close the pooled connections of all clients; they stay usable and open new ones.

    For the moment after a freeze or a restored snapshot, when every pooled socket is dead.
    """
    with _lock:
        for client in _clients.values():
            client.close()


def clear_clients() -> None:
    """Forget all clients and the credentials that they were created with.

    Examples
    --------
    >>> before = aws_client("s3", region_name="eu-central-1")
    >>> clear_clients()
    >>> aws_client("s3", region_name="eu-central-1") is before
    False
    """
    from ai_voice_shared.aws import data

    with _lock:
        close_connections()
        _clients.clear()
        _sessions.clear()
        data.clear()


def _create(
    service_name: str, region_name: str | None, endpoint_url: str | None, grace: float, config: dict[str, Any]
) -> Any:
    from botocore.config import Config

    from ai_voice_shared.aws import data
    from ai_voice_shared.aws.limits import apply_limits

    options: dict[str, Any] = {"region_name": region_name, "endpoint_url": endpoint_url, "config": Config(**config)}
    client, doubt = data.create_client(service_name, **options)
    if client is None:
        client = _session().create_client(service_name, **options)
        if doubt:
            data.report(service_name, doubt)
    apply_limits(client, grace, bundle=_custom_bundle())
    return client


def _session() -> botocore.session.Session:
    """Return the session on botocore's own data."""
    if not _sessions:
        from ai_voice_shared.aws.session import create_session

        _sessions.append(create_session())
    return _sessions[0]


def _custom_bundle() -> str:
    from ai_voice_shared.aws import data

    # botocore's own order: the client's configuration, then the variable of requests.
    configured = (data.trimmed_session() or _session()).get_config_variable("ca_bundle")
    return configured or os.environ.get("REQUESTS_CA_BUNDLE") or ""
