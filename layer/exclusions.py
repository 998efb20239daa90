"""The files that are left out of a layer, each with its reason."""

from __future__ import annotations

from fnmatch import fnmatchcase

__all__ = ["EXCLUSIONS", "reason_to_exclude"]

EXCLUSIONS: tuple[tuple[str, str], ...] = (
    ("bin/*", "command line tools, which no function runs"),
    ("*/__pycache__/*", "bytecode of the machine that built the layer; the target's is added later"),
    ("*.pyc", "as above"),
    ("*/__main__.py", "as `bin`"),
    ("idna/cli.py", "as `bin`"),
    ("annotated_types/test_cases.py", "cases for the tests of other packages"),
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
    ("CACHEDIR.TAG", "uv's marker in the folder"),
    ("ai_voice_shared/testing/*", "the pytest plugin: tests install the wheel"),
    ("anyio/pytest_plugin.py", "a pytest plugin"),
    ("anyio/_backends/_trio.py", "anyio's support for trio, which is not here"),
    ("aws_lambda_powertools/utilities/auth_alpha/*", "needs PyJWT, which is not here, and is an alpha"),
    ("aws_lambda_powertools/utilities/data_masking/*", "needs the AWS Encryption SDK, which is not here"),
    ("aws_lambda_powertools/utilities/kafka/*", "needs Avro or Protocol Buffers, which are not here"),
    ("aws_lambda_powertools/utilities/validation/*", "needs fastjsonschema, which is not here; pydantic validates"),
    ("aws_xray_sdk/ext/aiobotocore/*", "patches a package that is not here"),
    ("aws_xray_sdk/ext/aiohttp/*", "as above"),
    ("aws_xray_sdk/ext/bottle/*", "as above"),
    ("aws_xray_sdk/ext/django/*", "as above"),
    ("aws_xray_sdk/ext/flask/*", "as above"),
    ("aws_xray_sdk/ext/flask_sqlalchemy/*", "as above"),
    ("aws_xray_sdk/ext/mysql/*", "as above"),
    ("aws_xray_sdk/ext/pg8000/*", "as above"),
    ("aws_xray_sdk/ext/psycopg/*", "as above"),
    ("aws_xray_sdk/ext/psycopg2/*", "as above"),
    ("aws_xray_sdk/ext/pymongo/*", "as above"),
    ("aws_xray_sdk/ext/pymysql/*", "as above"),
    ("aws_xray_sdk/ext/pynamodb/*", "as above"),
    ("aws_xray_sdk/ext/sqlalchemy/*", "as above"),
    ("aws_xray_sdk/ext/sqlalchemy_core/*", "as above"),
    ("wrapt/_wrappers.*", "wrapt's compiled proxies: it has the same in Python, and only X-Ray's patching uses them"),
    ("httpcore/*/http2.py", "needs h2, which is not here; httpcore raises an error that says so"),
    ("httpcore/*/socks_proxy.py", "needs socksio, as above"),
    ("httpcore/_backends/trio.py", "httpcore's support for trio, which is not here"),
    ("httpx/_main.py", "httpx's command line, which needs packages that are not here"),
    ("idna/uts46data.py", "a mapping for hosts in any spelling, read only on request; httpx does not request it"),
    ("urllib3/contrib/emscripten/*", "urllib3's support for browsers"),
    ("urllib3/contrib/pyopenssl.py", "needs pyOpenSSL, which is not here"),
    ("urllib3/contrib/socks.py", "needs PySocks, which is not here"),
    ("urllib3/http2/connection.py", "needs h2, which is not here; urllib3 uses it only when enabled"),
    ("pydantic/mypy.py", "a plugin of mypy"),
    ("pydantic/v1/*", "the API of pydantic 1, 1.1 MB that nothing here imports and Python 3.14 no longer runs"),
    ("aws_lambda_powertools/event_handler/openapi/swagger_ui/*.js", "1.4 MB for a page of a development server"),
    ("aws_lambda_powertools/event_handler/openapi/swagger_ui/*.css", "as above"),
)
"""Patterns of paths below `python/`, and why no function needs what they match."""


def reason_to_exclude(path: str) -> str | None:
    """Return why a file is left out, or None if it is included.

    Parameters
    ----------
    path
        The path below `python/`, with `/`.

    Examples
    --------
    >>> reason_to_exclude("bin/httpx")
    'command line tools, which no function runs'
    >>> reason_to_exclude("httpx/_client.py") is None
    True
    """
    return next((reason for pattern, reason in EXCLUSIONS if fnmatchcase(path, pattern)), None)
