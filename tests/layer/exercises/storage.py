"""S3, on an AWS of the test's: everything a service does with a bucket."""

from __future__ import annotations

import io
import os
import uuid
from pathlib import Path
from typing import Any

from .registry import exercises

__all__ = ["new_bucket"]


def new_bucket() -> str:
    """Make a bucket, with the runtime's own boto3."""
    import boto3

    name = f"exercise-{uuid.uuid4()}"
    region = os.environ["AWS_REGION"]
    boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item] # the region is a text
    return name


@exercises(
    "S3Service",
    "S3Settings",
    "services.s3.reading.S3Reading",
    "services.s3.seekable.S3RawReader",
    "services.s3_service.S3Upload",
)
def bytes_go_in_and_come_out() -> None:
    """Written once, read whole, in pieces, from the middle and as a file; a second write under a condition fails."""
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


@exercises("services.s3.writing.S3Writing", "services.s3.multipart.S3Multipart", "services.s3.parts.chunks_of_file")
def large_things_go_in_parts() -> None:
    """A stream of more than one part, a file, and a model come back as they were."""
    from ai_voice_shared import CustomerMetadata, S3Service

    s3 = S3Service(bucket_name=new_bucket())
    content = os.urandom(6 << 20)
    pieces = (content[at : at + 100_000] for at in range(0, len(content), 100_000))
    # Named, so that the parts have a checksum each: the emulated S3 does not know of one for all of them together.
    assert s3.upload_stream("stream", pieces, checksum_algorithm="CRC32").size == len(content)
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


@exercises(
    "S3ListResponse",
    "S3ObjectMetadata",
    "services.s3.changing.S3Changing",
    "services.s3.listing.S3Listing",
    "services.s3_service.S3Deletion",
)
def objects_are_listed_copied_and_deleted() -> None:
    """In their order, with metadata and tags, one by one and by prefix."""
    from ai_voice_shared import S3ListResponse, S3ObjectMetadata, S3Service

    s3 = S3Service(bucket_name=new_bucket())
    for key in ("notes/b", "notes/a", "other/c"):
        s3.upload_bytes(key, b"x", metadata={"of": "cust-1"})
    page = s3.list_objects("notes/")
    assert isinstance(page, S3ListResponse)
    assert [one.key for one in page.objects] == ["notes/a", "notes/b"]
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
    assert [one.key for one in s3.iter_objects()] == ["notes/a"]


@exercises(
    "services.s3.presigning.S3Presigning", "services.s3_service.PresignedPost", "services.s3_service.PresignedRequest"
)
def whoever_has_the_url_may_read_and_write() -> None:
    """A presigned PUT and GET carry bytes, over the package's own HTTP client; the query is in no repr."""
    from ai_voice_shared import S3Service
    from ai_voice_shared.http import HttpRequest, shared_http_client

    s3 = S3Service(bucket_name=new_bucket())
    put = s3.presign_put("a.txt", content_type="text/plain")
    answer = shared_http_client().send(
        HttpRequest(method=put.method, url=put.url, headers=dict(put.headers), content=b"hello")
    )
    assert answer.status_code == 200
    get = s3.presign_get("a.txt")
    assert shared_http_client().send(HttpRequest(method="GET", url=get.url)).content == b"hello"
    assert "Signature" not in repr(get)
    post = s3.presign_post("b.txt", content_type="text/plain", max_bytes=100)
    assert post.fields["key"] == "b.txt"
    assert "Signature" not in repr(post)


@exercises("services.s3_service.S3EventRecord", "parse_s3_event")
def a_notification_names_the_object() -> None:
    """Also when it comes through a queue."""
    import json

    from ai_voice_shared import parse_s3_event
    from ai_voice_shared.services.s3_service import S3EventRecord

    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "notes"}, "object": {"key": "a+b.ogg"}}}
    queued = {"Records": [{"eventSource": "aws:sqs", "body": json.dumps({"Records": [record]})}]}
    assert parse_s3_event(queued) == [S3EventRecord("ObjectCreated:Put", "notes", "a b.ogg")]


