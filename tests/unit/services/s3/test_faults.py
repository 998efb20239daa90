"""S3Service against a server that fails in every way that S3 and the network do."""

from __future__ import annotations

import base64
import hashlib
import threading
from typing import TYPE_CHECKING

import pytest

from ai_voice_shared import errors
from ai_voice_shared.services.s3.part_buffer import FILE_PART_SIZE
from ai_voice_shared.services.s3_service import S3Service
from tests.support.faulty_s3 import BUCKET, Fault, FaultyS3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytestmark = pytest.mark.unit

BODY = bytes(range(256)) * 12_000  # three chunks of a download
LARGE = bytes(range(256)) * (FILE_PART_SIZE // 256) + b"the second part"


def read(service: S3Service, way: str, path: Path) -> bytes:
    """Read the object in one of the three ways."""
    if way == "bytes":
        return service.download_bytes("k")
    if way == "chunks":
        return b"".join(service.iter_chunks("k"))
    service.download_file("k", path)
    return path.read_bytes()


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "PUT", times=3),
        Fault("status", "PUT", times=2, status=500, code="InternalError"),
        Fault("reset", "PUT", times=2),
        Fault("status", "PUT", status=409, code="ConditionalRequestConflict"),
    ],
    ids=["a burst of SlowDown", "500", "reset", "409"],
)
def test_a_write_survives_a_temporary_fault(service: S3Service, server: FaultyS3, fault: Fault) -> None:
    """A temporary fault has no effect but the repeated requests."""
    server.faults.append(fault)
    times = fault.times
    service.upload_bytes("k", b"hello", if_none_match="*")
    assert server.objects["k"].body == b"hello"
    assert len(server.headers_of("PUT")) == times + 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("status", "PUT", times=99), errors.S3ThrottledError),
        (Fault("status", "PUT", times=99, status=500, code="InternalError"), errors.S3UnavailableError),
        (Fault("reset", "PUT", times=99), errors.S3UnavailableError),
        (Fault("status", "PUT", times=99, status=409, code="ConditionalRequestConflict"), errors.S3ConflictError),
        (Fault("status", "PUT", status=400, code="ExpiredToken"), errors.S3AccessDeniedError),
        (Fault("status", "PUT", status=403, code="AccessDenied"), errors.S3AccessDeniedError),
        (Fault("status", "PUT", status=400, code="EntityTooLarge"), errors.S3TooLargeError),
        (Fault("corrupt", "PUT", times=99), errors.S3IntegrityError),
    ],
    ids=["SlowDown", "500", "reset", "409", "expired credentials", "access denied", "too large", "corrupted"],
)
def test_a_write_reports_a_permanent_fault(
    service: S3Service, server: FaultyS3, fault: Fault, expected: type[errors.S3Error]
) -> None:
    """A permanent fault is a named error with everything that a log line needs, and nothing is stored."""
    server.faults.append(fault)
    with pytest.raises(expected) as caught:
        service.upload_bytes("k", b"hello")
    error = caught.value
    assert (error.operation, error.bucket, error.key) == ("PutObject", "notes", "k")
    assert error.__cause__ is not None
    assert error.request_id == ("REQUEST-1" if fault.kind != "reset" else "")
    assert not server.objects
    assert len(server.headers_of("PUT")) <= service.settings.max_attempts


def test_expired_credentials_are_reported(service: S3Service, server: FaultyS3) -> None:
    """The error for expired credentials tells the operator what to do, and the request is not retried."""
    server.faults.append(Fault("status", "GET", times=99, status=400, code="ExpiredToken"))
    with pytest.raises(errors.S3AccessDeniedError, match="the credentials have expired"):
        service.download_bytes("k")
    assert len(server.headers_of("GET")) == 1


def test_a_conditional_write_whose_response_was_lost_is_a_success(service: S3Service, server: FaultyS3) -> None:
    """A repeated request that meets its own object has not lost the race."""
    server.faults.append(Fault("lost", "PUT"))
    stored = service.upload_bytes("k", b"mine", if_none_match="*")
    assert server.objects["k"].body == b"mine"
    assert stored.etag == server.objects["k"].etag.strip('"')
    assert "write-id" not in service.head_object("k").metadata


def test_a_conditional_write_that_lost_fails_after_a_retry_too(service: S3Service, server: FaultyS3) -> None:
    """A repeated request that meets another writer's object fails, and leaves it untouched."""
    server.put("k", b"another's")
    server.faults.append(Fault("status", "PUT"))
    with pytest.raises(errors.S3PreconditionFailedError):
        service.upload_bytes("k", b"mine", if_none_match="*")
    assert server.objects["k"].body == b"another's"


