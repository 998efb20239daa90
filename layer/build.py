"""Build a layer from uv.lock and src/ in cached steps: what has not changed is not built again."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from layer.archive import sha256, write_zip
from layer.botocore_data import write_botocore_data
from layer.bytecode import compile_folder, find_interpreter
from layer.certificates import write_certificates
from layer.install import copy_package, install, prune
from layer.manifest import read_licences, write_manifest
from layer.requirements import locked
from layer.tools import PROJECT, BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layer.targets import Target

__all__ = ["Built", "Options", "build_tree", "build_zip", "find_zip"]

_CACHE = PROJECT / "build" / "layer"
_REPORT = PROJECT / "layer" / "report"
_LIGHT_DATA = "_botocore_data"
_CERTIFICATES = "_ca_certificates"


@dataclass(frozen=True)
class Options:
    """How a layer is built.

    Parameters
    ----------
    layer
        `"core"` or `"extras"`.
    bundle_boto3
        Put the locked boto3 into core.
    boto3_services
        With `bundle_boto3`: include the data of these services only; by default of all.
    strict
        Fail if something would have to be left out.
    """

    layer: str = "core"
    bundle_boto3: bool = False
    boto3_services: tuple[str, ...] = ()
    strict: bool = False


@dataclass(frozen=True)
class Built:
    """A zip and its facts. The `notes` name what was left out, and why."""

    path: str
    layer: str
    target: str
    files: int
    zipped: int
    unzipped: int
    sha256: str
    notes: tuple[str, ...]


def build_zip(target: Target, options: Options, dist: Path) -> Built:
    """Build a layer as a zip, or return the existing one if nothing has changed.

    Raises
    ------
    BuildError
        A step failed; the message says which and why.
    """
    if found := find_zip(target, options, dist):
        return found
    archive, record = _paths(target, options, dist)
    with tempfile.TemporaryDirectory(prefix="ai-voice-layer-") as scratch:
        tree = Path(scratch) / "tree"
        notes = build_tree(target, options, tree)
        write_zip(tree, archive)
        files = [path for path in tree.rglob("*") if path.is_file()]
        unzipped = sum(path.stat().st_size for path in files)
        built = Built(
            str(archive),
            options.layer,
            target.name,
            len(files),
            archive.stat().st_size,
            unzipped,
            sha256(archive),
            tuple(notes),
        )
    fields = {**asdict(built), "path": archive.name, "fingerprint": _fingerprint(target, options)}
    # Renamed once complete, as the zip is.
    scratch_record = record.with_name(f".{record.name}.{secrets.token_hex(8)}.part")
    scratch_record.write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
    scratch_record.replace(record)
    return built


def find_zip(target: Target, options: Options, dist: Path) -> Built | None:
    """Return the existing zip of the same sources, lock and options; None if there is no such zip."""
    archive, record = _paths(target, options, dist)
    if not (archive.exists() and record.exists()):
        return None
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
    except ValueError:  # a full disk or a power failure leaves an empty file
        return None
    if not isinstance(known, dict) or known.pop("fingerprint", None) != _fingerprint(target, options):
        return None
    if known["sha256"] != sha256(archive):
        return None
    return Built(**{**known, "path": str(archive), "notes": tuple(known["notes"])})


def build_tree(target: Target, options: Options, into: Path) -> Sequence[str]:
    """Build a layer as the folder that becomes `/opt`.

    Returns
    -------
    Sequence
        What was left out, and why.
    """
    notes = []
    interpreter = find_interpreter(target.python)
    if interpreter is None:
        note = f"no bytecode: Python {target.python} is not on this machine, and uv could not fetch it"
        if options.strict:
            raise BuildError(note)
        notes.append(note)
    packages = _packages(target, options, interpreter)
    python = into / "python"
    shutil.copytree(packages / "python", python, dirs_exist_ok=True)
    if options.layer == "core":
        _add_package(python, interpreter)
    licences = (packages / "LICENSES.txt").read_text(encoding="utf-8")
    own_licence = (PROJECT / "LICENSE").read_text(encoding="utf-8")
    write_manifest(
        into,
        layer=options.layer,
        target=target,
        bytecode=interpreter is not None,
        licences=f"{own_licence}\n\n{licences}",
    )
    return notes


def _add_package(python: Path, interpreter: str | None) -> None:
    import botocore

    from ai_voice_shared.aws import OPERATIONS

    with tempfile.TemporaryDirectory(prefix="ai-voice-layer-") as scratch:
        # Separately first: the third-party packages are already pruned and compiled.
        alone = Path(scratch) / "python"
        alone.mkdir()
        copy_package(alone)
        prune(alone)
        own = alone / "ai_voice_shared"
        write_botocore_data(Path(botocore.__file__).with_name("data"), own / _LIGHT_DATA, OPERATIONS)
        write_certificates(python / "certifi" / "cacert.pem", own / _CERTIFICATES)
        if interpreter:
            compile_folder(alone, interpreter)
        shutil.copytree(alone, python, dirs_exist_ok=True)


def _paths(target: Target, options: Options, dist: Path) -> tuple[Path, Path]:
    archive = dist / f"ai-voice-shared-{options.layer}-{target.name}.zip"
    return archive, archive.with_suffix(".json")


def _packages(target: Target, options: Options, interpreter: str | None) -> Path:
    """Install, prune and compile the third-party packages, once for each set of requirements."""
    requirements = locked(options.layer, bundle_boto3=options.bundle_boto3)
    own_sources = b"".join(
        (Path(__file__).with_name(name)).read_bytes()
        for name in ("install.py", "exclusions.py", "bytecode.py", "bytecode_script.py")
    )
    parts = [asdict(target), asdict(options), sorted(requirements.items()), interpreter is not None]
    digest = hashlib.sha256(json.dumps(parts).encode() + own_sources).hexdigest()[:16]
    folder = _CACHE / f"{options.layer}-{target.name}-{digest}"
    if folder.exists():
        return folder
    # Created under another name and renamed once complete: an interrupted build leaves nothing that looks finished.
    scratch = _CACHE / f".{folder.name}-{os.getpid()}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        python = scratch / "python"
        install(requirements, target, python)
        (scratch / "LICENSES.txt").write_text(read_licences(python), encoding="utf-8")
        prune(python)
        if options.boto3_services:
            _trim_boto3(python, options.boto3_services)
        if interpreter:
            compile_folder(python, interpreter)
        try:
            scratch.rename(folder)
        except OSError:  # another process was faster, with the same content
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def _trim_boto3(python: Path, services: Sequence[str]) -> None:
    data = python / "botocore" / "data"
    known = {path.name for path in data.iterdir() if path.is_dir()}
    if unknown := set(services) - known:
        msg = f"botocore has no service called {', '.join(sorted(unknown))}"
        raise BuildError(msg)
    for name in known - set(services):
        shutil.rmtree(data / name)


def _fingerprint(target: Target, options: Options) -> str:
    digest = hashlib.sha256(repr((asdict(target), asdict(options), find_interpreter(target.python))).encode())
    inputs = [PROJECT / "uv.lock", PROJECT / "pyproject.toml", PROJECT / "LICENSE"]
    for root in ("src", "layer"):
        inputs += sorted(
            path
            for path in (PROJECT / root).rglob("*")
            # The report only displays layers.
            if path.is_file() and "__pycache__" not in path.parts and _REPORT not in path.parents
        )
    for path in inputs:
        digest.update(path.relative_to(PROJECT).as_posix().encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
