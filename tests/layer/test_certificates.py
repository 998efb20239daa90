"""The folder in which OpenSSL looks up certificates by name."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import certifi
import pytest
import trustme

from layer.certificates import write_certificates

pytestmark = pytest.mark.layer


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command, the reference, is not installed")
def test_every_root_of_certifi_is_stored_under_openssl_s_name(tmp_path: Path) -> None:
    """The folder holds as many certificates as the bundle, each under OpenSSL's own hash of its subject."""
    count = write_certificates(Path(certifi.where()), tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == count > 100
    for file in files[::20]:
        command = ["openssl", "x509", "-noout", "-subject_hash", "-in", str(file)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        assert file.name.split(".")[0] == printed


def test_a_connection_is_verified_against_the_folder(tmp_path: Path) -> None:
    """A server is trusted if and only if its authority is in the folder."""
    trusted, unknown = trustme.CA(), trustme.CA()
    bundle = tmp_path / "bundle.pem"
    trusted.cert_pem.write_to_path(str(bundle))
    write_certificates(bundle, tmp_path / "roots")

    def connect(authority: trustme.CA) -> None:
        server_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(server_context)
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def serve() -> None:
                connection, _ = listener.accept()
                with connection:
                    try:
                        server_context.wrap_socket(connection, server_side=True).close()
                    except OSError:
                        return  # the client refused, as the second case intends

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                context = ssl.create_default_context(capath=str(tmp_path / "roots"))
                with (
                    socket.create_connection(listener.getsockname()) as plain,
                    context.wrap_socket(plain, server_hostname="localhost") as secure,
                ):
                    assert secure.version()
            finally:
                thread.join()

    connect(trusted)
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(unknown)
