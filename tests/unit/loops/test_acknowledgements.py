"""Loops that are meant, and what else a report says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.loops import Acknowledgement, check

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make


def looping(make: Make, **function: Any) -> dict[str, dict[str, Any]]:
    return {
        "Photos": make.bucket(make.notify("Resize", "in/")),
        "Role": make.role(make.allow("s3:PutObject", make.objects("Photos"))),
        "Resize": make.function(RecursiveLoop="Allow", **function),
    }


def acknowledging(make: Make, resources: dict[str, dict[str, Any]], *more: str) -> dict[str, dict[str, Any]]:
    names = [finding.fingerprint for finding in make.check(resources).findings if finding.fingerprint]
    entries = [{"fingerprint": name, "reason": "meant", "bound": "5"} for name in (*names, *more)]
    resources["Resize"]["Metadata"] = {"constructs-lib": {"acknowledge": entries}}
    return resources


def test_an_acknowledged_loop_is_no_finding_but_is_told(make: Make) -> None:
    report = make.check(acknowledging(make, looping(make)))

    assert (report.verdict, report.findings) == ("loop-free", ())
    assert [(a.finding.headline, a.by.reason, a.by.where) for a in report.acknowledged] == [
        ("`Resize` can invoke itself through `Photos`", "meant", "Stack/Resize")
    ]
    assert report.summary == "loop-free, 1 acknowledged: 1 function, 1 resource, 2 edges"


def test_an_acknowledgement_may_be_given_from_outside(make: Make) -> None:
    template = make.template(looping(make))
    name = check([template]).findings[0].fingerprint

    assert check([template], acknowledgements=[Acknowledgement(name, "meant", "5")]).findings == ()


def test_any_change_voids_an_acknowledgement(make: Make) -> None:
    resources = acknowledging(make, looping(make))
    resources["Photos"] = make.bucket(make.notify("Resize", "incoming/"))
    report = make.check(resources)

    assert [finding.reference for finding in report.findings] == [
        "s3-invocation-loop",
        "acknowledgement-stale",
        "recursion-allowed-needlessly",
    ]


def test_an_acknowledged_loop_hides_no_other(make: Make) -> None:
    """Both loops write to the first bucket; the longer one is found without the shorter one's own edge."""
    resources = acknowledging(make, looping(make))
    resources["Photos"] = make.bucket(make.notify("Resize", "in/"), make.notify("Other", "out/"))
    resources["OtherRole"] = make.role(make.allow("s3:PutObject", make.objects("Photos", "in/*")))
    resources["Other"] = make.function("OtherRole")
    report = make.check(resources)

    assert [finding.headline for finding in report.findings] == [
        "`Resize` can invoke itself through `Photos` and `Other`"
    ]
    assert len(report.acknowledged) == 1


def test_a_loop_that_aws_stops_is_not_one_that_is_meant(make: Make) -> None:
    resources = looping(make)
    del resources["Resize"]["Properties"]["RecursiveLoop"]

    assert [finding.reference for finding in make.check(acknowledging(make, resources)).findings] == [
        "recursion-not-allowed"
    ]


def test_allowing_recursion_without_a_loop_is_an_error(make: Make) -> None:
    resources = looping(make)
    resources["Role"] = make.role()

    assert [str(finding.diagnostic()) for finding in make.check(resources).findings] == [
        """\
error[recursion-allowed-needlessly]: `Resize` allows recursion, but no acknowledged loop goes through it

  Resize  -- RecursiveLoop: Allow --> Resize

  help: take `RecursiveLoop: Allow` away, or acknowledge the loop that it is for
  see: docs/errors/recursion-allowed-needlessly.md"""
    ]


def test_overlapping_notifications_are_told_with_key_and_event(make: Make) -> None:
    bucket = make.bucket(make.notify("A", "in/"), make.notify("B", "", ".jpg", "s3:ObjectCreated:Put"))
    report = make.check({"Photos": bucket, "Role": make.role(), "A": make.function(), "B": make.function()})

    assert [str(finding.diagnostic()) for finding in report.findings] == [
        """\
error[notification-overlap]: two notifications of `Photos` match the same key and event

  Photos  -- s3:ObjectCreated:* `in/*` -->    A
  Photos  -- s3:ObjectCreated:Put `*.jpg` --> B

  witness: key `in/a.jpg` with s3:ObjectCreated:Put matches both
  help: give them prefixes or suffixes that no key has both of, or different events
  see: docs/errors/notification-overlap.md"""
    ]
    assert report.verdict == "loop-free"


def test_notifications_of_other_events_or_keys_do_not_overlap(make: Make) -> None:
    notifications = [
        make.notify("A", "in/"),
        make.notify("A", "out/"),
        make.notify("A", "in/", event="s3:ObjectRemoved:*"),
    ]
    report = make.check({"Photos": make.bucket(*notifications), "Role": make.role(), "A": make.function()})

    assert report.findings == ()


def test_arrows_know_where_they_come_from(make: Make) -> None:
    step, back = make.check(looping(make)).findings[-2].path

    assert step.at == ("Resources", "Role", "Properties", "Policies", 0, "PolicyDocument", "Statement", 0)
    assert back.at == ("Resources", "Photos", "Properties", "NotificationConfiguration", "LambdaConfigurations", 0)
