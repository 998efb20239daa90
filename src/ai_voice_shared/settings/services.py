"""Settings of the other services."""

from __future__ import annotations

import os
from typing import ClassVar

from pydantic import Field, field_validator

from ai_voice_shared.errors import InvalidSettingError, MissingSettingError
from ai_voice_shared.settings.base import Settings

__all__ = ["ServiceSettings"]


class ServiceSettings(Settings):
    """URLs of the services by name, from one variable for all or one for each.

    Examples
    --------
    >>> settings = ServiceSettings(urls={"subject-service": "http://localhost:8002/"})
    >>> settings.url("subject-service")
    'http://localhost:8002'
    """

    env_prefix: ClassVar[str] = "SERVICE_"

    urls: dict[str, str] = Field(
        default_factory=dict,
        description="URLs by name, as name=url,name=url or JSON; `<NAME>_URL` (SUBJECT_SERVICE_URL) comes first.",
    )

    @field_validator("urls")
    @classmethod
    def _check_urls(cls, urls: dict[str, str]) -> dict[str, str]:
        for name, url in urls.items():
            if not _is_url(url):
                msg = f"the URL of {name} must begin with https:// or http://"
                raise ValueError(msg)
        return urls

    def url(self, name: str) -> str:
        """Return the base URL of a service, without a trailing slash.

        Parameters
        ----------
        name
            The service's name (`"subject-service"`).

        Raises
        ------
        MissingSettingError
            No URL is set; the error names the variables.
        InvalidSettingError
            The URL is not valid.
        """
        variable = "".join(letter if letter.isalnum() else "_" for letter in name.upper()) + "_URL"
        own = os.environ.get(variable)
        if own and not _is_url(own):
            raise InvalidSettingError(name, type(self).__name__, [variable], "must begin with https:// or http://")
        url = own or self.urls.get(name)
        if not url:
            raise MissingSettingError(f"urls[{name!r}]", type(self).__name__, [variable, "SERVICE_URLS"])
        return url.rstrip("/")


def _is_url(text: str) -> bool:
    return text.startswith(("https://", "http://"))
