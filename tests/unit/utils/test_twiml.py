"""TwiML replies: escaped, well-formed XML, and split at WhatsApp's length limit."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_voice_shared.utils.twiml import WHATSAPP_MAX_LENGTH, empty_response, message_response, split_message

pytestmark = pytest.mark.unit


def messages(twiml: str) -> list[str]:
    """Parse a reply and return the text of each message."""
    root = ET.fromstring(twiml)  # noqa: S314 - written by this package
    assert root.tag == "Response"
    assert all(child.tag == "Message" for child in root)
    return [child.text or "" for child in root]


def units(text: str) -> int:
    """Count UTF-16 code units, as Twilio does."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def test_a_reply_is_escaped() -> None:
    """Text that a user could have typed never becomes markup."""
    text = "</Message><Redirect>https://evil.example</Redirect> & \"quotes\" 'too' <![CDATA[x]]>"
    assert messages(message_response(text)) == [text]


@given(st.text())
def test_every_text_becomes_legal_xml(text: str) -> None:
    """Control characters, surrogates and non-characters are removed; all others arrive."""
    received = "".join(messages(message_response(text, max_length=10_000)))
    assert received == "".join(character for character in text if is_legal(ord(character))).strip()


def is_legal(code: int) -> bool:
    """Return whether XML 1.0 allows a character (https://www.w3.org/TR/xml/#charsets)."""
    return code in {9, 10, 13} or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_characters_that_xml_forbids_are_removed(character: str) -> None:
    """A character that XML forbids is removed, its neighbours are not."""
    assert messages(message_response(f"a{character}b")) == ["ab"]


def test_white_space_inside_survives() -> None:
    """White space inside a reply, line breaks of either kind included, arrives unchanged."""
    assert messages(message_response("a\r\nb\tc\nd")) == ["a\r\nb\tc\nd"]


def test_several_texts_are_several_messages() -> None:
    """Each text of a list is a message, except blank ones."""
    assert messages(message_response(["one", " ", "two"])) == ["one", "two"]
    assert messages(message_response("")) == messages(empty_response()) == []


def test_a_reply_of_the_limit_is_one_message() -> None:
    """A reply of 1600 characters is one message, and one of 1601 is two."""
    assert messages(message_response("x" * WHATSAPP_MAX_LENGTH)) == ["x" * WHATSAPP_MAX_LENGTH]
    assert [len(message) for message in messages(message_response("x" * (WHATSAPP_MAX_LENGTH + 1)))] == [1600, 1]


def test_the_limit_counts_utf_16() -> None:
    """An emoji counts as two characters towards the limit."""
    assert [len(piece) for piece in split_message("\U0001f44d" * 801)] == [800, 1]


def test_a_long_reply_is_split_at_words() -> None:
    """A long reply is split between words, and no word is lost."""
    words = [f"word{number}" for number in range(1000)]
    pieces = split_message(" ".join(words))
    assert all(len(piece) <= WHATSAPP_MAX_LENGTH for piece in pieces)
    assert " ".join(pieces).split() == words


@pytest.mark.parametrize(
    "cluster",
    [
        pytest.param("e\u0301\u0323", id="accents"),
        pytest.param("\U0001f44d\U0001f3fd", id="a skin tone"),
        pytest.param("\U0001f468\u200d\U0001f469\u200d\U0001f467", id="a family"),
        pytest.param("\U0001f1e6\U0001f1fa", id="a flag"),
        pytest.param("\U0001f3f4\U000e0067\U000e0062\U000e007f", id="a flag of tags"),
        pytest.param("1\ufe0f\u20e3", id="a keycap"),
        pytest.param("\u0915\u093f", id="a vowel sign"),
    ],
)
@pytest.mark.parametrize("lead", range(4))
def test_a_grapheme_cluster_is_not_split(cluster: str, lead: int) -> None:
    """A part never begins or ends inside a grapheme cluster."""
    text = "x" * lead + cluster * 20
    pieces = split_message(text, max_length=20)
    assert "".join(pieces) == text
    for piece in pieces:
        assert piece.lstrip("x").replace(cluster, "") == ""
        assert units(piece) <= 20


@given(st.text(), st.integers(min_value=2, max_value=40))
def test_nothing_but_white_space_is_lost(text: str, max_length: int) -> None:
    """Every part fits, none is blank, and joined they are the text without its white space."""
    pieces = split_message(text, max_length=max_length)
    assert all(piece.strip() and units(piece) <= max_length for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_cluster_longer_than_a_part_is_split() -> None:
    """A grapheme cluster that is longer than a part is split."""
    pieces = split_message("e" + "\u0301" * 50, max_length=10)
    assert [len(piece) for piece in pieces] == [10, 10, 10, 10, 10, 1]
    assert unicodedata.combining(pieces[1][0])


def test_a_limit_below_one_emoji_is_rejected() -> None:
    """A limit in which no emoji fits is a ValueError."""
    with pytest.raises(ValueError, match="room"):
        split_message("x", max_length=1)
