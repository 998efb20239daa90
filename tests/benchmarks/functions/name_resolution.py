"""Part of the benchmarks' Lambda runtime: every host name resolves to the benchmark's services.

Functions therefore use the real host names of AWS and Twilio. With an endpoint setting they would run other code than
in production. The same applies to every function.
"""

from __future__ import annotations

import os

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _redirect(port: int) -> None:
    import socket
    from typing import Any

    getaddrinfo = socket.getaddrinfo

    def redirected(host: Any, *arguments: Any, **options: Any) -> Any:
        if host in _LOOPBACK:
            return getaddrinfo(host, *arguments, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

    socket.getaddrinfo = redirected


if PORT := os.environ.get("BENCHMARK_SERVICES_PORT"):
    _redirect(int(PORT))
