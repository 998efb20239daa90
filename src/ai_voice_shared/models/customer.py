"""The customer behind a sender."""

# Without `from __future__ import annotations`: pydantic compiles annotations that are strings, one by one, at every
# cold start.

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["CustomerMetadata"]


class CustomerMetadata(BaseModel):
    """A customer as returned by the `customer-lookup-server`.

    Examples
    --------
    >>> CustomerMetadata(customer_id="cust-1", company_id="acme", company_name="Acme Pty Ltd")
    CustomerMetadata(customer_id='cust-1', company_id='acme')
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    customer_id: str = Field(min_length=1)
    company_id: str = Field(min_length=1)
    company_name: str = Field(repr=False)