def test_a_multipart_upload_whose_last_response_was_lost_is_a_success(service: S3Service, server: FaultyS3) -> None:
    """A repeated completion that finds no upload any more, because it is complete, is a success."""
    server.faults.append(Fault("lost", "POST", query="uploadId"))
    service.upload_stream("k", [LARGE])
    assert server.objects["k"].body == LARGE
    assert not server.uploads


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "PUT", times=99, status=500, code="InternalError", query="partNumber"),
        Fault("reset", "PUT", times=99, query="partNumber"),
        Fault("corrupt", "PUT", times=99, query="partNumber"),
        Fault("status", "POST", times=99, status=500, code="InternalError", query="uploadId"),
    ],
    ids=["500", "reset", "corrupted", "not completed"],
)
def test_a_failed_multipart_upload_is_aborted(service: S3Service, server: FaultyS3, fault: Fault) -> None:
    """A failed multipart upload leaves no part that S3 would charge for."""
    server.faults.append(fault)
    with pytest.raises(errors.S3Error):
        service.upload_stream("k", [LARGE])
    assert not server.objects
    assert not server.uploads


def test_the_first_error_wins_over_a_failed_abort(
    service: S3Service, server: FaultyS3, caplog: pytest.LogCaptureFixture
) -> None:
    """If the abort fails too, the caller gets the first error, and the log has the upload that was left behind."""
    server.faults.append(Fault("status", "DELETE", times=99, status=403, code="AccessDenied"))

    def chunks() -> Iterator[bytes]:
        yield LARGE
        raise ConnectionError("the source broke")

    with caplog.at_level("WARNING"), pytest.raises(ConnectionError, match="the source broke"):
        service.upload_stream("k", chunks())
    assert "multipart upload left behind" in caplog.text


@pytest.mark.parametrize("kind", ["broken", "cut", "stall"])
@pytest.mark.parametrize("at", [0, 1, 1_500_000, len(BODY) - 1])
@pytest.mark.parametrize("way", ["bytes", "chunks", "file"])
def test_a_read_resumes_after_a_break(
    service: S3Service, server: FaultyS3, tmp_path: Path, kind: str, at: int, way: str
) -> None:
    """A body that breaks off, ends early or stalls is read to its end."""
    server.put("k", BODY)
    server.faults.append(Fault(kind, "GET", at=at))  # type: ignore[arg-type]
    content = read(service, way, tmp_path / "f")
    assert content == BODY
    assert server.headers_of("GET")[1]["if-match"] == server.objects["k"].etag


def test_a_range_resumes_after_a_break(service: S3Service, server: FaultyS3) -> None:
    """The rest of a broken range is requested by its position in the object, not in the range."""
    server.put("k", BODY)
    server.faults.append(Fault("broken", "GET", at=100))
    assert service.download_bytes("k", byte_range=(1000, 1999)) == BODY[1000:2000]
    server.faults.append(Fault("broken", "GET", at=100))
    assert b"".join(service.iter_chunks("k", byte_range=(1000, 1999), chunk_size=50)) == BODY[1000:2000]


def test_a_read_fails_when_nothing_is_received(service: S3Service, server: FaultyS3, tmp_path: Path) -> None:
    """A body that breaks every time is a named error, and no file is left."""
    server.put("k", BODY)
    server.faults.append(Fault("broken", "GET", times=99))
    with pytest.raises(errors.S3UnavailableError) as caught:
        service.download_file("k", tmp_path / "f")
    assert caught.value.operation == "GetObject"
    assert list(tmp_path.iterdir()) == []
    assert len(server.headers_of("GET")) == service.settings.max_attempts


@pytest.mark.parametrize(("kind", "expected"), [("cut", errors.S3IntegrityError), ("stall", errors.S3TimeoutError)])
def test_a_failed_read_reports_its_reason(
    service: S3Service, server: FaultyS3, kind: str, expected: type[errors.S3Error]
) -> None:
    """A body that is too short and one that stalls are different errors."""
    server.put("k", b"hello")
    server.faults.append(Fault(kind, "GET", times=99))  # type: ignore[arg-type]
    with pytest.raises(expected):
        service.download_bytes("k")


@pytest.mark.parametrize("way", ["bytes", "chunks", "file"])
def test_a_corrupted_byte_is_found(service: S3Service, server: FaultyS3, tmp_path: Path, way: str) -> None:
    """A body that does not match its checksum is an error, whatever it is read into."""
    server.put("k", BODY)
    server.faults.append(Fault("corrupt", "GET", at=2_000_000))
    with pytest.raises(errors.S3IntegrityError):
        read(service, way, tmp_path / "f")
    assert list(tmp_path.iterdir()) == []


def test_a_corrupted_byte_is_found_after_a_break(service: S3Service, server: FaultyS3) -> None:
    """The checksum of the whole is verified over the bytes of both responses."""
    server.put("k", BODY)
    server.faults += [Fault("broken", "GET", at=1_500_000), Fault("corrupt", "GET", at=5)]
    with pytest.raises(errors.S3IntegrityError, match="checksum"):
        list(service.iter_chunks("k"))


def test_an_object_that_is_replaced_while_it_is_read_is_no_mixture(service: S3Service, server: FaultyS3) -> None:
    """A read does not resume in another object."""
    server.put("k", BODY)
    server.faults.append(Fault("replaced", "GET", at=1_500_000))
    with pytest.raises(errors.S3IntegrityError, match="replaced"):
        list(service.iter_chunks("k"))


