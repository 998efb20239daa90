"""The contract of S3Service, verified on moto."""

from __future__ import annotations

import io
import os
import threading
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from ai_voice_shared import errors
from ai_voice_shared.observability.correlation import use_correlation_id
from ai_voice_shared.services.s3.part_buffer import FILE_PART_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ai_voice_shared.services.s3_service import S3Service

pytestmark = pytest.mark.unit

LARGE = bytes(range(256)) * (FILE_PART_SIZE // 256) + b"the second part"


def test_bytes_are_read_with_the_attributes_they_were_stored_with(s3: S3Service) -> None:
    """Type, metadata and size of an object are those it was stored with."""
    stored = s3.upload_bytes("a/b.ogg", b"OggS", metadata={"Origin": "test"})
    head = s3.head_object("a/b.ogg")
    assert s3.download_bytes("a/b.ogg") == b"OggS"
    assert (head.size, head.content_type, head.metadata, head.etag) == (4, "audio/ogg", {"origin": "test"}, stored.etag)


@pytest.mark.parametrize("data", [bytearray(b"abc"), memoryview(b"abc"), b"", b"\x00" * 70_000])
def test_any_kind_of_bytes_can_be_stored(s3: S3Service, data: Any) -> None:
    """Bytes, byte arrays and memory views are stored alike, an empty object too."""
    assert s3.upload_bytes("k", data).size == len(data)
    assert s3.download_bytes("k") == bytes(data)


def test_text_is_refused(s3: S3Service) -> None:
    """Text is a named error, as only the caller knows its encoding."""
    text: Any = "hello"
    with pytest.raises(errors.ValidationError, match="encode"):
        s3.upload_bytes("k", text)
    assert not s3.object_exists("k")


@pytest.mark.parametrize("content", [b"", b"small", LARGE], ids=["empty", "small", "parts"])
@pytest.mark.parametrize("way", ["file", "fileobj", "stream"])
def test_every_way_of_writing_stores_the_same(s3: S3Service, tmp_path: Path, way: str, content: bytes) -> None:
    """A file, an open file and an iterator of bytes store the same object, in one request or as a multipart upload."""
    progress: list[int] = []
    if way == "file":
        (tmp_path / "source").write_bytes(content)
        stored = s3.upload_file("k.json", tmp_path / "source", on_progress=progress.append)
    elif way == "fileobj":
        stored = s3.upload_fileobj("k.json", io.BytesIO(content), on_progress=progress.append)
    else:
        chunks = (content[begin : begin + 100_001] for begin in range(0, len(content), 100_001))
        stored = s3.upload_stream("k.json", chunks, on_progress=progress.append)
    assert stored.size == len(content) == progress[-1]
    assert s3.download_bytes("k.json") == content
    assert s3.head_object("k.json").content_type == "application/json"


def test_the_caller_s_file_stays_open_and_is_read_from_its_position(s3: S3Service) -> None:
    """An open file is neither rewound nor closed."""
    stream = io.BytesIO(b"headerbody")
    stream.seek(6)
    s3.upload_fileobj("k", stream)
    assert not stream.closed
    assert s3.download_bytes("k") == b"body"


def test_a_raw_stream_with_short_reads_is_read_to_its_end(s3: S3Service) -> None:
    """A socket-like file whose reads are short loses nothing."""

    class Trickle(io.RawIOBase):
        def __init__(self) -> None:
            self.rest = LARGE

        def read(self, size: int = -1) -> bytes:
            chunk, self.rest = self.rest[: min(size, 65_537)], self.rest[min(size, 65_537) :]
            return chunk

    s3.upload_fileobj("k", Trickle())  # type: ignore[arg-type]
    assert s3.download_bytes("k") == LARGE


@pytest.mark.parametrize("large", [False, True], ids=["one request", "parts"])
def test_an_error_of_the_source_leaves_nothing_behind(s3: S3Service, *, large: bool) -> None:
    """An error of the caller's iterator reaches the caller; no object and no unfinished upload is left."""

    def chunks() -> Iterator[bytes]:
        if large:
            yield LARGE
            yield LARGE
        raise ConnectionError("the source broke")

    with pytest.raises(ConnectionError, match="the source broke"):
        s3.upload_stream("k", chunks())
    assert not s3.object_exists("k")
    assert "Uploads" not in s3.client.list_multipart_uploads(Bucket=s3.bucket_name)


@pytest.mark.parametrize("size", [11, len(LARGE)])
def test_a_stream_over_its_limit_stores_nothing(s3: S3Service, size: int) -> None:
    """More bytes than max_bytes is an error with nothing stored."""
    with pytest.raises(errors.S3TooLargeError):
        s3.upload_stream("k", [b"x" * size], max_bytes=size - 1)
    assert not s3.object_exists("k")
    assert "Uploads" not in s3.client.list_multipart_uploads(Bucket=s3.bucket_name)


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["one request", "parts"])
def test_if_none_match_writes_only_a_free_key(s3: S3Service, content: bytes) -> None:
    """The second write fails and the first one's bytes stay, also for a multipart upload."""
    s3.upload_stream("k", [b"first"], if_none_match="*")
    with pytest.raises(errors.S3PreconditionFailedError) as caught:
        s3.upload_stream("k", [content], if_none_match="*")
    assert caught.value.key == "k"
    assert s3.download_bytes("k") == b"first"
    assert "Uploads" not in s3.client.list_multipart_uploads(Bucket=s3.bucket_name)


