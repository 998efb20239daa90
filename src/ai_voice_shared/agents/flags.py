"""The feature flag that switches the agent system without a deploy, by Powertools' feature flags.

The flag `agent_system` is a boolean (true is "enhanced") or the system's name. Its rules see `agent_id` and the rest
of the caller's context, so a system can be enabled for some agents or customers first::

    {
        "agent_system": {
            "default": "simple",
            "boolean_type": false,
            "rules": {
                "trial": {
                    "when_match": "enhanced",
                    "conditions": [{"action": "KEY_IN_VALUE", "key": "agent_id", "value": ["agent-7"]}],
                }
            },
        }
    }
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ai_voice_shared.agents.config import SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.feature_flags import FeatureFlags
    from aws_lambda_powertools.utilities.feature_flags.base import StoreProvider

    from ai_voice_shared.settings.agent import AgentSettings

__all__ = ["FLAG_NAME", "create_appconfig_store", "evaluate_system_flag"]

FLAG_NAME = "agent_system"
"""The flag's name."""

_log = logging.getLogger(__name__)


def create_appconfig_store(settings: AgentSettings) -> StoreProvider | None:
    """Create the store of the settings (`AGENT_FLAG_APPLICATION`), or return None where none is configured."""
    if settings.flag_application is None:
        return None
    from aws_lambda_powertools.utilities.feature_flags import AppConfigStore

    return AppConfigStore(
        environment=settings.flag_environment,
        application=settings.flag_application,
        name=settings.flag_profile,
        max_age=settings.flag_max_age,
    )


def evaluate_system_flag(flags: FeatureFlags, context: Mapping[str, Any]) -> str | None:
    """Return the agent system that the flag selects.

    Parameters
    ----------
    flags
        Powertools' feature flags.
    context
        The context for the flag's rules.

    Returns
    -------
    str | None
        The system, or None where the flag is missing, cannot be read or has an invalid value. The flag only switches
        between working systems, so a broken flag is logged and ignored.
    """
    from aws_lambda_powertools.utilities.feature_flags.exceptions import (
        ConfigurationStoreError,
        SchemaValidationError,
        StoreClientError,
    )

    try:
        value: Any = flags.evaluate(name=FLAG_NAME, context=dict(context), default=None)
    except (ConfigurationStoreError, SchemaValidationError, StoreClientError) as error:
        _log.warning("failed to read the agent flag", extra={"flag": FLAG_NAME, "error": type(error).__name__})
        return None
    if isinstance(value, bool):
        return "enhanced" if value else "simple"
    if value is None or value in SYSTEMS:
        return value  # type: ignore[no-any-return]
    _log.warning("invalid value of the agent flag", extra={"flag": FLAG_NAME})
    return None
