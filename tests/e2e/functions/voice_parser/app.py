"""The voice-parser: describe a stored voice note, as JSON next to it.

mutagen is packaged with the function, everything else with the layer.
"""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import mutagen
from aws_lambda_powertools import Tracer

from ai_voice_shared import EventPublisher
from ai_voice_shared.domain.events import create_voice_note_parsed_event
from ai_voice_shared.errors import UnsupportedMediaTypeError
from ai_voice_shared.observability import get_logger, get_tracer, use_correlation_id
from ai_voice_shared.services.s3_service import S3Service, parse_s3_event

tracer = Tracer(patch_modules=("botocore",))
logger = get_logger()

MAX_BYTES = 16 * 2**20
# mutagen names the stream by its class; Opus is always decoded at 48 kHz (RFC 7845).
KINDS = {
    "OggOpus": ("ogg", "opus", 48_000),
    "OggVorbis": ("ogg", "vorbis", None),
    "MP3": ("mpeg", "mp3", None),
    "MP4": ("mp4", "aac", None),
}


publisher = EventPublisher()


@cache
def storage(bucket: str) -> S3Service:
    """Return the process's service of a bucket."""
    return S3Service(bucket_name=bucket)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Parse each object that S3 names: one per event today, but a list by contract."""
    records = parse_s3_event(event)
    for record in records:
        parse(record.bucket, record.key)
    return {"parsed": len(records)}


def parse(bucket: str, key: str) -> None:
    """Read a voice note and write its result, with the correlation id that the note was stored with."""
    s3 = storage(bucket)
    head = s3.head_object(key)
    with use_correlation_id(head.correlation_id) as correlation_id:
        tracer.put_annotation("correlation_id", correlation_id)
        logger.info("parsing", extra={"key": key})
        content = s3.download_bytes(key, max_bytes=MAX_BYTES)
        result = {
            "source": {"bucket": bucket, "key": key},
            "bytes": len(content),
            **describe(content, key),
            "correlation_id": correlation_id,
        }
        # The service puts the correlation id into the object's metadata.
        result_key = str(PurePosixPath(key).with_suffix(".json"))
        s3.upload_bytes(result_key, json.dumps(result).encode())
        # webhook-handler's key: voice-notes/company/customer/message/media
        company_id, customer_id, message_sid = ([*PurePosixPath(key).parts[1:-1], None, None, None])[:3]
        publisher.publish(
            create_voice_note_parsed_event(
                bucket=bucket,
                key=key,
                message_sid=message_sid,
                customer_id=customer_id,
                company_id=company_id,
                content_type=head.content_type,
                size_bytes=len(content),
                duration_seconds=result["duration_seconds"],
                result_key=result_key,
                correlation_id=correlation_id,
            ),
            # The result is stored; a failed publication is no reason to parse it again.
            soft_fail=True,
        )
        logger.info("parsed", extra={"key": key, "duration_seconds": result["duration_seconds"]})


def describe(content: bytes, key: str) -> dict[str, Any]:
    """Return a description of the audio.

    Raises
    ------
    UnsupportedMediaTypeError
        If it is not audio. The event then goes to the dead-letter queue.
    """
    with get_tracer().span("## mutagen"):
        try:
            audio = mutagen.File(io.BytesIO(content))
        except mutagen.MutagenError:
            audio = None
    kind = KINDS.get(type(audio).__name__)
    if audio is None or kind is None:
        logger.error("not audio", extra={"key": key, "error_code": UnsupportedMediaTypeError.code})
        raise UnsupportedMediaTypeError(f"{key} is not readable audio")
    container, codec, sample_rate = kind
    return {
        "container": container,
        "codec": codec,
        "duration_seconds": round(audio.info.length, 3),
        "channels": audio.info.channels,
        "sample_rate_hz": sample_rate or audio.info.sample_rate,
    }
