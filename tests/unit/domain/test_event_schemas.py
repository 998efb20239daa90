"""The schemas of events are frozen: each version of each event has a file that holds it.

`UPDATE_EVENT_SCHEMAS=1 pytest tests/unit/domain/test_event_schemas.py` writes the files after an additive change, and
refuses after a breaking one: that needs a new `schema_version`, with a model of its own beside the old.
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
    """A breaking change fails here for good, an additive one until the file is updated."""
    path, schema = SCHEMAS / name, FILES[name].model_json_schema()
    updating = os.environ.get("UPDATE_EVENT_SCHEMAS") == "1"
    changes = compare_schemas(json.loads(path.read_text()), schema) if path.exists() else []
    broken = [str(change) for change in changes if change.breaking]
    assert not broken, (
        f"{name} would break those who use it: add a new schema_version with a model of its own instead.\n"
        + "\n".join(broken)
    )
    if updating:
        path.write_text(json.dumps(schema, indent=2) + "\n")
    assert path.exists(), f"{name} is new: write its file with UPDATE_EVENT_SCHEMAS=1"
    assert json.loads(path.read_text()) == schema, (
        f"{name} has grown: update its file with UPDATE_EVENT_SCHEMAS=1.\n" + "\n".join(map(str, changes))
    )


def test_no_event_was_removed() -> None:
    """A file without a model is an event that somebody may still send."""
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


def changed(**changes: Any) -> dict[str, Any]:
    """Give the old schema with other properties; None takes one away."""
    properties = {key: value for key, value in {**OLD["properties"], **changes}.items() if value is not None}
    return {**OLD, "properties": properties}


@pytest.mark.parametrize(
    ("new", "what"),
    [
        (changed(note=None), "removed or renamed"),
        (changed(note=None, remark={"type": "string"}), "removed or renamed"),
        ({**changed(extra={"type": "string"}), "required": ["id", "size", "extra"]}, "new field is required"),
        (changed(size={"type": "string"}), "another type"),
        (changed(note={"type": "string", "default": None}), "another choice of types"),
        (changed(note={"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}), "another type"),
        ({**OLD, "required": ["id", "size", "note"]}, "became required"),
        ({**OLD, "required": ["id"]}, "became optional"),
        (changed(size={"type": "integer", "minimum": 1}), "another minimum"),
        (changed(reason={"type": "string", "enum": ["unknown"]}), "another choice"),
        (changed(id={"type": "string", "const": "x"}), "another const"),
    ],
)
def test_a_breaking_change_is_told(new: dict[str, Any], what: str) -> None:
    """Each way to break a reader or a writer is known by name."""
    assert [change for change in compare_schemas(OLD, new) if change.breaking and what in change.what]


@pytest.mark.parametrize(
    "new",
    [
        changed(extra={"type": "string", "default": ""}),
        changed(reason={"type": "string", "enum": ["busy", "unknown", "lost"]}),
        changed(id={"type": "string", "description": "The id."}),
    ],
)
def test_an_additive_change_is_told_apart(new: dict[str, Any]) -> None:
    """It is seen, and it breaks nobody."""
    changes = compare_schemas(OLD, new)
    assert changes
    assert not [change for change in changes if change.breaking]


def test_a_definition_may_move() -> None:
    """Where the schema keeps its parts is nobody's business."""
    new = {**changed(reason={"$ref": "#/$defs/Why"}), "$defs": {"Why": OLD["$defs"]["Reason"]}}
    assert compare_schemas(OLD, new) == []
