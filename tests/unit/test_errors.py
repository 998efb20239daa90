"""The error tree: exports, codes, copies and base classes."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
import re

import pytest

from ai_voice_shared import errors

pytestmark = pytest.mark.unit

CLASSES = [
    value
    for module in pkgutil.iter_modules(errors.__path__, f"{errors.__name__}.")
    for value in vars(importlib.import_module(module.name)).values()
    if inspect.isclass(value) and issubclass(value, errors.AIVoiceError) and value.__module__ == module.name
]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_is_public_and_in_the_documented_tree(cls: type[errors.AIVoiceError]) -> None:
    """Each error class is exported, and is part of the tree in the package's docstring."""
    assert cls.__name__ in errors.__all__
    assert re.search(rf"\b{cls.__name__}\b", errors.__doc__ or "")


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_can_be_created_copied_and_pickled(cls: type[errors.AIVoiceError]) -> None:
    """A copied or pickled error, as from a process pool, has the same message and context."""
    error = cls()
    error.context["operation"] = "PutObject"
    for copied in (copy.copy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 - pickled by this test
        assert type(copied) is cls
        assert str(copied) == str(error)
        assert copied.context == error.context


def test_codes_are_unique() -> None:
    """No two error classes share a code."""
    codes = [cls.code for cls in CLASSES]
    assert len(codes) == len(set(codes))


def test_a_missing_s3_object_is_an_s3_error_and_not_found() -> None:
    """A missing S3 object can be caught as an S3 error or as a NotFoundError."""
    error = errors.S3ObjectNotFoundError(operation="GetObject", bucket="notes", key="a.ogg", request_id="R1")
    assert isinstance(error, errors.S3Error)
    assert isinstance(error, errors.NotFoundError)
    assert (error.status, error.key, error.request_id) == (404, "a.ogg", "R1")


def test_a_missing_extra_is_an_import_error() -> None:
    """A missing extra can be caught as an ImportError."""
    with pytest.raises(ImportError, match=r"ai-voice-shared\[auth\]"):
        raise errors.MissingExtraError("auth", "jwt")


def test_details_and_context_are_copies() -> None:
    """Changing the objects that were passed to an error does not change the error."""
    details, context = ["a"], {"k": 1}
    error = errors.ValidationError("Invalid input", details=details, context=context)
    details.append("b")
    context["k"] = 2
    assert (error.details, error.context) == (["a"], {"k": 1})
