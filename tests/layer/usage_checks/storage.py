"""S3, on the local AWS emulator: all operations of a service on a bucket."""

from __future__ import annotations

import io
import os
import uuid
from pathlib import Path

from .registry import checks_usage

__all__ = ["new_bucket"]


def new_bucket() -> str:
    """Create a bucket, with the runtime's own boto3."""
    import boto3

    name = f"usage-check-{uuid.uuid4()}"
    region = os.environ["AWS_REGION"]
    boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item] # the region is a text
    return name


@checks_usage(
    "S3Service",
    "S3Settings",
    "services.s3.seekable.S3RawReader",
    "services.s3_service.S3Upload",
)
def bytes_are_written_and_read() -> None:
    """An object is read whole, in chunks, by range and as a file; a second conditional write fails."""
    from ai_voice_shared import S3Service, S3Settings
    from ai_voice_shared.errors import S3ObjectNotFoundError, S3PreconditionFailedError
    from ai_voice_shared.services.s3_service import S3Upload

    s3 = S3Service(S3Settings(bucket_name=new_bucket()))
    stored = s3.upload_bytes("notes/a.txt", b"0123456789", metadata={"of": "cust-1"}, if_none_match="*")
    assert isinstance(stored, S3Upload)
    assert (stored.key, stored.size) == ("notes/a.txt", 10)
    assert s3.download_bytes("notes/a.txt") == b"0123456789"
    assert s3.download_bytes("notes/a.txt", byte_range=(2, 4)) == b"234"
    assert b"".join(s3.iter_chunks("notes/a.txt", chunk_size=3)) == b"0123456789"
    with s3.open("notes/a.txt") as file:
        file.seek(5)
        assert file.read(2) == b"56"
    try:
        s3.upload_bytes("notes/a.txt", b"again", if_none_match="*")
    except S3PreconditionFailedError:
        pass
    else:
        raise AssertionError
    try:
        s3.download_bytes("notes/nothing")
    except S3ObjectNotFoundError as error:
        assert error.bucket == s3.bucket_name
    else:
        raise AssertionError


@checks_usage("services.s3.multipart.MultipartUpload", "services.s3.part_buffer.read_chunks")
def large_objects_are_multipart_uploads() -> None:
    """A stream of several parts, a file, and a model are read as they were written."""
    from ai_voice_shared import CustomerMetadata, S3Service

    s3 = S3Service(bucket_name=new_bucket())
    content = os.urandom(6 << 20)
    chunks = (content[at : at + 100_000] for at in range(0, len(content), 100_000))
    # Set, so that each part has a checksum: the emulated S3 supports none for the whole object.
    assert s3.upload_stream("stream", chunks, checksum_algorithm="CRC32").size == len(content)
    assert s3.download_bytes("stream") == content
    s3.upload_fileobj("fileobj", io.BytesIO(content))
    path = Path(os.environ["HOME"]) / f"{uuid.uuid4()}.ogg"
    s3.download_file("fileobj", path)
    assert path.read_bytes() == content
    assert s3.upload_file("file", path).size == len(content)
    path.unlink()
    customer = CustomerMetadata(customer_id="cust-1", company_id="acme", company_name="Acme")
    s3.put_model("customer.json", customer)
    assert s3.get_model("customer.json", CustomerMetadata) == customer


@checks_usage(
    "S3ListResponse",
    "S3ObjectMetadata",
    "services.s3.listing.iter_versions",
    "services.s3_service.S3Deletion",
)
def objects_are_listed_copied_and_deleted() -> None:
    """Objects are listed in order, with metadata and tags, and deleted by key and by prefix."""
    from ai_voice_shared import S3ListResponse, S3ObjectMetadata, S3Service

    s3 = S3Service(bucket_name=new_bucket())
    for key in ("notes/b", "notes/a", "other/c"):
        s3.upload_bytes(key, b"x", metadata={"of": "cust-1"})
    page = s3.list_objects("notes/")
    assert isinstance(page, S3ListResponse)
    assert [item.key for item in page.objects] == ["notes/a", "notes/b"]
    assert list(s3.iter_prefixes()) == ["notes/", "other/"]
    head = s3.head_object("notes/a")
    assert isinstance(head, S3ObjectMetadata)
    assert (head.size, head.metadata["of"]) == (1, "cust-1")
    s3.put_tags("notes/a", {"kind": "voice"})
    assert s3.get_tags("notes/a") == {"kind": "voice"}
    s3.copy_object("notes/a", "copied")
    s3.move_object("copied", "moved")
    assert (s3.object_exists("copied"), s3.object_exists("moved")) == (False, True)
    deletion = s3.delete_objects(["moved", "notes/b"])
    assert (set(deletion.deleted), deletion.errors) == ({"moved", "notes/b"}, {})
    s3.delete_prefix("other/", confirm="other/")
    assert [item.key for item in s3.iter_objects()] == ["notes/a"]
    assert [(item.key, item.is_latest) for item in s3.iter_versions()] == [("notes/a", True)]


