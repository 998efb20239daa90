"""The local AWS emulator leaves nothing behind, however its owner exits."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_aws import LocalAWS
from tests.support.processes import ROOT, ProgramError, run
from tests.support.waiting import wait_for

pytestmark = pytest.mark.e2e

OWNER = """
import signal, threading
# Background processes of a shell ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
from tests.support.local_aws import LocalAWS
with LocalAWS() as aws:
    print(aws.port, aws._process.pid, aws.state, flush=True)
    threading.Event().wait(60)
"""


def group_is_empty(leader: int) -> bool:
    """Return whether a process group is empty."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_running(how: signal.Signals) -> None:
    """The emulator and its workers exit when their owner is interrupted, terminated or killed."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as owner:
        assert owner.stdout is not None
        port, leader, state = owner.stdout.readline().split()
        assert not group_is_empty(int(leader))
        owner.send_signal(how)
        owner.wait(timeout=30)

    wait_for(lambda: group_is_empty(int(leader)), what="the emulator's process group to be empty")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(port))) != 0
    assert not Path(state).exists()


def test_nothing_points_to_a_real_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients and programs do not see the user's own credentials, profile or endpoints."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.com")
    with LocalAWS() as aws:
        assert aws.client("s3").meta.endpoint_url == aws.endpoint_url
        assert aws.session().client("s3").meta.endpoint_url == aws.endpoint_url
        assert aws.client("sts").get_caller_identity()["Account"] == "000000000000"
        env = aws.environment()

    assert env["AWS_ENDPOINT_URL"] == aws.endpoint_url
    assert env["AWS_ACCESS_KEY_ID"] == "test"
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3"} & env.keys()


def test_policies_are_enforced_over_tls() -> None:
    """In strict mode a role may do only what its policies allow."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    may = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::notes/*"}
    with LocalAWS(strict=True) as aws:
        assert aws.endpoint_url.startswith("https://")
        iam = aws.client("iam")
        role = iam.create_role(RoleName="writer", AssumeRolePolicyDocument=json.dumps(document(trust)))["Role"]
        iam.put_role_policy(RoleName="writer", PolicyName="write", PolicyDocument=json.dumps(document(may)))
        aws.client("s3").create_bucket(Bucket="notes", CreateBucketConfiguration={"LocationConstraint": aws.region})
        given = aws.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
        s3 = aws.session().client(
            "s3",
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )
        s3.put_object(Bucket="notes", Key="one", Body=b"1")
        with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
            s3.get_object(Bucket="notes", Key="one")


def document(statement: dict[str, Any]) -> dict[str, Any]:
    """Return a policy document of one statement."""
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_the_error_of_a_failed_program_names_it() -> None:
    """The error of a failed program has the step's name, the status and the program's last lines."""
    with pytest.raises(ProgramError, match=r"the step failed with status 3(?s:.*)no such thing"):
        run(["sh", "-c", "echo no such thing; exit 3"], env=dict(os.environ), what="the step")
