"""Secrets that a function rotates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.loops.edges.parts import arn, body, loops, rule, worker

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make
    from tests.unit.loops.edges.parts import Resources

SECRET = {"Ref": "Secret"}
ANY = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"


def rotating(make: Make, action: str, resource: Any, secret: Any = None) -> Resources:
    return {
        **worker(make, action, resource),
        "Secret": body("AWS::SecretsManager::Secret", Name="prod/orders"),
        "Attachment": body("AWS::SecretsManager::SecretTargetAttachment", SecretId=SECRET),
        "Rotation": body(
            "AWS::SecretsManager::RotationSchedule", SecretId=secret or SECRET, RotationLambdaARN=arn("Worker")
        ),
    }


@pytest.mark.parametrize(
    ("resource", "verdict"),
    [
        (SECRET, "loop"),
        ("*", "loop"),
        (f"{ANY}prod/*", "loop"),
        (f"{ANY}prod/orders-??????", "loop"),
        (f"{ANY}prod/orders", "loop-free"),
        (f"{ANY}test/*", "loop-free"),
    ],
)
@pytest.mark.parametrize("secret", [SECRET, {"Ref": "Attachment"}, "prod/orders"])
def test_a_function_that_rotates_a_secret_and_may_have_it_rotated_is_a_loop(
    make: Make, resource: Any, verdict: str, secret: Any
) -> None:
    report = make.check(rotating(make, "secretsmanager:RotateSecret", resource, secret))

    assert report.verdict == verdict
    assert loops(report) == ([("Worker > Secret > Worker", "endless")] if verdict == "loop" else [])


def test_what_a_rotation_writes_rotates_nothing(make: Make) -> None:
    assert make.check(rotating(make, "secretsmanager:PutSecretValue", SECRET)).verdict == "loop-free"


@pytest.mark.parametrize(
    ("resource", "verdict"),
    [({"Ref": "Given"}, "loop"), ({"Ref": "Other"}, "unproven"), (f"{ANY}test/*", "unproven")],
)
def test_a_secret_that_is_not_declared_is_known_by_what_names_it(make: Make, resource: Any, verdict: str) -> None:
    resources = rotating(make, "secretsmanager:RotateSecret", resource, {"Ref": "Given"})

    report = make.check(resources, Parameters={name: {"Type": "String"} for name in ("Given", "Other")})

    assert report.verdict == verdict


@pytest.mark.parametrize(("trail", "verdict"), [({}, "unproven"), ({"Trail": body("AWS::CloudTrail::Trail")}, "loop")])
def test_a_rotation_tells_the_default_bus(make: Make, trail: Any, verdict: str) -> None:
    asked = {"source": ["aws.secretsmanager"], "detail": {"eventName": ["RotationSucceeded"]}}
    resources = {**rotating(make, "secretsmanager:RotateSecret", SECRET), **trail, "Rule": rule(asked)}
    resources["Rotation"]["Properties"]["RotationLambdaARN"] = arn("Other")
    resources |= {"Other": make.function("Plain"), "Plain": make.role()}

    assert make.check(resources).verdict == verdict


def test_a_fix_denies_to_rotate(make: Make) -> None:
    (finding,) = make.check(rotating(make, "secretsmanager:RotateSecret", "*")).findings

    assert finding.witness == "rotating `Secret` invokes `Worker` again"
    assert finding.helps[0] == "deny `secretsmanager:RotateSecret` on `Secret` to `Worker`"
    assert finding.fixes[0].changes[0].value[-1]["PolicyDocument"]["Statement"] == [
        {"Effect": "Deny", "Action": "secretsmanager:RotateSecret", "Resource": {"Ref": "Secret"}}
    ]
