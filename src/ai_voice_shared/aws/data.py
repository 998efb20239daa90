"""The layer's part of botocore's data, used only where it gives what botocore's own data gives.

The layer is frozen, and the botocore that reads its data is the runtime's, which AWS updates. Read by a botocore that
looks for its endpoint rules elsewhere, the data once made S3 URLs without the bucket, and no error. So a client is
made from it only where

- the version of botocore lies between the lowest that the package supports and the minor version that the data was
  taken from,
- botocore has read each file of the service that the layer ships, and looked for no file that only its own data has,
- the client's endpoint is in its region, and for S3 the URL of an object has its bucket.

Else botocore's own data is used: the client works, and takes longer. That is reported once, by a warning in the log and
by the metric `BotocoreDataFallback` where the environment names a namespace of metrics.
"""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import botocore.session

__all__ = ["CONTENTS", "clear", "create_client", "report", "trimmed_session"]

CONTENTS = "contents.json"
"""The file that says what the data was taken from, and what of each service a client has to have read."""

_DATA = f"{os.path.dirname(os.path.dirname(__file__))}/_botocore_data"  # noqa: PTH120 - pathlib costs a cold start more
_METRIC = "BotocoreDataFallback"
_PROBE = "ai-voice-shared-probe"

_log = logging.getLogger(__name__)
_state: dict[str, Any] = {}


def trimmed_session() -> botocore.session.Session | None:
    """Return the session on the layer's data; None where it is missing, as in an installed wheel."""
    if "session" not in _state:
        _state["session"] = _open_session()
    session: botocore.session.Session | None = _state["session"]
    return session


def create_client(service_name: str, **options: Any) -> tuple[Any, str]:
    """Create a client from the layer's data.

    Parameters
    ----------
    service_name
        As boto3 names it.
    **options
        As for botocore's `create_client`.

    Returns
    -------
    tuple
        The client, or None, and then why it has to be made from botocore's own data; the reason is empty where the
        layer has no data of the service.
    """
    session = trimmed_session()
    if session is None or service_name not in _state["contents"]["services"]:
        return None, ""
    if not _is_supported(_state["contents"]):
        return None, "it was taken from another version of botocore"
    try:
        client: Any = session.create_client(service_name, **options)
        doubt = _state["files"].doubt(_state["contents"]["services"][service_name], service_name)
        doubt = doubt or _doubt_of_endpoint(client, service_name, options["endpoint_url"])
    except Exception as error:  # noqa: BLE001 - a wrong call fails again, and is then raised, with botocore's own data
        return None, f"no client could be made from it ({type(error).__name__})"
    return (None, doubt) if doubt else (client, "")


def report(service_name: str, doubt: str) -> None:
    """Report, once in a process, that the layer's data is not used."""
    if _state.get("reported"):
        return
    _state["reported"] = True
    from botocore import __version__ as version

    _log.warning(
        "the layer's part of botocore's data is not used: %s; clients work, and take longer to make",
        doubt,
        extra={"aws_service": service_name, "botocore": version, "built_from": _state["contents"]["botocore"]},
    )
    # A metric is a line of the standard output: only for a function that has metrics, under their names.
    namespace = os.environ.get("METRICS_NAMESPACE") or os.environ.get("POWERTOOLS_METRICS_NAMESPACE")
    if namespace and os.environ.get("METRICS_PROVIDER", "emf") == "emf":
        from aws_lambda_powertools.metrics import MetricUnit, single_metric

        service = os.environ.get("METRICS_SERVICE") or os.environ.get("POWERTOOLS_SERVICE_NAME") or "service_undefined"
        with single_metric(name=_METRIC, unit=MetricUnit.Count, value=1, namespace=namespace) as metric:
            metric.add_dimension(name="service", value=service)


def clear() -> None:
    """Forget the session, and what was read and reported."""
    _state.clear()


class _Files:
    """Reads the layer's data, and remembers which files botocore read and which it did not find.

    Into plain dictionaries: botocore's own reader makes ordered ones, for 34 M of the 1,358 M instructions that first
    calls of SSM, DynamoDB and S3 take together.
    """

    def __init__(self) -> None:
        self._read: set[str] = set()
        self._missed: set[str] = set()

    def exists(self, file_path: str) -> bool:
        """Return whether there is such a file, whose name comes without its ending."""
        found = os.path.isfile(f"{file_path}.json")  # noqa: PTH113 - pathlib costs a cold start more
        if not found:
            self._missed.add(os.path.relpath(file_path, _DATA))
        return found

    def load_file(self, file_path: str) -> Any:
        """Return its content; None where the file is missing."""
        name = os.path.relpath(file_path, _DATA)
        try:
            with open(f"{file_path}.json", "rb") as file:  # noqa: PTH123 - as above
                content = json.loads(file.read())
        except FileNotFoundError:
            self._missed.add(name)
            return None
        self._read.add(name)
        return content

    def doubt(self, shipped: list[str], service_name: str) -> str:
        """Return what speaks against a client that was made from these files; empty where nothing does."""
        for name in shipped:
            if name not in self._read:
                return f"botocore did not read {name}"
        from botocore.loaders import Loader

        for name in sorted(self._missed):
            own = f"{Loader.BUILTIN_DATA_PATH}/{name}.json"
            if name.startswith(f"{service_name}/") and any(map(os.path.isfile, (own, f"{own}.gz"))):
                return f"botocore looked for {name}"
        return ""


def _open_session() -> botocore.session.Session | None:
    try:
        with open(f"{_DATA}/{CONTENTS}", "rb") as file:  # noqa: PTH123 - as above
            contents = json.loads(file.read())
    except FileNotFoundError:
        return None
    from botocore.loaders import Loader

    from ai_voice_shared.aws.session import create_session

    files = _Files()
    session = create_session(contents["services"] if _is_supported(contents) else None)
    session.register_component(
        "data_loader",
        Loader(
            extra_search_paths=[_DATA],
            file_loader=files,  # type: ignore[arg-type]  # two methods are all it has to have
            include_default_search_paths=False,
        ),
    )
    _state.update(contents=contents, files=files)
    return session


def _is_supported(contents: dict[str, Any]) -> bool:
    from botocore import __version__ as version

    lowest, now, newest = (
        [int(part) for part in text.split(".")[:3]] for text in (contents["lowest"], version, contents["botocore"])
    )
    return lowest <= now and now[:2] <= newest[:2]


def _doubt_of_endpoint(client: Any, service_name: str, endpoint_url: str | None) -> str:
    """Return what is wrong with where the client would send its requests."""
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    is_custom = endpoint_url or any(name.startswith("AWS_ENDPOINT_URL") for name in os.environ)
    # S3's old name in us-east-1 has no region.
    if not is_custom and client.meta.region_name not in host and host != "s3.amazonaws.com":
        return f"the endpoint of {service_name} would be {host}"
    if service_name == "s3" and _PROBE not in _unsigned_url(client):
        return "the URL of an S3 object would have no bucket"
    return ""


def _unsigned_url(client: Any) -> str:
    """Return the URL of an object in the probe's bucket, which takes no credentials."""
    from botocore import UNSIGNED

    def leave_unsigned(**_: Any) -> Any:
        return UNSIGNED

    event = "choose-signer.s3.HeadObject"
    client.meta.events.register_first(event, leave_unsigned)
    try:
        url: str = client.generate_presigned_url("head_object", Params={"Bucket": _PROBE, "Key": "k"})
    finally:
        client.meta.events.unregister(event, leave_unsigned)
    return url
