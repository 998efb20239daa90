# Written by .ci/make-stubs from __init__.py; edit the table of exports there.
from ai_voice_shared.security.twilio_signature import compute_signature as compute_signature
from ai_voice_shared.security.twilio_signature import is_signed as is_signed

__all__ = [
    "compute_signature",
    "is_signed",
]
