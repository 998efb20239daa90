"""Functions in containers: the engine, the address of this machine for containers, and `sam local invoke`.

A container reaches this machine at the address of Docker's bridge, not on loopback: servers for it listen there, where
only this machine and its containers can connect.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.processes import ROOT, ProgramError, end_group, find_uv, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.local_aws import LocalAWS

__all__ = [
    "ARCHITECTURE",
    "HOST_NAME",
    "IMAGE",
    "RUNTIME",
    "Invocation",
    "SamLocal",
    "docker",
    "host_address",
    "missing",
    "require_docker",
]

RUNTIME = "python3.13"
ARCHITECTURE = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
IMAGE = f"public.ecr.aws/lambda/python:3.13-{ARCHITECTURE}"
HOST_NAME = "host.docker.internal"
"""The host name of this machine inside a container."""

_REQUIRED = "AI_VOICE_REQUIRE_DOCKER"


def docker(*arguments: str, timeout: float = 60) -> str:
    """Run the ``docker`` command and return what it printed."""
    return run(["docker", *arguments], env=os.environ, timeout=timeout, what=f"docker {arguments[0]}").strip()


def missing() -> str | None:
    """Return what is missing for tests in containers, or None if nothing is."""
    if platform.system() != "Linux":
        return "only on Linux does a container reach this machine at the bridge's address"
    try:
        docker("version", "--format", "{{.Server.Version}}", timeout=20)
    except FileNotFoundError:
        return "the docker command is not on PATH"
    except ProgramError as error:
        return f"no Docker engine responds: {str(error).splitlines()[-1]}"
    try:
        docker("image", "inspect", "--format", "{{.Id}}", IMAGE, timeout=20)
    except ProgramError:
        return f"{IMAGE} is missing; .ci/make-lambda-image provides it"
    return None


def require_docker() -> None:
    """Skip the test if containers are unavailable; fail it if AI_VOICE_REQUIRE_DOCKER requires them."""
    reason = missing()
    if reason is None:
        return
    if os.environ.get(_REQUIRED):
        pytest.fail(f"{reason} ({_REQUIRED} is set)", pytrace=False)
    pytest.skip(reason)


def host_address() -> str:
    """Return the address at which containers reach this machine: that of Docker's bridge."""
    (config, *_) = json.loads(docker("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}"))
    # An engine whose network was not created by this start of it lists no gateway, which is the first address.
    return str(config.get("Gateway") or next(ip_network(config["Subnet"]).hosts()))


@dataclass(frozen=True, slots=True)
class Invocation:
    """The result of `sam local invoke`: the function's response, and its standard error."""

    response: Any
    log: str = field(repr=False)

    def log_lines(self) -> list[dict[str, Any]]:
        """Return the function's JSON log lines, oldest first."""
        lines = []
        for text in self.log.splitlines():
            with contextlib.suppress(ValueError):
                line = json.loads(text)
                if isinstance(line, dict):
                    lines.append(line)
        return lines


class SamLocal:
    """``template.yaml``, built for the container's Python, with its functions run by ``sam local``.

    Parameters
    ----------
    aws
        The local AWS emulator that the functions use; it listens at `host_address()`.
    folder
        An empty folder for the build.
    """

    def __init__(self, aws: LocalAWS, folder: Path) -> None:
        self._folder = folder
        self._endpoint_url = aws.endpoint_url
        self._address = host_address()
        paths = [str(Path(find_uv()).parent), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        # No AWS_ENDPOINT_URL for sam itself: it makes no calls.
        self._env = {name: value for name, value in aws.environment().items() if name != "AWS_ENDPOINT_URL"} | {
            "AI_VOICE_LAYER_TARGET": f"{RUNTIME}-{ARCHITECTURE}",
            "AWS_CONFIG_FILE": os.devnull,
            "__SAM_CLI_APP_DIR": str(folder / "sam"),
            "PATH": os.pathsep.join(paths),
        }
        self._template = folder / "build" / "local.json"

    def build(self) -> None:
        """Build the template, and set the endpoint of the local AWS emulator for its functions."""
        build = self._folder / "build"
        run(
            [
                *self._sam("build"),
                *("--template-file", str(ROOT / "template.yaml"), "--build-dir", str(build)),
                *self._overrides(),
            ],
            env=self._env,
            what="sam build",
        )
        self._template.write_text(json.dumps(self._with_endpoint(build / "template.yaml")), encoding="utf-8")

    def _with_endpoint(self, path: Path) -> dict[str, Any]:
        # `sam local` passes only variables that the template names, and the template names no endpoint, because in
        # a real account the functions use AWS.
        from samcli.yamlhelper import yaml_parse

        template: dict[str, Any] = yaml_parse(path.read_text(encoding="utf-8"))
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                variables = resource["Properties"].setdefault("Environment", {}).setdefault("Variables", {})
                variables["AWS_ENDPOINT_URL"] = self._endpoint_url
        return template

    @property
    def layer(self) -> Path:
        """The folder with the built layer, which is /opt in the container."""
        return self._folder / "build" / "CoreLayer"

    def invoke(self, function: str, event: Mapping[str, Any], variables: Mapping[str, str]) -> Invocation:
        """Invoke a function of the template in a container.

        Parameters
        ----------
        function
            Its logical id.
        variables
            Other values for environment variables that the template names.

        Raises
        ------
        ProgramError
            If ``sam`` fails. The response of a function that raises has an ``errorType``.
        """
        given = self._folder / "variables.json"
        given.write_text(json.dumps({"Parameters": dict(variables)}), encoding="utf-8")
        process = subprocess.Popen(
            [
                *self._sam("local", "invoke", function),
                *("--template-file", str(self._template), "--event", "-", "--env-vars", str(given)),
                *("--skip-pull-image", "--no-memory-limit", "--layer-cache-basedir", str(self._folder / "layers")),
                *("--add-host", f"{HOST_NAME}:{self._address}"),
                *self._overrides(),
            ],
            env=self._env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            response, log = process.communicate(json.dumps(event), timeout=180)
        except BaseException:
            end_group(process)
            raise
        if process.returncode:
            msg = f"sam local invoke {function} failed with status {process.returncode}\n{log}"
            raise ProgramError(msg)
        try:
            return Invocation(json.loads(response), log)
        except ValueError as error:
            msg = f"sam local invoke {function} did not return JSON: {response[:200]!r}\n{log}"
            raise ProgramError(msg) from error

    @staticmethod
    def _sam(*command: str) -> list[str]:
        return [
            *(sys.executable, "-m", "samcli", *command),
            *("--config-file", str(ROOT / "samconfig.toml"), "--config-env", "local", "--region", "ap-southeast-2"),
        ]

    @staticmethod
    def _overrides() -> list[str]:
        given = {
            "Stage": "local",
            "WithE2EStack": "true",
            "LookupBy": "invoke",
            "Runtime": RUNTIME,
            "Architecture": ARCHITECTURE,
        }
        return [
            "--parameter-overrides",
            *(f"ParameterKey={key},ParameterValue={value}" for key, value in given.items()),
        ]
