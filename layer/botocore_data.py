"""The part of botocore's data that the package needs, written into the package in the layer.

A client made from it takes a fifth of the time: the model of S3 shrinks from 1.3 MB of JSON to 76 kB, the endpoints
from 1.25 MB to 20 kB, and there are nine service directories to list in place of 440. An index beside it is what
`ai_voice_shared.aws.data` compares with the botocore that reads it.
"""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from typing import TYPE_CHECKING, Any

from ai_voice_shared.aws.data import CONTENTS
from layer.tools import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["lowest_botocore", "write_botocore_data"]

# Never called: botocore resolves the endpoint of a presigned POST with it.
_ENDPOINT_OPERATIONS = {"s3": ("CreateBucket",)}
# Those that every supported botocore knows. CBOR came later, and the first botocore with it misread CloudWatch's
# responses. A recent botocore reads the model's list of protocols, an early one its single protocol.
_PROTOCOLS = frozenset({"ec2", "json", "query", "rest-json", "rest-xml"})

# Read by botocore for every service.
_COMMON = ("_retry.json", "partitions.json", "sdk-default-configuration.json")


def write_botocore_data(botocore_data: Path, into: Path, operations: Mapping[str, Sequence[str]]) -> None:
    """Write the models of the named operations, and what every client needs, in botocore's own layout.

    Parameters
    ----------
    botocore_data
        botocore's `data` folder.
    into
        The folder to write; it is created.
    operations
        Service name to the operations that are included.

    Raises
    ------
    KeyError
        botocore does not know an operation.
    """
    import botocore

    into.mkdir(parents=True, exist_ok=True)
    for name in _COMMON:
        _write(into / name, _read(botocore_data / name))
    endpoints = _read(botocore_data / "endpoints.json")
    for partition in endpoints["partitions"]:
        partition["services"] = {name: entry for name, entry in partition["services"].items() if name in operations}
    _write(into / "endpoints.json", endpoints)
    services = {
        service: _write_service(
            botocore_data / service, into / service, (*names, *_ENDPOINT_OPERATIONS.get(service, ()))
        )
        for service, names in operations.items()
    }
    contents = {"botocore": botocore.__version__, "lowest": lowest_botocore(), "services": services}
    _write(into / CONTENTS, contents)


def lowest_botocore() -> str:
    """Return the lowest version that the package supports: botocore's versions are boto3's."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (lowest,) = (match[1] for line in project["dependencies"] if (match := re.fullmatch(r"boto3>=([0-9.]+)", line)))
    return str(lowest)


def _write_service(own: Path, into: Path, operations: Sequence[str]) -> list[str]:
    """Write the files of a service, and return the names of those that a client of it reads."""
    source = max(path for path in own.iterdir() if path.is_dir())
    target = into / source.name
    target.mkdir(parents=True, exist_ok=True)
    _write(target / "service-2.json", _trim_model(_read(source / "service-2.json"), operations))
    read = ["service-2"]
    for name in ("endpoint-rule-set-1", "service-2.sdk-extras"):
        if _exists(source / f"{name}.json"):
            _write(target / f"{name}.json", _read(source / f"{name}.json"))
            read.append(name)
    if _exists(source / "paginators-1.json"):
        pages = _read(source / "paginators-1.json")["pagination"]
        selected = {name: page for name, page in pages.items() if name in operations}
        _write(target / "paginators-1.json", {"pagination": selected})
    return [f"{own.name}/{source.name}/{name}" for name in read]


def _trim_model(model: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    model["operations"] = {name: model["operations"][name] for name in names}
    metadata = model["metadata"]
    metadata["protocols"] = [protocol for protocol in metadata["protocols"] if protocol in _PROTOCOLS]
    if metadata["protocol"] not in _PROTOCOLS:
        metadata["protocol"] = metadata["protocols"][0]
    used: set[str] = set()
    waiting = _shapes_named_in(model["operations"])
    while waiting:
        name = waiting.pop()
        used.add(name)
        waiting |= _shapes_named_in(model["shapes"][name]) - used
    model["shapes"] = {name: shape for name, shape in model["shapes"].items() if name in used}
    undocumented: dict[str, Any] = _without_documentation(model)
    return undocumented


def _shapes_named_in(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["shape"]} if isinstance(node.get("shape"), str) else set()
        return own.union(*(_shapes_named_in(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(_shapes_named_in(value) for value in node))
    return set()


def _without_documentation(node: Any) -> Any:
    if isinstance(node, dict):
        # Emptied, not removed: botocore reads the documentation of some entries by subscript.
        return {
            key: "" if key == "documentation" and isinstance(value, str) else _without_documentation(value)
            for key, value in node.items()
        }
    return [_without_documentation(value) for value in node] if isinstance(node, list) else node


def _exists(path: Path) -> bool:
    return path.exists() or path.with_name(f"{path.name}.gz").exists()


def _read(path: Path) -> Any:
    if path.exists():
        return json.loads(path.read_bytes())
    return json.loads(gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()))


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")
