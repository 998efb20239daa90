"""S3 in memory, for the tests of services: no network, no emulator, the same answers.

`InMemoryS3Service` is `S3Service` itself on a client that keeps objects in a dictionary, so that keys, conditions,
metadata, parts and errors are those of the real one; the same contract tests run on both.
"""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from ai_voice_shared.services.s3_service import S3Service
from ai_voice_shared.settings.s3 import S3Settings

__all__ = ["InMemoryS3Client", "InMemoryS3Service"]


@dataclass
class _Object:
    body: bytes
    etag: str
    parameters: dict[str, Any]
    tags: dict[str, str]
    last_modified: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def described(self) -> dict[str, Any]:
        """Give what HeadObject and GetObject say of it."""
        kept = ("ContentType", "ContentDisposition", "ContentEncoding", "CacheControl", "StorageClass")
        return {
            "ContentLength": len(self.body),
            "ETag": self.etag,
            "LastModified": self.last_modified,
            "Metadata": dict(self.parameters.get("Metadata", {})),
            **{name: self.parameters[name] for name in kept if name in self.parameters},
        }


class InMemoryS3Client:
    """The operations of a boto3 S3 client that `S3Service` uses, on one bucket in memory.

    Parameters
    ----------
    bucket_name
        The only bucket there is; any other is `NoSuchBucket`.
    """

    class exceptions:  # noqa: N801 - boto3's own name
        """Where boto3's clients keep their error classes."""

        ClientError = ClientError

    def __init__(self, bucket_name: str) -> None:
        self.bucket_name = bucket_name
        self._objects: dict[str, _Object] = {}
        self._uploads: dict[str, tuple[dict[str, Any], dict[int, bytes]]] = {}
        self._lock = threading.RLock()

    def put_object(self, **parameters: Any) -> dict[str, Any]:
        """Store an object."""
        content = _content(parameters.pop("Body", b""))
        with self._lock:
            return self._store("PutObject", parameters, content)

    def get_object(self, **parameters: Any) -> dict[str, Any]:
        """Read an object or a range of it."""
        found = self._found("GetObject", parameters)
        answer = found.described()
        content = found.body
        if "Range" in parameters:
            first, last = self._range(parameters["Range"], len(content))
            content = content[first : last + 1]
            answer |= {
                "ContentRange": f"bytes {first}-{last}/{len(found.body)}",
                "ContentLength": len(content),
            }
        else:
            answer["ChecksumCRC32"] = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()
        return answer | {"Body": StreamingBody(io.BytesIO(content), len(content))}

    def head_object(self, **parameters: Any) -> dict[str, Any]:
        """Describe an object."""
        return self._found("HeadObject", parameters).described()

    def head_bucket(self, **parameters: Any) -> dict[str, Any]:
        """Say that the bucket is there."""
        if parameters["Bucket"] != self.bucket_name:
            raise _refused("HeadBucket", "404", 404)
        return {}

    def list_objects_v2(self, **parameters: Any) -> dict[str, Any]:
        """List a page."""
        self._check_bucket("ListObjectsV2", parameters)
        prefix, delimiter = parameters.get("Prefix", ""), parameters.get("Delimiter")
        after = parameters.get("ContinuationToken") or parameters.get("StartAfter") or ""
        with self._lock:
            keys = sorted(key for key in self._objects if key.startswith(prefix))
        entries: dict[str, bool] = {}
        for key in keys:
            rest = key[len(prefix) :]
            folder = delimiter is not None and delimiter in rest
            name = prefix + rest.split(delimiter)[0] + delimiter if folder and delimiter else key
            if name > after:
                entries.setdefault(name, folder)
        page = list(entries.items())[: parameters.get("MaxKeys", 1000)]
        answer: dict[str, Any] = {"IsTruncated": len(page) < len(entries), "KeyCount": len(page)}
        if contents := [self._listed(name) for name, folder in page if not folder]:
            answer["Contents"] = contents
        if folders := [{"Prefix": name} for name, folder in page if folder]:
            answer["CommonPrefixes"] = folders
        if answer["IsTruncated"]:
            answer["NextContinuationToken"] = page[-1][0]
        return answer

    def delete_object(self, **parameters: Any) -> dict[str, Any]:
        """Delete an object, if it is there."""
        self._check_bucket("DeleteObject", parameters)
        with self._lock:
            self._objects.pop(parameters["Key"], None)
        return {}

    def delete_objects(self, **parameters: Any) -> dict[str, Any]:
        """Delete objects."""
        self._check_bucket("DeleteObjects", parameters)
        keys = [entry["Key"] for entry in parameters["Delete"]["Objects"]]
        with self._lock:
            for key in keys:
                self._objects.pop(key, None)
        return {"Deleted": [{"Key": key} for key in keys]}

    def copy_object(self, **parameters: Any) -> dict[str, Any]:
        """Copy an object."""
        source = self._found("CopyObject", parameters.pop("CopySource"))
        kept = dict(source.parameters)
        if parameters.get("MetadataDirective") == "REPLACE":
            kept |= {"Metadata": {}, **parameters}
        tags = {"Tagging": parameters["Tagging"]} if "Tagging" in parameters else {}
        with self._lock:
            target = kept | {"Bucket": parameters["Bucket"], "Key": parameters["Key"], **tags}
            conditions = {name: parameters[name] for name in ("IfMatch", "IfNoneMatch") if name in parameters}
            answer = self._store("CopyObject", target | conditions, source.body)
            if not tags:
                self._objects[parameters["Key"]].tags = dict(source.tags)
        return {"CopyObjectResult": {"ETag": answer["ETag"]}}

    def create_multipart_upload(self, **parameters: Any) -> dict[str, Any]:
        """Begin an upload in parts."""
        self._check_bucket("CreateMultipartUpload", parameters)
        with self._lock:
            upload_id = f"upload-{len(self._uploads) + 1}"
            self._uploads[upload_id] = (parameters, {})
        return {"UploadId": upload_id}

    def upload_part(self, **parameters: Any) -> dict[str, Any]:
        """Take a part."""
        content = _content(parameters["Body"])
        with self._lock:
            _, parts = self._upload("UploadPart", parameters)
            parts[parameters["PartNumber"]] = content
        return {"ETag": _etag(content)}

    def upload_part_copy(self, **parameters: Any) -> dict[str, Any]:
        """Take a part from an object that is there."""
        source = self._found("UploadPartCopy", parameters["CopySource"])
        first, last = self._range(parameters["CopySourceRange"], len(source.body))
        with self._lock:
            _, parts = self._upload("UploadPartCopy", parameters)
            parts[parameters["PartNumber"]] = content = source.body[first : last + 1]
        return {"CopyPartResult": {"ETag": _etag(content)}}

    def complete_multipart_upload(self, **parameters: Any) -> dict[str, Any]:
        """Put the parts together."""
        with self._lock:
            begun, parts = self._upload("CompleteMultipartUpload", parameters)
            named = [part["PartNumber"] for part in parameters["MultipartUpload"]["Parts"]]
            if any(number not in parts for number in named):
                raise _refused("CompleteMultipartUpload", "InvalidPart", 400)
            conditions = {name: parameters[name] for name in ("IfMatch", "IfNoneMatch") if name in parameters}
            body = b"".join(parts[number] for number in named)
            answer = self._store("CompleteMultipartUpload", begun | conditions, body, parts=len(named))
            del self._uploads[parameters["UploadId"]]
        return answer

    def abort_multipart_upload(self, **parameters: Any) -> dict[str, Any]:
        """Give an upload up."""
        with self._lock:
            self._upload("AbortMultipartUpload", parameters)
            del self._uploads[parameters["UploadId"]]
        return {}

    def list_multipart_uploads(self, **parameters: Any) -> dict[str, Any]:
        """List uploads that were begun and neither completed nor given up."""
        self._check_bucket("ListMultipartUploads", parameters)
        uploads = [{"UploadId": name, "Key": begun["Key"]} for name, (begun, _) in self._uploads.items()]
        return {"Uploads": uploads} if uploads else {}

    def get_object_tagging(self, **parameters: Any) -> dict[str, Any]:
        """Read tags."""
        tags = self._found("GetObjectTagging", parameters).tags
        return {"TagSet": [{"Key": name, "Value": value} for name, value in tags.items()]}

    def put_object_tagging(self, **parameters: Any) -> dict[str, Any]:
        """Replace tags."""
        found = self._found("PutObjectTagging", parameters)
        found.tags = {tag["Key"]: tag["Value"] for tag in parameters["Tagging"]["TagSet"]}
        return {}

    def _store(self, operation: str, parameters: dict[str, Any], body: bytes, *, parts: int = 0) -> dict[str, Any]:
        from urllib.parse import parse_qsl

        self._check_bucket(operation, parameters)
        key = str(parameters["Key"])
        there = self._objects.get(key)
        if parameters.get("IfNoneMatch") == "*" and there is not None:
            raise _refused(operation, "PreconditionFailed", 412)
        if "IfMatch" in parameters and there is None:
            raise _refused(operation, "NoSuchKey", 404)
        if there is not None and "IfMatch" in parameters and parameters["IfMatch"].strip('"') != there.etag.strip('"'):
            raise _refused(operation, "PreconditionFailed", 412)
        etag = _etag(body) if not parts else f'{_etag(body)[:-1]}-{parts}"'
        kept = {name: value for name, value in parameters.items() if name not in {"IfMatch", "IfNoneMatch"}}
        self._objects[key] = _Object(body, etag, kept, dict(parse_qsl(parameters.get("Tagging", ""))))
        return {"ETag": etag}

    def _found(self, operation: str, parameters: dict[str, Any]) -> _Object:
        self._check_bucket(operation, parameters)
        with self._lock:
            found = self._objects.get(parameters["Key"])
        if found is None:
            # HeadObject has no body to name a code in.
            raise _refused(operation, "404" if operation == "HeadObject" else "NoSuchKey", 404)
        if "IfMatch" in parameters and parameters["IfMatch"].strip('"') != found.etag.strip('"'):
            raise _refused(operation, "PreconditionFailed", 412)
        if parameters.get("IfNoneMatch", "").strip('"') == found.etag.strip('"'):
            raise _refused(operation, "304", 304)
        since, until = parameters.get("IfModifiedSince"), parameters.get("IfUnmodifiedSince")
        if since is not None and found.last_modified <= since:
            raise _refused(operation, "304", 304)
        if until is not None and found.last_modified > until:
            raise _refused(operation, "PreconditionFailed", 412)
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
            raise _refused(operation, "NoSuchUpload", 404)
        return upload

    def _check_bucket(self, operation: str, parameters: dict[str, Any]) -> None:
        if parameters.get("Bucket") != self.bucket_name:
            if operation == "HeadObject":
                raise _refused(operation, "404", 404)
            raise _refused(operation, "NoSuchBucket", 404)

    @staticmethod
    def _range(text: str, size: int) -> tuple[int, int]:
        first, _, last = text.removeprefix("bytes=").partition("-")
        begin = int(first) if first else max(size - int(last), 0)
        end = min(int(last), size - 1) if first and last else size - 1
        if begin >= size:
            raise _refused("GetObject", "InvalidRange", 416)
        return begin, end


class InMemoryS3Service(S3Service):
    """`S3Service` on a bucket in memory.

    It does not presign: a URL that nobody serves would help no test.

    Parameters
    ----------
    bucket_name
        The bucket's name.

    Examples
    --------
    >>> s3 = InMemoryS3Service("voice-notes")
    >>> s3.upload_bytes("a.txt", b"hello").size
    5
    >>> s3.head_object("a.txt").content_type
    'text/plain'
    """

    def __init__(self, bucket_name: str = "in-memory") -> None:
        super().__init__(S3Settings(bucket_name=bucket_name), client=InMemoryS3Client(bucket_name))


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _content(body: Any) -> bytes:
    return bytes(body) if isinstance(body, bytes | bytearray) else body.read()


def _refused(operation: str, code: str, status: int) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": code},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "in-memory"},
    }
    return ClientError(answer, operation)
