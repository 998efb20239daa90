"""The feature flag that switches the agent system without a deploy, by Powertools' feature flags.

The flag `agent_system` is a boolean (true is "enhanced") or gives the system's name. Its rules see `agent_id` and
what else the caller puts into the context, so a system can be tried for some agents or customers first::

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

__all__ = ["FLAG_NAME", "appconfig_store", "flagged_system"]

FLAG_NAME = "agent_system"
"""The flag's name."""

_log = logging.getLogger(__name__)


def appconfig_store(settings: AgentSettings) -> StoreProvider | None:
    """Make the store that the settings name (`AGENT_FLAG_APPLICATION`), or None where they name none."""
    if settings.flag_application is None:
        return None
    from aws_lambda_powertools.utilities.feature_flags import AppConfigStore

    return AppConfigStore(
        environment=settings.flag_environment,
        application=settings.flag_application,
        name=settings.flag_profile,
        max_age=settings.flag_max_age,
    )


def flagged_system(flags: FeatureFlags, context: Mapping[str, Any]) -> str | None:
    """Ask the flag which system runs.

    Parameters
    ----------
    flags
        Powertools' feature flags on some store.
    context
        What the rules may look at.

    Returns
    -------
    str | None
        The system; None where there is no such flag, where it cannot be read, or where it names no system. A flag
        switches between things that work, so one that is broken is logged and decides nothing.
    """
    from aws_lambda_powertools.utilities.feature_flags.exceptions import (
        ConfigurationStoreError,
        SchemaValidationError,
        StoreClientError,
    )

    try:
        value: Any = flags.evaluate(name=FLAG_NAME, context=dict(context), default=None)
    except (ConfigurationStoreError, SchemaValidationError, StoreClientError) as error:
        _log.warning("the agent flag could not be read", extra={"flag": FLAG_NAME, "error": type(error).__name__})
        return None
    if isinstance(value, bool):
        return "enhanced" if value else "simple"
    if value is None or value in SYSTEMS:
        return value  # type: ignore[no-any-return]
    _log.warning("the agent flag names no agent system", extra={"flag": FLAG_NAME})
    return None
