"""Settings of Google Cloud."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AliasChoices, Field

from ai_voice_shared.settings.base import Settings, fallback, required

__all__ = ["GCPSettings"]


class GCPSettings(Settings):
    """The project, the bucket and the credentials.

    Examples
    --------
    >>> GCPSettings(project_id="voice", bucket_name="voice-files", credentials_path="/var/task/gcp.json").bucket_name
    'voice-files'
    """

    env_prefix: ClassVar[str] = "GCP_"

    project_id: str = required(
        min_length=1,
        validation_alias=AliasChoices("GCP_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"),
        description="The project.",
    )
    bucket_name: str | None = fallback(
        None,
        "files cannot be stored in Google Cloud Storage",
        validation_alias=AliasChoices("GCP_BUCKET_NAME", "GCS_BUCKET_NAME"),
        description="The bucket.",
    )
    credentials_path: str | None = Field(
        default=None,
        validation_alias=AliasChoices("GCP_CREDENTIALS_PATH", "GOOGLE_APPLICATION_CREDENTIALS"),
        description="Key file of the service account; by default Application Default Credentials.",
    )
