"""One TLS context for all AWS clients of a process: reading the certificates is most of what a context costs.

botocore creates a context for each client, and urllib3 reads certifi's bundle of some 140 roots into it for each
connection: some 190 M instructions each time. urllib3 takes a context that is given to it, and asks it to load the
file of certificates; this one loads a file once, and for the default file it uses the layer's folder, in which OpenSSL
looks up the one root that a connection needs. These are the same certificates, so nothing that was trusted is refused
and nothing else is trusted. A small bundle of Amazon's five roots was tried as well: it takes 8 M instructions more
than the folder, and would need a fallback for the proxies and partitions whose roots it lacks.
"""

from __future__ import annotations

import os
import ssl
import threading
from typing import Any

__all__ = ["SharedContext", "shared_context"]

_FOLDER = f"{os.path.dirname(__file__)}/../_ca_certificates"  # noqa: PTH120 - pathlib costs a cold start more
_lock = threading.Lock()
_contexts: dict[str, SharedContext] = {}


class SharedContext(ssl.SSLContext):
    """A TLS context of clients that loads each place of certificates once."""

    loaded: set[Any]
    folder: str | None

    def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        """Load certificates, unless they are loaded already."""
        place = cafile, capath, cadata
        if place in self.loaded:
            return
        if self.folder is None:
            super().load_verify_locations(cafile, capath, cadata)
        else:
            super().load_verify_locations(capath=self.folder)
        self.loaded.add(place)


def shared_context(bundle: str = "") -> SharedContext:
    """Return the context of a bundle, created on first use.

    Parameters
    ----------
    bundle
        The file of certificates that the environment or the configuration names; empty for the default ones. A
        bundle has a context of its own: what it trusts must not be trusted by others.

    Examples
    --------
    >>> shared_context() is shared_context()
    True
    >>> shared_context() is shared_context("/etc/ssl/company.pem")
    False
    """
    with _lock:
        context = _contexts.get(bundle)
        if context is None:
            context = SharedContext(ssl.PROTOCOL_TLS_CLIENT)
            # As in botocore's own contexts.
            context.options |= ssl.OP_NO_TICKET
            context.loaded = set()
            in_layer = not bundle and os.path.isdir(_FOLDER)  # noqa: PTH112 - as above
            context.folder = _FOLDER if in_layer else None
            _contexts[bundle] = context
        return context
