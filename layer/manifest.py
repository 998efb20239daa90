"""What a layer reports about itself: a manifest, an SBOM (CycloneDX) and the licences of all that it holds."""

from __future__ import annotations

import hashlib
import json
import re
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any

from layer.tools import PROJECT, BuildError, run, uv

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


def _sbom(layer: str, packages: list[Message]) -> dict[str, Any]:
    """Return what `uv export` reports of the lock, in CycloneDX 1.5, restricted to the packages that the layer holds.

    Its serial number, timestamp, own version and whatever else differs between versions of uv are dropped, so that the
    same inputs give the same bytes. `--no-hashes`, because it lists every wheel of a version: 112 kB.

    Raises
    ------
    BuildError
        The layer holds a package that the lock does not name.
    """
    command = [uv(), "export", "--frozen", "--quiet", "--no-dev", "--all-extras", "--no-hashes"]
    exported = json.loads(run([*command, "--format", "cyclonedx1.5", "--preview-features", "sbom-export"]))
    licences = {(_normalized(str(item["Name"])), str(item["Version"])): _licence(item) for item in packages}
    components = {}
    for item in (exported["metadata"]["component"], *exported["components"]):
        licence = licences.pop((item["name"], item["version"]), None)
        if licence is not None:
            fields = {key: item[key] for key in ("type", "bom-ref", "name", "version", "purl") if key in item}
            components[item["bom-ref"]] = {**fields, "licenses": [{"license": {"name": licence}}] if licence else []}
    if licences:
        msg = f"the layer holds what uv.lock does not name: {', '.join(name for name, _ in licences)}"
        raise BuildError(msg)
    return {
        **{key: exported[key] for key in ("bomFormat", "specVersion", "version")},
        "metadata": {"component": {"type": "application", "name": f"ai-voice-shared-{layer}"}},
        "components": [*components.values()],
        "dependencies": [
            {"ref": item["ref"], "dependsOn": [ref for ref in item.get("dependsOn", ()) if ref in components]}
            for item in exported["dependencies"]
            if item["ref"] in components
        ],
    }


def _normalized(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


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
