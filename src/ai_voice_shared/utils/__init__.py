"""Small functions on values, without I/O: ids, validation, files, text, dictionaries, timing and pagination."""

from __future__ import annotations

from ai_voice_shared._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        # Defined in a higher tier; existing services import them from here.
        "..resilience.circuit_breaker": ("CircuitBreaker",),
        "..resilience.retrying": ("retry",),
        ".dictionaries": ("deep_merge", "flatten_dict", "get_nested", "set_nested", "unflatten_dict"),
        ".files": ("calculate_hash", "format_file_size", "sanitize_filename"),
        ".filetype": ("content_type_of",),
        ".ids": ("generate_short_id", "generate_slug", "generate_timestamp_id", "generate_uuid"),
        ".pagination": ("Page", "paginate"),
        ".text": ("chunk_text", "clean_text", "extract_hashtags", "extract_mentions", "truncate_text"),
        ".timing": ("Timer", "timed"),
        ".validation": (
            "PasswordReport",
            "check_password",
            "is_valid_email",
            "is_valid_password",
            "is_valid_phone",
            "is_valid_url",
            "normalize_email",
            "normalize_phone",
        ),
    },
)