@exercises(
    "services.s3.base.etag_of",
    "services.s3.checksums.takes_whole_object_checksum",
    "services.s3.errors.error_for_code",
    "services.s3.errors.translated",
    "services.s3.fetching.Progress",
    "services.s3.fetching.broken_body",
    "services.s3.writing.conditions_of",
)
def small_parts_of_s3() -> None:
    """Errors by S3's codes, conditions by its names, and what a broken connection raises."""
    from ai_voice_shared.aws import aws_client
    from ai_voice_shared.errors import S3ObjectNotFoundError, S3ThrottledError
    from ai_voice_shared.services.s3.base import etag_of
    from ai_voice_shared.services.s3.checksums import takes_whole_object_checksum
    from ai_voice_shared.services.s3.errors import error_for_code, translated
    from ai_voice_shared.services.s3.fetching import Progress, broken_body
    from ai_voice_shared.services.s3.writing import conditions_of

    assert etag_of({"ETag": '"abc"'}) == "abc"
    assert takes_whole_object_checksum(aws_client("s3"))
    assert isinstance(error_for_code("SlowDown", operation="PutObject", bucket="b", key="k"), S3ThrottledError)
    where: dict[str, Any] = {"Bucket": new_bucket(), "Key": "nothing"}
    try:
        with translated("GetObject", where["Bucket"], "nothing"):
            aws_client("s3").get_object(**where)
    except S3ObjectNotFoundError as error:
        assert isinstance(error.__cause__, Exception)
    else:
        raise AssertionError
    progress = Progress(received=3)
    assert (progress.received, progress.crc) == (3, 0)
    assert any(kind.__name__ == "IncompleteReadError" for kind in broken_body())
    assert conditions_of({"if_none_match": "*", "content_type": "text/plain"}) == {"IfNoneMatch": "*"}


@exercises(
    "services.s3.content_types.DEFAULT_CONTENT_TYPE",
    "services.s3.fetching.CHUNK_SIZE",
    "services.s3.reading.CHUNK_SIZE",
    "services.s3.keys.MAX_KEY_BYTES",
    "services.s3.metadata.MAX_METADATA_BYTES",
    "services.s3.metadata.WRITE_ID_METADATA_KEY",
    "services.s3.parts.FILE_PART_SIZE",
    "services.s3.parts.MAX_PARTS",
    "services.s3.parts.STREAM_PART_SIZE",
    "services.s3.presigning.MAX_EXPIRES_IN",
    "services.s3.writing.MAX_PUT_BYTES",
)
def s3_s_own_limits() -> None:
    """The numbers of S3's documentation, and the code that holds to them."""
    from ai_voice_shared import S3Key
    from ai_voice_shared.errors import InvalidS3KeyError
    from ai_voice_shared.services.s3.content_types import DEFAULT_CONTENT_TYPE, guess_content_type
    from ai_voice_shared.services.s3.keys import MAX_KEY_BYTES
    from ai_voice_shared.services.s3.metadata import MAX_METADATA_BYTES, WRITE_ID_METADATA_KEY
    from ai_voice_shared.services.s3.parts import FILE_PART_SIZE, MAX_PARTS, STREAM_PART_SIZE
    from ai_voice_shared.services.s3.presigning import MAX_EXPIRES_IN
    from ai_voice_shared.services.s3.reading import CHUNK_SIZE
    from ai_voice_shared.services.s3.writing import MAX_PUT_BYTES

    assert guess_content_type("a.unheard-of") == DEFAULT_CONTENT_TYPE == "application/octet-stream"
    assert len(S3Key("a" * MAX_KEY_BYTES)) == 1024
    try:
        S3Key("a" * (MAX_KEY_BYTES + 1))
    except InvalidS3KeyError:
        pass
    else:
        raise AssertionError
    assert (MAX_METADATA_BYTES, MAX_EXPIRES_IN, MAX_PARTS) == (2048, 7 * 86_400, 10_000)
    assert (STREAM_PART_SIZE, MAX_PUT_BYTES) == (5 << 20, 5 << 30)
    assert STREAM_PART_SIZE < FILE_PART_SIZE < MAX_PUT_BYTES
    assert CHUNK_SIZE < STREAM_PART_SIZE
    assert WRITE_ID_METADATA_KEY == "write-id"


@exercises("services.s3.fetching.ReadOptions", "services.s3.writing.UploadOptions")
def options_of_s3() -> None:
    """They have the names that calls take."""
    from ai_voice_shared.services.s3.fetching import ReadOptions
    from ai_voice_shared.services.s3.writing import UploadOptions

    assert {"byte_range", "if_match", "version_id"} <= ReadOptions.__optional_keys__
    assert {"content_type", "metadata"} <= UploadOptions.__annotations__.keys()
