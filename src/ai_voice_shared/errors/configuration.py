"""Errors of the configuration of a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_voice_shared.errors.base import AIVoiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ConfigurationError",
    "InvalidSettingError",
    "MissingExtraError",
    "MissingSettingError",
]


class ConfigurationError(AIVoiceError):
    """The function is misconfigured; a retry does not help, a deployment does."""

    code = "configuration_error"
    title = "Configuration error"


class MissingSettingError(ConfigurationError):
    """A required setting has no value.

    Parameters
    ----------
    setting
        The field of the settings class.
    settings_class
        The class's name.
    variables
        The environment variables that it is read from, first choice first.

    Examples
    --------
    >>> print(MissingSettingError("bucket_name", "S3Settings", ["S3_BUCKET_NAME"]))
    S3Settings.bucket_name is not set: set the environment variable S3_BUCKET_NAME, or pass bucket_name= to S3Settings
    """

    code = "missing_setting"
    title = "A required setting is missing"

    def __init__(self, setting: str = "", settings_class: str = "", variables: Sequence[str] = ()) -> None:
        names = " or ".join(variables) or setting.upper()
        super().__init__(
            f"{settings_class}.{setting} is not set: set the environment variable {names}, "
            f"or pass {setting}= to {settings_class}",
            context={"setting": setting, "settings_class": settings_class, "variables": list(variables)},
        )


class InvalidSettingError(ConfigurationError):
    """A setting has a value that cannot be used. The value itself is left out: it may be a secret.

    Examples
    --------
    >>> print(InvalidSettingError("port", "RedisSettings", ["REDIS_PORT"], "must be a number"))
    RedisSettings.port, from REDIS_PORT, is not usable: must be a number
    """

    code = "invalid_setting"
    title = "A setting is not usable"

    def __init__(
        self, setting: str = "", settings_class: str = "", variables: Sequence[str] = (), reason: str = ""
    ) -> None:
        source = f", from {' or '.join(variables)}," if variables else ""
        super().__init__(
            f"{settings_class}.{setting}{source} is not usable: {reason}",
            context={"setting": setting, "settings_class": settings_class, "variables": list(variables)},
        )


class MissingExtraError(ConfigurationError, ImportError):
    """A third-party package that the feature needs is not installed.

    Examples
    --------
    >>> print(MissingExtraError("auth", "jwt"))
    jwt is not installed: attach the extras layer, or install "ai-voice-shared[auth]"
    """

    code = "missing_extra"
    title = "An extra is not installed"

    def __init__(self, extra: str = "", package: str = "") -> None:
        super().__init__(
            f'{package} is not installed: attach the extras layer, or install "ai-voice-shared[{extra}]"',
            context={"extra": extra, "package": package},
        )
