"""Twilio's signature, compared with known vectors and with Twilio's own package."""

from __future__ import annotations

import random
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from twilio.request_validator import RequestValidator

from ai_voice_shared.errors import InvalidPayloadError, InvalidSignatureError
from ai_voice_shared.security.twilio_signature import (
    body_hash_matches,
    compute_signature,
    is_signed,
    signature_algorithm,
    urls_with_and_without_port,
)
from ai_voice_shared.services.twilio.client import TwilioService
from ai_voice_shared.settings.twilio import TwilioSettings
from ai_voice_shared.testing.twilio import ACCOUNT_SID, SHAPES, twilio_event

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PAIRS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


class Repeated(dict[str, list[str]]):
    """A form with repeats as Twilio's package accepts it, with the interface of Django's QueryDict."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        """Return all values of a name."""
        return self[name]


def test_the_documented_example_has_the_documented_signature() -> None:
    """The request in Twilio's documentation has the signature that is documented there."""
    assert compute_signature(URL, PAIRS, "12345") == SIGNATURE
    assert compute_signature(URL, reversed(PAIRS), b"12345") == SIGNATURE
    assert is_signed([URL], PAIRS, SIGNATURE, ["12345"])


@pytest.mark.parametrize(
    ("signature", "tokens"),
    [
        pytest.param("", ["12345"], id="none"),
        pytest.param(SIGNATURE, [], id="no token"),
        pytest.param(SIGNATURE, ["54321"], id="another token"),
        pytest.param(SIGNATURE.swapcase(), ["12345"], id="another case"),
        pytest.param(SIGNATURE[:-1], ["12345"], id="cut off"),
        pytest.param(SIGNATURE + "=", ["12345"], id="longer"),
        pytest.param("not ascii: \u00e9\u20ac", ["12345"], id="not ASCII"),
        pytest.param("\udcff", ["12345"], id="a lone surrogate"),
    ],
)
def test_a_wrong_signature_is_rejected(signature: str, tokens: list[str]) -> None:
    """A signature that differs from those of all tokens is rejected, and never an exception."""
    assert not is_signed([URL], PAIRS, signature, tokens)


def test_a_token_can_be_rotated() -> None:
    """With two tokens, webhooks signed with either are accepted."""
    for token in ("12345", "67890"):
        assert is_signed([URL], PAIRS, compute_signature(URL, PAIRS, token), ["67890", "12345"])


def test_shared_keys_sign_with_sha256() -> None:
    """The settings header names the algorithm, and no signature of an unknown one is valid."""
    signature = RequestValidator("secret").compute_signature(URL, dict(PAIRS), "HMAC_SHA256")
    named = signature_algorithm("key=webhooks_sharedkey_1, algorithm=HMAC_SHA256")
    assert is_signed([URL], PAIRS, signature, ["secret"], algorithm=named)
    assert not is_signed([URL], PAIRS, signature, ["secret"])
    assert not is_signed([URL], PAIRS, signature, ["secret"], algorithm="HMAC_MD5")
    assert signature_algorithm("") == signature_algorithm("key=1") == "HMAC_SHA1"


def test_repeats_count_once_for_each_value() -> None:
    """Each value of a repeated name is signed once, in sorted order, and blank values are signed."""
    pairs = [("B", "2"), ("A", ""), ("B", "1"), ("B", "2")]
    assert compute_signature(URL, pairs, "t") == RequestValidator("t").compute_signature(URL, Repeated(pairs))
    assert compute_signature(URL, [("A", "")], "t") != compute_signature(URL, [], "t")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/p", ("https://h/p", "https://h:443/p")),
        ("http://h/p", ("http://h/p", "http://h:80/p")),
        ("https://h:8443/p?a=b:1", ("https://h/p?a=b:1", "https://h:8443/p?a=b:1")),
        ("https://h?a=1", ("https://h?a=1", "https://h:443?a=1")),
        ("https://user:word@h/p", ("https://user:word@h/p", "https://user:word@h:443/p")),
        ("https://user:word@h:1/p", ("https://user:word@h/p", "https://user:word@h:1/p")),
        ("https://[::1]:8443/p", ("https://[::1]/p", "https://[::1]:8443/p")),
        ("https://[::1]/p", ("https://[::1]/p", "https://[::1]:443/p")),
        ("no url", ("no url",)),
    ],
)
def test_a_url_has_a_form_with_and_without_port(url: str, expected: tuple[str, ...]) -> None:
    """A URL has a form without and one with its port, whatever else it contains."""
    assert urls_with_and_without_port(url) == expected


@pytest.mark.parametrize("url", ["https://user:word@example.com:8443/p", "https://[2001:db8::1]:8443/p"])
def test_where_twilio_s_package_is_wrong(url: str) -> None:
    """With user information or an IPv6 address, the package cuts the host in two when it removes the port."""
    without = url.replace(":8443", "")
    signature = compute_signature(without, PAIRS, "t")
    assert is_signed([url], PAIRS, signature, ["t"])
    assert not RequestValidator("t").validate(url, dict(PAIRS), signature)


def test_a_body_is_checked_by_the_hash_in_the_url() -> None:
    """A JSON body is verified by the URL's bodySHA256, in lower case as Twilio sends it."""
    body = b'{"a": 1}'
    url = f"https://h/p?x=1&bodySHA256={sha256(body).hexdigest()}"
    assert body_hash_matches(url, body) is True
    assert body_hash_matches(url, body + b" ") is False
    assert body_hash_matches("https://h/p?x=1", body) is None


