# ruff: noqa: INP001 - a file of the image, not of a package
"""Start Lambda's own runtime client with the module search path that Lambda's Python runtimes have.

The function comes first, then its layers, then the runtime's packages
(https://docs.aws.amazon.com/lambda/latest/dg/python-package.html).
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # Python puts this file's folder first; it is the runtime's, so it comes after the function and the layers.
    runtime = sys.path.pop(0)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], f"/opt/python/lib/{version}/site-packages", "/opt/python", runtime]

    from awslambdaric.__main__ import main

    main([sys.argv[0], os.environ["_HANDLER"]])
