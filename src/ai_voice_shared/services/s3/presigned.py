"""What presigning gives back. A file of its own: a function that presigns nothing does not pay for the classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["PresignedPost", "PresignedRequest"]


@dataclass(frozen=True, slots=True)
class PresignedRequest:
    """A request that whoever has it may send.

    Parameters
    ----------
    method
        `"GET"` or `"PUT"`.
    url
        With the signature in its query, so it stays out of `repr`.
    headers
        What has to be sent with it, to the letter: they are signed.
    expires_at
        When it ends, at the latest.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """A form that a browser may post (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html).

    Parameters
    ----------
    url
        Where to.
    fields
        The form's fields, which come before the file; they hold the signature, so they stay out of `repr`.
    expires_at
        When it ends, at the latest.
    """

    url: str
    fields: Mapping[str, str] = field(repr=False)
    expires_at: datetime
