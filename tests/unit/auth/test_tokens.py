"""Tokens: their claims, and every refusal."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ai_voice_shared.auth import (
    TokenManager,
    TokenPurpose,
    create_access_token,
    create_email_verification_token,
    create_password_reset_token,
    create_refresh_token,
    decode_token,
    default_tokens,
    get_email_from_token,
    get_token_expiration,
    get_user_id_from_token,
    is_token_expired,
    verify_token,
)
from ai_voice_shared.errors import (
    ConfigurationError,
    ExpiredTokenError,
    InvalidSettingError,
    InvalidTokenError,
    MissingSettingError,
    ValidationError,
)
from ai_voice_shared.settings import SecuritySettings
from tests.unit.auth.conftest import OTHER, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

USER: dict[str, Any] = {"user_id": "123", "email": "user@example.com"}


def segment(value: Any) -> str:
    """Encode a segment of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forge_token(tokens: TokenManager, *, key: Any = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """Sign a token that differs from a valid one in the given claims only; None removes a claim."""
    good = jwt.decode(tokens.create(TokenPurpose.ACCESS, **USER), options={"verify_signature": False})
    payload = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": tokens.key_ids[0]})


def reject_token(tokens: TokenManager, token: Any) -> str:
    """Assert that a token is refused by both methods without revealing it, and return the reason."""
    assert tokens.verify(token) is None
    with pytest.raises(InvalidTokenError) as caught:
        tokens.decode(token)
    assert caught.value.status == 401
    assert caught.value.__cause__ is None
    assert "123" not in str(caught.value)
    return caught.value.reason


@pytest.mark.usefixtures("environment")
def test_the_documented_calls() -> None:
    """The documented calls create, verify and read a token."""
    token = create_access_token(user_id="123", email="user@example.com")
    payload = verify_token(token)
    assert payload
    assert payload["user_id"] == "123"
    assert get_user_id_from_token(token) == "123"
    assert get_email_from_token(token) == "user@example.com"
    assert decode_token(token) == payload


def test_a_token_has_all_the_claims_of_its_kind(tokens: TokenManager) -> None:
    """A token has the registered claims, its purpose, a unique id and any additional claims."""
    token = tokens.create(TokenPurpose.ACCESS, **USER, claims={"role": "admin"})
    payload = tokens.decode(token)
    assert (payload["sub"], payload["iss"], payload["aud"]) == ("123", "ai-voice-tool", "ai-voice-tool")
    assert (payload["role"], payload["purpose"], payload["exp"] - payload["iat"]) == ("admin", "access", 1800)
    assert payload["jti"] != tokens.decode(tokens.create(TokenPurpose.ACCESS, **USER))["jti"]
    assert "email" not in tokens.decode(tokens.create(TokenPurpose.ACCESS, user_id="1"))


@pytest.mark.parametrize("claims", [{"purpose": "access"}, {"exp": 2**40}, {"aud": "x"}, {"email": "x"}])
def test_claims_of_the_package_cannot_be_set(tokens: TokenManager, claims: dict[str, Any]) -> None:
    """Reserved claims are refused, so that no caller can change a token's purpose."""
    with pytest.raises(ValidationError, match="set by the package"):
        tokens.create(TokenPurpose.ACCESS, user_id="1", claims=claims)


def test_a_token_without_a_user_is_refused(tokens: TokenManager) -> None:
    """Creating a token with an empty user id raises an error."""
    with pytest.raises(ValidationError, match="user_id"):
        tokens.create(TokenPurpose.ACCESS, user_id="")


@pytest.mark.parametrize("created", list(TokenPurpose))
@pytest.mark.parametrize("requested", list(TokenPurpose))
def test_a_purpose_never_passes_as_another(
    tokens: TokenManager, created: TokenPurpose, requested: TokenPurpose
) -> None:
    """A token is valid for its own purpose only."""
    token = tokens.create(created, **USER)
    assert (tokens.verify(token, purpose=requested) is not None) is (created is requested)
    if created is not requested:
        with pytest.raises(InvalidTokenError) as caught:
            tokens.decode(token, purpose=requested)
        assert caught.value.reason == "wrong_purpose"


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("create", "purpose"),
    [
        (create_refresh_token, "refresh"),
        (create_password_reset_token, "password_reset"),
        (create_email_verification_token, "email_verification"),
    ],
)
def test_each_function_creates_its_purpose(create: Callable[..., str], purpose: str) -> None:
    """The special-purpose tokens are valid for their purpose and not as access tokens."""
    token = create(**USER)
    assert verify_token(token) is None
    payload = verify_token(token, purpose=purpose)
    assert payload
    assert payload["user_id"] == "123"
    assert get_email_from_token(token, purpose=purpose) == "user@example.com"