@pytest.mark.parametrize("way", ["bytes", "file", "fileobj", "stream", "model", "copy"])
def test_every_way_of_writing_accepts_conditions(s3: S3Service, tmp_path: Path, way: str) -> None:
    """Every writing method refuses a taken key and a different ETag, and changes nothing."""
    (tmp_path / "source").write_bytes(b"new")
    s3.upload_bytes("source", b"new")
    taken = s3.upload_bytes("taken", b"old")
    write: dict[str, Any] = {
        "bytes": lambda key, **options: s3.upload_bytes(key, b"new", **options),
        "file": lambda key, **options: s3.upload_file(key, tmp_path / "source", **options),
        "fileobj": lambda key, **options: s3.upload_fileobj(key, io.BytesIO(b"new"), **options),
        "stream": lambda key, **options: s3.upload_stream(key, [b"new"], **options),
        "model": lambda key, **options: s3.put_model(key, Note(sender="x", seconds=2.0), **options),
        "copy": lambda key, **options: s3.copy_object("source", key, **options),
    }
    refused = [{"if_none_match": "*"}, {"if_match": '"0123456789abcdef0123456789abcdef"'}]
    if way == "copy":
        refused = []  # moto ignores the conditions of a copy; see test_faults.py
    for condition in refused:
        with pytest.raises(errors.S3PreconditionFailedError):
            write[way]("taken", **condition)
        assert s3.download_bytes("taken") == b"old"
    write[way]("free", if_none_match="*")
    write[way]("taken", if_match=taken.etag)
    assert s3.download_bytes("free") == s3.download_bytes("taken") != b"old"


def test_if_match_writes_only_over_what_the_caller_has_seen(s3: S3Service) -> None:
    """A write over a newer object fails."""
    first = s3.upload_bytes("k", b"1")
    second = s3.upload_bytes("k", b"2", if_match=str(first.etag))
    with pytest.raises(errors.S3PreconditionFailedError):
        s3.upload_bytes("k", b"3", if_match=str(first.etag))
    assert s3.head_object("k").etag == second.etag


def test_fifty_conditional_writers_have_one_winner(s3: S3Service) -> None:
    """Of fifty threads that create the same key, one succeeds, and each other one gets an error."""
    outcomes: list[str] = []
    start = threading.Barrier(50)

    def write(number: int) -> None:
        start.wait()
        try:
            s3.upload_bytes("k", str(number).encode(), if_none_match="*")
            outcomes.append("won")
        except (errors.S3PreconditionFailedError, errors.S3ConflictError):
            outcomes.append("lost")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost"] * 49 + ["won"]


