"""The functions in a container of Lambda's image, by `sam local invoke`, with the built layer attached."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlsplit

import pytest

from tests.support.docker import HOST_NAME, IMAGE, SamLocal, docker, host_address, require_docker
from tests.support.local_aws import LocalAWS
from tests.support.stack import TOKEN_PARAMETER, Stack, deploy_stack
from tests.support.twilio_harness import ACCOUNT_SID, Media, TwilioHarness, Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.e2e, pytest.mark.docker]

PHONE = "+61400000001"
# Import everything under /opt/python: every module of this package, every top-level package of the others, and every
# compiled module. Print the failures and the counts.
IMPORT_ALL = """
import importlib, json, pathlib, pkgutil, sys

root = pathlib.Path("/opt/python")
sys.path[:0] = ["/var/task", str(root), "/var/runtime"]
names = {module.name for module in pkgutil.iter_modules([str(root)])}
compiled = {
    ".".join((*path.relative_to(root).parts[:-1], path.name.partition(".")[0])) for path in root.rglob("*.so")
}
failed = {}
own = {module.name for module in pkgutil.walk_packages([str(root / "ai_voice_shared")], "ai_voice_shared.")}
for name in sorted(names | compiled | own):
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = repr(error)
print(json.dumps({"failed": failed, "own": len(own), "compiled": len(compiled), "all": sorted(names)}))
"""


@pytest.fixture(scope="module", autouse=True)
def engine() -> None:
    """Skip these tests with the reason if no engine responds or the image is missing."""
    require_docker()


@pytest.fixture(scope="module")
def harness(engine: None) -> Iterator[TwilioHarness]:
    """Run Twilio's media API at an address that containers reach, and its CDN under another name."""
    with TwilioHarness(host_address(), HOST_NAME) as harness:
        yield harness


@pytest.fixture(scope="module")
def deployed(harness: TwilioHarness) -> Iterator[Stack]:
    """Deploy the stack to a local AWS emulator that containers can reach, for its tables, bucket and lookup."""
    with LocalAWS(host=host_address()) as aws:
        stack = deploy_stack(aws, parameters=harness.stack_parameters())
        stack.put_auth_token()
        yield stack


@pytest.fixture(scope="module")
def local(deployed: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamLocal]:
    """Build the template for the container's Python."""
    assert isinstance(deployed.aws, LocalAWS)
    before = derived_images()
    sam = SamLocal(deployed.aws, tmp_path_factory.mktemp("sam-local"))
    sam.build()
    yield sam
    for image in derived_images() - before:
        docker("image", "rm", "--force", image)


def derived_images() -> set[str]:
    """Return the names of the images that ``sam local`` built from Lambda's image and a layer."""
    return set(docker("image", "ls", "samcli/lambda-python", "--format", "{{.ID}}").split())


def function_url_event(stack: Stack, webhook: Webhook) -> dict[str, Any]:
    """Create the event with which a function URL invokes its function for a webhook."""
    url = urlsplit(stack.webhook_url)
    headers = {name.lower(): value for name, value in webhook.headers(stack.webhook_url).items()}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": url.path or "/",
        "rawQueryString": "",
        "headers": headers | {"host": url.netloc, "x-forwarded-proto": url.scheme},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": url.netloc,
            "http": {
                "method": "POST",
                "path": url.path or "/",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "TwilioProxy/1.1",
            },
            "requestId": "sam-local",
            "routeKey": "$default",
            "stage": "$default",
        },
        "body": base64.b64encode(webhook.body.encode()).decode(),
        "isBase64Encoded": True,
    }


def test_the_layer_imports_in_lambdas_image(local: SamLocal) -> None:
    """Every module of the layer, compiled ones included, can be imported in the container, which has no network."""
    printed = docker(
        *("run", "--rm", "--network", "none", "--volume", f"{local.layer}:/opt:ro"),
        *("--entrypoint", "/var/lang/bin/python3.13", IMAGE, "-c", IMPORT_ALL),
    )
    found = json.loads(printed.splitlines()[-1])
    assert found["failed"] == {}
    assert {"ai_voice_shared", "pydantic", "httpx", "aws_lambda_powertools"} <= set(found["all"])
    assert found["own"] > 10
    assert found["compiled"] > 0


def test_the_webhook_handler_stores_a_voice_note(
    local: SamLocal, deployed: Stack, harness: TwilioHarness, voice_note: bytes
) -> None:
    """In the container the handler looks up the sender, downloads the audio, stores it and responds with TwiML."""
    deployed.seed_customer(
        customer_id="cust-001", company_id="harbour-street", company_name="Harbour Street Builders", phone_number=PHONE
    )
    note = Media(voice_note, missing_times=1)
    webhook = harness.voice_note([note], sender=f"whatsapp:{PHONE}")

    invocation = local.invoke(
        "WebhookHandler",
        function_url_event(deployed, webhook),
        {
            "S3_BUCKET_NAME": deployed.bucket,
            "IDEMPOTENCY_TABLE_NAME": deployed.outputs["IdempotencyTableName"],
            "CUSTOMER_LOOKUP_URL": "",
            "CUSTOMER_LOOKUP_FUNCTION_NAME": deployed.lookup_server,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKENS": f"ssm:{TOKEN_PARAMETER}",
            "TWILIO_API_BASE_URL": harness.api_base_url,
            "TWILIO_CDN_HOSTS": harness.cdn_host,
        },
    )

    assert invocation.response.get("statusCode") == 200, f"{invocation.response}\n{invocation.log}"
    assert "<Response>" in invocation.response["body"]
    key = f"voice-notes/harbour-street/cust-001/{webhook.message_sid}/{note.sid}.ogg"
    stored = deployed.aws.client("s3").get_object(Bucket=deployed.bucket, Key=key)
    assert stored["Body"].read() == voice_note
    assert (note.api_requests, note.cdn_requests, harness.leaked_credentials) == (2, 1, 0)
    correlation_id = stored["Metadata"]["correlation-id"]
    assert correlation_id in {line.get("correlation_id") for line in invocation.log_lines()}


def test_the_voice_parser_reads_a_voice_note(local: SamLocal, deployed: Stack, voice_note: bytes) -> None:
    """In the container the parser reads an object with a space in its key, and writes its result."""
    # A bucket without notifications, so that only the container writes results.
    bucket, key = "sam-local-voice-notes", "voice-notes/harbour street/cust-001/MM1/ME1.ogg"
    s3 = deployed.aws.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": deployed.aws.region})
    s3.put_object(Bucket=bucket, Key=key, Body=voice_note, ContentType="audio/ogg")
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": deployed.aws.region,
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key, safe="/"), "size": len(voice_note)}},
    }

    invocation = local.invoke("VoiceParser", {"Records": [record]}, {"S3_BUCKET_NAME": bucket})

    assert "errorType" not in invocation.response, f"{invocation.response}\n{invocation.log}"
    [written] = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"] if item["Key"] != key]
    result = json.loads(s3.get_object(Bucket=bucket, Key=written)["Body"].read())
    assert result["source"] == {"bucket": bucket, "key": key}
    assert (result["codec"], result["channels"], result["sample_rate_hz"]) == ("opus", 1, 48_000)
    assert result["duration_seconds"] == pytest.approx(13.57, abs=0.01)
