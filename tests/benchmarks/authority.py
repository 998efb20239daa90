"""A certificate authority that only the benchmarks' functions trust, added to the certificates that they already have.

No variable points at other certificates: with `AWS_CA_BUNDLE` or `SSL_CERT_FILE` a function would run other code than
in production. The bundles keep their size, and each is read by the same code as in Lambda.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from layer.certificates import write_certificates
from layer.tools import PROJECT

if TYPE_CHECKING:
    import trustme

__all__ = ["authority", "trust_authority"]

_FILE = PROJECT / "build" / "bench" / "authority.pem"
_END = "-----END CERTIFICATE-----\n"
_BY_SUBJECT_HASH = re.compile(r"[0-9a-f]{8}\.[0-9]+")


@cache
def authority() -> trustme.CA:
    """Return this machine's authority, which is created on first use and cached like the folders that trust it."""
    import trustme

    if not _FILE.exists():
        _FILE.parent.mkdir(parents=True, exist_ok=True)
        created = trustme.CA()
        scratch = _FILE.with_name(f".{_FILE.name}-{os.getpid()}")
        scratch.touch(mode=0o600)
        scratch.write_bytes(created.cert_pem.bytes() + created.private_key_pem.bytes())
        try:
            os.link(scratch, _FILE)
        except FileExistsError:  # another process was faster
            pass
        finally:
            scratch.unlink()
    certificate, end, key = _FILE.read_text(encoding="ascii").partition(_END)
    return trustme.CA.from_pem((certificate + end).encode(), key.encode())


def trust_authority(folder: Path) -> None:
    """Add the authority to every bundle of certificates below a folder, and to every folder of them.

    Parameters
    ----------
    folder
        Changed in place: a copy that only a benchmark uses.
    """
    pem = authority().cert_pem.bytes()
    for bundle in folder.rglob("*.pem"):
        content = bundle.read_bytes()
        if b"BEGIN CERTIFICATE" in content and pem not in content:
            bundle.write_bytes(content.rstrip(b"\n") + b"\n" + pem)
    for certificates in {path.parent for path in folder.rglob("*.0") if _BY_SUBJECT_HASH.fullmatch(path.name)}:
        with authority().cert_pem.tempfile() as file:
            write_certificates(Path(file), certificates)
