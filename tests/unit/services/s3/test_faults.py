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
def test_a_write_survives_what_passes(service: S3Service, server: FaultyS3, fault: Fault) -> None:
    """A fault that goes away leaves no trace but the repeated requests."""
    server.faults.append(fault)
    times = fault.times
    service.upload_bytes("k", b"hello", if_none_match="*")
    assert server.objects["k"].body == b"hello"
    assert len(server.asked("PUT")) == times + 1


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
def test_a_write_names_what_does_not_pass(
    service: S3Service, server: FaultyS3, fault: Fault, expected: type[errors.S3Error]
) -> None:
    """A fault that stays is a named error with everything that a log line needs, and nothing is stored."""
    server.faults.append(fault)
    with pytest.raises(expected) as caught:
        service.upload_bytes("k", b"hello")
    error = caught.value
    assert (error.operation, error.bucket, error.key) == ("PutObject", "notes", "k")
    assert error.__cause__ is not None
    assert error.request_id == ("REQUEST-1" if fault.kind != "reset" else "")
    assert not server.objects
    assert len(server.asked("PUT")) <= service.settings.max_attempts


def test_expired_credentials_say_so(service: S3Service, server: FaultyS3) -> None:
    """The message tells the operator what to do, and no other request is wasted on it."""
    server.faults.append(Fault("status", "GET", times=99, status=400, code="ExpiredToken"))
    with pytest.raises(errors.S3AccessDeniedError, match="the credentials have expired"):
        service.download_bytes("k")
    assert len(server.asked("GET")) == 1


def test_a_conditional_write_whose_answer_was_lost_is_a_success(service: S3Service, server: FaultyS3) -> None:
    """The repeated request meets its own object: that is no lost race."""
    server.faults.append(Fault("lost", "PUT"))
    stored = service.upload_bytes("k", b"mine", if_none_match="*")
    assert server.objects["k"].body == b"mine"
    assert stored.etag == server.objects["k"].etag.strip('"')
    assert "write-id" not in service.head_object("k").metadata


def test_a_conditional_write_that_lost_says_so_after_a_retry_too(service: S3Service, server: FaultyS3) -> None:
    """Somebody else's object, met by a repeated request, stays somebody else's."""
    server.put("k", b"theirs")
    server.faults.append(Fault("status", "PUT"))
    with pytest.raises(errors.S3PreconditionFailedError):
        service.upload_bytes("k", b"mine", if_none_match="*")
    assert server.objects["k"].body == b"theirs"


def test_an_upload_in_parts_whose_last_answer_was_lost_is_a_success(service: S3Service, server: FaultyS3) -> None:
    """The repeated completion finds no upload any more, because it is done."""
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
def test_a_failed_upload_in_parts_is_aborted(service: S3Service, server: FaultyS3, fault: Fault) -> None:
    """No part is left to be paid for."""
    server.faults.append(fault)
    with pytest.raises(errors.S3Error):
        service.upload_stream("k", [LARGE])
    assert not server.objects
    assert not server.uploads