@pytest.mark.parametrize("text", ["Zürich", "日本語 ✓", " padded ", "", "=?UTF-8?B?bm9wZQ==?=", "a\nb", "plain text"])
def test_any_text_can_be_metadata(s3: S3Service, text: str) -> None:
    """Metadata that is not ASCII, or not valid in a header, is returned unchanged."""
    s3.upload_bytes("k", b"x", metadata={"note": text})
    assert s3.head_object("k").metadata["note"] == text


def test_the_correlation_id_is_stored_with_the_object(s3: S3Service) -> None:
    """The object's metadata has the correlation id of the message that it came from."""
    with use_correlation_id("order-7"):
        s3.upload_bytes("k", b"x")
    assert s3.head_object("k").correlation_id == "order-7"


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "parts"])
def test_storage_options_are_applied(s3: S3Service, content: bytes) -> None:
    """An object has the caller's KMS key, storage class and headers, in one request or as a multipart upload."""
    s3.upload_stream(
        "k",
        [content],
        kms_key_id="alias/notes",
        storage_class="STANDARD_IA",
        content_encoding="gzip",
        cache_control="no-store",
        content_disposition="attachment",
    )
    head = s3.head_object("k")
    assert (head.server_side_encryption, head.kms_key_id, head.storage_class) == (
        "aws:kms",
        "alias/notes",
        "STANDARD_IA",
    )
    assert (head.content_encoding, head.cache_control, head.content_disposition) == ("gzip", "no-store", "attachment")


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "parts"])
@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_another_checksum_can_be_requested(s3: S3Service, algorithm: str, content: bytes) -> None:
    """An object is stored with the requested checksum, in one request or as a multipart upload."""
    s3.upload_stream("k", [content], checksum_algorithm=algorithm)
    assert s3.download_bytes("k") == content


def test_tags_are_stored_and_replaced(s3: S3Service) -> None:
    """Tags are stored with the upload or afterwards."""
    s3.upload_bytes("k", b"x", tags={"kind": "voice note", "a=b": "1+1"})
    assert s3.get_tags("k") == {"kind": "voice note", "a=b": "1+1"}
    s3.put_tags("k", {"kind": "text"})
    assert s3.get_tags("k") == {"kind": "text"}


@pytest.mark.parametrize(
    ("byte_range", "expected"), [((0, 2), b"012"), ((7, None), b"789"), ((5, 5), b"5"), ((8, 100), b"89")]
)
def test_a_range_is_read(s3: S3Service, byte_range: tuple[int, int | None], expected: bytes) -> None:
    """A range includes its first and last byte, and the last may be open."""
    s3.upload_bytes("k", b"0123456789")
    assert s3.download_bytes("k", byte_range=byte_range) == expected


def test_a_range_outside_the_object_is_an_error(s3: S3Service) -> None:
    """A range that begins after the last byte is a named error."""
    s3.upload_bytes("k", b"0123456789")
    with pytest.raises(errors.S3InvalidRangeError):
        s3.download_bytes("k", byte_range=(10, None))


def test_conditions_of_reading(s3: S3Service) -> None:
    """An object that the caller already has is not modified; a changed one fails the condition."""
    etag = str(s3.upload_bytes("k", b"x").etag)
    assert s3.download_bytes("k", if_match=etag) == b"x"
    with pytest.raises(errors.S3NotModifiedError):
        s3.download_bytes("k", if_none_match=etag)
    with pytest.raises(errors.S3PreconditionFailedError):
        s3.download_bytes("k", if_match="0" * 32)


def test_too_large_a_download_reads_nothing(s3: S3Service) -> None:
    """An object over the limit is refused by its length, before its body is read."""
    s3.upload_bytes("k", b"x" * 11)
    with pytest.raises(errors.S3TooLargeError, match="11 bytes, more than the limit of 10"):
        s3.download_bytes("k", max_bytes=10)


