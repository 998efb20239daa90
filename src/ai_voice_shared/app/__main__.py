"""`python -m ai_voice_shared.app module:service` serves a service locally, as Lambda would."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from ai_voice_shared.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ai_voice_shared.app.service import Service

__all__ = ["find_service", "main"]


def find_service(name: str) -> Service:
    """Import the service that `module:attribute` names; the attribute defaults to `service`.

    Parameters
    ----------
    name
        For example `app:service`, relative to the working directory.

    Raises
    ------
    SystemExit
        The attribute does not exist, or is not a service.
    """
    from ai_voice_shared.app.service import Service

    module_name, _, attribute = name.partition(":")
    service = getattr(import_module(module_name), attribute or "service", None)
    if not isinstance(service, Service):
        msg = f"{name} is not a service: name the module and the variable that holds the result of create_service"
        raise SystemExit(msg)
    return service


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    arguments
        The command line's arguments; by default those of the process.
    """
    parser = argparse.ArgumentParser(prog="python -m ai_voice_shared.app", description=__doc__)
    parser.add_argument("service", help="module:variable, such as app:service")
    parser.add_argument("--host", help="address to listen on (API_HOST, else 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (API_PORT, else 8000)")
    parsed = parser.parse_args(arguments)
    try:
        import uvicorn
    except ImportError as error:
        raise MissingExtraError("local", "uvicorn") from error

    # As with `python -m`, the function's code is looked up in the working directory.
    if "" not in sys.path:
        sys.path.insert(0, "")
    service = find_service(parsed.service)
    host = parsed.host or service.api.host
    port = service.api.port if parsed.port is None else parsed.port
    # The service logs each request itself, without its query.
    uvicorn.run(service.asgi, host=host, port=port, access_log=False, log_level="info")


if __name__ == "__main__":
    main()
