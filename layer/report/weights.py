"""What a layer's bytes are: packages, the kinds of their files, and the files."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KINDS", "File", "Package", "weigh"]

KINDS = {
    "bytecode": "bytecode",
    "source": "sources",
    "native": "compiled modules",
    "data": "data and metadata",
}
"""Kinds of files, and what they are called in the page."""

_BY_SUFFIX = {".py": "source", ".pyc": "bytecode", ".so": "native"}
_PAPERS = "manifest, SBOM, licences"
_BYTECODE_FOLDER = "__pycache__"


@dataclass(frozen=True)
class File:
    """A file, or what is left of many small ones."""

    name: str
    kind: str
    size: int


@dataclass(frozen=True)
class Package:
    """All that a package has in the layer, its metadata included."""

    name: str
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def by_kind(self) -> Counter[str]:
        """Give the bytes of each kind, the largest first."""
        found: Counter[str] = Counter()
        for file in self.files:
            found[file.kind] += file.size
        return Counter(dict(found.most_common()))

    def without_small(self, least: int) -> Package:
        """Put all files below a size together, one for each kind; the sum stays."""
        kept = [file for file in self.files if file.size >= least]
        for kind in KINDS:
            small = [file.size for file in self.files if file.size < least and file.kind == kind]
            if small:
                kept.append(File(f"{len(small)} small files", kind, sum(small)))
        return Package(self.name, tuple(kept))


def weigh(opt: Path) -> list[Package]:
    """Read the sizes of an unpacked layer's files; the heaviest package comes first.

    Parameters
    ----------
    opt
        The folder that Lambda has at `/opt`.
    """
    found: dict[str, list[File]] = defaultdict(list)
    for path in sorted(opt.rglob("*")):
        if path.is_file() and (size := path.stat().st_size):
            parts = path.relative_to(opt).parts
            kind = _BY_SUFFIX.get(path.suffix, "data")
            found[_package(parts)].append(File("/".join(parts[1:]), kind, size))
    packages = [Package(name, tuple(files)) for name, files in found.items()]
    return sorted(packages, key=lambda package: -package.size)


def _package(parts: tuple[str, ...]) -> str:
    if parts[0] != "python":
        return _PAPERS
    first = parts[2] if parts[1] == _BYTECODE_FOLDER else parts[1]
    return first.split("-")[0].split(".")[0]
