"""Settings of metrics."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AliasChoices, Field

from ai_voice_shared.settings.base import Settings

__all__ = ["MetricsSettings"]


class MetricsSettings(Settings):
    """The provider and the namespace of metrics.

    Examples
    --------
    >>> MetricsSettings(provider="datadog").provider
    'datadog'
    """

    env_prefix: ClassVar[str] = "METRICS_"

    provider: Literal["emf", "datadog"] = Field(
        default="emf", description="CloudWatch through log lines (EMF), or Datadog through its extension or forwarder."
    )
    namespace: str = Field(
        default="AIVoiceTool",
        min_length=1,
        validation_alias=AliasChoices("METRICS_NAMESPACE", "POWERTOOLS_METRICS_NAMESPACE"),
        description="Namespace of all metrics.",
    )
    service: str | None = Field(
        default=None,
        min_length=1,
        validation_alias=AliasChoices("METRICS_SERVICE", "POWERTOOLS_SERVICE_NAME"),
        description="Service dimension of metrics, unless the call names one.",
    )
