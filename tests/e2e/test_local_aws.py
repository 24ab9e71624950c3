"""What the local AWS refuses as AWS does, and that nothing of it is left when it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.environment import ROOT, errors
from tools.local_aws import LocalAws

pytestmark = pytest.mark.e2e

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"


def processes_of(folder: str) -> list[str]:
    """Return the command lines of the processes whose environment names a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if folder.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def notification(name: str, **affixes: str) -> dict[str, Any]:
    rules = [{"Name": key, "Value": value} for key, value in affixes.items()]
    return {
        "LambdaFunctionArn": FUNCTION + name,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }


def test_notifications_that_overlap_or_lack_permission_are_refused(tmp_path: Path) -> None:
    with LocalAws() as aws:
        s3, lambda_, iam = aws.client("s3"), aws.client("lambda"), aws.client("iam")
        s3.create_bucket(Bucket="photos")
        role = iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
            archive.writestr("bootstrap", "")
        lambda_.create_function(
            FunctionName="one",
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role=role,
            Code={"ZipFile": (tmp_path / "code.zip").read_bytes()},
        )

        def configure(*notifications: dict[str, Any]) -> None:
            s3.put_bucket_notification_configuration(
                Bucket="photos", NotificationConfiguration={"LambdaFunctionConfigurations": list(notifications)}
            )

        with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
            configure(notification("one"))
        lambda_.add_permission(
            FunctionName="one",
            StatementId="of-another-bucket",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn="arn:aws:s3:::others",
        )
        with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
            configure(notification("one"))
        lambda_.add_permission(
            FunctionName="one",
            StatementId="of-this-bucket",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn="arn:aws:s3:::photos",
            SourceAccount="000000000000",
        )
        with pytest.raises(ClientError, match="Configuration is ambiguously defined"):
            configure(notification("one", Prefix="a/"), notification("one", Prefix="a/b/", Suffix=".jpg"))
        assert "LambdaFunctionConfigurations" not in s3.get_bucket_notification_configuration(Bucket="photos")

        configure(notification("one", Prefix="a/", Suffix=".png"), notification("one", Prefix="a/", Suffix=".jpg"))
        kept = s3.get_bucket_notification_configuration(Bucket="photos")["LambdaFunctionConfigurations"]
        assert [
            {rule["Name"].lower(): rule["Value"] for rule in one["Filter"]["Key"]["FilterRules"]} for one in kept
        ] == [{"prefix": "a/", "suffix": ".png"}, {"prefix": "a/", "suffix": ".jpg"}]


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(errors.ConstructsLibError) as caught, LocalAws(port=port):
            pass
    assert str(caught.value) == (
        f"error[port-taken]: cannot listen on port `{port}` of 127.0.0.1\n"
        "\n"
        "  [Errno 98] Address already in use\n"
        "\n"
        "  help: give another port, or none: a free one is chosen then\n"
        "  see: docs/errors/port-taken.md"
    )


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_however_its_owner_ends(sign: signal.Signals) -> None:
    script = "import os, time; print(os.getpid(), os.environ['CDK_HOME'], flush=True); time.sleep(60)"
    owner = subprocess.Popen(
        [sys.executable, "-m", "tools.local_aws", sys.executable, "-c", script],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with owner:
        assert owner.stdout
        command, home = owner.stdout.readline().split(maxsplit=1)
        folder = str(Path(home.strip()).parent)
        assert any("local_aws_server" in line for line in processes_of(folder))
        os.kill(owner.pid, sign)
        if sign == signal.SIGKILL:  # then nobody is left to end the command; the server must end all the same
            os.kill(int(command), sign)
        owner.wait(timeout=30)
    deadline = time.monotonic() + 20
    while processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (processes_of(folder), Path(folder).exists()) == ([], False)
