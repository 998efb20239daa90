"""Settings are read from keyword arguments, the environment and defaults."""

from __future__ import annotations

import traceback
from typing import ClassVar

import boto3
import pytest
from moto import mock_aws
from pydantic import AliasChoices, Field, SecretStr

from ai_voice_shared.errors import ConfigurationError, InvalidSettingError, MissingSettingError
from ai_voice_shared.settings import CustomerLookupSettings, S3Settings, Settings, TwilioSettings
from ai_voice_shared.settings.base import required

pytestmark = pytest.mark.unit

ACCOUNT = "AC" + 32 * "a"


class Sample(Settings):
    """Settings with one field of each kind."""

    env_prefix: ClassVar[str] = "SAMPLE_"

    name: str = required()
    size: int = 3
    tags: tuple[str, ...] = ()
    token: SecretStr | None = None
    place: str | None = Field(default=None, validation_alias=AliasChoices("FIRST_PLACE", "SECOND_PLACE"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAMPLE_NAME", "SAMPLE_SIZE", "SAMPLE_TAGS", "SAMPLE_TOKEN", "FIRST_PLACE", "SECOND_PLACE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("S3_BUCKET_NAME", "S3_REGION", "CUSTOMER_LOOKUP_URL", "CUSTOMER_LOOKUP_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)


def test_the_environment_supplies_settings_that_are_not_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyword argument takes precedence over the environment, and the environment over the default."""
    monkeypatch.setenv("SAMPLE_NAME", "from the environment")
    monkeypatch.setenv("SAMPLE_SIZE", "7")
    assert (Sample().name, Sample().size) == ("from the environment", 7)
    assert Sample(name="passed", size=1).size == 1


def test_the_first_variable_that_is_set_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of a field are tried in order; an empty variable counts as not set."""
    monkeypatch.setenv("SECOND_PLACE", "second")
    assert Sample(name="x").place == "second"
    monkeypatch.setenv("FIRST_PLACE", "")
    assert Sample(name="x").place == "second"
    monkeypatch.setenv("FIRST_PLACE", "first")
    assert Sample(name="x").place == "first"


@pytest.mark.parametrize("text", ["a, b", '["a", "b"]'])
def test_a_sequence_is_written_with_commas_or_as_json(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sequence has the same value in both notations."""
    monkeypatch.setenv("SAMPLE_TAGS", text)
    assert Sample(name="x").tags == ("a", "b")


def test_a_missing_setting_names_the_variable_the_class_and_the_fix() -> None:
    """The message for a missing setting tells the operator what to set."""
    with pytest.raises(MissingSettingError) as caught:
        Sample()
    assert str(caught.value) == (
        "Sample.name is not set: set the environment variable SAMPLE_NAME, or pass name= to Sample"
    )


def test_invalid_json_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sequence that begins like JSON and is not valid is an invalid setting, not a decoding error."""
    monkeypatch.setenv("SAMPLE_TAGS", '["a"')
    with pytest.raises(InvalidSettingError, match="SAMPLE_TAGS"):
        Sample(name="x")


def test_an_invalid_setting_never_reveals_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for an invalid setting does not contain its value, which may be a misplaced secret."""
    monkeypatch.setenv("SAMPLE_SIZE", "hunter2")
    with pytest.raises(InvalidSettingError) as caught:
        Sample(name="x")
    text = "".join(traceback.format_exception(caught.value))
    assert "SAMPLE_SIZE" in text
    assert "hunter2" not in text


def test_settings_are_frozen_and_reject_unknown_fields() -> None:
    """A misspelled keyword and an assignment are errors."""
    with pytest.raises(InvalidSettingError, match="nmae"):
        Sample(name="x", nmae="y")  # type: ignore[call-arg]
    sample = Sample(name="x")
    with pytest.raises(ValueError, match="frozen"):
        sample.name = "y"  # type: ignore[misc]


def test_secrets_stay_out_of_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither `repr` nor `str` of settings contains a secret."""
    monkeypatch.setenv("SAMPLE_TOKEN", "hunter2")
    sample = Sample(name="x")
    assert "hunter2" not in f"{sample!r} {sample}"
    assert sample.token is not None
    assert sample.token.get_secret_value() == "hunter2"


@pytest.fixture
def _no_cached_parameters() -> None:
    from aws_lambda_powertools.utilities.parameters import clear_caches

    clear_caches()  # type: ignore[no-untyped-call]


@mock_aws
@pytest.mark.usefixtures("_no_cached_parameters")
def test_a_secret_may_be_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference to SSM or to Secrets Manager is replaced by the value stored there."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("ssm").put_parameter(Name="/voice/token", Value="one", Type="SecureString")
    boto3.client("secretsmanager").create_secret(Name="voice-token", SecretString="two")
    monkeypatch.setenv("TWILIO_AUTH_TOKENS", "ssm:/voice/token, secretsmanager:voice-token")
    settings = TwilioSettings(account_sid=ACCOUNT)
    assert [token.get_secret_value() for token in settings.auth_tokens] == ["one", "two"]


@mock_aws
@pytest.mark.usefixtures("_no_cached_parameters")
def test_a_broken_reference_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that cannot be fetched is a configuration error that names its reference."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("SAMPLE_TOKEN", "ssm:/not/there")
    with pytest.raises(ConfigurationError, match="ssm:/not/there"):
        Sample(name="x")


def test_only_secrets_are_resolved() -> None:
    """A setting that is not a secret may have the form of a reference and is unchanged."""
    assert Sample(name="ssm:/voice/token").name == "ssm:/voice/token"


def test_s3_settings_read_the_documented_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The S3 settings read `S3_BUCKET_NAME` and `AWS_REGION`, as in `.env.test`."""
    monkeypatch.setenv("S3_BUCKET_NAME", "cohesv-ai-voice-tool")
    monkeypatch.setenv("AWS_REGION", "ap-southeast-2")
    settings = S3Settings()
    assert (settings.bucket_name, settings.region) == ("cohesv-ai-voice-tool", "ap-southeast-2")


def test_the_lookup_needs_a_url_or_a_function() -> None:
    """Without a URL and a function name, the error names both variables."""
    with pytest.raises(MissingSettingError, match="CUSTOMER_LOOKUP_URL or CUSTOMER_LOOKUP_FUNCTION_NAME"):
        CustomerLookupSettings()
