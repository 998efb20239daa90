"""Object keys, content types, user metadata and options: what S3 accepts, checked before anything is sent.

S3 stores user metadata in HTTP headers. Over its SDKs it refuses a value that is not ASCII, and returns one that was
stored otherwise in RFC 2047's encoding (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html).
That encoding is used here in both directions.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from ai_voice_shared.errors import InvalidS3KeyError, ValidationError
from ai_voice_shared.observability.correlation import CORRELATION_METADATA_KEY, get_correlation_id

if TYPE_CHECKING:
    import mimetypes
    from collections.abc import Mapping

__all__ = [
    "DEFAULT_CONTENT_TYPE",
    "MAX_KEY_BYTES",
    "MAX_METADATA_BYTES",
    "WRITE_ID_METADATA_KEY",
    "S3Key",
    "build_key",
    "decode_metadata",
    "describe_object",
    "encode_metadata",
    "guess_content_type",
    "validate_options",
]

MAX_KEY_BYTES = 1024
"""Bytes of UTF-8 that a key may have. Emulators accept more; AWS does not."""

MAX_METADATA_BYTES = 2048
"""Bytes of all names and values together that S3 accepts."""

WRITE_ID_METADATA_KEY = "write-id"
"""The metadata name under which a conditional write stores its token, to recognise its own object later."""

DEFAULT_CONTENT_TYPE = "application/octet-stream"
"""What S3 itself reports for an object without a type."""

# Compiled on first use and cached by `re`: a message without media has neither key nor metadata.
_PART = r"[A-Za-z0-9][A-Za-z0-9._=@+-]*"
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
_NAME = r"[a-z0-9!#$%&'*+.^_`|~-]+"
_PLAIN = r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?|"
_ENCODED = "=?"

# Formats of voice notes and pictures that not every Python version's standard library knows.
_ADDED_TYPES = {
    ".amr": "audio/amr",
    ".m4a": "audio/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".webp": "image/webp",
}


class S3Key(str):
    """A checked key: no `..`, no leading `/`, no control characters, at most 1024 bytes.

    Raises
    ------
    InvalidS3KeyError
        The key is not valid. The message names the fault, not the key, which may be user input.

    Examples
    --------
    >>> S3Key("notes/2026/a note.ogg")
    'notes/2026/a note.ogg'
    >>> S3Key("../secrets")
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.requests.InvalidS3KeyError: a key must not have a '.' or '..' between its slashes
    """

    __slots__ = ()

    def __new__(cls, key: str) -> Self:
        """Check a key."""
        problem = _find_problem(key)
        if problem:
            raise InvalidS3KeyError(problem)
        return super().__new__(cls, key)


def build_key(*parts: str | None, suffix: str = "") -> S3Key:
    """Join parts with slashes, so that no user input can leave its folder.

    Parameters
    ----------
    *parts
        Letters, digits and `.` `_` `=` `@` `+` `-`, beginning with a letter or digit. Anything else is refused, None
        included, such as the id of a media item whose URL has none.
    suffix
        The file extension with its dot (`".ogg"`), appended to the last part.

    Raises
    ------
    InvalidS3KeyError
        A part is empty or has other characters, or the key is too long.

    Examples
    --------
    >>> build_key("voice-notes", "acme", "cust-1", "MM0123", "ME4567", suffix=".ogg")
    'voice-notes/acme/cust-1/MM0123/ME4567.ogg'
    >>> build_key("voice-notes", "a/b")
    Traceback (most recent call last):
        ...
    ai_voice_shared.errors.requests.InvalidS3KeyError: part 2 of the key has other characters than letters, digits and \
