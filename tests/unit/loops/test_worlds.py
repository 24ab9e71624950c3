"""Conditions that exclude each other, and parameters that are one value at a time."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.loops import Acknowledgement, check
from constructs_lib.templates import Template

if TYPE_CHECKING:
    from tests.unit.loops.conftest import Make

Body = dict[str, Any]
NO_VALUE = {"Ref": "AWS::NoValue"}
STAGE: Body = {
    "Parameters": {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}},
    "Conditions": {
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
    },
}


def if_prod(value: Any, otherwise: Any = NO_VALUE) -> Body:
    return {"Fn::If": ["IsProd", value, otherwise]}


def looping(make: Make, write: Any = "*", prefix: Any = "", **sections: Any) -> Template:
    objects = {"Fn::Join": ["/", [{"Fn::GetAtt": ["Photos", "Arn"]}, write]]}
    resources = {
        "Photos": make.bucket(make.notify("Resize", prefix)),
        "Role": make.role(make.allow("s3:PutObject", objects)),
        "Resize": make.function(),
    }
    return make.template(resources, **(sections or STAGE))


def seen(template: Template) -> tuple[str, list[tuple[str, ...]]]:
    report = check([template])
    return report.verdict, [finding.when for finding in report.findings]


def test_a_write_and_a_trigger_of_different_worlds_do_not_meet(make: Make) -> None:
    template = looping(make, if_prod("in/*", "out/*"), if_prod("out/", "in/"))

    assert seen(template) == ("loop-free", [])


def test_a_loop_in_one_world_is_found_and_says_in_which(make: Make) -> None:
    template = looping(make, if_prod("in/*", "out/*"), if_prod("in/", "in/"))

    assert seen(template) == ("loop", [("Stage is `prod`",)])
    assert "note: happens when Stage is `prod`\n" in str(check([template]))


def test_a_loop_in_several_worlds_says_so_in_few_words(make: Make) -> None:
    sections: Body = {
        "Parameters": {
            "Stage": {"Type": "String", "AllowedValues": ["dev", "test", "prod"]},
            "Size": {"Type": "String", "AllowedValues": ["small", "large"]},
        },
        "Conditions": {
            "IsProd": {"Fn::Or": [{"Fn::Equals": [{"Ref": "Stage"}, "prod"]}, {"Condition": "IsLarge"}]},
            "IsLarge": {"Fn::Equals": [{"Ref": "Size"}, "large"]},
        },
    }

    assert seen(looping(make, if_prod("in/*", "out/*"), "in/", **sections)) == (
        "loop",
        [("Stage is `prod`", "Size is `large`")],
    )


def test_a_loop_that_is_certain_in_one_world_only_is_not_called_certain_in_another(make: Make) -> None:
    sections = {**STAGE, "Parameters": {**STAGE["Parameters"], "Effect": {"Type": "String"}}}
    template = looping(make, "*", **sections)
    policy = template.document["Resources"]["Role"]["Properties"]["Policies"][0]["PolicyDocument"]
    policy["Statement"][0]["Effect"] = if_prod("Allow", {"Ref": "Effect"})

    assert [(finding.verdict, finding.when) for finding in check([template]).findings] == [
        ("loop", ("Stage is `prod`",)),
        ("unproven", ("Stage is `dev`",)),
    ]


def test_a_loop_in_all_worlds_is_one_finding(make: Make) -> None:
    assert seen(looping(make, "*", if_prod("in/", "in/"))) == ("loop", [()])


def test_a_parameter_is_one_value_in_both_places(make: Make) -> None:
    def under(folder: str, end: str) -> Body:
        return {"Fn::Sub": f"{folder}${{Stage}}{end}"}

    free: Body = {"Parameters": {"Stage": {"Type": "String", "AllowedValues": ["a", "b", "c"]}}}

    assert seen(looping(make, under("", "/out/*"), under("", "/in/"), **free)) == ("loop-free", [])
    assert seen(looping(make, under("x/", "/*"), "x/b/", **free)) == ("loop", [("Stage is `b`",)])


@pytest.mark.parametrize(
    ("values", "name"), [((True, 1), "1"), ((1, True), "true"), ((1, 1.0), "1.0"), ((1.0, 1), "1"), ((0, -0.0), "-0.0")]
)
def test_worlds_whose_values_are_equal_but_not_the_same_are_told_apart(
    make: Make, values: tuple[Any, Any], name: str
) -> None:
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": if_prod(*values)}},
        "Role": make.role(make.allow("sqs:SendMessage", f"arn:aws:sqs:*:*:{name}")),
        "Work": make.function(),
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}, "FunctionName": {"Ref": "Work"}},
        },
    }
    report = check([make.template(resources, **STAGE)])
    assert len(report.findings) == 1


def test_resources_under_conditions_that_exclude_each_other_do_not_meet(make: Make) -> None:
    template = looping(make)
    document = {**template.document}
    resources = {**template.document["Resources"]}
    resources["Role"] = make.role()
    statement = make.allow("s3:PutObject", make.objects("Photos"))
    policy = {"PolicyDocument": {"Statement": [statement]}, "Roles": [{"Ref": "Role"}]}
    resources["Write"] = {"Type": "AWS::IAM::Policy", "Condition": "IsProd", "Properties": policy}
    notification = make.notify("Resize")
    notifications = {"LambdaConfigurations": [{"Fn::If": ["IsDev", notification, NO_VALUE]}]}
    resources["Photos"] = make.bucket(NotificationConfiguration=notifications)
    document["Resources"] = resources

    assert seen(Template.of(document)) == ("loop-free", [])
    resources["Write"] = {**resources["Write"], "Condition": "IsDev"}
    assert seen(Template.of(document)) == ("loop", [("Stage is `dev`",)])


def test_a_denial_counts_in_the_worlds_where_it_is_in_force(make: Make) -> None:
    template = looping(make)
    role = template.document["Resources"]["Role"]["Properties"]
    denied = {**make.allow("s3:PutObject", "*"), "Effect": "Deny"}
    role["Policies"][0]["PolicyDocument"]["Statement"].append(if_prod(denied))

    assert seen(template) == ("loop", [("Stage is `dev`",)])


def test_a_parameter_without_allowed_values_is_what_it_is_compared_with_or_something_else(make: Make) -> None:
    free = {**STAGE, "Parameters": {"Stage": {"Type": "String", "Default": "dev"}}}

    assert seen(looping(make, if_prod("in/*", "out/*"), if_prod("out/", "in/"), **free)) == ("loop-free", [])
    assert seen(looping(make, if_prod("out/*", "in/*"), "in/", **free)) == ("loop", [("Stage is not `prod`",)])


def test_a_comparison_that_nobody_can_tell_is_the_same_in_both_places(make: Make) -> None:
    unknown = {"Conditions": {"IsProd": {"Fn::Equals": [{"Fn::ImportValue": "stage"}, "prod"]}}}

    assert seen(looping(make, if_prod("in/*", "out/*"), if_prod("out/", "in/"), **unknown)) == ("loop-free", [])


def test_a_loop_of_one_world_is_acknowledged(make: Make) -> None:
    template = looping(make, if_prod("in/*", "out/*"), "in/")
    name = check([template]).findings[0].fingerprint
    report = check([template], acknowledgements=[Acknowledgement(name, "meant", "5"), Acknowledgement("x", "m", "5")])

    assert len(report.acknowledged) == 1
    assert [finding.headline for finding in report.findings if finding.reference == "acknowledgement-stale"] == [
        "the acknowledgement of `x` matches no loop"
    ]
    assert report.verdict == "loop-free"


def test_a_part_that_was_decided_is_found_in_the_document(make: Make) -> None:
    finding = check([looping(make, if_prod("in/*", "out/*"), "in/")]).findings[0]
    statements = ("Resources", "Role", "Properties", "Policies", 0, "PolicyDocument", "Statement")

    assert [step.at for step in finding.path] == [
        (*statements, 0),
        ("Resources", "Photos", "Properties", "NotificationConfiguration", "LambdaConfigurations", 0),
    ]


def test_notifications_of_different_worlds_do_not_overlap(make: Make) -> None:
    entries = [if_prod(make.notify("One")), if_prod(NO_VALUE, make.notify("Other"))]
    resources = {"One": make.function(), "Other": make.function(), "Role": make.role()}
    apart = make.template({**resources, "Photos": make.bucket(*entries)}, **STAGE)
    both = make.template({**resources, "Photos": make.bucket(entries[0], make.notify("Other"))}, **STAGE)

    assert [finding.reference for finding in check([apart]).findings] == []
    assert [(f.reference, f.when) for f in check([both]).findings] == [("notification-overlap", ("Stage is `prod`",))]


def test_more_worlds_than_can_be_searched_are_named(make: Make) -> None:
    names = [f"P{index}" for index in range(8)]
    sections: Body = {"Parameters": {name: {"Type": "String", "AllowedValues": ["a", "b"]} for name in names}}
    write = {"Fn::Sub": "/".join(f"${{{name}}}" for name in names)}
    report = check([looping(make, "*", write, **sections)])

    assert report.verdict == "loop"
    assert "conditions and parameters have more combinations than were searched" in report.approximations


# against every world, made by hand

PREFIXES = ("in/", "out/", "")


SECTIONS: Body = {
    "Parameters": {
        "A": {"Type": "String", "AllowedValues": ["x", "y"]},
        "B": {"Type": "String", "AllowedValues": ["x", "y", "z"]},
    },
    "Conditions": {
        "C": {"Fn::Equals": [{"Ref": "A"}, "x"]},
        "D": {"Fn::Equals": ["y", {"Ref": "B"}]},
        "E": {"Fn::Not": [{"Condition": "C"}]},
        "F": {"Fn::And": [{"Condition": "C"}, {"Condition": "D"}]},
        "G": {"Fn::Or": [{"Condition": "C"}, {"Condition": "D"}]},
    },
}
WORLDS = [dict(zip("AB", values, strict=True)) for values in product("xy", "xyz")]


def truth(condition: str, world: dict[str, str]) -> bool:
    first, second = world["A"] == "x", world["B"] == "y"
    return {"C": first, "D": second, "E": not first, "F": first and second, "G": first or second}[condition]


class Drawn:
    """A template of conditions on two parameters, or the same without conditions in one world."""

    def __init__(self, seed: int, world: dict[str, str] | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - test data
        self._world = world

    def document(self) -> Body:
        resources: Body = {}
        for name in ("One", "Two"):
            statements = [self.statement() for _ in range(self._random.randint(1, 2))]
            policies = [{"PolicyDocument": {"Statement": self.kept(statements)}}]
            resources[f"{name}Role"] = {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}
            function = {"Role": {"Fn::GetAtt": [f"{name}Role", "Arn"]}}
            resources[name] = {"Type": "AWS::Lambda::Function", "Properties": function}
        for bucket in ("P", "Q"):
            entries = self.kept([self.notification(name) for name in ("One", "Two")])
            properties = {"NotificationConfiguration": {"LambdaConfigurations": entries}}
            resources[bucket] = {"Type": "AWS::S3::Bucket", "Properties": properties}
        return {"Resources": resources, **(SECTIONS if self._world is None else {})}

    def statement(self) -> Any:
        bucket = self._random.choice("PQ")
        path = self.chosen(self.key("*"), self.key("*"))
        resource = {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, "/", path]]}
        effect = self._random.choice(["Allow", "Allow", "Deny"])
        return self.chosen({"Effect": effect, "Action": "s3:PutObject", "Resource": resource}, NO_VALUE)

    def notification(self, name: str) -> Any:
        rules = [{"Name": "prefix", "Value": self.chosen(self.key(""), self.key(""))}]
        entry = {"Event": "s3:ObjectCreated:*", "Function": {"Fn::GetAtt": [name, "Arn"]}}
        return self.chosen({**entry, "Filter": {"S3Key": {"Rules": rules}}}, NO_VALUE)

    def chosen(self, one: Any, other: Any) -> Any:
        condition = self._random.choice("CDEFG")
        if self._random.random() < 0.3:
            return one
        if self._world is None:
            return {"Fn::If": [condition, one, other]}
        return one if truth(condition, self._world) else other

    def key(self, end: str) -> Any:
        form = self._random.choice(["{}", "{}", "${A}/{}", "${B}/{}"])
        text = form.replace("{}", self._random.choice(PREFIXES)) + end
        for name, value in (self._world or {}).items():
            text = text.replace(f"${{{name}}}", value)
        return {"Fn::Sub": text} if "${" in text else text

    def kept(self, items: list[Any]) -> list[Any]:
        return [item for item in items if self._world is None or item != NO_VALUE]


def paths(document: Body) -> tuple[str, set[tuple[str, ...]]]:
    report = check([Template.of(document)])
    loops = [finding for finding in report.findings if finding.verdict != "loop-free"]
    return report.verdict, {tuple(step.source_id for step in finding.path) for finding in loops}


@pytest.mark.parametrize("block", range(4))
def test_what_is_found_is_what_is_found_in_any_world(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("constructs_lib.loops.trials.MAX_READ", 0)  # nobody looks at fixes here: none is tried
    ranks = ["loop-free", "unproven", "loop"]
    verdicts = set()
    for seed in range(block * 15, block * 15 + 15):
        verdict, found = paths(Drawn(seed).document())
        each = [paths(Drawn(seed, world).document()) for world in WORLDS]
        assert verdict == max((one for one, _ in each), key=ranks.index), f"seed {seed}"
        assert found == set().union(*(loops for _, loops in each)), f"seed {seed}"
        verdicts.add(verdict)
    assert verdicts == {"loop-free", "loop"}


# nested stacks


def nested(make: Make, write: Any, prefix: Any, *, condition: str = "") -> tuple[str, list[tuple[str, ...]]]:
    """A child stack with a loop, which hangs on the parameter that its parent gives it."""
    child = looping(make, write, prefix)
    stack: Body = {"Type": "AWS::CloudFormation::Stack", "Properties": {"Parameters": {"Stage": {"Ref": "Level"}}}}
    resources = {"Child": {**stack, **({"Condition": condition} if condition else {})}}
    sections = {
        "Parameters": {"Level": {"Type": "String", "AllowedValues": ["dev", "prod"]}},
        "Conditions": {"IsLow": {"Fn::Equals": [{"Ref": "Level"}, "dev"]}},
    }
    return seen(replace(make.template(resources, name="Parent", **sections), nested={"Child": child}))


def test_a_parameter_of_a_nested_stack_is_what_its_parent_gives(make: Make) -> None:
    write, prefix = if_prod("in/*", "out/*"), "in/"

    assert nested(make, write, prefix) == ("loop", [("Level is `prod`",)])
    assert nested(make, write, if_prod("out/", "in/")) == ("loop-free", [])


def test_a_free_parameter_of_a_nested_stack_is_one_text_in_all_comparisons(make: Make) -> None:
    conditions = {name: {"Fn::Equals": [{"Ref": "Stage"}, name.lower()]} for name in ("Dev", "Prod")}
    parameters = {"Stage": {"Type": "String"}}
    write = {"Fn::If": ["Dev", "in/*", "out/*"]}
    child = looping(make, write, {"Fn::If": ["Prod", "in/", "no/"]}, Parameters=parameters, Conditions=conditions)
    given = {"Parameters": {"Stage": {"Ref": "Level"}}}
    stack: Body = {"Type": "AWS::CloudFormation::Stack", "Properties": given}
    outer = make.template({"Child": stack}, name="Outer", Parameters={"Level": {"Type": "String"}})

    assert seen(replace(outer, nested={"Child": child})) == ("loop-free", [])


def test_a_nested_stack_under_a_condition_is_there_only_then(make: Make) -> None:
    write, prefix = if_prod("in/*", "out/*"), "in/"

    assert nested(make, write, prefix, condition="IsLow") == ("loop-free", [])
    assert nested(make, "*", prefix, condition="IsLow") == ("loop", [("Level is `dev`",)])


def test_parameters_of_the_same_name_are_told_apart(make: Make) -> None:
    outputs = {"Folder": {"Value": if_prod("in", "out"), "Export": {"Name": "folder"}}}
    write = {"Fn::Join": ["", [{"Fn::ImportValue": "folder"}, "/*"]]}
    exporting = make.template({}, name="Data", **STAGE, Outputs=outputs)

    report = check([exporting, looping(make, write, if_prod("in/", "no/"))])

    assert [finding.when for finding in report.findings] == [
        ("Stage of `Stack` is `prod` and Stage of `Data` is `prod`",)
    ]


# exports


def test_an_import_is_what_the_same_region_exports(make: Make) -> None:
    conditions = {"Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}}
    outputs = {"Folder": {"Value": if_prod("in", "out"), "Export": {"Name": "folder"}}}
    write = {"Fn::Join": ["", [{"Fn::ImportValue": "folder"}, "/*"]]}
    exporting = make.template({}, name="Data", **conditions, Outputs=outputs)

    whens = [
        [finding.when for finding in check([exporting, looping(make, write, prefix, **conditions)]).findings]
        for prefix in (if_prod("in/", "no/"), if_prod("out/", "in/"))
    ]

    assert whens == [[("AWS::Region is `eu-west-1`",)], []]


def test_an_export_is_that_of_the_world(make: Make) -> None:
    """Two outputs of one name: the one that counts depends on the stage."""
    outputs = {
        name: {"Condition": condition, "Value": value, "Export": {"Name": "folder"}}
        for name, condition, value in (("One", "IsProd", "in"), ("Other", "IsDev", "out"))
    }
    write = {"Fn::Join": ["", [{"Fn::ImportValue": "folder"}, "/*"]]}
    exporting = make.template({}, name="Exporting", **STAGE, Outputs=outputs)

    for prefix in ("in/", "out/"):
        report = check([exporting, looping(make, write, prefix)])

        assert report.verdict == "loop"