def test_a_file_is_written_whole_or_not_at_all(s3: S3Service, tmp_path: Path) -> None:
    """After a failure the old file is untouched and nothing else is in the folder."""
    target = tmp_path / "target"
    target.write_bytes(b"before")
    with pytest.raises(errors.S3ObjectNotFoundError):
        s3.download_file("nothing", target)
    assert (target.read_bytes(), list(tmp_path.iterdir())) == (b"before", [target])
    s3.upload_bytes("k", LARGE)
    assert s3.download_file("k", target) == len(LARGE)
    assert (target.read_bytes() == LARGE, list(tmp_path.iterdir())) == (True, [target])


def test_a_download_is_written_to_the_caller_s_file(s3: S3Service) -> None:
    """A download is written from the file's position, with its progress reported; over the limit nothing is written."""
    s3.upload_bytes("k", LARGE)
    file, progress = io.BytesIO(), list[int]()
    file.write(b"before ")
    assert s3.download_fileobj("k", file, on_progress=progress.append) == len(LARGE) == progress[-1]
    assert file.getvalue() == b"before " + LARGE
    assert progress == sorted(progress)
    untouched = io.BytesIO()
    with pytest.raises(errors.S3TooLargeError):
        s3.download_fileobj("k", untouched, max_bytes=len(LARGE) - 1)
    assert untouched.getvalue() == b""


def test_a_bucket_without_versioning_has_one_version_of_each(s3: S3Service) -> None:
    """The only version of an object has the id that S3 uses without versioning."""
    s3.upload_bytes("a", b"1")
    s3.upload_bytes("a", b"22")
    s3.upload_bytes("b", b"3")
    found = [(item.key, item.size, item.version_id, item.is_latest) for item in s3.iter_versions()]
    assert found == [("a", 2, "null", True), ("b", 1, "null", True)]


def test_chunks_add_up(s3: S3Service) -> None:
    """The chunks of an object have the requested size, and together are the object."""
    s3.upload_bytes("k", LARGE)
    chunks = list(s3.iter_chunks("k", chunk_size=1_000_003))
    assert b"".join(chunks) == LARGE
    assert {len(chunk) for chunk in chunks[:-1]} == {1_000_003}


def test_a_missing_key_is_not_found(s3: S3Service) -> None:
    """Head and get raise the same error for a missing key, though S3 reports it differently."""
    assert not s3.object_exists("nothing")
    for read in (s3.head_object, s3.download_bytes):
        with pytest.raises(errors.S3ObjectNotFoundError) as caught:
            read("nothing")
        assert (caught.value.bucket, caught.value.key) == (s3.bucket_name, "nothing")


def test_pages_follow_each_other(s3: S3Service) -> None:
    """A page leads to the next, and an iterator yields the objects of all."""
    keys = [f"p/{number:02}" for number in range(5)]
    for key in [*keys, "q/other"]:
        s3.upload_bytes(key, b"x")
    page = s3.list_objects("p/", max_keys=2)
    assert ([item.key for item in page.objects], page.is_truncated) == (keys[:2], True)
    page = s3.list_objects("p/", max_keys=3, continuation_token=page.next_continuation_token)
    assert ([item.key for item in page.objects], page.is_truncated) == (keys[2:], False)
    assert [item.key for item in s3.iter_objects("p/")] == keys
    assert [item.key for item in s3.iter_objects("p/", limit=2)] == keys[:2]
    assert [item.key for item in s3.iter_objects("p/", start_after="p/03")] == ["p/04"]


