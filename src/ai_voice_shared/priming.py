"""Do the work of the first call at INIT: Lambda gives INIT a full CPU, and no caller waits for it.

A function names the parts that it uses at the end of its module: `prime("s3", "lookup", "twilio")`. Clients are
created, models are built and code paths are run once, with nothing sent.

With SnapStart the same happens before the snapshot, and what must not be shared by the restored copies is dropped
after it (https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["PARTS", "after_restore", "enable_snapstart", "prime"]


def prime(*parts: str) -> None:
    """Prepare what the first call will use.

    Garbage collection is paused meanwhile: objects created during INIT are long-lived, and scanning them takes 5 to
    12 % of INIT.

    Parameters
    ----------
    *parts
        Names from `PARTS`.

    Raises
    ------
    ValueError
        Unknown part.
    ConfigurationError
        The environment does not configure a part. The error is raised at INIT, not with the first message.

    Examples
    --------
    >>> prime("models")
    >>> prime("s4")
    Traceback (most recent call last):
        ...
    ValueError: 's4' cannot be primed: choose from dynamodb, http, lambda, lookup, models, s3, twilio
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        msg = f"{unknown[0]!r} cannot be primed: choose from {', '.join(sorted(PARTS))}"
        raise ValueError(msg)
    import gc

    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for part in parts:
            PARTS[part]()
    finally:
        if was_enabled:
            # Existing objects live as long as the process; later collections need not scan them.
            gc.freeze()
            gc.enable()


def enable_snapstart(*parts: str) -> None:
    """Prime before the snapshot, and drop what copies of it must not share after each restore.

    Parameters
    ----------
    *parts
        As in `prime`.
    """
    from snapshot_restore_py import register_after_restore, register_before_snapshot

    register_before_snapshot(prime, *parts)
    register_after_restore(after_restore)


def after_restore() -> None:
    """Drop what a restored copy must not share with others, or can no longer use.

    Sockets are dead, secrets may have been rotated since the snapshot, and the state of `random` would be the same in
    every copy. (`secrets`, `uuid` and TLS use the operating system's generator.)
    """
    import random
    import sys

    random.seed()
    # Only if they are loaded: a module that was never used has nothing to drop.
    for name in ("ai_voice_shared.http.shared", "ai_voice_shared.aws.clients"):
        module = sys.modules.get(name)
        if module is not None:
            module.close_connections()
    for name, function in (
        ("ai_voice_shared.settings.secrets", "clear_secrets"),
        ("ai_voice_shared.settings.config", "reset_config"),
        ("aws_lambda_powertools.utilities.parameters", "clear_caches"),
    ):
        module = sys.modules.get(name)
        if module is not None:
            getattr(module, function)()


def _models() -> None:
    from ai_voice_shared.models import CustomerMetadata, TwilioWebhookPayload

    for model in (TwilioWebhookPayload, CustomerMetadata):
        # Builds the validator if the class has deferred it.
        model.model_rebuild()


def _http() -> None:
    from ai_voice_shared.http import shared_http_client

    shared_http_client().warm_up()


def _s3() -> None:
    from ai_voice_shared.services.s3 import download  # noqa: F401 - otherwise imported by the first read
    from ai_voice_shared.services.s3.client import S3Service

    # Runs parameter validation, endpoint rules and the signer: all that PutObject does before it sends.
    S3Service().presign_put("prime", content_type="application/octet-stream")


def _lambda() -> None:
    from ai_voice_shared.services.customer_lookup.lambda_transport import LambdaTransport
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

    LambdaTransport(CustomerLookupSettings()).warm_up()


def _lookup() -> None:
    from ai_voice_shared.settings.customer_lookup import CustomerLookupSettings

    settings = CustomerLookupSettings()
    if settings.url is None:
        _lambda()
    else:
        _http()


def _dynamodb() -> None:
    from ai_voice_shared.aws import dynamodb_client
    from ai_voice_shared.utils.deadline import DEFAULT_RESERVE

    # The client of `handle_once`.
    dynamodb_client(grace=DEFAULT_RESERVE)


def _twilio() -> None:
    from ai_voice_shared.services.twilio.client import TwilioService

    _models()
    _http()
    _ = TwilioService().settings


PARTS: Mapping[str, Callable[[], None]] = {
    "dynamodb": _dynamodb,
    "http": _http,
    "lambda": _lambda,
    "lookup": _lookup,
    "models": _models,
    "s3": _s3,
    "twilio": _twilio,
}
"""The parts that can be primed."""
