"""The options of reading and writing methods."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.errors import S3NotModifiedError, S3TooLargeError
from ai_voice_shared.services.s3 import copy_delete, download, listing, upload
from ai_voice_shared.services.s3.client import S3Service
from ai_voice_shared.services.s3.copy_delete import CopyOptions
from ai_voice_shared.services.s3.download import DownloadOptions, FileDownloadOptions, ReadConditions
from ai_voice_shared.services.s3.upload import TransferOptions, UploadOptions
from ai_voice_shared.settings.s3 import S3Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

pytestmark = pytest.mark.unit

WRITING = ["upload_bytes", "upload_file", "upload_fileobj", "upload_stream", "put_model"]
TRANSFERRING = ["upload_file", "upload_fileobj", "upload_stream"]
READING = ["download_bytes", "download_file", "download_fileobj", "iter_chunks"]
COPYING = ["copy_object", "move_object"]


@pytest.mark.parametrize(
    ("module", "method", "options"),
    [
        *((upload, method, UploadOptions) for method in WRITING),
        *((upload, method, TransferOptions) for method in TRANSFERRING),
        *((copy_delete, method, UploadOptions) for method in COPYING),
        (copy_delete, "copy_object", CopyOptions),
        *((download, method, DownloadOptions) for method in READING),
        *((download, method, FileDownloadOptions) for method in ("download_file", "download_fileobj")),
        (listing, "head_object", ReadConditions),
    ],
)
def test_every_method_passes_all_of_its_options_on(
    module: ModuleType, method: str, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each writing and reading method accepts each shared option, and hands it to the function that does the work."""
    received: dict[str, Any] = {}
    monkeypatch.setattr(module, method, lambda *_, **keywords: received.update(keywords))
    given = {name: object() for name in options.__annotations__}
    key_only = method in {"download_bytes", "iter_chunks", "head_object"}
    getattr(S3Service(), method)(*(["a"] if key_only else ["a", "b"]), **given)
    assert given.items() <= received.items()


def test_an_unknown_option_is_a_type_error_and_sends_nothing(s3: S3Service, tmp_path: Path) -> None:
    """A misspelt option is refused by name: ignored, it would store an object without it."""
    (tmp_path / "source").write_bytes(b"x")
    misspelt: dict[str, Any] = {"checksum": "SHA256"}
    calls: list[Callable[[], Any]] = [
        lambda: s3.upload_bytes("k", b"x", **misspelt),
        lambda: s3.upload_file("k", tmp_path / "source", **misspelt),
        lambda: s3.upload_fileobj("k", io.BytesIO(b"x"), **misspelt),
        lambda: s3.upload_stream("k", [b"x"], **misspelt),
        lambda: s3.copy_object("k", "l", **misspelt),
        lambda: s3.move_object("k", "l", **misspelt),
        lambda: s3.put_model("k", S3Settings(bucket_name="a-model"), **misspelt),
        lambda: s3.head_object("k", **misspelt),
        lambda: s3.download_bytes("k", **misspelt),
        lambda: s3.download_file("k", tmp_path / "target", **misspelt),
        lambda: s3.iter_chunks("k", **misspelt),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="checksum"):
            call()
    assert list(s3.iter_objects()) == []


def test_an_option_of_another_method_is_a_type_error(s3: S3Service) -> None:
    """An option that only other methods have is refused: a move from another bucket would delete in its own."""
    s3.upload_bytes("k", b"x")
    limit: dict[str, Any] = {"max_bytes": 1}
    source: dict[str, Any] = {"source_bucket": "exports"}
    part: dict[str, Any] = {"byte_range": (0, 1)}
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("max_bytes", lambda: s3.upload_bytes("l", b"x", **limit)),
        ("source_bucket", lambda: s3.move_object("k", "l", **source)),
        ("byte_range", lambda: s3.head_object("k", **part)),
    ]
    for name, call in calls:
        with pytest.raises(TypeError, match=name):
            call()
    assert [item.key for item in s3.iter_objects()] == ["k"]


def test_a_file_over_its_limit_stores_nothing(s3: S3Service, tmp_path: Path) -> None:
    """The limit of a stream is an option of a file too."""
    (tmp_path / "source").write_bytes(b"12345")
    with pytest.raises(S3TooLargeError):
        s3.upload_file("k", tmp_path / "source", max_bytes=4)
    assert s3.upload_file("k", tmp_path / "source", max_bytes=5).size == 5


def test_an_object_is_described_on_the_conditions_of_reading(s3: S3Service) -> None:
    """The conditions of reading are those of describing, by ETag and by time."""
    etag = f'"{s3.upload_bytes("k", b"x").etag}"'
    hour = timedelta(hours=1)
    assert s3.head_object("k", if_match=etag, if_modified_since=datetime.now(UTC) - hour).size == 1
    with pytest.raises(S3NotModifiedError):
        s3.head_object("k", if_none_match=etag)
    with pytest.raises(S3NotModifiedError):
        s3.head_object("k", if_modified_since=datetime.now(UTC) + hour)


@pytest.mark.parametrize("method", ["upload_bytes", "upload_stream", "put_model", "copy_object"])
def test_an_option_that_is_none_is_not_given(s3: S3Service, method: str) -> None:
    """None leaves an option at its default, for each of them."""
    from ai_voice_shared import CustomerMetadata

    s3.upload_bytes("source", b"x", content_type="audio/ogg", metadata={"a": "b"})
    none: dict[str, Any] = dict.fromkeys(UploadOptions.__annotations__)
    first: dict[str, tuple[Any, ...]] = {
        "upload_bytes": ("k.ogg", b"x"),
        "upload_stream": ("k.ogg", [b"x"]),
        "put_model": ("k.ogg", CustomerMetadata(customer_id="c-1", company_id="acme", company_name="Acme")),
        "copy_object": ("source", "k.ogg"),
    }
    getattr(s3, method)(*first[method], **none)
    assert s3.head_object("k.ogg").content_type == ("application/json" if method == "put_model" else "audio/ogg")
    assert s3.head_object("k.ogg").metadata == ({"a": "b"} if method == "copy_object" else {})
