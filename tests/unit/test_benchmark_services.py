"""The services that the benchmarks' functions call, and the authority that issues their certificates."""

from __future__ import annotations

import shutil
import socket
import ssl
from pathlib import Path

import certifi
import pytest

from layer.certificates import write_certificates
from layer.tools import PROJECT
from tests.benchmarks.authority import authority, trust_authority
from tests.benchmarks.packages import documented_folder
from tests.benchmarks.services import running_services

pytestmark = pytest.mark.unit

HOST = "notes.s3.us-east-1.amazonaws.com"


def _put_object(context: ssl.SSLContext, port: int) -> bytes:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as connection,
        context.wrap_socket(connection, server_hostname=HOST) as encrypted,
    ):
        encrypted.sendall(f"PUT /a HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 3\r\n\r\nabc".encode())
        return encrypted.recv(1000)


def test_a_bundle_that_trusts_the_authority_still_has_certifis_certificates(tmp_path: Path) -> None:
    """The bundle still has all of certifi's certificates, so that parsing it costs as much as in a deployment."""
    bundle = tmp_path / "certifi" / "cacert.pem"
    bundle.parent.mkdir()
    shutil.copy(certifi.where(), bundle)
    trust_authority(tmp_path)
    trust_authority(tmp_path)
    content = bundle.read_bytes()
    assert content.count(b"BEGIN CERTIFICATE") == Path(certifi.where()).read_bytes().count(b"BEGIN CERTIFICATE") + 1
    with running_services() as port:
        assert b"200 OK" in _put_object(ssl.create_default_context(cafile=bundle), port)


def test_a_folder_of_certificates_trusts_the_authority(tmp_path: Path) -> None:
    """A folder trusts the authority by a file that is named by the hash of its subject."""
    folder = tmp_path / "_ca_certificates"
    write_certificates(Path(certifi.where()), folder)
    with running_services() as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            _put_object(ssl.create_default_context(capath=folder), port)
        trust_authority(tmp_path)
        assert b"200 OK" in _put_object(ssl.create_default_context(capath=folder), port)


def test_the_authority_is_created_once() -> None:
    """The authority is stored on disk and reused, as are the folders that trust it."""
    first = authority().cert_pem.bytes()
    authority.cache_clear()
    assert authority().cert_pem.bytes() == first


def test_the_measured_function_is_the_documented_one() -> None:
    """The measured function is the code of docs/webhooks.md, unchanged."""
    documented = (documented_folder() / "documented.py").read_text(encoding="utf-8")
    assert f"```python\n{documented}```" in (PROJECT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    assert "handle_once" in documented