def test_an_expired_token(settings: SecuritySettings, tokens: TokenManager) -> None:
    """An expired token raises its own error, so that a client knows to refresh."""
    past = TokenManager(settings, clock=lambda: time.time() - 1801)
    token = past.create(TokenPurpose.ACCESS, **USER)
    assert reject_token(tokens, token) == "expired"
    with pytest.raises(ExpiredTokenError):
        tokens.decode(token)
    assert reject_token(tokens, tokens.create(TokenPurpose.ACCESS, **USER, expires_in=0)) == "expired"


def test_the_leeway_is_for_clocks_that_differ(settings: SecuritySettings) -> None:
    """A token from a service whose clock is ahead is valid within the leeway."""
    token = TokenManager(settings, clock=lambda: time.time() + 30).create(TokenPurpose.ACCESS, **USER)
    patient = TokenManager(SecuritySettings(jwt_secrets=[SECRET], jwt_leeway=60))
    assert patient.verify(token)


def test_a_token_of_the_future(settings: SecuritySettings, tokens: TokenManager) -> None:
    """A token is refused before its start time."""
    future = TokenManager(settings, clock=lambda: time.time() + 3600)
    assert reject_token(tokens, future.create(TokenPurpose.ACCESS, **USER)) == "not_yet_valid"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "another-app"}, "wrong_audience"),
        ({"aud": ["ai-voice-tool", "another-app"]}, "wrong_audience"),
        ({"iss": "another-issuer"}, "wrong_issuer"),
        ({"purpose": "refresh"}, "wrong_purpose"),
        ({"nbf": 2**40}, "not_yet_valid"),
        ({"exp": 1}, "expired"),
        *(({name: None}, "missing_claim") for name in ("aud", "exp", "iat", "iss", "jti", "nbf", "purpose", "sub")),
        ({"user_id": None}, "missing_claim"),
        ({"exp": "soon"}, "malformed"),
    ],
)
def test_a_genuine_token_with_a_wrong_claim(tokens: TokenManager, claims: dict[str, Any], reason: str) -> None:
    """A correctly signed token with a wrong or missing claim is refused."""
    assert reject_token(tokens, forge_token(tokens, **claims)) == reason


def test_a_token_of_another_secret(tokens: TokenManager) -> None:
    """Another secret gives a bad signature under a known key id and an unknown key otherwise."""
    assert reject_token(tokens, forge_token(tokens, key=OTHER)) == "bad_signature"
    unrelated = TokenManager(SecuritySettings(jwt_secrets=[OTHER]))
    assert reject_token(tokens, unrelated.create(TokenPurpose.ACCESS, **USER)) == "unknown_key"


def test_a_token_without_a_key_id(tokens: TokenManager) -> None:
    """A token without a key id is refused without trying any key."""
    payload = tokens.decode(tokens.create(TokenPurpose.ACCESS, **USER))
    assert reject_token(tokens, jwt.encode(payload, SECRET, algorithm="HS256")) == "unknown_key"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
def test_a_token_without_a_signature(tokens: TokenManager, algorithm: str) -> None:
    """The algorithm `none`, in any case, is refused even with valid claims and a known key id."""
    header, payload, signature = tokens.create(TokenPurpose.ACCESS, **USER).split(".")
    unsigned = segment({"alg": algorithm, "typ": "JWT", "kid": tokens.key_ids[0]})
    for end in ("", signature):
        assert reject_token(tokens, f"{unsigned}.{payload}.{end}") == "wrong_algorithm"
    assert reject_token(tokens, f"{header}.{payload}.") == "bad_signature"


