"""The examples of the three libraries' documents, one module per library."""

from __future__ import annotations

from tests.support.document_examples import aurora, common, shared

__all__ = ["EXAMPLES"]

EXAMPLES = [*shared.EXAMPLES, *common.EXAMPLES, *aurora.EXAMPLES]
