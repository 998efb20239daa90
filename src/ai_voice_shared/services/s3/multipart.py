"""The requests that write an object, and what is done when one of them fails."""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING, Any

from ai_voice_shared import errors
from ai_voice_shared.services.s3.base import S3Base
from ai_voice_shared.services.s3.checksums import crc32_text, takes_whole_object_checksum
from ai_voice_shared.services.s3.metadata import WRITE_ID_METADATA_KEY
from ai_voice_shared.services.s3.parts import Parts, part_size_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["S3Multipart"]

_log = logging.getLogger(__name__)
_CONFLICT_PAUSE_SECONDS = 0.05


class S3Multipart(S3Base):
    """Single writes and uploads in parts, for the writing side of `S3Service`."""

    def _in_parts(
        self,
        parameters: dict[str, Any],
        conditions: dict[str, str],
        parts: Parts,
        part_size: int,
        max_bytes: int | None,
        on_progress: Callable[[int], None] | None,
    ) -> tuple[dict[str, Any], int]:
        """Send the part that was read and all that follow it; on any failure the upload is aborted."""
        key: str = parameters["Key"]
        whole = "ChecksumAlgorithm" not in parameters and takes_whole_object_checksum(self.client)
        algorithm = parameters.setdefault("ChecksumAlgorithm", "CRC32")
        if whole:
            parameters["ChecksumType"] = "FULL_OBJECT"
        write_id = _mark(parameters)
        with self._operation("CreateMultipartUpload", key):
            upload_id = self.client.create_multipart_upload(**parameters)["UploadId"]
        place = {"Bucket": self.bucket_name, "Key": key, "UploadId": upload_id}
        try:
            sent, crc = 0, 0
            done: list[dict[str, Any]] = []
            while parts.size:
                self._within(key, sent + parts.size, max_bytes)
                done.append(self._part(place, len(done) + 1, parts, algorithm))
                sent += parts.size
                if whole:
                    crc = parts.crc32(crc)
                if on_progress is not None:
                    on_progress(sent)
                parts.fill(part_size_of(len(done) + 1, part_size))
            last = place | conditions
            if whole:
                last |= {"ChecksumType": "FULL_OBJECT", "ChecksumCRC32": crc32_text(crc)}
            answer = self._written("CompleteMultipartUpload", last, write_id, MultipartUpload={"Parts": done})
        except BaseException:
            self._abort(place)
            raise
        return answer, sent

    def _part(self, place: dict[str, str], number: int, parts: Parts, algorithm: str) -> dict[str, Any]:
        checksum = f"Checksum{algorithm}"
        known = {checksum: crc32_text(parts.crc32())} if algorithm == "CRC32" else {}
        with self._operation("UploadPart", place["Key"], part=number, bytes=parts.size):
            answer = self.client.upload_part(
                **place, PartNumber=number, Body=parts.body(), **(known or {"ChecksumAlgorithm": algorithm})
            )
        confirmed = {checksum: answer[checksum]} if checksum in answer else known
        return {"PartNumber": number, "ETag": answer["ETag"], **confirmed}

    def _written(
        self, operation: str, parameters: dict[str, Any], write_id: str | None = None, **body: Any
    ) -> dict[str, Any]:
        """Send the request that makes the object appear, and find out what came of it where S3 leaves it open.

        botocore sends a request again when its answer is lost. When the first one was taken, the second meets the
        first one's object: a condition fails that held, or an upload is gone that was completed. The mark in the
        metadata tells whose object it is.
        """
        conditional = "IfNoneMatch" in parameters or "IfMatch" in parameters
        if conditional and write_id is None:
            write_id = _mark(parameters)
        send = self.client.put_object if operation == "PutObject" else self.client.complete_multipart_upload
        tries = 0
        while True:
            tries += 1
            try:
                with self._operation(operation, parameters["Key"]):
                    answer: dict[str, Any] = send(**parameters, **body)
            except (errors.S3PreconditionFailedError, errors.S3NotFoundError) as error:
                own = self._own_object(error, parameters, write_id)
                if own is None:
                    raise
                return own
            except errors.S3ConflictError:
                # Nothing was written, and S3 asks to try again: the other write decides what comes of it. An upload
                # in parts would have to begin anew, and its source cannot be read twice.
                if operation != "PutObject" or tries >= self.settings.max_attempts:
                    raise
                time.sleep(random.uniform(0, _CONFLICT_PAUSE_SECONDS * 2**tries))  # noqa: S311 - jitter
            else:
                return answer

    def _own_object(
        self, error: errors.S3Error, parameters: dict[str, Any], write_id: str | None
    ) -> dict[str, Any] | None:
        """Give the object of this very write, if an earlier sending of it was taken after all."""
        answered: Any = getattr(error.__cause__, "response", {})
        if write_id is None or not answered.get("ResponseMetadata", {}).get("RetryAttempts"):
            return None
        try:
            with self._operation("HeadObject", parameters["Key"]):
                head: dict[str, Any] = self.client.head_object(Bucket=self.bucket_name, Key=parameters["Key"])
        except errors.S3Error:
            return None
        return head if head.get("Metadata", {}).get(WRITE_ID_METADATA_KEY) == write_id else None

    def _abort(self, place: dict[str, str]) -> None:
        """Give up an upload, so that S3 does not keep (and charge for) its parts."""
        try:
            with self._operation("AbortMultipartUpload", place["Key"]):
                self.client.abort_multipart_upload(**place)
        except errors.AIVoiceError:
            # What went wrong before is what the caller has to know; the bucket's life cycle sweeps up.
            _log.warning("multipart upload left behind", extra={"bucket": place["Bucket"], "key": place["Key"]})

    def _within(self, key: str, size: int, limit: int | None) -> None:
        if limit is not None and size > limit:
            raise self._too_large("PutObject", key, f"more than the limit of {limit} bytes")


def _mark(parameters: dict[str, Any]) -> str:
    import uuid

    write_id = uuid.uuid4().hex
    parameters["Metadata"] = {**parameters.get("Metadata", {}), WRITE_ID_METADATA_KEY: write_id}
    return write_id