def test_all_pages_are_listed(s3: S3Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects, folders and versions are listed to the end, however many pages there are."""
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    keys = [f"p/{number}/x" for number in range(7)]
    for key in keys:
        s3.upload_bytes(key, b"x")
    assert [item.key for item in s3.iter_objects("p/")] == keys
    assert [item.key for item in s3.iter_objects("p/", start_after=keys[1])] == keys[2:]
    assert [item.key for item in s3.iter_objects("p/", limit=3)] == keys[:3]
    assert list(s3.iter_prefixes("p/")) == [f"p/{number}/" for number in range(7)]
    assert [item.key for item in s3.iter_versions("p/")] == keys
    assert s3.list_objects("p/", max_keys=0).objects == ()


def test_an_empty_listing_is_empty(s3: S3Service) -> None:
    """A listing without Contents, as S3 sends it, is an empty page."""
    page = s3.list_objects("nothing/")
    assert (page.objects, page.prefixes, page.is_truncated) == ((), (), False)


def test_folders_are_listed(s3: S3Service) -> None:
    """With a delimiter a page has the objects of its level and the folders below."""
    for key in ("top", "a/1", "a/2", "b/c/1"):
        s3.upload_bytes(key, b"x")
    page = s3.list_objects(delimiter="/")
    assert ([item.key for item in page.objects], page.prefixes) == (["top"], ("a/", "b/"))
    assert list(s3.iter_prefixes("b/")) == ["b/c/"]


@pytest.mark.parametrize("key", ["a b", "a+b", "ä/ö", "a%20b", "a&b=c?d#e", "'quoted' \"twice\""])
def test_a_listing_returns_any_valid_key_unchanged(s3: S3Service, key: str) -> None:
    """A key with spaces, symbols and umlauts is listed as it was written."""
    s3.upload_bytes(key, b"x")
    assert [item.key for item in s3.iter_objects()] == [key]
    assert s3.download_bytes(key) == b"x"


def test_a_copy_inherits_or_replaces_the_source_s_attributes(s3: S3Service) -> None:
    """Type, metadata and tags are the source's unless they are given."""
    s3.upload_bytes("a", b"x", content_type="audio/ogg", metadata={"n": "1"}, tags={"t": "1"})
    s3.copy_object("a", "same")
    s3.copy_object("a", "new", content_type="audio/mpeg", metadata={"n": "2"}, tags={"t": "2"})
    same, new = s3.head_object("same"), s3.head_object("new")
    assert (same.content_type, same.metadata["n"], s3.get_tags("same")) == ("audio/ogg", "1", {"t": "1"})
    assert (new.content_type, new.metadata["n"], s3.get_tags("new")) == ("audio/mpeg", "2", {"t": "2"})


def test_a_moved_object_exists_once(s3: S3Service) -> None:
    """After a move the source is gone; an object cannot be moved onto itself."""
    s3.upload_bytes("a", b"x")
    s3.move_object("a", "b")
    assert [item.key for item in s3.iter_objects()] == ["b"]
    with pytest.raises(errors.ValidationError):
        s3.move_object("b", "b")


def test_deleting_is_idempotent_and_works_in_batches(s3: S3Service) -> None:
    """Any number of keys is deleted, missing ones included."""
    for number in range(3):
        s3.upload_bytes(f"k/{number}", b"x")
    s3.delete_object("k/0")
    s3.delete_object("k/0")
    deletion = s3.delete_objects(f"k/{number}" for number in range(1200))
    assert (len(deletion.deleted), deletion.errors) == (1200, {})
    assert list(s3.iter_objects()) == []


def test_a_prefix_is_deleted_only_when_it_is_confirmed(s3: S3Service) -> None:
    """A wrong or empty confirmation deletes nothing."""
    s3.upload_bytes("a/1", b"x")
    s3.upload_bytes("b/1", b"x")
    for prefix, confirm in (("a/", "b/"), ("", "")):
        with pytest.raises(errors.ValidationError):
            s3.delete_prefix(prefix, confirm=confirm)
    assert s3.delete_prefix("a/", confirm="a/").deleted == ("a/1",)
    assert [item.key for item in s3.iter_objects()] == ["b/1"]


@pytest.mark.parametrize(
    "key", ["", "/a", "../a", "a/../b", "a/./b", "a/..", "a\nb", "a\x00b", "k" * 1025, "ü" * 513, "\ud800"]
)
def test_a_bad_key_is_refused_before_anything_is_sent(s3: S3Service, key: str) -> None:
    """A key that S3 refuses, or that leaves its folder, is a named error for reading and writing."""
    for call in (lambda: s3.upload_bytes(key, b"x"), lambda: s3.download_bytes(key), lambda: s3.delete_object(key)):
        with pytest.raises(errors.InvalidS3KeyError):
            call()
    assert list(s3.iter_objects()) == []


class Note(BaseModel):
    """A model to store."""

    sender: str
    seconds: float


def test_a_model_is_stored_and_read(s3: S3Service) -> None:
    """A pydantic model is stored as JSON and read as itself."""
    s3.put_model("note.json", Note(sender="cust-1", seconds=2.5))
    assert s3.head_object("note.json").content_type == "application/json"
    assert s3.get_model("note.json", Note) == Note(sender="cust-1", seconds=2.5)


def test_invalid_json_is_reported_without_its_values(s3: S3Service) -> None:
    """The error names the invalid place in the JSON, not its value."""
    s3.upload_bytes("note.json", b'{"sender": "+61400000000", "seconds": "secret"}')
    with pytest.raises(errors.ValidationError) as caught:
        s3.get_model("note.json", Note)
    assert caught.value.details[0]["location"] == ["seconds"]
    assert "secret" not in f"{caught.value} {caught.value.details}"


def test_a_missing_bucket_is_not_found(s3: S3Service) -> None:
    """A missing bucket and a missing object are different errors, also for responses without a body."""
    other = s3.with_bucket("no-such-bucket")
    for call in (
        lambda: other.upload_bytes("k", b"x"),
        lambda: other.download_bytes("k"),
        other.list_objects,
        lambda: other.object_exists("k"),
        lambda: other.head_object("k"),
    ):
        with pytest.raises(errors.S3BucketNotFoundError):
            call()
    assert s3.bucket_name != "no-such-bucket"
    assert not s3.object_exists("k")


def test_the_headers_of_an_object_are_returned(s3: S3Service) -> None:
    """The headers that a browser uses are those the object was stored with."""
    s3.upload_bytes(
        "k",
        b"x",
        cache_control="max-age=60",
        content_disposition='attachment; filename="n.ogg"',
        content_encoding="gzip",
    )
    head = s3.head_object("k")
    assert (head.cache_control, head.content_encoding) == ("max-age=60", "gzip")
    assert head.content_disposition == 'attachment; filename="n.ogg"'


def test_an_object_is_a_seekable_file(s3: S3Service) -> None:
    """An open object is read by ranges from any position, as a library reads a file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "first\nsecond\n")
        archive.writestr("b.txt", "other")
    s3.upload_bytes("k", buffer.getvalue())
    with s3.open("k", buffer_size=16) as stream, zipfile.ZipFile(stream) as archive:
        assert archive.read("b.txt") == b"other"
        assert list(archive.open("a.txt")) == [b"first\n", b"second\n"]

    s3.upload_bytes("k", b"0123456789")
    with s3.open("k") as stream:
        assert stream.seek(-4, io.SEEK_END) == 6
        assert stream.read(2) == b"67"
        assert stream.read() == b"89"
        assert stream.read() == b""
        assert stream.seek(100) == 100
        assert stream.read(1) == b""
        with pytest.raises(ValueError, match="before the beginning"):
            stream.seek(-200, io.SEEK_CUR)


def test_an_empty_object_is_an_empty_file(s3: S3Service) -> None:
    """An empty object is read without a range, since no range is valid for it."""
    s3.upload_bytes("k", b"")
    with s3.open("k") as stream:
        assert stream.read() == b""
    assert s3.download_bytes("k") == b""
    assert list(s3.iter_chunks("k")) == []


def test_an_open_file_is_never_a_mixture(s3: S3Service) -> None:
    """An object that is replaced after it was opened is an error at the next read; a missing one immediately."""
    s3.upload_bytes("k", b"0123456789")
    with s3.open("k", buffer_size=2) as stream:
        assert stream.read(1) == b"0"
        s3.upload_bytes("k", b"abcdefghij")
        with pytest.raises(errors.S3PreconditionFailedError):
            stream.read(5)
    with pytest.raises(errors.S3ObjectNotFoundError):
        s3.open("nothing")


def test_progress_is_reported(s3: S3Service, tmp_path: Path) -> None:
    """Progress is reported after each part and chunk, up to the whole."""
    sent: list[int] = []
    s3.upload_stream("k", [LARGE], on_progress=sent.append)
    assert sent == sorted(set(sent))
    assert len(sent) > 1
    assert sent[-1] == len(LARGE)
    small: list[int] = []
    s3.upload_stream("small", [b"hello"], on_progress=small.append)
    assert small == [5]
    received: list[int] = []
    s3.download_file("k", tmp_path / "f", on_progress=received.append)
    assert received == sorted(set(received))
    assert received[-1] == len(LARGE)


def test_a_copy_replaces_only_the_given_attributes(s3: S3Service) -> None:
    """A new type leaves the metadata as it is, and new metadata leaves the type."""
    s3.upload_bytes("a", b"x", content_type="audio/ogg", metadata={"city": "Zürich"}, cache_control="no-cache")
    s3.copy_object("a", "b", content_type="audio/opus")
    head = s3.head_object("b")
    assert (head.content_type, head.metadata, head.cache_control) == ("audio/opus", {"city": "Zürich"}, "no-cache")
    s3.copy_object("a", "c", metadata={"city": "Köln"})
    head = s3.head_object("c")
    assert (head.content_type, head.metadata, head.cache_control) == ("audio/ogg", {"city": "Köln"}, "no-cache")
    s3.copy_object("a", "d", cache_control="max-age=60")
    head = s3.head_object("d")
    assert (head.content_type, head.metadata, head.cache_control) == ("audio/ogg", {"city": "Zürich"}, "max-age=60")


def test_an_object_too_large_for_one_copy_is_a_multipart_copy(s3: S3Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A multipart copy has the type, metadata and tags of its source."""
    monkeypatch.setattr("ai_voice_shared.services.s3.copy_delete._COPY_LIMIT", 5 << 20)
    monkeypatch.setattr("ai_voice_shared.services.s3.copy_delete._COPY_PART", 5 << 20)
    s3.upload_bytes("a", LARGE, content_type="audio/ogg", metadata={"city": "Zürich"}, tags={"kind": "note"})
    copied = s3.copy_object("a", "b")
    assert copied.size == len(LARGE)
    assert s3.download_bytes("b") == LARGE
    head = s3.head_object("b")
    assert (head.content_type, head.metadata) == ("audio/ogg", {"city": "Zürich"})
    assert s3.get_tags("b") == {"kind": "note"}
    assert "Uploads" not in s3.client.list_multipart_uploads(Bucket=s3.bucket_name)


def test_a_downloaded_file_has_the_permissions_of_open(
    s3: S3Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is created with the process's umask, which is never changed: that would race with other threads."""
    s3.upload_bytes("k", b"content")
    with (tmp_path / "usual").open("wb"):
        pass

    def touched(_: int) -> int:
        pytest.fail("the umask belongs to all threads")

    monkeypatch.setattr(os, "umask", touched)
    s3.download_file("k", tmp_path / "file")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_file_may_have_the_longest_name(s3: S3Service, tmp_path: Path) -> None:
    """A file with the longest valid name can be written: the temporary name does not contain it."""
    s3.upload_bytes("k", b"content")
    target = tmp_path / ("x" * 255)
    assert s3.download_file("k", target) == 7
    assert [item.name for item in tmp_path.iterdir()] == [target.name]


def test_a_key_cannot_widen_what_a_form_may_write(s3: S3Service) -> None:
    """A key with ${filename} is refused, as S3 replaces it and botocore would sign for every key."""
    for key in ("${filename}", "notes/${filename}", "notes/${filename}.ogg"):
        with pytest.raises(errors.ValidationError, match="filename"):
            s3.presign_post(key, max_bytes=1)
