# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
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

__all__ = [
    "CircuitBreaker",
    "Page",
    "PasswordReport",
    "Timer",
    "calculate_hash",
    "check_password",
    "chunk_text",
    "clean_text",
    "content_type_of",
    "deep_merge",
    "extract_hashtags",
    "extract_mentions",
    "flatten_dict",
    "format_file_size",
    "generate_short_id",
    "generate_slug",
    "generate_timestamp_id",
    "generate_uuid",
    "get_nested",
    "is_valid_email",
    "is_valid_password",
    "is_valid_phone",
    "is_valid_url",
    "normalize_email",
    "normalize_phone",
    "paginate",
    "retry",
    "sanitize_filename",
    "set_nested",
    "timed",
    "truncate_text",
    "unflatten_dict",
]
