"""What all parts of `S3Service` stand on: settings, client, spans, errors."""

from __future__ import annotations

import copy
import logging
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from ai_voice_shared.errors import S3TooLargeError
from ai_voice_shared.observability.tracing import get_tracer
from ai_voice_shared.services.s3.errors import error_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ai_voice_shared.observability.tracing import Span, Tracer
    from ai_voice_shared.settings.s3 import S3Settings

__all__ = ["S3Base", "etag_of"]

_log = logging.getLogger(__name__)


class S3Base:
    """Holds what the constructor was given, and makes the rest on first use."""

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
        self._bucket_was_seen = False

    def __repr__(self) -> str:
        name = self._bucket_name or (self._settings.bucket_name if self._settings else "")
        return f"{type(self).__name__}({name})"

    @cached_property
    def settings(self) -> S3Settings:
        """The settings; from the environment unless the constructor was given some."""
        from ai_voice_shared.settings import S3Settings

        if self._settings is None:
            return S3Settings(bucket_name=self._bucket_name) if self._bucket_name else S3Settings()
        return self._settings

    @cached_property
    def bucket_name(self) -> str:
        """The bucket that all calls are about."""
        return self._bucket_name or self.settings.bucket_name

    def with_bucket(self, bucket_name: str) -> Self:
        """Give the same service for another bucket, with the same settings and client.

        Examples
        --------
        >>> from ai_voice_shared.services.s3_service import S3Service
        >>> S3Service(bucket_name="voice-notes").with_bucket("exports").bucket_name
        'exports'
        """
        other = copy.copy(self)
        vars(other).update(_bucket_name=bucket_name, _bucket_was_seen=False)
        vars(other).pop("bucket_name", None)
        return other

    @cached_property
    def client(self) -> Any:
        """The botocore client; the process's own unless the constructor was given one."""
        if self._client is not None:
            return self._client
        from botocore import __version__ as botocore_version

        from ai_voice_shared.aws import aws_client

        settings = self.settings
        endpoint = urlsplit(settings.endpoint_url or "https:")
        return aws_client(
            "s3",
            region_name=settings.region,
            endpoint_url=settings.endpoint_url,
            # boto3 presigns with SigV2 or a global host unless it is told otherwise.
            signature_version="s3v4",
            s3={
                "addressing_style": _addressing_style(endpoint.hostname),
                "us_east_1_regional_endpoint": "regional",
                # TLS and the CRC that goes with every body protect it; SHA-256 over it would be done a second time.
                "payload_signing_enabled": endpoint.scheme != "https",
            },
            retries={"total_max_attempts": settings.max_attempts, "mode": "standard"},
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            # Else a connection that NAT has dropped silently is found out by a timeout only.
            tcp_keepalive=True,
            # botocore otherwise puts its own together from 30 pieces, twice for each request.
            user_agent=f"ai_voice_shared Botocore/{botocore_version}",
            # Parts of a transfer and calls of other threads at the same time.
            max_pool_connections=50,
        )

    @contextmanager
    def _operation(self, operation: str, key: str | None = None, **annotations: str | float) -> Iterator[Span]:
        """Open a span for one S3 operation and raise its errors as `S3Error`s."""
        tracer = self._tracer or get_tracer()
        bucket = self.bucket_name
        with tracer.span(f"## s3.{operation}", bucket=bucket, **annotations) as span:
            try:
                yield span
            except Exception as error:
                own = error_for(error, operation=operation, bucket=bucket, key=key)
                if own is None:
                    raise
                raise own from error

    def _too_large(self, operation: str, key: str, message: str) -> S3TooLargeError:
        return S3TooLargeError(message, operation=operation, bucket=self.bucket_name, key=key)

    def _done(self, message: str, key: str | None, **facts: Any) -> None:
        _log.debug(message, extra={"bucket": self.bucket_name, "key": key, **facts})


def etag_of(answer: Mapping[str, Any]) -> str | None:
    """Take the ETag from an answer, without its quotation marks."""
    return (answer.get("ETag") or "").strip('"') or None


def _addressing_style(host: str | None) -> str:
    """Name buckets in the host, as AWS wants it, but in the path for an endpoint that is a bare address."""
    bare = host is not None and (host == "localhost" or ":" in host or host.replace(".", "").isdigit())
    return "path" if bare else "virtual"
