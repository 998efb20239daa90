"""The stack of ``template.yaml``: built and deployed by SAM, and called as its users call it."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from tests.support.processes import ROOT, ProgramError, find_uv, run
from tests.support.twilio_harness import ACCOUNT_SID, AUTH_TOKEN
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from tests.support.local_aws import LocalAWS
    from tests.support.twilio_harness import Webhook

__all__ = ["AWS", "Stack", "deploy_stack", "local_runtime", "read_stack"]

STACK_NAME = "ai-voice-shared-local"
TOKEN_PARAMETER = "/ai-voice-shared/local/twilio-auth-token"


class AWS(Protocol):
    """An AWS that the stack can run on: the local emulator or a real account."""

    @property
    def endpoint_url(self) -> str | None:
        """The endpoint of every service, or None for AWS's own endpoints."""

    @property
    def region(self) -> str:
        """The region of the stack."""

    @property
    def verify(self) -> str | bool:
        """The certificate to trust: its path, or True for the default ones."""

    def client(self, service: str) -> Any:
        """Return a boto3 client."""

    def environment(self) -> dict[str, str]:
        """Return the environment variables for a program that uses this AWS."""

    def log_lines(self, function: str) -> list[dict[str, Any]]:
        """Return the JSON log lines of a function."""


def local_runtime() -> tuple[str, str]:
    """Return the template's Runtime and Architecture that match this machine."""
    machine = platform.machine().lower()
    architecture = "arm64" if machine in {"arm64", "aarch64"} else "x86_64"
    return f"python{sys.version_info.major}.{sys.version_info.minor}", architecture


@dataclass(frozen=True)
class Stack:
    """A deployed stack: its outputs, and operations for tests."""

    aws: AWS
    outputs: Mapping[str, str] = field(repr=False)

    @property
    def bucket(self) -> str:
        """Name of the bucket of voice notes."""
        return self.outputs["VoiceNotesBucketName"]

    @property
    def webhook_url(self) -> str:
        """The URL that Twilio calls and signs."""
        return self.outputs["WebhookUrl"]

    @property
    def webhook_handler(self) -> str:
        """Name of the function that receives webhooks."""
        return self.outputs["WebhookHandlerName"]

    @property
    def voice_parser(self) -> str:
        """Name of the function that reads voice notes."""
        return self.outputs["VoiceParserName"]

    @property
    def lookup_server(self) -> str:
        """Name of the function that looks up customers."""
        return self.outputs["CustomerLookupServerName"]

    @property
    def event_bus(self) -> str:
        """Name of the bus that voice-parser publishes to."""
        return self.outputs["VoiceEventsBusName"]

    def put_auth_token(self, token: str = AUTH_TOKEN) -> None:
        """Store Twilio's auth token where the webhook handler reads it."""
        self.aws.client("ssm").put_parameter(Name=TOKEN_PARAMETER, Value=token, Type="SecureString", Overwrite=True)

    def seed_customer(
        self,
        *,
        customer_id: str,
        company_id: str,
        company_name: str,
        phone_number: str | None = None,
        external_user_id: str | None = None,
    ) -> None:
        """Store a customer under a phone number, an external user id or both."""
        senders = [f"phone#{phone_number}"] if phone_number else []
        senders += [f"external#{external_user_id}"] if external_user_id else []
        for sender in senders:
            item = {
                "sender": sender,
                "customer_id": customer_id,
                "company_id": company_id,
                "company_name": company_name,
            }
            self.aws.client("dynamodb").put_item(
                TableName=self.outputs["CustomersTableName"],
                Item={name: {"S": value} for name, value in item.items()},
            )

    def post(self, content: str | bytes, headers: Mapping[str, str], timeout: float = 20) -> httpx.Response:
        """Post to the webhook handler's function URL."""
        import ssl

        import httpx

        verify = self.aws.verify
        trusted = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
        url, headers = self.webhook_url, dict(headers)
        if self.aws.endpoint_url is not None:
            # The emulator has one address for all, and distinguishes function URLs by their host.
            headers["Host"] = urlsplit(url).netloc
            url = self.aws.endpoint_url + (urlsplit(url).path or "/")
        return httpx.post(url, content=content, headers=headers, timeout=timeout, trust_env=False, verify=trusted)

    def deliver(self, webhook: Webhook, *, within: float = 20, signature: str | None = None) -> httpx.Response:
        """Post a signed webhook, as Twilio does, with a time limit for the reply in seconds."""
        headers = webhook.headers(self.webhook_url)
        if signature is not None:
            headers["X-Twilio-Signature"] = signature
        return self.post(webhook.body, headers, within)

    def keys(self, prefix: str = "") -> list[str]:
        """List the keys in the bucket."""
        pages = self.aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def message_keys(self, message_sid: str) -> list[str]:
        """List the keys of the objects of a message."""
        return [key for key in self.keys() if f"/{message_sid}/" in key]

    def wait_for_message_key(self, message_sid: str, suffix: str, timeout: float = 30) -> str:
        """Wait for an object of a message with this suffix, and return its key."""

        def look() -> str | None:
            return next((key for key in self.message_keys(message_sid) if key.endswith(suffix)), None)

        return wait_for(look, what=f"an object of {message_sid} that ends with {suffix}", timeout=timeout)

    def read_json(self, key: str) -> dict[str, Any]:
        """Return the content of a JSON object."""
        found = self.aws.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        content: dict[str, Any] = json.loads(found)
        return content

    def wait_for_log(
        self, function: str, wanted: Callable[[dict[str, Any]], bool], what: str, timeout: float = 30
    ) -> dict[str, Any]:
        """Wait for a log line of a function that satisfies `wanted`, and return it."""
        return wait_for(
            lambda: next((line for line in self.aws.log_lines(function) if wanted(line)), None),
            what=f"a log line of {function}: {what}",
            timeout=timeout,
        )


