"""The schemas of events are frozen: each version of each event has a file.

`UPDATE_EVENT_SCHEMAS=1 pytest tests/unit/domain/test_event_schemas.py` writes the files after an additive change, and
fails after a breaking one: that needs a new `schema_version` with its own model, next to the old one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ai_voice_shared.domain.events import EVENT_MODELS
from tests.support.schema_compat import compare_schemas

pytestmark = pytest.mark.unit

SCHEMAS = Path(__file__).with_name("schemas")
FILES = {f"{event_type}.v{version}.json": model for (event_type, version), model in EVENT_MODELS.items()}


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_schema_is_the_one_on_file(name: str) -> None:
    """A model's schema equals its file; a breaking change fails even when the files are updated."""
    path, schema = SCHEMAS / name, FILES[name].model_json_schema()
    updating = os.environ.get("UPDATE_EVENT_SCHEMAS") == "1"
    changes = compare_schemas(json.loads(path.read_text()), schema) if path.exists() else []
    broken = [str(change) for change in changes if change.breaking]
    assert not broken, (
        f"{name} has breaking changes: add a new schema_version with its own model instead.\n" + "\n".join(broken)
    )
    if updating:
        path.write_text(json.dumps(schema, indent=2) + "\n")
    assert path.exists(), f"{name} is new: write its file with UPDATE_EVENT_SCHEMAS=1"
    assert json.loads(path.read_text()) == schema, (
        f"{name} has additive changes: update its file with UPDATE_EVENT_SCHEMAS=1.\n" + "\n".join(map(str, changes))
    )


def test_no_event_was_removed() -> None:
    """Every schema file has a model, as a producer may still send that event."""
    assert sorted(path.name for path in SCHEMAS.glob("*.json")) == sorted(FILES)


OLD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "size": {"type": "integer", "minimum": 0},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "reason": {"$ref": "#/$defs/Reason"},
    },
    "required": ["id", "size"],
    "$defs": {"Reason": {"type": "string", "enum": ["busy", "unknown"]}},
}


def change_schema(**changes: Any) -> dict[str, Any]:
    """Return the old schema with changed properties; None removes a property."""
    properties = {key: value for key, value in {**OLD["properties"], **changes}.items() if value is not None}
    return {**OLD, "properties": properties}


@pytest.mark.parametrize(
    ("new", "what"),
    [
        (change_schema(note=None), "removed or renamed"),
        (change_schema(note=None, remark={"type": "string"}), "removed or renamed"),
        ({**change_schema(extra={"type": "string"}), "required": ["id", "size", "extra"]}, "new field is required"),
        (change_schema(size={"type": "string"}), "another type"),
        (change_schema(note={"type": "string", "default": None}), "another choice of types"),
        (change_schema(note={"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}), "another type"),
        ({**OLD, "required": ["id", "size", "note"]}, "became required"),
        ({**OLD, "required": ["id"]}, "became optional"),
        (change_schema(size={"type": "integer", "minimum": 1}), "another minimum"),
        (change_schema(reason={"type": "string", "enum": ["unknown"]}), "another choice"),
        (change_schema(id={"type": "string", "const": "x"}), "another const"),
    ],
)
def test_a_breaking_change_is_reported(new: dict[str, Any], what: str) -> None:
    """Every kind of change that breaks a consumer or a producer is reported as breaking."""
    assert [change for change in compare_schemas(OLD, new) if change.breaking and what in change.what]


@pytest.mark.parametrize(
    "new",
    [
        change_schema(extra={"type": "string", "default": ""}),
        change_schema(reason={"type": "string", "enum": ["busy", "unknown", "lost"]}),
        change_schema(id={"type": "string", "description": "The id."}),
    ],
)
def test_an_additive_change_is_not_breaking(new: dict[str, Any]) -> None:
    """An additive change is reported, and not as breaking."""
    changes = compare_schemas(OLD, new)
    assert changes
    assert not [change for change in changes if change.breaking]


def test_a_definition_may_move() -> None:
    """Renaming a definition is not reported as a change."""
    new = {**change_schema(reason={"$ref": "#/$defs/Why"}), "$defs": {"Why": OLD["$defs"]["Reason"]}}
    assert compare_schemas(OLD, new) == []