def test_fifty_writers_have_one_winner_over_real_connections(service: S3Service, server: FaultyS3) -> None:
    """The only writer without an error is the one whose bytes are stored, despite conflicts and lost responses."""
    server.faults += [
        Fault("status", "PUT", times=5, status=409, code="ConditionalRequestConflict"),
        Fault("lost", "PUT", times=5),
        Fault("status", "PUT", times=5),
    ]
    # One thread may meet all of the faults.
    patient = S3Service(service.settings.model_copy(update={"read_timeout": 20.0, "max_attempts": 20}))
    won: list[bytes] = []
    lost: list[errors.S3Error] = []
    start = threading.Barrier(50)

    def write(number: int) -> None:
        mine = str(number).encode()
        start.wait()
        try:
            patient.upload_bytes("k", mine, if_none_match="*")
            won.append(mine)
        except errors.S3PreconditionFailedError as error:
            lost.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [server.objects["k"].body]
    assert len(lost) == 49


def test_an_outage_is_never_not_found(service: S3Service, server: FaultyS3) -> None:
    """An outage or a refusal is an error, not the absence of an object."""
    server.faults.append(Fault("status", "HEAD", times=99, status=503, code=""))
    with pytest.raises(errors.S3UnavailableError):
        service.object_exists("k")
    server.faults[:] = [Fault("status", "HEAD", times=99, status=403, code="")]
    with pytest.raises(errors.S3AccessDeniedError):
        service.object_exists("k")
    server.faults.clear()
    assert not service.object_exists("k")


def test_a_dead_pooled_connection_is_replaced(service: S3Service, server: FaultyS3) -> None:
    """A pooled connection that died, as after a freeze, costs one retry and no error."""
    service.upload_bytes("k", b"1")
    server.faults.append(Fault("reset", "GET"))
    assert service.download_bytes("k") == b"1"


def test_a_refused_connection_is_unavailable(service: S3Service, server: FaultyS3) -> None:
    """A refused connection is a named error without the address."""
    with FaultyS3() as gone:
        url = gone.url
    settings = service.settings.model_copy(update={"endpoint_url": url})
    with pytest.raises(errors.S3UnavailableError) as caught:
        S3Service(settings).upload_bytes("k", b"x")
    assert url not in str(caught.value)


def test_each_key_that_cannot_be_deleted_has_its_own_error(service: S3Service, server: FaultyS3) -> None:
    """Keys that cannot be deleted have an error each; the others are gone, in every batch of a thousand."""
    keys = [f"k/{number}" for number in range(1002)]
    for key in keys:
        server.put(key, b"x")
    server.refused_deletions = {"k/7": "AccessDenied", "k/1001": "InternalError"}
    deletion = service.delete_objects(keys)
    assert len(deletion.deleted) == 1000
    assert sorted(server.objects) == ["k/1001", "k/7"]
    assert {key: type(error) for key, error in deletion.errors.items()} == {
        "k/7": errors.S3AccessDeniedError,
        "k/1001": errors.S3UnavailableError,
    }
    assert {(error.operation, error.bucket, error.key) for error in deletion.errors.values()} == {
        ("DeleteObjects", BUCKET, "k/7"),
        ("DeleteObjects", BUCKET, "k/1001"),
    }


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256"])
def test_another_checksum_is_sent(service: S3Service, server: FaultyS3, algorithm: str) -> None:
    """S3 receives the requested checksum, storage class, tags and key id."""
    service.upload_bytes(
        "k", b"hello", checksum_algorithm=algorithm, storage_class="GLACIER_IR", tags={"a": "b c"}, kms_key_id="key-1"
    )
    [sent] = server.headers_of("PUT")
    digest = hashlib.new(algorithm.lower(), b"hello").digest()
    assert sent[f"x-amz-checksum-{algorithm.lower()}"] == base64.b64encode(digest).decode()
    assert (sent["x-amz-storage-class"], sent["x-amz-tagging"]) == ("GLACIER_IR", "a=b+c")
    assert sent["x-amz-server-side-encryption"] == "aws:kms"
    assert sent["x-amz-server-side-encryption-aws-kms-key-id"] == "key-1"


def test_a_copy_takes_conditions(service: S3Service, server: FaultyS3) -> None:
    """A taken key and another's ETag are refused, and nothing changes."""
    server.put("source", b"new")
    server.put("taken", b"old")
    etag = server.objects["taken"].etag
    for condition in ({"if_none_match": "*"}, {"if_match": '"0123456789abcdef0123456789abcdef"'}):
        with pytest.raises(errors.S3PreconditionFailedError):
            service.copy_object("source", "taken", **condition)  # type: ignore[arg-type] # each is an option of it
        assert server.objects["taken"].body == b"old"
    service.copy_object("source", "free", if_none_match="*")
    service.copy_object("source", "taken", if_match=etag)
    assert (server.objects["free"].body, server.objects["taken"].body) == (b"new", b"new")
