"""Part of the benchmarks' Lambda runtime: every host name leads to the services that the benchmark serves.

So functions ask for the real names of AWS and of Twilio, without the settings of an endpoint, which would take them
another way than they go when they are deployed. The same for every function.
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
