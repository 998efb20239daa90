"""One multipart upload: its parts, sent or copied, and its end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from ai_voice_shared import errors

if TYPE_CHECKING:
    from types import TracebackType

    from ai_voice_shared.services.s3.session import S3Session

__all__ = ["MultipartUpload", "supports_full_object_checksum"]

_log = logging.getLogger(__name__)


class MultipartUpload:
    """A multipart upload, for a `with` block: created at its begin, aborted if an error leaves it.

    The block has to complete it, by a CompleteMultipartUpload with `completion_parameters()`.

    Parameters
    ----------
    session
        The session that sends its requests.
    parameters
        Those of CreateMultipartUpload.
    """

    def __init__(self, session: S3Session, parameters: dict[str, Any]) -> None:
        self._session = session
        self._parameters = parameters
        self._upload_ref: dict[str, str] = {}
        self._parts: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        response = self._session.send("CreateMultipartUpload", **self._parameters)
        bucket, key = self._session.bucket_name, self._parameters["Key"]
        self._upload_ref = {"Bucket": bucket, "Key": key, "UploadId": response["UploadId"]}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._abort()

    def upload_part(self, body: BinaryIO, size: int, algorithm: str, checksum: str | None) -> None:
        """Send the next part, with its checksum by this algorithm; without one, botocore computes it."""
        name = f"Checksum{algorithm}"
        known = {} if checksum is None else {name: checksum}
        number = len(self._parts) + 1
        response = self._session.send(
            "UploadPart",
            {"part": number, "bytes": size},
            **self._upload_ref,
            PartNumber=number,
            Body=body,
            **(known or {"ChecksumAlgorithm": algorithm}),
        )
        confirmed = {name: response[name]} if name in response else known
        self._parts.append({"PartNumber": number, "ETag": response["ETag"], **confirmed})

    def copy_part(self, source: dict[str, str], etag: str, first: int, last: int) -> None:
        """Copy the next part from bytes of another object, if that still has this ETag."""
        number = len(self._parts) + 1
        response = self._session.send(
            "UploadPartCopy",
            {"part": number},
            **self._upload_ref,
            PartNumber=number,
            CopySource=source,
            CopySourceIfMatch=etag,
            CopySourceRange=f"bytes={first}-{last}",
        )
        self._parts.append({"PartNumber": number, "ETag": response["CopyPartResult"]["ETag"]})

    def completion_parameters(self) -> dict[str, Any]:
        """Return the parameters of the CompleteMultipartUpload of all parts so far."""
        return {**self._upload_ref, "MultipartUpload": {"Parts": self._parts}}

    def _abort(self) -> None:
        """Delete the parts, which S3 would otherwise store and charge for."""
        try:
            self._session.send("AbortMultipartUpload", **self._upload_ref)
        except errors.AIVoiceError:
            # The caller has to learn of the error before this one; the bucket's lifecycle rule removes the parts.
            where = {"bucket": self._upload_ref["Bucket"], "key": self._upload_ref["Key"]}
            _log.warning("multipart upload left behind", extra=where)


def supports_full_object_checksum(client: Any) -> bool:
    """Return whether this botocore has one checksum for all parts together; versions before 1.37 do not."""
    try:
        shape = client.meta.service_model.operation_model("CreateMultipartUpload").input_shape
    except AttributeError:  # a client of tests
        return True
    return "ChecksumType" in shape.members
