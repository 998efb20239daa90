"""The bucket in memory behind `InMemoryS3Client`: objects, uploads, conditions, and how S3 refuses."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

__all__ = ["InMemoryBucket", "StoredObject", "content_of", "etag_of", "refused"]


@dataclass
class StoredObject:
    """An object with what it was stored with."""

    body: bytes
    etag: str
    parameters: dict[str, Any]
    tags: dict[str, str]
    last_modified: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def described(self) -> dict[str, Any]:
        """Give what HeadObject and GetObject say of it."""
        kept = (
            "ContentType",
            "ContentDisposition",
            "ContentEncoding",
            "CacheControl",
            "StorageClass",
            "ServerSideEncryption",
            "SSEKMSKeyId",
        )
        return {
            "ContentLength": len(self.body),
            "ETag": self.etag,
            "LastModified": self.last_modified,
            "Metadata": dict(self.parameters.get("Metadata", {})),
            **{name: self.parameters[name] for name in kept if name in self.parameters},
        }


class InMemoryBucket:
    """Objects and unfinished uploads of one bucket, safe for threads.

    Parameters
    ----------
    bucket_name
        The only bucket there is; any other is `NoSuchBucket`.
    """

    def __init__(self, bucket_name: str) -> None:
        self.bucket_name = bucket_name
        self._objects: dict[str, StoredObject] = {}
        self._uploads: dict[str, tuple[dict[str, Any], dict[int, bytes]]] = {}
        self._lock = threading.RLock()

    def _store(self, operation: str, parameters: dict[str, Any], body: bytes, *, parts: int = 0) -> dict[str, Any]:
        from urllib.parse import parse_qsl

        self._check_bucket(operation, parameters)
        key = str(parameters["Key"])
        there = self._objects.get(key)
        if parameters.get("IfNoneMatch") == "*" and there is not None:
            raise refused(operation, "PreconditionFailed", 412)
        if "IfMatch" in parameters and there is None:
            raise refused(operation, "NoSuchKey", 404)
        if there is not None and "IfMatch" in parameters and parameters["IfMatch"].strip('"') != there.etag.strip('"'):
            raise refused(operation, "PreconditionFailed", 412)
        etag = etag_of(body) if not parts else f'{etag_of(body)[:-1]}-{parts}"'
        kept = {name: value for name, value in parameters.items() if name not in {"IfMatch", "IfNoneMatch"}}
        self._objects[key] = StoredObject(body, etag, kept, dict(parse_qsl(parameters.get("Tagging", ""))))
        return {"ETag": etag}

    def _found(self, operation: str, parameters: dict[str, Any]) -> StoredObject:
        self._check_bucket(operation, parameters)
        with self._lock:
            found = self._objects.get(parameters["Key"])
        if found is None:
            # HeadObject has no body to name a code in.
            raise refused(operation, "404" if operation == "HeadObject" else "NoSuchKey", 404)
        if "IfMatch" in parameters and parameters["IfMatch"].strip('"') != found.etag.strip('"'):
            raise refused(operation, "PreconditionFailed", 412)
        if parameters.get("IfNoneMatch", "").strip('"') == found.etag.strip('"'):
            raise refused(operation, "304", 304)
        since, until = parameters.get("IfModifiedSince"), parameters.get("IfUnmodifiedSince")
        if since is not None and found.last_modified <= since:
            raise refused(operation, "304", 304)
        if until is not None and found.last_modified > until:
            raise refused(operation, "PreconditionFailed", 412)
        return found

    def _listed(self, key: str) -> dict[str, Any]:
        found = self._objects[key]
        return {
            "Key": key,
            "Size": len(found.body),
            "ETag": found.etag,
            "LastModified": found.last_modified,
            "StorageClass": found.parameters.get("StorageClass", "STANDARD"),
        }

    def _upload(self, operation: str, parameters: dict[str, Any]) -> tuple[dict[str, Any], dict[int, bytes]]:
        upload = self._uploads.get(parameters["UploadId"])
        if upload is None:
            raise refused(operation, "NoSuchUpload", 404)
        return upload

    def _check_bucket(self, operation: str, parameters: dict[str, Any]) -> None:
        if parameters.get("Bucket") != self.bucket_name:
            if operation == "HeadObject":
                raise refused(operation, "404", 404)
            raise refused(operation, "NoSuchBucket", 404)

    @staticmethod
    def _range(text: str, size: int) -> tuple[int, int]:
        first, _, last = text.removeprefix("bytes=").partition("-")
        begin = int(first) if first else max(size - int(last), 0)
        end = min(int(last), size - 1) if first and last else size - 1
        if begin >= size:
            raise refused("GetObject", "InvalidRange", 416)
        return begin, end


def etag_of(body: bytes) -> str:
    """Give what S3 has as the ETag of a body: its MD5, in quotation marks."""
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def content_of(body: Any) -> bytes:
    """Read the body of a request, bytes or a file."""
    return bytes(body) if isinstance(body, bytes | bytearray) else body.read()


def refused(operation: str, code: str, status: int) -> ClientError:
    """Make the error that botocore would raise."""
    answer: Any = {
        "Error": {"Code": code, "Message": code},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "in-memory"},
    }
    return ClientError(answer, operation)
