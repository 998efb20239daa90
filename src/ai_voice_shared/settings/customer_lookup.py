"""Settings of the customer lookup."""

# Without `from __future__ import annotations`: pydantic compiles annotations that are strings, one by one, at every
# cold start.

from typing import Any, ClassVar, Literal

from pydantic import AliasChoices, Field

from ai_voice_shared.errors import MissingSettingError
from ai_voice_shared.settings.base import Settings

__all__ = ["CustomerLookupSettings"]


class CustomerLookupSettings(Settings):
    """Where the `customer-lookup-server` is, how it is called, and how long its responses are cached.

    One of `url` (HTTP) and `function_name` (direct Lambda invoke) is required; with both, the URL is used.

    Examples
    --------
    >>> settings = CustomerLookupSettings(url="https://lookup.example.com")
    >>> settings.auth, settings.cache_ttl
    ('none', 300.0)
    """

    env_prefix: ClassVar[str] = "CUSTOMER_LOOKUP_"

    url: str | None = Field(default=None, pattern=r"^https?://", description="Base URL of the server.")
    function_name: str | None = Field(default=None, description="Name or ARN of its function, for direct invoke.")
    auth: Literal["none", "iam"] = Field(
        default="none", description='"iam" signs requests with SigV4, for a function URL with AWS_IAM.'
    )
    region: str | None = Field(
        default=None,
        validation_alias=AliasChoices("CUSTOMER_LOOKUP_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
        description="The function's region; Lambda sets AWS_REGION.",
    )
    connect_timeout: float = Field(default=1.0, gt=0, description="Seconds to wait for a connection.")
    read_timeout: float = Field(default=3.0, gt=0, description="Seconds to wait for the response.")
    timeout: float = Field(default=6.0, gt=0, description="Seconds for one lookup in all, retries included.")
    max_attempts: int = Field(default=3, ge=1, description="Attempts in all, within the timeout.")
    cache_ttl: float = Field(default=300.0, ge=0, description="Seconds that a customer is cached.")
    negative_cache_ttl: float = Field(default=15.0, ge=0, description="Seconds that a 'not found' is cached.")
    stale_if_error: float = Field(
        default=3600.0, ge=0, description="Seconds after its expiry that a customer may be used during an outage."
    )
    cache_size: int = Field(default=2048, ge=0, description="Maximum entries in the cache; 0 turns it off.")
    circuit_breaker_table: str | None = Field(
        default=None,
        validation_alias=AliasChoices("CUSTOMER_LOOKUP_CIRCUIT_BREAKER_TABLE", "CIRCUIT_BREAKER_TABLE_NAME"),
        description="DynamoDB table of the circuit's state; without a table each process has its own state.",
    )

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        if self.url is None and self.function_name is None:
            raise MissingSettingError(
                "url", type(self).__name__, ["CUSTOMER_LOOKUP_URL", "CUSTOMER_LOOKUP_FUNCTION_NAME"]
            )
