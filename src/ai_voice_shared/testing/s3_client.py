"""The operations of a boto3 S3 client that `S3Service` uses, on a bucket in memory."""

from __future__ import annotations

import base64
import io
import zlib
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from ai_voice_shared.testing.s3_bucket import InMemoryBucket, content_of, etag_of, refused

__all__ = ["InMemoryS3Client"]


class InMemoryS3Client(InMemoryBucket):
    """The operations of a boto3 S3 client that `S3Service` uses, on one bucket in memory.

    Parameters
    ----------
    bucket_name
        The only bucket there is; any other is `NoSuchBucket`.
    """

    class exceptions:  # noqa: N801 - boto3's own name
        """Where boto3's clients keep their error classes."""

        ClientError = ClientError

    def put_object(self, **parameters: Any) -> dict[str, Any]:
        """Store an object."""
        content = content_of(parameters.pop("Body", b""))
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
            raise refused("HeadBucket", "404", 404)
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
        content = content_of(parameters["Body"])
        with self._lock:
            _, parts = self._upload("UploadPart", parameters)
            parts[parameters["PartNumber"]] = content
        return {"ETag": etag_of(content)}

    def upload_part_copy(self, **parameters: Any) -> dict[str, Any]:
        """Take a part from an object that is there."""
        source = self._found("UploadPartCopy", parameters["CopySource"])
        first, last = self._range(parameters["CopySourceRange"], len(source.body))
        with self._lock:
            _, parts = self._upload("UploadPartCopy", parameters)
            parts[parameters["PartNumber"]] = content = source.body[first : last + 1]
        return {"CopyPartResult": {"ETag": etag_of(content)}}

    def complete_multipart_upload(self, **parameters: Any) -> dict[str, Any]:
        """Put the parts together."""
        with self._lock:
            begun, parts = self._upload("CompleteMultipartUpload", parameters)
            named = [part["PartNumber"] for part in parameters["MultipartUpload"]["Parts"]]
            if any(number not in parts for number in named):
                raise refused("CompleteMultipartUpload", "InvalidPart", 400)
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

    def list_object_versions(self, **parameters: Any) -> dict[str, Any]:
        """List what there is: one version of each object, as in a bucket without versioning."""
        listing = self.list_objects_v2(**(parameters | {"MaxKeys": len(self._objects)}))
        return {"Versions": [{**one, "VersionId": "null", "IsLatest": True} for one in listing.get("Contents", ())]}

    def generate_presigned_url(self, *args: Any, **parameters: Any) -> str:
        """Sign a URL as S3's own client does, with credentials that open nothing."""
        url: str = self._signer.generate_presigned_url(*args, **parameters)
        return url

    def generate_presigned_post(self, *args: Any, **parameters: Any) -> dict[str, Any]:
        """Sign a form."""
        form: dict[str, Any] = self._signer.generate_presigned_post(*args, **parameters)
        return form

    @cached_property
    def _signer(self) -> Any:
        from botocore.config import Config
        from botocore.session import Session

        return Session().create_client(
            "s3",
            region_name="us-east-1",
            aws_access_key_id="AKIAINMEMORY",
            aws_secret_access_key="in-memory",  # noqa: S106 - it opens nothing
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
                ignore_configured_endpoint_urls=True,  # type: ignore[call-arg] # the stubs do not know it
            ),
        )