._=@+-
    """
    if not parts:
        raise InvalidS3KeyError("a key needs at least one part")
    checked = []
    for number, part in enumerate(parts, start=1):
        # ".." is refused by the first character, "a..b" is harmless between slashes.
        if not isinstance(part, str) or not re.fullmatch(_PART, part):
            msg = f"part {number} of the key has other characters than letters, digits and ._=@+-"
            raise InvalidS3KeyError(msg)
        checked.append(part)
    if suffix and not re.fullmatch(r"\.[A-Za-z0-9]+(\.[A-Za-z0-9]+)*", suffix):
        raise InvalidS3KeyError("the suffix is not a file extension such as .ogg")
    return S3Key("/".join(checked) + suffix)


def guess_content_type(*names: str) -> str:
    """Return the content type of the first name with a known file extension, the same on every machine.

    Examples
    --------
    >>> guess_content_type("notes/a", "recording.ogg")
    'audio/ogg'
    >>> guess_content_type("notes/a")
    'application/octet-stream'
    """
    for name in names:
        guessed, encoding = _content_types().guess_type(name)
        # "a.json.gz" is not JSON as it is stored.
        if guessed and not encoding:
            return guessed
    return DEFAULT_CONTENT_TYPE


def describe_object(key: str, content_type: str | None, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    """Return the parameters that name and describe an object in a request, checked and encoded.

    Examples
    --------
    >>> describe_object("notes/a.ogg", None, {"Origin": "test"})
    {'Key': 'notes/a.ogg', 'ContentType': 'audio/ogg', 'Metadata': {'origin': 'test'}}
    """
    parameters = {"Key": S3Key(key), "ContentType": content_type or guess_content_type(key)}
    encoded = encode_metadata(metadata)
    return parameters | {"Metadata": encoded} if encoded else parameters


def validate_options(options: Mapping[str, object], kind: Any) -> dict[str, Any]:
    """Return the options that are not None, once each is known to be one of the TypedDict `kind`.

    Raises
    ------
    TypeError
        An option does not exist: ignored, it would store an object without it, or read another one.

    Examples
    --------
    >>> from ai_voice_shared.services.s3.upload import UploadOptions
    >>> validate_options({"storage_class": "GLACIER_IR", "tags": None}, UploadOptions)
    {'storage_class': 'GLACIER_IR'}
    >>> validate_options({"checksum": "SHA256"}, UploadOptions)
    Traceback (most recent call last):
        ...
    TypeError: unexpected option 'checksum'
    """
    for name in options:
        if name not in kind.__optional_keys__:
            msg = f"unexpected option {name!r}"
            raise TypeError(msg)
    return {name: value for name, value in options.items() if value is not None}


def encode_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    """Encode metadata for S3, and add the current correlation id.

    Raises
    ------
    ValidationError
        A name cannot be a header, or there are more than 2 KB in all.

    Examples
    --------
    >>> encode_metadata({"Origin": "Zürich"})
    {'origin': '=?UTF-8?B?WsO8cmljaA==?='}
    """
    encoded = {}
    for name, value in (metadata or {}).items():
        lowered = name.lower()
        if not re.fullmatch(_NAME, lowered):
            msg = f"{name!r} is not a valid name for S3 metadata: use letters, digits and dashes"
            raise ValidationError(msg)
        plain = re.fullmatch(_PLAIN, value) and _ENCODED not in value
        encoded[lowered] = value if plain else f"=?UTF-8?B?{base64.b64encode(value.encode()).decode()}?="
    correlation_id = get_correlation_id()
    if correlation_id is not None:
        encoded.setdefault(CORRELATION_METADATA_KEY, correlation_id)
    if sum(len(name) + len(value) for name, value in encoded.items()) > MAX_METADATA_BYTES:
        msg = f"S3 accepts at most {MAX_METADATA_BYTES} bytes of metadata, names and encoded values together"
        raise ValidationError(msg)
    return encoded


def decode_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return metadata as it was before it was encoded.

    Examples
    --------
    >>> decode_metadata({"origin": "=?UTF-8?B?WsO8cmljaA==?="})
    {'origin': 'Zürich'}
    """
    return {
        name.lower(): _decode_value(value) if _ENCODED in value else value
        for name, value in metadata.items()
        if name.lower() != WRITE_ID_METADATA_KEY
    }


def _find_problem(key: str) -> str | None:
    if not isinstance(key, str) or not key:
        return "a key is a text that is not empty"
    if re.search(_CONTROL, key):
        return "a key must not have control characters"
    if len(key.encode()) > MAX_KEY_BYTES:
        return f"a key must not be longer than {MAX_KEY_BYTES} bytes of UTF-8"
    if key.startswith("/"):
        return "a key must not begin with a slash"
    if any(part in {".", ".."} for part in key.split("/")):
        return "a key must not have a '.' or '..' between its slashes"
    return None


@cache
def _content_types() -> mimetypes.MimeTypes:
    import mimetypes

    # Without the machine's own mime.types files.
    types = mimetypes.MimeTypes()
    for extension, content_type in _ADDED_TYPES.items():
        types.add_type(content_type, extension)
    return types


def _decode_value(value: str) -> str:
    from email.errors import HeaderParseError
    from email.header import decode_header, make_header

    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeDecodeError):
        return value  # another writer's text that only looks encoded
