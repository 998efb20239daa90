"""The session of the layer's data does for its services what botocore's own session does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.exceptions import PartialCredentialsError
from botocore.hooks import HierarchicalEmitter

from ai_voice_shared.aws import OPERATIONS
from ai_voice_shared.aws import session as aws_session
from ai_voice_shared.testing.aws import isolate

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

Handlers = list[tuple[str, str, Any]]


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the machine's own AWS configuration out."""
    isolate(monkeypatch)


def recorded(monkeypatch: pytest.MonkeyPatch, create: Callable[[type[HierarchicalEmitter]], object]) -> Handlers:
    """Return botocore's handlers that a session registers, with how and for which event, in their order."""
    found: Handlers = []

    class Recorder(HierarchicalEmitter):
        def register(self, event_name: str, handler: Any, *_: Any, **__: Any) -> None:
            found.append(("anywhere", event_name, handler))

        def register_first(self, event_name: str, handler: Any, *_: Any, **__: Any) -> None:
            found.append(("first", event_name, handler))

        def register_last(self, event_name: str, handler: Any, *_: Any, **__: Any) -> None:
            found.append(("last", event_name, handler))

    monkeypatch.setattr(aws_session, "DeadlineEmitter", Recorder)
    create(Recorder)
    # Powertools adds a handler of its own to each session of a process in which it is loaded.
    return [entry for entry in found if not getattr(entry[2], "__module__", "").startswith("aws_lambda_powertools")]


def plain_session(event_hooks: HierarchicalEmitter | None = None) -> Any:
    """Return a session as botocore creates it."""
    return botocore.session.Session(event_hooks=event_hooks)


def test_no_handler_of_a_service_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those of the documentation and of events that no client of these services emits are."""
    every = recorded(monkeypatch, lambda emitter: plain_session(emitter()))
    used = recorded(monkeypatch, lambda _: aws_session.create_session(OPERATIONS))
    plain = plain_session()
    emitted = {plain.get_service_model(name).service_id.hyphenize() for name in OPERATIONS}

    def is_needed(event_name: str) -> bool:
        kind, service, *_ = f"{event_name}..".split(".")
        return kind != "docs" and (service in {"", "*"} or service in emitted)

    assert [entry for entry in every if is_needed(entry[1])] == used
    assert len(used) < len(every) * 0.6


def test_a_session_for_all_services_has_all_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the layer's data does not fit the runtime's botocore."""
    every = recorded(monkeypatch, lambda emitter: plain_session(emitter()))
    assert recorded(monkeypatch, lambda _: aws_session.create_session()) == every


def test_the_credentials_of_the_environment_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are those that botocore's whole chain finds first, also where a profile is named."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    found, expected = aws_session.create_session(["s3"]).get_credentials(), plain_session().get_credentials()
    assert found is not None
    assert expected is not None
    assert found.get_frozen_credentials() == expected.get_frozen_credentials()
    assert found.method == expected.method == "env"


def test_half_of_the_credentials_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in botocore's chain, which does not look further either."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    with pytest.raises(PartialCredentialsError):
        aws_session.create_session(["s3"]).get_credentials()


def test_without_them_the_whole_chain_is_searched(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """As under SnapStart, where the environment has none, or on a machine with a profile."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    found = aws_session.create_session(["s3"]).get_credentials()
    assert found is not None
    assert found.access_key == "AKIDPROFILE"
