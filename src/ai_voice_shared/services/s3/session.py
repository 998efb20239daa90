"""The bucket, settings and client of one `S3Service`, and the one place where its requests are sent."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ai_voice_shared._once import locked_cached_property
from ai_voice_shared.observability.tracing import NOOP_SPAN, get_tracer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ai_voice_shared.observability.tracing import Tracer
    from ai_voice_shared.settings.s3 import S3Settings

__all__ = ["S3Session"]


class S3Session:
    """What all S3 operations share. Settings and client are created on first use.

    Parameters
    ----------
    settings, bucket_name, client, tracer
        As for `S3Service`.
    """

    def __init__(
        self,
        settings: S3Settings | None = None,
        *,
        bucket_name: str | None = None,
        client: Any = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._settings = settings
        self._bucket_name = bucket_name
        self._client = client
        self._tracer = tracer
        self.bucket_seen = False
        """Whether the bucket is known to exist, or cannot be looked up."""

    @locked_cached_property
    def settings(self) -> S3Settings:
        """The settings; from the environment unless the constructor received some."""
        from ai_voice_shared.settings import S3Settings

        if self._settings is None:
            return S3Settings(bucket_name=self._bucket_name) if self._bucket_name else S3Settings()
        return self._settings

    @locked_cached_property
    def bucket_name(self) -> str:
        """The bucket of all operations."""
        return self._bucket_name or self.settings.bucket_name

    @property
    def known_bucket_name(self) -> str:
        """The bucket as far as it is known without reading the environment, else an empty text."""
        return self._bucket_name or (self._settings.bucket_name if self._settings else "")

    @locked_cached_property
    def client(self) -> Any:
        """The botocore client; the process's own unless the constructor received one."""
        return self._client if self._client is not None else _create_client(self.settings)

    def with_bucket(self, bucket_name: str) -> S3Session:
        """Return a session for another bucket, with the same settings and client."""
        # What has been created on first use is shared; what has not is created by each for itself.
        settings = vars(self).get("settings", self._settings)
        client = vars(self).get("client", self._client)
        return S3Session(settings, bucket_name=bucket_name, client=client, tracer=self._tracer)

    @contextmanager
    def operation(
        self, name: str, key: str | None = None, *, bucket: str | None = None, **annotations: str | float
    ) -> Iterator[None]:
        """Open a span for one S3 operation, and raise botocore's errors in the block as `S3Error`s."""
        bucket = bucket or self.bucket_name
        span = (self._tracer or get_tracer()).span(f"## s3.{name}", bucket=bucket, **annotations)
        # Most requests are not sampled: there is nothing to enter.
        with nullcontext() if span is NOOP_SPAN else span, self.map_errors(name, key, bucket):
            yield

    @contextmanager
    def map_errors(self, operation: str, key: str | None, bucket: str | None = None) -> Iterator[None]:
        """Raise botocore's errors in the block as `S3Error`s of this operation, without a span."""
        try:
            yield
        except Exception as error:
            from ai_voice_shared.services.s3.errors import map_error

            mapped = map_error(error, operation=operation, bucket=bucket or self.bucket_name, key=key)
            if mapped is None:
                raise
            raise mapped from error

    def send(
        self, operation: str, annotations: Mapping[str, str | float] | None = None, /, **parameters: Any
    ) -> dict[str, Any]:
        """Send one request and return S3's response.

        Parameters
        ----------
        operation
            The S3 API operation (`"PutObject"`).
        annotations
            For the span.
        **parameters
            The operation's own. `Bucket` is the session's unless it is given; None is left out.
        """
        from botocore import xform_name

        given = {name: value for name, value in parameters.items() if value is not None}
        bucket = given.setdefault("Bucket", self.bucket_name)
        with self.operation(operation, given.get("Key"), bucket=bucket, **(annotations or {})):
            response: dict[str, Any] = getattr(self.client, xform_name(operation))(**given)
        return response


def _create_client(settings: S3Settings) -> Any:
    from botocore import __version__ as botocore_version

    from ai_voice_shared.aws import aws_client

    endpoint = urlsplit(settings.endpoint_url or "https:")
    return aws_client(
        "s3",
        region_name=settings.region,
        endpoint_url=settings.endpoint_url,
        # boto3 presigns with SigV2 or a global host unless it is configured otherwise.
        signature_version="s3v4",
        s3={
            "addressing_style": _addressing_style(endpoint.hostname),
            "us_east_1_regional_endpoint": "regional",
            # TLS and the CRC that goes with every body protect it; SHA-256 over it would be computed in addition.
            "payload_signing_enabled": endpoint.scheme != "https",
        },
        retries={"total_max_attempts": settings.max_attempts, "mode": "standard"},
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        # Otherwise only a timeout shows that NAT has dropped a connection silently.
        tcp_keepalive=True,
        # botocore otherwise assembles its own from 30 items, twice for each request.
        user_agent=f"ai_voice_shared Botocore/{botocore_version}",
        # Parts of a transfer and calls of other threads at the same time.
        max_pool_connections=50,
    )


def _addressing_style(host: str | None) -> str:
    """Return where the bucket is named: in the host, as AWS wants it, but in the path for a bare address."""
    bare = host is not None and (host == "localhost" or ":" in host or host.replace(".", "").isdigit())
    return "path" if bare else "virtual"
