"""What a layer says about itself: a manifest, an SBOM (CycloneDX) and the licences of all that it holds."""

from __future__ import annotations

import hashlib
import json
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any

from layer.tools import PROJECT

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

    from layer.targets import Target

__all__ = ["content_sha256", "read_licences", "write_manifest"]


def read_licences(packages: Path) -> str:
    """Collect the licence files of every installed package, before they are pruned."""
    parts = []
    for folder in sorted(packages.glob("*.dist-info")):
        metadata = _metadata(folder)
        title = f"{metadata['Name']} {metadata['Version']}: {_licence(metadata) or 'see its project page'}"
        parts.append(f"{title}\n{'=' * len(title)}\n")
        names = ("LICEN", "NOTICE", "COPYING", "AUTHORS")
        parts += [
            file.read_text(encoding="utf-8", errors="replace").strip() + "\n"
            for file in sorted(path for path in folder.rglob("*") if path.is_file())
            if file.name.upper().startswith(names) or "licenses" in file.relative_to(folder).parts
        ]
    return "\n".join(parts)


def write_manifest(tree: Path, *, layer: str, target: Target, bytecode: bool, licences: str) -> None:
    """Write `manifest.json`, `sbom.cdx.json` and `LICENSES.txt` into a folder of the layer's own below `/opt`."""
    own = tree / f"ai-voice-shared-{layer}"
    own.mkdir(parents=True, exist_ok=True)
    components = [_metadata(folder) for folder in sorted((tree / "python").glob("*.dist-info"))]
    (own / "LICENSES.txt").write_text(licences, encoding="utf-8")
    _write_json(own / "sbom.cdx.json", _sbom(layer, components))
    manifest = {
        "layer": layer,
        "target": target.name,
        "python": target.python,
        "architecture": target.machine,
        "bytecode": "unchecked-hash" if bytecode else None,
        "packages": {str(metadata["Name"]).lower(): str(metadata["Version"]) for metadata in components},
        "uv_lock_sha256": hashlib.sha256((PROJECT / "uv.lock").read_bytes()).hexdigest(),
        # Of all files but this one: a zip cannot hold its own hash.
        "content_sha256": content_sha256(tree),
    }
    _write_json(own / "manifest.json", manifest)


def content_sha256(tree: Path) -> str:
    """Hash the names and bytes of all files of a layer but its manifest."""
    digest = hashlib.sha256()
    for file in sorted(path for path in tree.rglob("*") if path.is_file()):
        if file.name == "manifest.json" and file.parent.parent == tree:
            continue
        digest.update(
            f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(tree).as_posix()}\n".encode()
        )
    return digest.hexdigest()


def _sbom(layer: str, components: list[Message]) -> dict[str, Any]:
    """Describe the layer by CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/)."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        # No timestamp and no serial number: the same inputs give the same bytes.
        "metadata": {"component": {"type": "application", "name": f"ai-voice-shared-{layer}"}},
        "components": [
            {
                "type": "library",
                "name": str(metadata["Name"]),
                "version": str(metadata["Version"]),
                "purl": f"pkg:pypi/{str(metadata['Name']).lower().replace('_', '-')}@{metadata['Version']}",
                **({"licenses": [{"license": {"name": licence}}]} if (licence := _licence(metadata)) else {}),
            }
            for metadata in components
        ],
    }


def _licence(metadata: Message) -> str:
    for name in ("License-Expression", "License"):
        value = metadata.get(name)
        if value and "\n" not in value:
            return str(value)
    classifiers = [str(value) for value in metadata.get_all("Classifier", []) if str(value).startswith("License ::")]
    return classifiers[0].rsplit("::", maxsplit=1)[-1].strip() if classifiers else ""


def _metadata(folder: Path) -> Message:
    return HeaderParser().parsestr((folder / "METADATA").read_text(encoding="utf-8"))


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