@checks_usage(
    "services.s3.presign.generate_presigned_url",
    "services.s3_service.PresignedPost",
    "services.s3_service.PresignedRequest",
)
def presigned_requests_read_and_write() -> None:
    """A presigned PUT and GET carry bytes, over the package's own HTTP client; the query is in no repr."""
    from ai_voice_shared import S3Service
    from ai_voice_shared.http import HttpRequest, shared_http_client

    s3 = S3Service(bucket_name=new_bucket())
    put = s3.presign_put("a.txt", content_type="text/plain")
    response = shared_http_client().send(
        HttpRequest(method=put.method, url=put.url, headers=dict(put.headers), content=b"hello")
    )
    assert response.status_code == 200
    get = s3.presign_get("a.txt")
    assert shared_http_client().send(HttpRequest(method="GET", url=get.url)).content == b"hello"
    assert "Signature" not in repr(get)
    assert "Signature" in s3.generate_presigned_url("a.txt")
    post = s3.presign_post("b.txt", content_type="text/plain", max_bytes=100)
    assert post.fields["key"] == "b.txt"
    assert "Signature" not in repr(post)


@checks_usage("services.s3_service.S3EventRecord", "parse_s3_event")
def a_notification_names_the_object() -> None:
    """A notification that arrives through a queue has the same record."""
    import json

    from ai_voice_shared import parse_s3_event
    from ai_voice_shared.services.s3_service import S3EventRecord

    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "notes"}, "object": {"key": "a+b.ogg"}}}
    queued = {"Records": [{"eventSource": "aws:sqs", "body": json.dumps({"Records": [record]})}]}
    assert parse_s3_event(queued) == [S3EventRecord("ObjectCreated:Put", "notes", "a b.ogg")]


@checks_usage(
    "services.s3.errors.map_error_code",
    "services.s3.multipart.supports_full_object_checksum",
    "services.s3.session.S3Session",
)
def errors_and_features_of_s3() -> None:
    """An S3 code and an error of botocore become the package's errors, and botocore's features are detected."""
    from ai_voice_shared.aws import aws_client
    from ai_voice_shared.errors import S3ObjectNotFoundError, S3ThrottledError
    from ai_voice_shared.services.s3.errors import map_error_code
    from ai_voice_shared.services.s3.multipart import supports_full_object_checksum
    from ai_voice_shared.services.s3.session import S3Session

    assert supports_full_object_checksum(aws_client("s3"))
    assert isinstance(map_error_code("SlowDown", operation="PutObject", bucket="b", key="k"), S3ThrottledError)
    session = S3Session(bucket_name=new_bucket())
    try:
        session.send("GetObject", Key="nothing")
    except S3ObjectNotFoundError as error:
        assert isinstance(error.__cause__, Exception)
    else:
        raise AssertionError


@checks_usage(
    "services.s3.download.CHUNK_SIZE",
    "services.s3.keys.DEFAULT_CONTENT_TYPE",
    "services.s3.keys.MAX_KEY_BYTES",
    "services.s3.keys.MAX_METADATA_BYTES",
    "services.s3.keys.WRITE_ID_METADATA_KEY",
    "services.s3.part_buffer.FILE_PART_SIZE",
    "services.s3.part_buffer.MAX_PARTS",
    "services.s3.part_buffer.STREAM_PART_SIZE",
    "services.s3.presign.MAX_EXPIRES_IN",
    "services.s3.upload.MAX_PUT_BYTES",
)
def limits_of_s3() -> None:
    """The limits are those of S3's documentation, and are enforced."""
    from ai_voice_shared import S3Key
    from ai_voice_shared.errors import InvalidS3KeyError
    from ai_voice_shared.services.s3 import download, keys, part_buffer, presign, upload

    assert keys.guess_content_type("a.unheard-of") == keys.DEFAULT_CONTENT_TYPE == "application/octet-stream"
    assert len(S3Key("a" * keys.MAX_KEY_BYTES)) == 1024
    try:
        S3Key("a" * (keys.MAX_KEY_BYTES + 1))
    except InvalidS3KeyError:
        pass
    else:
        raise AssertionError
    assert (keys.MAX_METADATA_BYTES, presign.MAX_EXPIRES_IN, part_buffer.MAX_PARTS) == (2048, 7 * 86_400, 10_000)
    assert (part_buffer.STREAM_PART_SIZE, upload.MAX_PUT_BYTES) == (5 << 20, 5 << 30)
    assert part_buffer.STREAM_PART_SIZE < part_buffer.FILE_PART_SIZE < upload.MAX_PUT_BYTES
    assert download.CHUNK_SIZE < part_buffer.STREAM_PART_SIZE
    assert keys.WRITE_ID_METADATA_KEY == "write-id"


@checks_usage("services.s3.download.DownloadOptions", "services.s3.upload.UploadOptions")
def options_of_s3() -> None:
    """The options have the names of the keyword parameters."""
    from ai_voice_shared.services.s3.download import DownloadOptions
    from ai_voice_shared.services.s3.upload import UploadOptions

    assert {"byte_range", "if_match", "version_id"} <= DownloadOptions.__optional_keys__
    assert {"content_type", "metadata"} <= UploadOptions.__annotations__.keys()