def read_stack(aws: AWS, name: str) -> Stack:
    """Return the deployed stack with its outputs."""
    [found] = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return Stack(aws, {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])})


def deploy_stack(
    aws: LocalAWS,
    *,
    parameters: Mapping[str, str] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Stack:
    """Build the stack for this machine's own Python and deploy it to the local AWS emulator.

    Parameters
    ----------
    parameters
        Template parameters in addition to those of every local stack.
    progress
        Called with the name of each step as it begins.

    Raises
    ------
    ProgramError
        If ``make`` is missing or ``sam`` fails; the message has its last lines.
    """
    if shutil.which("make") is None:
        msg = "sam build needs make: apt-get install make, or on macOS xcode-select --install"
        raise ProgramError(msg)
    runtime, architecture = local_runtime()
    given = {
        "Stage": "local",
        "WithE2EStack": "true",
        "LookupBy": "invoke",
        "Runtime": runtime,
        "Architecture": architecture,
        "TwilioAccountSid": ACCOUNT_SID,
        "TwilioAuthTokenParameter": TOKEN_PARAMETER,
    } | dict(parameters or {})
    overrides = [
        "--parameter-overrides",
        *(f"ParameterKey={key},ParameterValue={value}" for key, value in given.items()),
    ]
    paths = [str(Path(find_uv()).parent), str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    env = aws.environment() | {
        "AI_VOICE_LAYER_TARGET": "local",
        # Otherwise SAM uses a folder in the home directory.
        "__SAM_CLI_APP_DIR": str(aws.state / "sam"),
        "PATH": os.pathsep.join(paths),
    }
    sam = [sys.executable, "-m", "samcli"]
    common = ["--config-file", str(ROOT / "samconfig.toml"), "--config-env", "local", "--region", aws.region]
    build = aws.state / "build"

    progress("sam build")
    template = ["--template-file", str(ROOT / "template.yaml"), "--build-dir", str(build)]
    run([*sam, "build", *common, *template, *overrides], env=env, what="sam build")
    progress("sam deploy")
    template = ["--template-file", str(build / "template.yaml"), "--stack-name", STACK_NAME]
    run([*sam, "deploy", *common, *template, *overrides], env=env, what="sam deploy")
    stack = read_stack(aws, STACK_NAME)
    _wire_dead_letter_queue(stack)
    return stack


def _wire_dead_letter_queue(stack: Stack) -> None:
    """Set the dead letter queue of the template, because MiniStack's CloudFormation ignores DeadLetterConfig.

    Its Lambda accepts the setting by API and applies it.
    """
    url = stack.outputs["VoiceParserFailuresUrl"]
    attributes = stack.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    stack.aws.client("lambda").update_function_configuration(
        FunctionName=stack.voice_parser, DeadLetterConfig={"TargetArn": attributes["Attributes"]["QueueArn"]}
    )
