"""The local AWS emulator: MiniStack on loopback, in an environment of its own, on a free port.

MiniStack runs functions with its own interpreter. It is therefore installed in ``.uv/emulator``, which holds only the
``emulator`` dependency group: a function finds boto3 there, as in Lambda's runtime, and none of the packages that
only development needs. Everything else must come from the layer or from the function's own folder.

Nothing here can reach a real account: the credentials are the string "test", every client uses the loopback
endpoint, and the user's own AWS settings are removed from the environment.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from tests.support.certificate import make_loopback_certificate
from tests.support.processes import ROOT, ProgramError, end_group, exit_on_signals, find_uv, run
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    import boto3

__all__ = ["REGION", "LocalAWS", "clean_environment", "json_log_lines"]

REGION = "ap-southeast-2"
_ENVIRONMENT = ROOT / ".uv" / "emulator"
_LOOPBACK = "127.0.0.1"
_START_SECONDS = 60.0
_SHOWN_LOG_LINES = 40
_REMOVED = ("AWS_", "PYTHON", "VIRTUAL_ENV", "UV_PROJECT", "AI_VOICE_", "TWILIO_", "POWERTOOLS_", "SAM_", "PYTEST_")


def clean_environment() -> dict[str, str]:
    """Return this process's environment without settings of AWS, Python and this package."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_REMOVED)}
    # Loopback connections must never use a proxy.
    variables["NO_PROXY"] = variables["no_proxy"] = "127.0.0.1,localhost"
    return variables


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class LocalAWS:
    """MiniStack as a context manager; it ends with the block, with every process it started.

    Parameters
    ----------
    function_env
        Additional variables of every function, such as the address of an X-Ray collector.
    strict
        Serve over TLS and enforce IAM policies: a function may do only what its role allows, and a bucket can
        require TLS. Otherwise plain HTTP without policies, which containers can use.
    host
        The address to listen at.

    Examples
    --------
    ::

        with LocalAWS() as aws:
            aws.client("s3").create_bucket(...)
    """

    def __init__(
        self, function_env: Mapping[str, str] | None = None, *, strict: bool = False, host: str = _LOOPBACK
    ) -> None:
        self._function_env = dict(function_env or {})
        self._host = host
        self._certificate: Path | None = None
        self.strict = strict
        self._stack = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._session: boto3.Session | None = None
        self.port = 0
        self.state = Path()

    @property
    def endpoint_url(self) -> str:
        """The endpoint of every AWS service."""
        return f"{'https' if self.strict else 'http'}://{self._host}:{self.port}"

    @property
    def verify(self) -> str | bool:
        """The certificate to trust: its path, or True without TLS."""
        return str(self._certificate) if self._certificate else True

    @property
    def region(self) -> str:
        """The region of all resources."""
        return REGION

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(exit_on_signals())
            self.state = Path(tempfile.mkdtemp(prefix="ai-voice-aws-")).resolve()
            stack.callback(shutil.rmtree, self.state, ignore_errors=True)
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self, stack: contextlib.ExitStack) -> None:
        python = self._install()
        self.port = _free_port(self._host)
        (self.state / "tmp").mkdir()
        (self.state / "config").write_text(
            f"[default]\nregion = {REGION}\nendpoint_url = {self.endpoint_url}\n"
            "aws_access_key_id = test\naws_secret_access_key = test\n",
            encoding="utf-8",
        )
        env = clean_environment() | {
            "BIND_HOST": self._host,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": REGION,
            "LAMBDA_EXECUTOR": "local",
            "STATE_DIR": str(self.state / "state"),
            "S3_DATA_DIR": str(self.state / "s3"),
            "TMPDIR": str(self.state / "tmp"),
            # It removes its own containers at start; it must not touch this machine's.
            "DOCKER_HOST": f"unix://{self.state}/no-docker.sock",
            # Functions inherit the rest. MiniStack sets the region and the credentials of each.
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
            **self._function_env,
        }
        if self._host != _LOOPBACK:
            # MiniStack gives functions a loopback endpoint, where in this case nothing listens.
            env["AWS_ENDPOINT_URL"] = self.endpoint_url
        serve = [str(python), "-m", "hypercorn", "ministack.app:app", "--bind", f"{self._host}:{self.port}"]
        serve += ["--keep-alive", "75", "--graceful-timeout", "0"]
        if self.strict:
            certificate, key = make_loopback_certificate(self.state)
            self._certificate = certificate
            env |= {
                "AUTH": "true",
                "USE_SSL": "1",
                "MINISTACK_SSL_CERT": str(certificate),
                "MINISTACK_SSL_KEY": str(key),
                "AWS_CA_BUNDLE": str(certificate),
            }
            # Its own entry point would listen on port 443 as well.
            serve += ["--certfile", str(certificate), "--keyfile", str(key)]
        log = stack.enter_context((self.state / "ministack.log").open("wb"))
        supervisor = str(ROOT / "tests" / "support" / "supervisor.py")
        self._process = subprocess.Popen(
            [sys.executable, supervisor, str(self.state), *serve],
            env=env,
            cwd=self.state,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        stack.callback(self._stop, self._process)
        try:
            wait_for(self._healthy, what="the local AWS emulator to respond", timeout=_START_SECONDS)
        except TimeoutError as error:
            msg = f"{error}\n{self.log_tail()}"
            raise ProgramError(msg) from error

    @staticmethod
    def _install() -> Path:
        # The interpreter must be the one for which the target "local" builds the layer.
        command = [find_uv(), "sync", "--locked", "--only-group", "emulator", "--python", sys.executable]
        env = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL_ENV", "PYTHON"))}
        run(command, env=env | {"UV_PROJECT_ENVIRONMENT": str(_ENVIRONMENT)}, what="installing the local AWS emulator")
        return _ENVIRONMENT / "bin" / "python"

    @staticmethod
    def _stop(process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()
        end_group(process)

    def _healthy(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            msg = f"the local AWS emulator exited with status {self._process.returncode} at start\n{self.log_tail()}"
            raise ProgramError(msg)
        context = ssl.create_default_context(cafile=str(self._certificate)) if self._certificate else None
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
        try:
            with opener.open(f"{self.endpoint_url}/_ministack/health", timeout=2) as response:
                return bool(response.status == 200)
        except (URLError, OSError):
            return False

    def log_tail(self, lines: int = _SHOWN_LOG_LINES) -> str:
        """Return the last lines of MiniStack's own log."""
        log = self.state / "ministack.log"
        if not log.is_file():
            return "(no log)"
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def environment(self) -> dict[str, str]:
        """Return the environment for a program (``sam``) that must use only this AWS."""
        trust = {"AWS_CA_BUNDLE": str(self._certificate)} if self._certificate else {}
        return (
            clean_environment()
            | trust
            | {
                "AWS_ENDPOINT_URL": self.endpoint_url,
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_CONFIG_FILE": str(self.state / "config"),
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_EC2_METADATA_DISABLED": "true",
                "SAM_CLI_TELEMETRY": "0",
            }
        )

    def session(self) -> boto3.Session:
        """Return a boto3 session whose clients all use this AWS, regardless of the user's settings."""
        import boto3
        import botocore.session

        given = {"endpoint_url": self.endpoint_url, "verify": self.verify}

        class LoopbackSession(boto3.Session):
            def client(self, *args: Any, **kwargs: Any) -> Any:
                # Passed here and not by configuration, which AWS_ENDPOINT_URL_S3 and similar would override.
                return super().client(*args, **{**given, **kwargs})

        if self._session is None:
            core = botocore.session.Session()
            core.set_config_variable("profile", "default")
            core.set_config_variable("config_file", str(self.state / "config"))
            core.set_config_variable("credentials_file", os.devnull)
            core.set_config_variable("region", REGION)
            core.set_credentials("test", "test")
            self._session = LoopbackSession(botocore_session=core)
        return self._session

    def client(self, service: str) -> Any:
        """Return a boto3 client of `service` at this AWS."""
        from botocore.config import Config

        # Virtual-hosted addressing would need a domain whose subdomains resolve to loopback.
        config = Config(proxies={}, s3={"addressing_style": "path"}, retries={"total_max_attempts": 2})
        session: Any = self.session()  # the stubs require a literal name
        return session.client(service, config=config)

    def log_lines(self, function: str) -> list[dict[str, Any]]:
        """Return the JSON log lines that a function has written so far, oldest first."""
        return json_log_lines(self.client("logs"), function)


def json_log_lines(logs: Any, function: str) -> list[dict[str, Any]]:
    """Read the JSON log lines of a function from CloudWatch Logs, oldest first."""
    try:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}")
        messages = [event["message"] for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []
    lines = []
    for message in messages:
        with contextlib.suppress(ValueError):
            line = json.loads(message)
            if isinstance(line, dict):
                lines.append(line)
    return lines
