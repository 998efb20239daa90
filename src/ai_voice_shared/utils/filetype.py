"""Detect the media type of a file from its first bytes, for the types that WhatsApp and phone calls deliver.

The packages that do this for hundreds of types parse a table in each process (`puremagic`) or are no longer
maintained (`filetype`); the two dozen types that Twilio delivers fit on a page.
https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages
"""

from __future__ import annotations

__all__ = ["SNIFF_LENGTH", "content_type_of"]

SNIFF_LENGTH = 4096
"""Bytes that are enough to detect every known type."""

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"#!AMR-WB\n", "audio/amr-wb"),
    (0, b"#!AMR\n", "audio/amr"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b".snd", "audio/basic"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"BEGIN:VCARD", "text/vcard"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
}
_OFFICE = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


def content_type_of(head: bytes) -> str | None:
    """Return the media type of a file from its first bytes.

    Parameters
    ----------
    head
        The beginning of the file; `SNIFF_LENGTH` bytes are enough.

    Returns
    -------
    str | None
        The type without parameters, or None if it is unknown. Plain text has no signature, so it is unknown.

    Examples
    --------
    >>> content_type_of(b"OggS" + bytes(24) + b"OpusHead")
    'audio/ogg'
    >>> content_type_of(b"hello") is None
    True
    """
    for offset, magic, content_type in _MAGIC:
        if head.startswith(magic, offset):
            return content_type
    return _container(head) or _mpeg_audio(head)


def _container(head: bytes) -> str | None:
    if head.startswith(b"OggS"):
        # The first packet names the codec; Theora is the only video that is found in practice.
        return "video/ogg" if head[28:35] == b"\x80theora" else "audio/ogg"
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "video/3gpp" if brand.startswith((b"3gp", b"3gg")) else _BRANDS.get(brand, "video/mp4")
    if head.startswith(b"PK\x03\x04"):
        return next((content_type for folder, content_type in _OFFICE.items() if folder in head), "application/zip")
    return None


def _mpeg_audio(head: bytes) -> str | None:
    # A frame begins with eleven set bits; the two bits of the layer distinguish AAC's ADTS (00) from MPEG audio.
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - the sync word of ISO 11172-3
        return None
    version, layer = head[1] >> 3 & 0b11, head[1] >> 1 & 0b11
    if layer == 0:
        return "audio/aac" if head[1] & 0xF0 == 0xF0 else None  # noqa: PLR2004 - ADTS has twelve bits of sync
    reserved = version == 0b01 or head[2] >> 4 == 0b1111 or head[2] >> 2 & 0b11 == 0b11  # noqa: PLR2004 - as above
    return None if reserved else "audio/mpeg"
