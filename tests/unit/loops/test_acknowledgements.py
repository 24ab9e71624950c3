"""Loops that are meant, and what else a report says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import Acknowledgement, Report, check
from constructs_lib.templates import read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.loops.conftest import Make

ENTRY = {"fingerprint": "0a1b2c3d4e5f", "reason": "meant", "bound": "5"}


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
    assert report.summary == "loop-free, 1 acknowledged: 3 resources read; graph: 1 function, 1 other resource, 2 edges"


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


def test_an_acknowledgement_of_a_template_is_for_a_loop_through_it(make: Make) -> None:
    resources = looping(make)
    name = make.check(resources).findings[0].fingerprint
    metadata = {"constructs-lib": {"acknowledge": [{**ENTRY, "fingerprint": name}]}}
    acknowledging = make.template(resources, Metadata=metadata)
    other = make.template({"Queue": {"Type": "AWS::SQS::Queue"}}, name="Other", Metadata=metadata)
    report = check([acknowledging])

    assert report.findings == ()
    assert [a.by.where for a in report.acknowledged] == ["Stack"]
    _, stale, needless = check([make.template(resources), other]).findings
    assert (stale.reference, str(stale.path[0]), stale.path[0].at, stale.helps) == (
        "acknowledgement-stale",
        f"Other: acknowledges `{name}`: meant",
        ("Metadata", "constructs-lib", "acknowledge", 0),
        ("that loop does not lead through here: acknowledge it in `Stack/Resize`",),
    )
    assert (needless.reference, str(needless.path[0]), needless.path[0].at, needless.helps) == (
        "recursion-allowed-needlessly",
        "Stack/Resize: RecursiveLoop: Allow",
        ("Resources", "Resize", "Properties", "RecursiveLoop"),
        ("take `RecursiveLoop: Allow` away, or acknowledge the loop that it is for",),
    )


def test_an_acknowledgement_that_says_nothing_is_told_with_where_it_stands_and_what_to_do(make: Make) -> None:
    resources = looping(make)
    del resources["Resize"]["Properties"]["RecursiveLoop"]
    resources["Resize"]["Metadata"] = {"aws:cdk:path": "Photos/Resize/Resource", "constructs-lib": {}}
    resources["Role"]["Metadata"] = {"constructs-lib": {"acknowledge": [ENTRY]}}
    template = make.template(resources)
    _, invalid, stale = check([template]).findings

    assert str(invalid.diagnostic()) == (
        """\
error[acknowledgement-invalid]: an acknowledgement in `Photos/Resize` cannot be read: `constructs-lib` does not hold \
`acknowledge`, and nothing else

  Photos/Resize  acknowledges

  help: give it a `fingerprint`, a `reason` and a `bound`, each a text in quotes
  see: constructs-lib explain acknowledgement-invalid"""
    )
    assert str(stale.diagnostic()) == (
        """\
