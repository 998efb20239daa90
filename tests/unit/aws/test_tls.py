"""One TLS context for all AWS clients."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import certifi
import pytest
import trustme
from botocore.exceptions import SSLError

from ai_voice_shared.aws import aws_client, clear_clients, tls
from ai_voice_shared.testing.aws import isolate
from layer.certificates import write_certificates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.unit

KEY = {"TableName": "notes", "Key": {"id": {"S": "a"}}}
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def tls_server(authority: trustme.CA, name: str = "127.0.0.1") -> Iterator[str]:
    """Serve DynamoDB's empty response over TLS, with a certificate of the authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as peer:
                    while b"}" not in peer.recv(65536):
                        pass
                    peer.sendall(RESPONSE)
            except OSError:
                continue  # the client refused the certificate

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    isolate(monkeypatch)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setattr(tls, "_contexts", {})
    clear_clients()
    yield
    clear_clients()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Return an authority that the layer's folder of certificates knows, and no other place."""
    authority = trustme.CA()
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    write_certificates(bundle, tmp_path / "folder")
    monkeypatch.setattr(tls, "_FOLDER", str(tmp_path / "folder"))
    return authority


def call(endpoint: str, service: str = "dynamodb") -> Any:
    """Send a request with a client of its own."""
    options: dict[str, Any] = {"endpoint_url": endpoint, "retries": {"mode": "standard", "total_max_attempts": 1}}
    client = aws_client(service, connect_timeout=5, read_timeout=5, **options)
    return client.get_item(**KEY) if service == "dynamodb" else client.get_parameter(Name="/a")


def test_a_server_is_verified_against_the_folder(authority: trustme.CA) -> None:
    """Whose authority is in the layer's folder is trusted by every client; whose is not is refused."""
    with tls_server(authority) as known, tls_server(trustme.CA()) as unknown:
        for service in ("dynamodb", "ssm"):
            assert call(known, service)["ResponseMetadata"]["HTTPStatusCode"] == 200
            with pytest.raises(SSLError, match="CERTIFICATE_VERIFY_FAILED"):
                call(unknown, service)
    assert len(tls._contexts) == 1


def test_a_certificate_of_another_host_is_refused(authority: trustme.CA) -> None:
    """The name is verified as well as the authority."""
    with (
        tls_server(authority, "dynamodb.example.com") as endpoint,
        pytest.raises(SSLError, match=r"mismatch|valid for"),
    ):
        call(endpoint)


def test_certificates_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many connections and clients there are; without the layer's folder it is certifi's file."""
    read: list[str] = []
    monkeypatch.setattr(tls, "_FOLDER", "/nonexistent")
    load = ssl.SSLContext.load_verify_locations

    def counting(self: Any, *places: Any, **named: Any) -> None:
        read.extend(place for place in places if place)
        load(self, *places, **named)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counting)
    with tls_server(trustme.CA()) as endpoint:
        for service in ("dynamodb", "ssm", "dynamodb"):
            with pytest.raises(SSLError):
                call(endpoint, service)
    assert read == [certifi.where()]


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_bundle_of_the_environment_is_used_alone(
    authority: trustme.CA, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its authorities are trusted, those of the folder are not, and no other client trusts them."""
    own = trustme.CA()
    bundle = tmp_path / "company.pem"
    own.cert_pem.write_to_path(str(bundle))
    with tls_server(own) as company, tls_server(authority) as aws:
        monkeypatch.setenv(variable, str(bundle))
        call(company)
        with pytest.raises(SSLError):
            call(aws)
        monkeypatch.delenv(variable)
        clear_clients()
        call(aws)
        with pytest.raises(SSLError):
            call(company)