def test_the_first_error_wins_over_a_failed_abort(
    service: S3Service, server: FaultyS3, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller hears of what went wrong first, the log of what was left behind."""
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
def test_a_read_goes_on_after_a_break(
    service: S3Service, server: FaultyS3, tmp_path: Path, kind: str, at: int, way: str
) -> None:
    """A body that breaks off, ends early or stalls is read to its end all the same."""
    server.put("k", BODY)
    server.faults.append(Fault(kind, "GET", at=at))  # type: ignore[arg-type]
    content = read(service, way, tmp_path / "f")
    assert content == BODY
    assert server.asked("GET")[1]["if-match"] == server.objects["k"].etag


def test_a_range_goes_on_after_a_break(service: S3Service, server: FaultyS3) -> None:
    """What is missing is asked for by its place in the object, not in the range."""
    server.put("k", BODY)
    server.faults.append(Fault("broken", "GET", at=100))
    assert service.download_bytes("k", byte_range=(1000, 1999)) == BODY[1000:2000]
    server.faults.append(Fault("broken", "GET", at=100))
    assert b"".join(service.iter_chunks("k", byte_range=(1000, 1999), chunk_size=50)) == BODY[1000:2000]


def test_reading_gives_up_when_nothing_comes(service: S3Service, server: FaultyS3, tmp_path: Path) -> None:
    """A body that breaks each time is a named error, and no file is left."""
    server.put("k", BODY)
    server.faults.append(Fault("broken", "GET", times=99))
    with pytest.raises(errors.S3UnavailableError) as caught:
        service.download_file("k", tmp_path / "f")
    assert caught.value.operation == "GetObject"
    assert list(tmp_path.iterdir()) == []
    assert len(server.asked("GET")) == service.settings.max_attempts


@pytest.mark.parametrize(("kind", "expected"), [("cut", errors.S3IntegrityError), ("stall", errors.S3TimeoutError)])
def test_reading_names_why_it_gave_up(
    service: S3Service, server: FaultyS3, kind: str, expected: type[errors.S3Error]
) -> None:
    """A body that is too short and one that stalls are told apart."""
    server.put("k", b"hello")
    server.faults.append(Fault(kind, "GET", times=99))  # type: ignore[arg-type]
    with pytest.raises(expected):
        service.download_bytes("k")


@pytest.mark.parametrize("way", ["bytes", "chunks", "file"])
def test_a_corrupted_byte_is_found(service: S3Service, server: FaultyS3, tmp_path: Path, way: str) -> None:
    """A body that does not fit its checksum is an error, whatever it is read into."""
    server.put("k", BODY)
    server.faults.append(Fault("corrupt", "GET", at=2_000_000))
    with pytest.raises(errors.S3IntegrityError):
        read(service, way, tmp_path / "f")
    assert list(tmp_path.iterdir()) == []


def test_a_corrupted_byte_is_found_after_a_break(service: S3Service, server: FaultyS3) -> None:
    """The checksum of the whole holds for what was put together from two answers."""
    server.put("k", BODY)
    server.faults += [Fault("broken", "GET", at=1_500_000), Fault("corrupt", "GET", at=5)]
    with pytest.raises(errors.S3IntegrityError, match="checksum"):
        list(service.iter_chunks("k"))


def test_an_object_that_is_replaced_while_it_is_read_is_no_mixture(service: S3Service, server: FaultyS3) -> None:
    """Reading does not go on in another object."""
    server.put("k", BODY)
    server.faults.append(Fault("replaced", "GET", at=1_500_000))
    with pytest.raises(errors.S3IntegrityError, match="replaced"):
        list(service.iter_chunks("k"))


def test_fifty_writers_have_one_winner_over_real_connections(service: S3Service, server: FaultyS3) -> None:
    """Whoever is told to have won is the one whose bytes are there, also with conflicts and lost answers between."""
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
    """Whether an object exists is not answered by a server that cannot answer."""
    server.faults.append(Fault("status", "HEAD", times=99, status=503, code=""))
    with pytest.raises(errors.S3UnavailableError):
        service.object_exists("k")
    server.faults[:] = [Fault("status", "HEAD", times=99, status=403, code="")]
    with pytest.raises(errors.S3AccessDeniedError):
        service.object_exists("k")
    server.faults.clear()
    assert not service.object_exists("k")


def test_a_dead_pooled_connection_is_replaced(service: S3Service, server: FaultyS3) -> None:
    """A connection that died while it was in the pool, as after a freeze, costs one retry and no error."""
    service.upload_bytes("k", b"1")
    server.faults.append(Fault("reset", "GET"))
    assert service.download_bytes("k") == b"1"


def test_nobody_listening_is_unavailable(service: S3Service, server: FaultyS3) -> None:
    """A refused connection is a named error without the address."""
    with FaultyS3() as gone:
        url = gone.url
    settings = service.settings.model_copy(update={"endpoint_url": url})
    with pytest.raises(errors.S3UnavailableError) as caught:
        S3Service(settings).upload_bytes("k", b"x")
    assert url not in str(caught.value)


def test_each_key_that_cannot_be_deleted_has_its_own_error(service: S3Service, server: FaultyS3) -> None:
    """The others are gone, in every batch of a thousand."""
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
def test_another_checksum_goes_over_the_wire(service: S3Service, server: FaultyS3, algorithm: str) -> None:
    """S3 is sent the one that was asked for, and storage class, tags and the key's id with it."""
    service.upload_bytes(
        "k", b"hello", checksum_algorithm=algorithm, storage_class="GLACIER_IR", tags={"a": "b c"}, kms_key_id="key-1"
    )
    [sent] = server.asked("PUT")
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
