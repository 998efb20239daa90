"""The voice-parser: what a stored voice note is, written as JSON beside it.

mutagen comes with the function, everything else with the layer.
"""

from __future__ import annotations

import io
import json
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote_plus

import mutagen
from aws_lambda_powertools import Tracer

from ai_voice_shared.aws import aws_client
from ai_voice_shared.errors import UnsupportedMediaTypeError
from ai_voice_shared.observability import get_logger, get_tracer, use_correlation_id
from ai_voice_shared.observability.correlation import CORRELATION_METADATA_KEY

tracer = Tracer(patch_modules=("botocore",))
logger = get_logger()

# mutagen names the stream by its class; Opus is always decoded at 48 kHz, whatever it was recorded at (RFC 7845).
KINDS = {
    "OggOpus": ("ogg", "opus", 48_000),
    "OggVorbis": ("ogg", "vorbis", None),
    "MP3": ("mpeg", "mp3", None),
    "MP4": ("mp4", "aac", None),
}


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Parse each object that S3 names: one to an event today, but a list by contract."""
    for record in event["Records"]:
        parse(record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"]))
    return {"parsed": len(event["Records"])}


def parse(bucket: str, key: str) -> None:
    """Read one voice note and write its result; the correlation id is the one that it was stored with."""
    s3 = aws_client("s3")
    found = s3.get_object(Bucket=bucket, Key=key)
    with use_correlation_id(found["Metadata"].get(CORRELATION_METADATA_KEY)) as correlation_id:
        tracer.put_annotation("correlation_id", correlation_id)
        logger.info("parsing", extra={"key": key})
        content = found["Body"].read()
        result = {
            "source": {"bucket": bucket, "key": key},
            "bytes": len(content),
            **describe(content, key),
            "correlation_id": correlation_id,
        }
        s3.put_object(
            Bucket=bucket,
            Key=str(PurePosixPath(key).with_suffix(".json")),
            Body=json.dumps(result).encode(),
            ContentType="application/json",
            Metadata={CORRELATION_METADATA_KEY: correlation_id},
        )
        logger.info("parsed", extra={"key": key, "duration_seconds": result["duration_seconds"]})


def describe(content: bytes, key: str) -> dict[str, Any]:
    """Say what the audio is.

    Raises
    ------
    UnsupportedMediaTypeError
        If it is no audio. The event then goes to the dead-letter queue.
    """
    with get_tracer().span("## mutagen"):
        try:
            audio = mutagen.File(io.BytesIO(content))
        except mutagen.MutagenError:
            audio = None
    kind = KINDS.get(type(audio).__name__)
    if audio is None or kind is None:
        logger.error("not audio", extra={"key": key, "error_code": UnsupportedMediaTypeError.code})
        raise UnsupportedMediaTypeError(f"{key} is no audio that can be read")
    container, codec, sample_rate = kind
    return {
        "container": container,
        "codec": codec,
        "duration_seconds": round(audio.info.length, 3),
        "channels": audio.info.channels,
        "sample_rate_hz": sample_rate or audio.info.sample_rate,
    }
