"""The built layer, imported from outside."""

from __future__ import annotations

import ast
import marshal
from typing import TYPE_CHECKING

import pytest

from layer import targets
from layer.build import Options, build_tree
from layer.bytecode import find_interpreter
from tests.layer.conftest import run_python

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.layer

HEAVY = (
    "boto3",
    "botocore",
    "httpx",
    "pydantic",
    "pydantic_core",
    "aws_xray_sdk",
    "aws_lambda_powertools",
    "cachetools",
)

# A module is compiled from its source only if no bytecode matches.
CANARY = """
import importlib, importlib.machinery, pkgutil, sys
compiled = []
class Watched(importlib.machinery.SourceFileLoader):
    def source_to_code(self, data, path, **kwargs):
        compiled.append(path)
        return super().source_to_code(data, path, **kwargs)
sys.path_hooks[:] = [
    importlib.machinery.FileFinder.path_hook(
        (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
        (Watched, importlib.machinery.SOURCE_SUFFIXES),
        (importlib.machinery.SourcelessFileLoader, importlib.machinery.BYTECODE_SUFFIXES),
    )
]
sys.path_importer_cache.clear()
"""


def test_importing_the_package_loads_no_heavy_module(python_with_layer: Callable[..., str]) -> None:
    """With every heavy package blocked, `import ai_voice_shared` works."""
    printed = python_with_layer(f"""
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise AssertionError(name + " was imported")
sys.meta_path.insert(0, Blocked())
import ai_voice_shared, ai_voice_shared.errors, ai_voice_shared.settings, ai_voice_shared.services
assert ai_voice_shared.__file__.startswith(sys.path[0])
print("light", sorted(set(sys.modules) & set({HEAVY!r})))
""")
    assert printed.split() == ["light", "[]"]


def test_every_public_name_comes_from_the_layer(python_with_layer: Callable[..., str]) -> None:
    """The package's public names resolve with the core layer and the runtime's packages only."""
    printed = python_with_layer("""
import ai_voice_shared
for name in ai_voice_shared.__all__:
    assert getattr(ai_voice_shared, name) is not None
print(len(ai_voice_shared.__all__), ai_voice_shared.__version__)
""")
    count, version = printed.split()
    assert int(count) > 15
    assert version.count(".") == 2


def import_all(python: Path) -> str:
    """Return a script that imports every module of a layer and prints the count, the compiled and the missing ones."""
    return (
        CANARY
        + f"""
root = {str(python)!r}
names = ["ai_voice_shared"]
names += [m.name for m in pkgutil.walk_packages([root + "/ai_voice_shared"], "ai_voice_shared.")]
packages = "aws_lambda_powertools aws_xray_sdk annotated_types anyio cachetools certifi h11 httpcore httpx idna"
for package in (packages + " pydantic pydantic_core typing_inspection urllib3 wrapt").split():
    names += [package, *(m.name for m in pkgutil.walk_packages([root + "/" + package], package + "."))]
missing = []
for name in names:
    if name.endswith("__main__"):
        continue
    try:
        importlib.import_module(name)
    except ImportError as error:
        missing.append((name, str(error)))
print(len(names), [path for path in compiled if path.startswith(root)], sorted(missing))
"""
    )


def check_imported(printed: str) -> None:
    """Assert that everything was imported, and nothing compiled."""
    count, rest = printed.split(" ", 1)
    assert int(count) > 300
    recompiled, _, missing = rest.partition(" ")
    assert recompiled == "[]"
    # Only modules that need a package which is neither in the layer nor in the runtime.
    assert [name for name, error in ast.literal_eval(missing) if "No module named" not in error] == []


def test_no_module_is_compiled_at_run_time(python_with_layer: Callable[..., str], opt: Path) -> None:
    """Each module of the package and its dependencies loads from the layer's bytecode."""
    check_imported(python_with_layer(import_all(opt / "python")))


def test_every_target_with_an_interpreter_here_imports_all(runtime: Path, tmp_path: Path) -> None:
    """The layer of each Python loads in that Python, from its own bytecode."""
    local = targets.parse("local")
    versions = {target.python for target in targets.ALL}
    here = {name: found for name in versions if (found := find_interpreter(name)) is not None}
    assert local.python in here
    for version, interpreter in here.items():
        folder = tmp_path / version
        assert build_tree(targets.parse(f"python{version}-{local.machine}"), Options(), folder) == []
        check_imported(run_python(interpreter, [folder / "python", runtime], import_all(folder / "python")))


def test_tracebacks_name_the_place_in_opt(opt: Path) -> None:
    """Tracebacks have the paths that files have in Lambda."""
    (compiled,) = (opt / "python" / "ai_voice_shared" / "__pycache__").glob("problems.cpython-*.pyc")
    code = marshal.loads(compiled.read_bytes()[16:])  # noqa: S302 - our own build's
    assert code.co_filename == "/opt/python/ai_voice_shared/problems.py"


def test_clients_are_created_from_the_layer_s_part_of_botocore_s_data(python_with_layer: Callable[..., str]) -> None:
    """The S3 client has the operations that the package uses, and works with the runtime's boto3."""
    printed = python_with_layer(
        """
from ai_voice_shared import S3Service
from ai_voice_shared.aws import OPERATIONS
s3 = S3Service(bucket_name="notes")
assert set(s3.client.meta.service_model.operation_names) - {"CreateBucket"} == set(OPERATIONS["s3"])
print(s3.presign_get("a.ogg").url.split("?")[0])
""",
        AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
        AWS_SECRET_ACCESS_KEY="example",
    )
    assert printed.strip() == "https://notes.s3.us-east-1.amazonaws.com/a.ogg"


def test_without_the_extras_layer_a_feature_names_it(python_with_layer: Callable[..., str]) -> None:
    """A module of an extra can be imported; its use raises an error that names the layer to attach."""
    printed = python_with_layer("""
from ai_voice_shared.auth import hash_password
from ai_voice_shared.errors import MissingExtraError
try:
    hash_password("correct horse battery staple")
except MissingExtraError as error:
    print(error)
""")
    assert "attach the extras layer" in printed


def test_a_form_is_presigned_with_the_layer_s_part_of_botocore_s_data(python_with_layer: Callable[..., str]) -> None:
    """A POST is presigned, although botocore resolves its endpoint by an operation that the package never calls."""
    printed = python_with_layer(
        """
from ai_voice_shared import S3Service
post = S3Service(bucket_name="notes").presign_post("a.ogg", content_type="audio/ogg", max_bytes=100)
print(post.url, post.fields["key"])
""",
        AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
        AWS_SECRET_ACCESS_KEY="example",
    )
    assert printed.split() == ["https://notes.s3.us-east-1.amazonaws.com/", "a.ogg"]
