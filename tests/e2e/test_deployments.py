"""The sample on the local AWS, deployed by the CDK CLI and by the SAM CLI, with IAM enforced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.job import Deployment

pytestmark = pytest.mark.e2e


def test_a_photo_becomes_an_upright_thumbnail_and_an_item_in_one_run(
    deployment: Deployment, drawn: Path, tmp_path: Path
) -> None:
    thumbnail = tmp_path / "thumbnail.jpg"
    result = deployment.send_photo(drawn, thumbnail)
    assert (result.size, result.runs) == ((192, 256), 1)
    assert result.bytes == thumbnail.stat().st_size
    assert result.item == {
        "key": "originals/drawn.jpg",
        "width": "3024",
        "height": "4032",
        "bytes": str(drawn.stat().st_size),
        "thumbnail": "thumbnails/drawn.jpg",
        "thumbnail_width": "192",
        "thumbnail_height": "256",
        "thumbnail_bytes": str(result.bytes),
    }
    with Image.open(thumbnail) as image:
        places = {"sky": (20, 5), "sun": (155, 41), "trunk": (40, 190), "grass": (180, 180)}
        colours = {name: image.getpixel(place) for name, place in places.items()}
    assert colours == {
        "sky": near(70, 130, 220),
        "sun": near(255, 200, 40),
        "trunk": near(105, 70, 45),
        "grass": near(60, 150, 60),
    }


def near(*colour: int) -> Any:
    return pytest.approx(colour, abs=25)


def test_a_message_comes_back_in_capitals(deployment: Deployment) -> None:
    assert deployment.say("Hello") == "HELLO"
    assert deployment.say("grüße & küsse") == "GRÜSSE & KÜSSE"


def test_without_a_message_there_is_help(deployment: Deployment) -> None:
    assert "?message=" in deployment.say(None)


def test_a_file_that_is_no_photo_lands_in_the_queue_and_stops_nothing_else(
    deployment: Deployment, drawn: Path, tmp_path: Path
) -> None:
    before = deployment.runs()
    deployment.upload("originals/notes.txt", b"not a photo")
    (failure,) = deployment.wait("failure in the queue", deployment.failures)
    (record,) = failure["requestPayload"]["Records"]
    assert record["s3"]["object"]["key"] == "originals/notes.txt"
    assert record["s3"]["bucket"]["name"] == deployment.outputs["BucketName"]
    assert deployment.runs() == before + 1  # it would fail again, so it is not tried again
    assert (deployment.read("thumbnails/notes.jpg"), deployment.item("originals/notes.txt")) == (None, None)

    after = tmp_path / "after.jpg"
    after.write_bytes(drawn.read_bytes())
    assert deployment.send_photo(after, tmp_path / "thumbnail.jpg").runs == 1
    assert deployment.failures() == []


def test_a_photo_outside_the_triggers_prefix_wakes_nobody(deployment: Deployment, drawn: Path) -> None:
    before = deployment.runs()
    deployment.upload("elsewhere/photo.jpg", drawn.read_bytes())
    deployment.upload("originals/again.jpg", drawn.read_bytes())
    deployment.wait("item", lambda: deployment.item("originals/again.jpg"))
    deployment.wait("log", lambda: deployment.runs() > before)
    assert deployment.runs() == before + 1


@pytest.fixture(params=["s3:GetObject", "s3:PutObject", "dynamodb:PutItem"])
def left_out(request: pytest.FixtureRequest, by_cdk: Deployment) -> Iterator[str]:
    """Take one action from the function's role, and give it back afterwards."""
    iam = by_cdk.aws.client("iam")
    role = by_cdk.function["Role"].rsplit("/", 1)[1]
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policies = {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}
    kept = {
        name: [statement for statement in policy["Statement"] if request.param not in actions(statement)]
        for name, policy in policies.items()
    }
    assert sum(map(len, kept.values())) == sum(len(policy["Statement"]) for policy in policies.values()) - 1
    for name, statements in kept.items():
        document = {**policies[name], "Statement": statements}
        if statements:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
        else:
            iam.delete_role_policy(RoleName=role, PolicyName=name)
    yield request.param
    for name, policy in policies.items():
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy))


def actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def test_every_granted_action_is_needed(left_out: str, by_cdk: Deployment, drawn: Path) -> None:
    key = f"originals/without-{left_out.replace(':', '-')}.jpg"
    by_cdk.upload(key, drawn.read_bytes())
    (failure,) = by_cdk.wait("failure in the queue", by_cdk.failures)
    assert failure["requestPayload"]["Records"][0]["s3"]["object"]["key"] == key
    assert by_cdk.item(key) is None
    assert any("AccessDenied" in line or "not authorized" in line for line in by_cdk.log())
