#!/usr/bin/env bash
# The entry point: finds uv, or installs it into .uv/, and runs `python -m layer`.
# It needs bash 3.2 and Python 3.11 or newer. `./build.sh --help` lists the commands.
set -euo pipefail
# With a CDPATH, cd would look for a relative folder there first, and print where it went.
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

find_python() {
    local candidate
    for candidate in python3.14 python3.13 python3.12 python3.11 python3 python; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    echo "build.sh: no Python 3.11 or newer is on PATH" >&2
    return 1
}

install_uv() {
    local python log
    python=$(find_python)
    log=.uv/install.log
    mkdir -p .uv
    echo "build.sh: uv is not on PATH; installing it into .uv/" >&2
    if ! { "$python" -m venv .uv/bootstrap && .uv/bootstrap/bin/python -m pip install --quiet uv; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "build.sh: uv could not be installed; on Debian and Ubuntu, the package python3-venv may be missing" >&2
        return 1
    fi
    mkdir -p .uv/bin
    ln -sf ../bootstrap/bin/uv .uv/bin/uv
}

if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then
    UV=uv
else
    [ -x .uv/bin/uv ] && .uv/bin/uv --version >/dev/null 2>&1 || install_uv
    PATH="$PWD/.uv/bin:$PATH"
    export PATH
    UV=uv
fi

# Called by the makefiles of sam build inside another `uv run`, whose environment is already the project's.
exec "$UV" run --locked --quiet python -m layer "$@"
