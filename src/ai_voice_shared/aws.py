"""The one way to an AWS client: made on first use, one per process and configuration, and cheap to make.

Making boto3's S3 client costs a cold start more than anything else in this package: boto3 reads 1.3 MB of endpoint
data, lists its 440 service directories twice and parses the whole model of the service. The layer ships, for the
services that the package calls, the models of the operations that it calls (`layer/botocore_data.py` makes them from
the locked botocore) and a small file of endpoints; botocore's own loader reads them through its public
`data_loader` component, and a client is made in a fifth of the time. Where that data is not at hand, as in an
installed wheel, or for any other service, botocore's full data is used.

A client made here knows only the operations in `OPERATIONS`. For anything else use boto3 itself.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import botocore.session

__all__ = ["OPERATIONS", "aws_client", "aws_credentials", "close_connections"]

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
    "sqs": ("GetQueueAttributes", "GetQueueUrl", "SendMessage", "SendMessageBatch"),
}
"""The operations of each service that the package calls, and so those that the layer ships the models of."""

_DATA = Path(__file__).with_name("_botocore_data")
_lock = threading.RLock()
_clients: dict[tuple[str, str], Any] = {}
_sessions: dict[bool, botocore.session.Session] = {}


def aws_client(
    service_name: str, *, region_name: str | None = None, endpoint_url: str | None = None, **config: Any
) -> Any:
    """Give the process's client of a service, made on first use.

    Parameters
    ----------
    service_name
        As boto3 names it (`"s3"`).
    region_name
        The region; by default the environment's.
    endpoint_url
        Another endpoint than AWS's; by default `AWS_ENDPOINT_URL` and its kin, as in boto3.
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
    key = service_name, repr((region_name, endpoint_url, sorted(config.items())))
    client = _clients.get(key)
    if client is None:
        with _lock:
            client = _clients.get(key)
            if client is None:
                from botocore.config import Config

                client = _session(service_name).create_client(
                    service_name, region_name=region_name, endpoint_url=endpoint_url, config=Config(**config)
                )
                _clients[key] = client
    return client


def aws_credentials() -> Any:
    """Give botocore's credentials of this process, from its whole chain of places, or None.

    Returns
    -------
    botocore.credentials.Credentials | None
        Ask it for `get_frozen_credentials()` before each use: it refreshes them.
    """
    with _lock:
        return _session("sts").get_credentials()


def close_connections() -> None:
    """Close the pooled connections of all clients; they stay usable and open new ones.

    For the moment after a freeze or a restored snapshot, when every pooled socket is dead.
    """
    with _lock:
        for client in _clients.values():
            client.close()


def _session(service_name: str) -> botocore.session.Session:
    light = (_DATA / service_name).is_dir()
    session = _sessions.get(light)
    if session is None:
        import botocore.session

        session = botocore.session.Session()
        session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
        if light:
            from botocore.loaders import Loader

            session.register_component(
                "data_loader",
                Loader(
                    extra_search_paths=[str(_DATA)],
                    file_loader=_PlainJson(),  # type: ignore[arg-type]  # two methods are all it has to have
                    include_default_search_paths=False,
                ),
            )
        _sessions[light] = session
    return session


class _PlainJson:
    """Reads the layer's data into plain dictionaries; botocore's own reader makes ordered ones, at twice the cost."""

    def exists(self, file_path: str) -> bool:
        """Say whether there is such a file, whose name comes without its ending."""
        return os.path.isfile(f"{file_path}.json")  # noqa: PTH113 - pathlib costs a cold start more

    def load_file(self, file_path: str) -> Any:
        """Read it; None where there is none."""
        try:
            with open(f"{file_path}.json", "rb") as file:  # noqa: PTH123 - as above
                return json.loads(file.read())
        except FileNotFoundError:
            return None


def _timestamp(value: Any) -> datetime:
    """Read the two forms of time that AWS writes; botocore's own way, which knows all forms, takes 15 times as long."""
    from datetime import datetime

    if isinstance(value, str):
        try:
            if value.endswith(" GMT"):
                from email.utils import parsedate_to_datetime

                return parsedate_to_datetime(value)
            if value[4:5] == "-" and value[10:11] == "T":
                return datetime.fromisoformat(value)
        except ValueError:
            pass
    from botocore.utils import parse_timestamp

    found: datetime = parse_timestamp(value)
    return found
