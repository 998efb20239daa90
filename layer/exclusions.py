"""What is left out of a layer, each with its reason."""

from __future__ import annotations

from fnmatch import fnmatchcase

__all__ = ["EXCLUSIONS", "reason_to_exclude"]

EXCLUSIONS: tuple[tuple[str, str], ...] = (
    ("bin/*", "command line tools: nobody types in a function"),
    ("*/__pycache__/*", "bytecode of the machine that built the layer; the target's is added later"),
    ("*.pyc", "as above"),
    ("*.pyi", "stubs, read by type checkers"),
    ("*.h", "headers, read by compilers"),
    ("*.c", "C sources of compiled modules"),
    ("*.pyx", "Cython sources of compiled modules"),
    ("*.pxd", "as above"),
    ("*/tests/*", "tests of the packages themselves"),
    ("*.dist-info/RECORD", "pip's list of files, with paths that are not those of the layer; checked when built"),
    ("*.dist-info/INSTALLER", "pip's own bookkeeping"),
    ("*.dist-info/REQUESTED", "pip's own bookkeeping"),
    ("*.dist-info/uv_*", "uv's own bookkeeping"),
    ("*.dist-info/WHEEL", "how the wheel was built"),
    ("*.dist-info/direct_url.json", "where it was installed from"),
    ("*.dist-info/licenses/*", "licences: all of them stand together in LICENSES.txt"),
    ("*.dist-info/LICENSE*", "as above"),
    ("*.dist-info/NOTICE*", "as above"),
    ("*.dist-info/AUTHORS*", "as above"),
    ("*.dist-info/top_level.txt", "setuptools' own bookkeeping"),
    ("*.dist-info/sboms/*", "what the compiled modules were made of: the layer has an SBOM of its own"),
    (".lock", "uv's lock on the folder"),
    ("CACHEDIR.TAG", "uv's mark on the folder"),
    ("ai_voice_shared/testing/*", "the pytest plugin: tests install the wheel"),
    ("anyio/pytest_plugin.py", "a pytest plugin"),
    ("httpx/_main.py", "httpx's command line, which needs packages that are not here"),
    ("pydantic/mypy.py", "a plugin of mypy"),
    ("aws_lambda_powertools/event_handler/openapi/swagger_ui/*.js", "1.4 MB for a page of a development server"),
    ("aws_lambda_powertools/event_handler/openapi/swagger_ui/*.css", "as above"),
)
"""Patterns of paths below `python/`, and why no function needs what they match."""


def reason_to_exclude(path: str) -> str | None:
    """Say why a file is left out, or None where it stays.

    Parameters
    ----------
    path
        The path below `python/`, with `/`.

    Examples
    --------
    >>> reason_to_exclude("bin/httpx")
    'command line tools: nobody types in a function'
    >>> reason_to_exclude("httpx/_client.py") is None
    True
    """
    return next((reason for pattern, reason in EXCLUSIONS if fnmatchcase(path, pattern)), None)
