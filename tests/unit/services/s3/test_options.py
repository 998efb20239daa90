"""The options of reading and writing methods."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from ai_voice_shared.services.s3 import copy_delete, download, upload
from ai_voice_shared.services.s3.client import S3Service
from ai_voice_shared.services.s3.download import DownloadOptions
from ai_voice_shared.services.s3.upload import UploadOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

pytestmark = pytest.mark.unit

WRITING = ["upload_bytes", "upload_file", "upload_fileobj", "upload_stream", "put_model"]
READING = ["download_bytes", "download_file", "download_fileobj", "iter_chunks"]
COPYING = ["copy_object", "move_object"]


@pytest.mark.parametrize(
    ("module", "method", "options"),
    [
        *((upload, method, UploadOptions) for method in WRITING),
        *((copy_delete, method, UploadOptions) for method in COPYING),
        *((download, method, DownloadOptions) for method in READING),
    ],
)
def test_every_method_passes_all_of_its_options_on(
    module: ModuleType, method: str, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each writing and reading method accepts each shared option, and hands it to the function that does the work."""
    received: dict[str, Any] = {}
    monkeypatch.setattr(module, method, lambda *_, **keywords: received.update(keywords))
    given = {name: object() for name in options.__annotations__}
    key_only = method in {"download_bytes", "iter_chunks"}
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
        lambda: s3.download_bytes("k", **misspelt),
        lambda: s3.download_file("k", tmp_path / "target", **misspelt),
        lambda: s3.iter_chunks("k", **misspelt),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="checksum"):
            call()
    assert list(s3.iter_objects()) == []


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