def test_algorithm_confusion(tokens: TokenManager) -> None:
    """Any algorithm but the configured one is refused, whatever key signed the token."""
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ec_key = ec.generate_private_key(ec.SECP256R1())
    assert reject_token(tokens, forge_token(tokens, key=rsa_key, algorithm="RS256")) == "wrong_algorithm"
    assert reject_token(tokens, forge_token(tokens, key=ec_key, algorithm="ES256")) == "wrong_algorithm"
    long_secret = SECRET + SECRET
    strong = TokenManager(SecuritySettings(jwt_secrets=[long_secret], jwt_algorithm="HS512"))
    assert reject_token(strong, forge_token(strong, key=long_secret)) == "wrong_algorithm"
    assert reject_token(tokens, forge_token(tokens, key=long_secret, algorithm="HS512")) == "wrong_algorithm"


def test_a_public_key_is_not_a_secret(tokens: TokenManager) -> None:
    """A token signed by HMAC with a public key's text is refused, and such a text is refused as a secret."""
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, payload, _ = tokens.create(TokenPurpose.ACCESS, **USER).split(".")
    mac = hmac.new(pem, f"{header}.{payload}".encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    assert reject_token(tokens, f"{header}.{payload}.{signature}") == "bad_signature"
    with pytest.raises(InvalidSettingError, match="key pair"):
        SecuritySettings(jwt_secrets=[pem.decode()])


def test_every_truncation_is_refused(tokens: TokenManager) -> None:
    """A token truncated at any position is refused."""
    token = tokens.create(TokenPurpose.ACCESS, user_id="7")
    for length in range(len(token)):
        assert tokens.verify(token[:length]) is None


def test_every_change_is_refused(tokens: TokenManager) -> None:
    """A token with a changed character at any position is refused, save the unused bits of the last one."""
    token = tokens.create(TokenPurpose.ACCESS, user_id="7")
    for position in range(len(token) - 1):
        other = "A" if token[position] != "A" else "B"
        assert tokens.verify(token[:position] + other + token[position + 1 :]) is None


def test_a_payload_of_another_token(tokens: TokenManager) -> None:
    """Header and signature of one token do not validate the payload of another."""
    first = tokens.create(TokenPurpose.ACCESS, user_id="7").split(".")
    second = tokens.create(TokenPurpose.ACCESS, user_id="8").split(".")
    assert reject_token(tokens, ".".join([first[0], second[1], first[2]])) == "bad_signature"


def test_an_oversized_token_is_not_even_parsed(tokens: TokenManager, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token above 8 KB is refused before PyJWT parses it."""
    parsed: list[int] = []
    original = jwt.get_unverified_header

    def parse(text: str) -> dict[str, Any]:
        parsed.append(len(text))
        return original(text)

    monkeypatch.setattr(jwt, "get_unverified_header", parse)
    token = tokens.create(TokenPurpose.ACCESS, user_id="7", claims={"x": "y" * 8192})
    assert reject_token(tokens, token) == "oversized"
    assert parsed == []
    assert reject_token(tokens, "a" * 8192) == "malformed"
    assert parsed


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "Bearer x.y.z",
        "é.é.é",
        None,
        b"a.b.c",
        123,
        segment([]) + ".e30.x",
        segment({"alg": 1}) + ".e30.x",
        segment({"alg": "HS256", "kid": ["a"]}) + ".e30.x",
        segment({"alg": "HS256", "kid": {"a": 1}}) + ".e30.x",
        base64.urlsafe_b64encode(b"[" * 5000).decode().rstrip("=") + ".e30.x",
    ],
)
def test_a_malformed_token_is_refused(tokens: TokenManager, token: Any) -> None:
    """No malformed input raises anything but an invalid-token error."""
    assert reject_token(tokens, token) in {"malformed", "wrong_algorithm", "unknown_key", "invalid"}


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}"))
def test_any_text_is_refused(tokens: TokenManager, text: str) -> None:
    """No text without a valid signature is accepted."""
    assert tokens.verify(text) is None


def test_rotation() -> None:
    """The first secret signs, and tokens of any configured secret stay valid until it is removed."""
    before = TokenManager(SecuritySettings(jwt_secrets=[OTHER]))
    during = TokenManager(SecuritySettings(jwt_secrets=[SECRET, OTHER]))
    after = TokenManager(SecuritySettings(jwt_secrets=[SECRET]))
    old, new = before.create(TokenPurpose.ACCESS, **USER), during.create(TokenPurpose.ACCESS, **USER)
    assert during.verify(old)
    assert during.verify(new)
    assert after.verify(new)
    assert after.verify(old) is None
    assert before.verify(new) is None
    announced = TokenManager(SecuritySettings(jwt_secrets=[OTHER, SECRET]))
    assert announced.verify(new)


def test_the_key_id_does_not_reveal_the_secret(tokens: TokenManager) -> None:
    """A key id is deterministic and not a part of its secret."""
    (key_id,) = tokens.key_ids
    assert key_id not in SECRET
    assert TokenManager(SecuritySettings(jwt_secrets=[SECRET])).key_ids == (key_id,)


@pytest.mark.usefixtures("environment")
def test_the_expiration_time_of_a_token() -> None:
    """The expiration time can be read from an expired token, and not from a forged one."""
    token = create_access_token(user_id="1", expires_in=-3600)
    end = get_token_expiration(token)
    assert end is not None
    assert datetime.now(UTC) - end > timedelta(minutes=59)
    assert is_token_expired(token)
    assert get_user_id_from_token(token) is None
    assert get_token_expiration(token + "x") is None
    assert is_token_expired("nonsense")
    assert not is_token_expired(create_access_token(user_id="1"))


def test_without_a_secret_nothing_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a secret every use raises an error that names the variables."""
    for name in ("JWT_SECRETS", "JWT_SECRET_KEY", "JWT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(default_tokens, "_cache", {})
    with pytest.raises(MissingSettingError, match="JWT_SECRETS or JWT_SECRET_KEY"):
        create_access_token(user_id="1")
    with pytest.raises(MissingSettingError):
        verify_token("a.b.c")


@pytest.mark.parametrize(
    ("secret", "algorithm"), [("short", "HS256"), ("a" * 64, "HS256"), (SECRET, "HS512"), ("changeme", "HS256")]
)
def test_a_weak_secret_is_refused_without_being_shown(secret: str, algorithm: Any) -> None:
    """A secret that is too short for the algorithm or has too few characters is refused without being shown."""
    with pytest.raises(InvalidSettingError, match="JWT_SECRETS") as caught:
        SecuritySettings(jwt_secrets=[secret], jwt_algorithm=algorithm)
    assert secret not in str(caught.value)


def test_a_rotated_secret_is_picked_up(environment: pytest.MonkeyPatch) -> None:
    """The default manager rereads its secrets after five minutes, and uses the previous ones if that fails."""
    now = [1000.0]
    environment.setattr("ai_voice_shared.auth.default_tokens.time.monotonic", lambda: now[0])
    old = create_access_token(user_id="1")
    environment.setenv("JWT_SECRET_KEY", f"{OTHER},{SECRET}")
    kid = jwt.get_unverified_header(old)["kid"]
    assert jwt.get_unverified_header(create_access_token(user_id="1"))["kid"] == kid
    now[0] += 301
    new = create_access_token(user_id="1")
    assert jwt.get_unverified_header(new)["kid"] != kid
    assert verify_token(old)
    environment.setenv("JWT_SECRET_KEY", "broken")
    now[0] += 301
    assert verify_token(new)
    environment.setattr(default_tokens, "_cache", {})
    with pytest.raises(ConfigurationError):
        verify_token(new)


@pytest.mark.parametrize(
    ("package", "call"),
    [
        ("jwt", 'auth.create_access_token(user_id="1")'),
        ("jwt", 'auth.verify_token("a.b.c")'),
        ("pwdlib", 'auth.hash_password("correct horse")'),
        ("argon2", 'auth.verify_password("correct horse", "$argon2id$")'),
        ("bcrypt", 'auth.hash_password("correct horse")'),
    ],
)
def test_without_the_extra_the_use_fails_and_the_import_does_not(package: str, call: str) -> None:
    """Without the extra, imports and API keys work, and a use of tokens or passwords raises an error that names it."""
    script = f"""
import os, sys
sys.modules[{package!r}] = None
os.environ["JWT_SECRET_KEY"] = {SECRET!r}
from ai_voice_shared import auth
from ai_voice_shared.auth import *
from ai_voice_shared.errors import MissingExtraError
manager = auth.InternalAuthManager(auth.InMemoryApiKeyStore())
assert manager.verify(manager.create_key("a").key)
try:
    {call}
except MissingExtraError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "ai-voice-shared[auth]" in result.stdout, result.stderr
