"""Small functions on values, without I/O: ids, validation, files, text, dictionaries, time and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared._lazy import lazy_exports

if TYPE_CHECKING:
    # `resilience` stands a floor above. Callers are used to finding these two among the utilities, so the names lead
    # there; nothing in this folder uses them, and nothing is imported before a caller asks. For type checkers the way
    # has to be written down; it is the one exception that the contract of the floors names.
    from ai_voice_shared.resilience.circuit_breaker import CircuitBreaker as CircuitBreaker
    from ai_voice_shared.resilience.retrying import retry as retry
    from ai_voice_shared.utils.dictionaries import deep_merge as deep_merge
    from ai_voice_shared.utils.dictionaries import flatten_dict as flatten_dict
    from ai_voice_shared.utils.dictionaries import get_nested as get_nested
    from ai_voice_shared.utils.dictionaries import set_nested as set_nested
    from ai_voice_shared.utils.dictionaries import unflatten_dict as unflatten_dict
    from ai_voice_shared.utils.files import calculate_hash as calculate_hash
    from ai_voice_shared.utils.files import format_file_size as format_file_size
    from ai_voice_shared.utils.files import sanitize_filename as sanitize_filename
    from ai_voice_shared.utils.filetype import content_type_of as content_type_of
    from ai_voice_shared.utils.ids import generate_short_id as generate_short_id
    from ai_voice_shared.utils.ids import generate_slug as generate_slug
    from ai_voice_shared.utils.ids import generate_timestamp_id as generate_timestamp_id
    from ai_voice_shared.utils.ids import generate_uuid as generate_uuid
    from ai_voice_shared.utils.pagination import Page as Page
    from ai_voice_shared.utils.pagination import paginate as paginate
    from ai_voice_shared.utils.text import chunk_text as chunk_text
    from ai_voice_shared.utils.text import clean_text as clean_text
    from ai_voice_shared.utils.text import extract_hashtags as extract_hashtags
    from ai_voice_shared.utils.text import extract_mentions as extract_mentions
    from ai_voice_shared.utils.text import truncate_text as truncate_text
    from ai_voice_shared.utils.timing import Timer as Timer
    from ai_voice_shared.utils.timing import timed as timed
    from ai_voice_shared.utils.validation import PasswordReport as PasswordReport
    from ai_voice_shared.utils.validation import check_password as check_password
    from ai_voice_shared.utils.validation import is_valid_email as is_valid_email
    from ai_voice_shared.utils.validation import is_valid_password as is_valid_password
    from ai_voice_shared.utils.validation import is_valid_phone as is_valid_phone
    from ai_voice_shared.utils.validation import is_valid_url as is_valid_url
    from ai_voice_shared.utils.validation import normalize_email as normalize_email
    from ai_voice_shared.utils.validation import normalize_phone as normalize_phone

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "CircuitBreaker": "..resilience.circuit_breaker",
        "Page": ".pagination",
        "PasswordReport": ".validation",
        "Timer": ".timing",
        "calculate_hash": ".files",
        "check_password": ".validation",
        "chunk_text": ".text",
        "clean_text": ".text",
        "content_type_of": ".filetype",
        "deep_merge": ".dictionaries",
        "extract_hashtags": ".text",
        "extract_mentions": ".text",
        "flatten_dict": ".dictionaries",
        "format_file_size": ".files",
        "generate_short_id": ".ids",
        "generate_slug": ".ids",
        "generate_timestamp_id": ".ids",
        "generate_uuid": ".ids",
        "get_nested": ".dictionaries",
        "is_valid_email": ".validation",
        "is_valid_password": ".validation",
        "is_valid_phone": ".validation",
        "is_valid_url": ".validation",
        "normalize_email": ".validation",
        "normalize_phone": ".validation",
        "paginate": ".pagination",
        "retry": "..resilience.retrying",
        "sanitize_filename": ".files",
        "set_nested": ".dictionaries",
        "timed": ".timing",
        "truncate_text": ".text",
        "unflatten_dict": ".dictionaries",
    },
)