error[acknowledgement-stale]: the acknowledgement of `0a1b2c3d4e5f` in `Stack/Role` matches no loop

  Role  acknowledges `0a1b2c3d4e5f`: meant

  help: take it away; if the loop has changed, look at it again and acknowledge what it is now
  see: constructs-lib explain acknowledgement-stale"""
    )
    assert [(f.verdict, f.severity) for f in (invalid, stale)] == [("loop-free", "misconfigured")] * 2
    assert [(f.path[0].source_id, f.path[0].at) for f in (invalid, stale)] == [
        (name, ("Resources", name, "Metadata", "constructs-lib", "acknowledge", 0)) for name in ("Resize", "Role")
    ]


def shown(report: Report) -> list[str]:
    return [f"{finding.reference}: {finding.headline}" for finding in report.findings]


def test_many_loops_apart_from_each_other_can_all_be_acknowledged(make: Make) -> None:
    resources: dict[str, dict[str, Any]] = {}
    for number in range(9):
        bucket, role, function = (f"{name}{number}" for name in ("Photos", "Role", "Resize"))
        resources[bucket] = make.bucket(make.notify(function, "in/"))
        resources[role] = make.role(make.allow("s3:PutObject", make.objects(bucket)))
        resources[function] = make.function(role, RecursiveLoop="Allow")
    template = make.template(resources)
    names = [finding.fingerprint for finding in check([template]).findings if finding.fingerprint]
    report = check([template], acknowledgements=[Acknowledgement(name, "meant", "5") for name in names])

    assert (report.findings, len(report.acknowledged)) == ((), 9)


def test_loops_with_too_much_in_common_are_unproven(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("constructs_lib.loops.acknowledgements.MAX_SEARCHES", 0)
    report = make.check(acknowledging(make, looping(make)))

    assert report.verdict == "unproven"
    assert shown(report) == ["invocation-loop-unproven: the acknowledged loops around `Resize` may hide another"]
    assert report.approximations == ("acknowledged loops share edges in more ways than were searched",)
    assert [(f.severity, f.reasons, f.helps) for f in report.findings] == [
        (
            "misconfigured",
            report.approximations,
            ("mend some of these loops, or give what they share resources of its own",),
        )
    ]


def test_an_acknowledgement_is_for_a_loop_through_its_resource(make: Make) -> None:
    resources = acknowledging(make, looping(make))
    resources["Role"]["Metadata"] = resources["Resize"].pop("Metadata")
    report = make.check(resources)

    assert report.findings[0].reference == "s3-invocation-loop"
    assert [finding.helps for finding in report.findings if finding.reference == "acknowledgement-stale"] == [
        ("that loop does not lead through here: acknowledge it in `Resize`",)
    ]


def test_each_stage_has_an_acknowledgement_of_its_own_for_the_same_loop(make: Make) -> None:
    stages = [make.template(acknowledging(make, looping(make)), name=f"{stage}/Photos") for stage in ("Dev", "Prod")]
    both = check(stages)

    assert (both.findings, len(both.acknowledged)) == ((), 2)
    for stage in stages:
        assert check([stage]).findings == ()


def test_construct_paths_do_not_change_a_fingerprint(make: Make) -> None:
    resources = acknowledging(make, looping(make))
    resources["Photos"]["Metadata"] = {"aws:cdk:path": "Prod/Photos/Resource"}

    assert make.check(resources).findings == ()


def test_one_acknowledgement_is_for_one_loop(make: Make) -> None:
    templates = [make.template(looping(make), name=name) for name in ("One", "Other")]
    name = check(templates[:1]).findings[0].fingerprint
    report = check(templates, acknowledgements=[Acknowledgement(name, "meant", "5")])

    assert shown(report) == [
        "s3-invocation-loop: `Other/Resize` can invoke itself through `Other/Photos`",
        "recursion-allowed-needlessly: `Other/Resize` allows recursion, but no acknowledged loop goes through it",
    ]


def test_what_is_given_from_outside_is_left_for_loops_that_no_template_acknowledges(make: Make) -> None:
    resources = looping(make)
    name = make.check(resources).findings[0].fingerprint
    metadata = {"constructs-lib": {"acknowledge": [{**ENTRY, "fingerprint": name}]}}
    templates = [make.template(resources, name="One", Metadata=metadata), make.template(resources, name="Other")]
    report = check(templates, acknowledgements=[Acknowledgement(name, "meant", "5")])

    assert (report.findings, [a.by.where for a in report.acknowledged]) == ((), ["One", ""])


def test_an_acknowledgement_that_is_given_twice_is_told(make: Make) -> None:
    resources = acknowledging(make, looping(make))
    resources["Resize"]["Metadata"]["constructs-lib"]["acknowledge"] *= 2
    name = make.check(resources).acknowledged[0].by.fingerprint

    assert shown(make.check(resources)) == [
        f"acknowledgement-stale: `{name}` is acknowledged twice, the second time in `Stack/Resize`"
    ]
    assert make.check(resources).findings[0].helps == ("take one of the two away",)


def test_an_acknowledgement_from_outside_that_matches_no_loop_is_told(make: Make) -> None:
    resources = looping(make)
    meant = Acknowledgement(make.check(resources).findings[0].fingerprint, "meant", "5")
    stale = Acknowledgement("0a1b2c3d4e5f", "meant", "5")
    report = check([make.template(resources)], acknowledgements=[meant, stale])

    assert [(f.headline, f.path) for f in report.findings] == [
        ("the acknowledgement of `0a1b2c3d4e5f` matches no loop", ())
    ]


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"acknowledges": []}, "`constructs-lib` does not hold `acknowledge`, and nothing else"),
        ([], "`constructs-lib` does not hold `acknowledge`, and nothing else"),
        ({"acknowledge": {}}, "`acknowledge` is not a list"),
        ({"acknowledge": ["0a1b2c3d4e5f"]}, "entry 1: it is not a mapping"),
        ({"acknowledge": [{"fingerprint": "0a1b2c3d4e5f"}]}, "entry 1: it has no `reason`, `bound`"),
        ({"acknowledge": [{**ENTRY, "until": "x"}]}, "entry 1: it has `until`, which means nothing"),
        ({"acknowledge": [{**ENTRY, "by": "x", "on": "x"}]}, "entry 1: it has `by`, `on`, which means nothing"),
        (
            {"acknowledge": [{**ENTRY, "fingerprint": 1}]},
            "entry 1: its `fingerprint` is not a text in quotes, or it is empty",
        ),
        ({"acknowledge": [{**ENTRY, "bound": " "}]}, "entry 1: its `bound` is not a text in quotes, or it is empty"),
        (
            {"acknowledge": [{**ENTRY, "fingerprint": "gone"}]},
            "entry 1: `gone` is no fingerprint, which has 12 digits from 0 to f",
        ),
    ],
)
def test_an_acknowledgement_that_cannot_be_read_is_told(make: Make, metadata: Any, reason: str) -> None:
    resources = looping(make)
    del resources["Resize"]["Properties"]["RecursiveLoop"]
    resources["Resize"]["Metadata"] = {"constructs-lib": metadata}

    assert shown(make.check(resources))[1:] == [
        f"acknowledgement-invalid: an acknowledgement in `Resize` cannot be read: {reason}"
    ]


def test_every_function_of_a_loop_that_is_meant_has_to_be_let_alone_by_aws(make: Make) -> None:
    resources = looping(make)
    resources["Role"] = make.role(make.allow("lambda:InvokeFunction", {"Fn::GetAtt": ["Other", "Arn"]}))
    resources["OtherRole"] = make.role(make.allow("s3:PutObject", make.objects("Photos")))
    resources["Other"] = make.function("OtherRole")

    assert [finding.helps for finding in make.check(acknowledging(make, resources)).findings] == [
        ("set `RecursiveLoop` of `Other` to `Allow`",)
    ]


def test_a_loop_that_aws_stops_is_not_one_that_is_meant(make: Make) -> None:
    resources = looping(make)
    del resources["Resize"]["Properties"]["RecursiveLoop"]

    assert [finding.reference for finding in make.check(acknowledging(make, resources)).findings] == [
        "recursion-not-allowed"
    ]


def test_what_aws_stops_says_of_which_functions_and_in_the_words_of_an_app(make: Make) -> None:
    resources = looping(make)
    del resources["Resize"]["Properties"]["RecursiveLoop"]
    resources["Role"] = make.role(make.allow("lambda:InvokeFunction", {"Fn::GetAtt": ["Other", "Arn"]}))
    resources["OtherRole"] = make.role(make.allow("s3:PutObject", make.objects("Photos")))
    resources["Other"] = make.function("OtherRole")
    acknowledging(make, resources)
    resources["Other"]["Metadata"] = {"aws:cdk:path": "Photos/Other/Resource"}
    [found] = make.check(resources).findings
    in_cdk = (
        "set `RecursiveLoop` of `Resize` and `Photos/Other` to `Allow`,"
        " in CDK by recursive_loop=lambda_.RecursiveLoop.ALLOW"
    )

    assert (found.verdict, found.severity, found.headline, found.helps) == (
        "loop-free",
        "misconfigured",
        "the acknowledged loop of `Resize` is stopped by AWS",
        (in_cdk,),
    )


def test_two_templates_of_one_name_are_told_apart_by_their_files(make: Make, tmp_path: Path) -> None:
    resources = looping(make)
    name = make.check(resources).findings[0].fingerprint
    metadata = {"constructs-lib": {"acknowledge": [{**ENTRY, "fingerprint": name}]}}
    one, other = (tmp_path / folder / "template.json" for folder in ("one", "other"))
    for path, more in ((one, {"Metadata": metadata}), (other, {})):
        path.parent.mkdir()
        path.write_text(json.dumps({"Resources": resources, **more}), "utf-8")
    report = check([read(one), read(other)])

    assert len(report.acknowledged) == 1
    assert [finding.path[0].template.path for finding in report.findings if finding.fingerprint] == [other]


def test_allowing_recursion_without_a_loop_is_an_error(make: Make) -> None:
    resources = looping(make)
    resources["Role"] = make.role()

    assert [str(finding.diagnostic()) for finding in make.check(resources).findings] == [
        """\
error[recursion-allowed-needlessly]: `Resize` allows recursion, but no acknowledged loop goes through it

  Resize  RecursiveLoop: Allow

  help: take `RecursiveLoop: Allow` away, or acknowledge the loop that it is for
  see: constructs-lib explain recursion-allowed-needlessly"""
    ]


def test_arrows_know_where_they_come_from(make: Make) -> None:
    step, back = make.check(looping(make)).findings[-2].path

    assert step.at == ("Resources", "Role", "Properties", "Policies", 0, "PolicyDocument", "Statement", 0)
    assert back.at == ("Resources", "Photos", "Properties", "NotificationConfiguration", "LambdaConfigurations", 0)
