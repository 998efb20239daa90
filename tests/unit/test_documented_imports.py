"""The imports in the documentation of this project's services work unchanged."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit

IMPORTS = {
    "webhook-handler": "from ai_voice_shared import CustomerLookupClient, TwilioWebhookPayload",
    "voice-parser": "from ai_voice_shared.services.s3_service import S3Service",
    "models": (
        "from ai_voice_shared.models import CustomerMetadata, S3ListResponse, S3ObjectMetadata, TwilioWebhookPayload"
    ),
    "settings": "from ai_voice_shared.settings import S3Settings",
    "customer lookup": "from ai_voice_shared.services.customer_lookup_client import CustomerLookupClient",
}


@pytest.mark.parametrize("service", IMPORTS)
def test_an_import_of_the_documentation_works(service: str) -> None:
    """Each documented import works in a new process without any configuration, and yields classes."""
    names = IMPORTS[service].partition(" import ")[2]
    program = f"{IMPORTS[service]}\nprint([type(item).__name__ for item in ({names},)])"
    done = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(eval(done.stdout)) <= {"type", "ModelMetaclass"}  # noqa: S307 - the output of the program above


def test_the_names_are_the_same_objects_everywhere() -> None:
    """A name is the same object in each module that exports it."""
    import ai_voice_shared
    from ai_voice_shared import models, settings
    from ai_voice_shared.services import customer_lookup_client, s3_service

    assert ai_voice_shared.S3Service is s3_service.S3Service
    assert ai_voice_shared.CustomerLookupClient is customer_lookup_client.CustomerLookupClient
    assert ai_voice_shared.TwilioWebhookPayload is models.TwilioWebhookPayload
    assert ai_voice_shared.S3Settings is settings.S3Settings