@pytest.mark.parametrize("end", [";", "?", "#"])
def test_where_twilio_s_package_drops_a_character(end: str) -> None:
    """The package splits and rejoins a URL and drops an empty part, so that it verifies another URL."""
    signature = compute_signature(f"https://example.com/p{end}", PAIRS, "t")
    assert is_signed([f"https://example.com/p{end}"], PAIRS, signature, ["t"])
    assert not RequestValidator("t").validate(f"https://example.com/p{end}", dict(PAIRS), signature)


ALPHABETS = (
    "abcXYZ019",
    " +&=%?#/:@'\"<>~-._",
    "\u00e9\u00df\u4e2d\u6587",
    "\U0001f44d\U0001f3fd\u200d\u0301",
    "\n\t\r\x00",
)
PATH = "abcXYZ019-._~!$'()*,;=:@/+"


def text(rng: random.Random, longest: int = 12) -> str:
    """Create a text of one or several alphabets, which is often blank or plain."""
    letters = "".join(rng.sample(ALPHABETS, rng.randint(1, len(ALPHABETS)))) if rng.random() < 0.5 else ALPHABETS[0]
    return "".join(rng.choices(letters, k=rng.randint(0, longest)))


def cases(seed: int, count: int) -> Iterator[tuple[str, dict[str, Any], str, Any, str]]:
    """Create webhooks: an event, its URL, parameters and signature, about half of which are valid."""
    rng = random.Random(seed)
    for number in range(count):
        shape = rng.choice(SHAPES)
        # Only a load balancer is also called over plain HTTP.
        scheme = "http" if shape.startswith("alb") and rng.random() < 0.3 else "https"
        host = rng.choice(["hooks.example.com", "a1b2c3.lambda-url.eu-central-1.on.aws", "EXAMPLE.com", "x-y.z.io"])
        port = rng.choice(["", "", "", ":443", ":80", ":8443"])
        # The package handles a path that ends in a semicolon wrongly; see above.
        path = f"/prod/{''.join(rng.choices(PATH, k=rng.randint(0, 12)))}".rstrip(";")
        names = [f"{name}{index}" for index, name in enumerate(["a", "q[]", "\u00e4", "b c"])]
        encode = rng.choice([quote, quote_plus]) if shape == "rest_api" else quote_plus
        query = urlencode(
            [(name, text(rng)) for name in rng.sample(names, rng.randint(0, 3))], quote_via=encode, safe=""
        )
        url = f"{scheme}://{host}{port}{path}{'?' if query else ''}{query}"
        pairs = [(text(rng, 6) or "Body", text(rng, 30)) for _ in range(rng.randint(0, 12))]
        if pairs and rng.random() < 0.3:
            pairs += [*rng.choices(pairs, k=2), (pairs[0][0], text(rng))]
        parameters: Any = pairs
        content_type = "application/x-www-form-urlencoded"
        if rng.random() < 0.1:
            parameters, content_type = f'{{"number": {number}}}', "application/json"
            hashed = sha256((parameters if rng.random() < 0.7 else "another").encode()).hexdigest()
            url += f"{'&' if query else '?'}bodySHA256={hashed}"
        signature = make_signature(rng, url, parameters)
        event = twilio_event(
            parameters,
            shape=shape,
            url=url,
            signature=signature,
            content_type=content_type,
            base64=rng.random() < 0.5,
        )
        yield f"case {number}, {shape}, {url}", event, url, parameters, signature


def make_signature(rng: random.Random, url: str, parameters: Any) -> str:
    """Sign with Twilio's package, correctly or with one of several mistakes."""
    pairs = [] if isinstance(parameters, str) else parameters
    signed_url = rng.choice(urls_with_and_without_port(url))
    kind = rng.choice(["right"] * 6 + ["token", "url", "pair", "cut", "empty", "random"])
    if kind == "pair":
        pairs = [*pairs, ("Extra", text(rng))]
    if kind == "url":
        signed_url += "x"
    signature = str(
        RequestValidator("another" if kind == "token" else "token").compute_signature(signed_url, Repeated(pairs))
    )
    return {"cut": signature[: rng.randint(0, 27)], "empty": "", "random": text(rng, 28)}.get(kind, signature)


@pytest.mark.differential
@pytest.mark.parametrize("seed", range(10))
def test_every_verdict_is_that_of_twilio_s_package(seed: int) -> None:
    """Ten thousand valid and invalid webhooks in every shape have the same verdict as with Twilio's package."""
    service = TwilioService(TwilioSettings(account_sid=ACCOUNT_SID, auth_tokens=("token",)))
    oracle = RequestValidator("token")
    verdicts = {True: 0, False: 0}
    for name, event, url, parameters, signature in cases(seed, 1000):
        given = parameters if isinstance(parameters, str) else Repeated(parameters)
        expected = bool(oracle.validate(url, given, signature))
        try:
            service.verify(event)
        except InvalidSignatureError:
            verdict = False
        except InvalidPayloadError as error:
            pytest.fail(f"{name}: {error}")
        else:
            verdict = True
        assert verdict == expected, name
        verdicts[verdict] += 1
    assert min(verdicts.values()) > 200
