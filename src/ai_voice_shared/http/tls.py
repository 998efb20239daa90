"""The process's TLS context: reading the certificates is most of what a client costs, so it is done once."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

__all__ = ["shared_tls_context"]

_CERTIFICATES = f"{os.path.dirname(__file__)}/../_ca_certificates"  # noqa: PTH120 - pathlib costs a cold start more
_lock = threading.Lock()
_contexts: list[ssl.SSLContext] = []


def shared_tls_context() -> ssl.SSLContext:
    """Return the process's TLS context; the first call creates it."""
    if not _contexts:
        with _lock:
            if not _contexts:
                _contexts.append(_create())
    return _contexts[0]


def _create() -> ssl.SSLContext:
    import ssl

    # httpx reads this bundle by default, and a function's owner expects the same here.
    own = os.environ.get("SSL_CERT_FILE")
    if own:
        return ssl.create_default_context(cafile=own)
    if os.path.isdir(_CERTIFICATES):  # noqa: PTH112 - as above
        # The layer's folder, in which OpenSSL looks up what a connection needs.
        return ssl.create_default_context(capath=_CERTIFICATES)
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
