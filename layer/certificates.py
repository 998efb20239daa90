"""certifi's certificates as a folder in which OpenSSL looks them up by name, in place of one file that it has to parse.

Parsing the bundle of some 140 roots is most of what a first TLS context costs. With a folder, each file named by the
hash of its subject (`openssl rehash`, https://docs.openssl.org/3.0/man1/openssl-rehash/), OpenSSL reads the one or
two that a connection needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_certificates"]

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)


def write_certificates(bundle: Path, into: Path) -> int:
    """Write each certificate of a PEM bundle into a file of its own, named by OpenSSL's subject hash.

    Parameters
    ----------
    bundle
        A PEM file with any number of certificates.
    into
        The folder to write; it is created.

    Returns
    -------
    int
        How many were written.
    """
    from OpenSSL import crypto  # the hash is OpenSSL's own, of a canonical form that is documented nowhere

    into.mkdir(parents=True, exist_ok=True)
    pems = _CERTIFICATE.findall(bundle.read_text(encoding="utf-8"))
    taken: dict[str, int] = {}
    for pem in pems:
        certificate = crypto.load_certificate(crypto.FILETYPE_PEM, pem.encode())
        name = f"{certificate.subject_name_hash():08x}"
        # Two roots may share a subject; OpenSSL tries .0, .1 and so on.
        number = taken[name] = taken.get(name, -1) + 1
        (into / f"{name}.{number}").write_text(pem.rstrip("\n") + "\n", encoding="utf-8")
    return len(pems)
