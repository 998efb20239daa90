"""The webhook handlers that are compared: with the layer as docs/webhooks.md writes it, the baseline, and an empty one.

All of them use the real host names of AWS and Twilio over TLS, with certificate bundles of certifi's size.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.authority import trust_authority
from tests.benchmarks.packages import FUNCTIONS, documented_folder, function_folder, layer_folder, runtime_folder
from tests.benchmarks.runtime import Function
from tests.benchmarks.services import ACCOUNT_SID, LOOKUP_URL, PUBLIC_URL, running_services

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "BASELINE",
    "BASELINE_BYTECODE",
    "EMPTY",
    "LAYER",
    "PRIMED",
    "all_functions",
    "documented_functions",
    "empty_function",
]

BASELINE = "baseline"
"""Without the layer, as `sam build` leaves it: boto3 packaged, no bytecode."""

BASELINE_BYTECODE = "baseline, bytecode"
"""With bytecode that is never checked, and the runtime's boto3."""

LAYER = "layer"
PRIMED = "layer, primed"
EMPTY = "empty"

_PARTS = "twilio,lookup,s3,dynamodb"
_PARAMETER = "/webhook-handler/twilio-auth-token"


@contextmanager
def documented_functions(opt: Path | None = None) -> Iterator[tuple[Function, Function]]:
    """Run the services that the documented function calls, for a block.

    Parameters
    ----------
    opt
        The unpacked layer; by default it is built.

    Yields
    ------
    tuple
        The function with the layer: as it is documented, and primed.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-layer-") as scratch, running_services() as port:
        python = Path(scratch) / "python"
        shutil.copytree((opt or layer_folder()) / "python", python)
        trust_authority(python)
        function = Function(LAYER, documented_folder(), [python, runtime_folder()], _environment(port))
        yield function, replace(function, name=PRIMED, environment={**function.environment, "PRIME": _PARTS})


def empty_function() -> Function:
    """Return a function that does nothing."""
    return Function(EMPTY, FUNCTIONS / "empty", [runtime_folder()], {})


@contextmanager
def all_functions() -> Iterator[dict[str, Function]]:
    """Run the services that the functions call, for a block, and yield all functions by name."""
    runtime = runtime_folder()
    with documented_functions() as (layer, primed):
        functions = [
            Function(BASELINE, function_folder("baseline", boto3=True, bytecode=False), [runtime], layer.environment),
            Function(
                BASELINE_BYTECODE, function_folder("baseline", boto3=False, bytecode=True), [runtime], layer.environment
            ),
            layer,
            primed,
            empty_function(),
        ]
        yield {function.name: function for function in functions}


def _environment(port: int) -> dict[str, str]:
    return {
        "BENCHMARK_SERVICES_PORT": str(port),
        "S3_BUCKET_NAME": "notes",
        "CUSTOMER_LOOKUP_URL": LOOKUP_URL,
        "CUSTOMER_LOOKUP_AUTH": "iam",
        "IDEMPOTENCY_TABLE_NAME": "claims",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKENS": f"ssm:{_PARAMETER}",
        "TWILIO_AUTH_TOKEN_PARAMETER": _PARAMETER,  # the baseline's
        "TWILIO_PUBLIC_BASE_URL": PUBLIC_URL,
        # Under callgrind a second is fifty; a retry would be counted.
        "CUSTOMER_LOOKUP_TIMEOUT": "100",
        "TWILIO_MEDIA_TIMEOUT": "100",
    }
