"""Parts of a template put under conditions that can meet or exclude each other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tests.loops_proof.builder import Body

__all__ = ["IMPORT", "NO_VALUE", "around", "under_conditions"]

NO_VALUE = {"Ref": "AWS::NoValue"}
NOWHERE = {"Fn::GetAtt": ["Idle", "Arn"]}
ELSEWHERE = "elsewhere/"
_IDLE = {
    "Idle": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["IdleRole", "Arn"]}}},
    "IdleRole": {"Type": "AWS::IAM::Role", "Properties": {}},
}
"""What may be named instead of anything else: it does nothing."""
_KEPT = {
    "KeySchema",
    "AttributeDefinitions",
    "AssumeRolePolicyDocument",
    "Events",
    "ContainerDefinitions",
    "Definition",
}
"""What is read by other rules, or by none."""
_TEXTS = {"Value", "prefix", "Prefix", "LogFilePrefix"}
IMPORT = {"Fn::ImportValue": "stage"}


def under_conditions(document: Body, choose: random.Random, parts: int, *, alone: bool = True) -> Body:
    """The document with some of its parts under conditions on parameters, which can meet or exclude each other.

    Args:
        document: a template.
        choose: decides.
        parts: how many.
        alone: whether it is the only one of its system; if not, its conditions are plainer.
    """
    parameters = _parameters(choose, 2 if alone else 1)
    names = list(parameters)
    found: Body = json.loads(json.dumps(document))
    found |= {"Parameters": parameters, "Conditions": _conditions(choose, names), "Mappings": {}}
    found["Resources"] |= _IDLE
    ways = [_presence, _item, _item, _value, _text, _denial, _state]
    done = 0
    for _ in range(parts * 20):
        done += choose.choice(ways)(found, choose)
        if done == parts:
            break
    return {key: section for key, section in found.items() if section}


def around(document: Body, choose: random.Random) -> Body:
    """A template in which the document is nested, as `Child`: it gives some of its own parameters, and texts."""
    own: Body = {}
    given: Body = {}
    for name, parameter in document["Parameters"].items():
        if choose.random() < 0.7:
            own[f"Outer{name}"] = parameter
            given[name] = {"Ref": f"Outer{name}"}
        else:
            given[name] = choose.choice(parameter.get("AllowedValues", ["x", "y"]))
    stack: Body = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "child", "Parameters": given}}
    names = [name for name in own if name != "OuterT"]
    if not names:
        return {"Conditions": {}, "Parameters": own, "Resources": {"Child": stack}}
    conditions = {"IsThere": _condition(choose, names[:1], [], 1)}
    if choose.random() < 0.5:
        stack["Condition"] = "IsThere"
    return {"Conditions": conditions, "Parameters": own, "Resources": {"Child": stack}}


# what the deployment decides


def _parameters(choose: random.Random, count: int) -> Body:
    values = {"A": ["x", "y"], "B": ["x", "y", "z"], "C": [], "D": ["true", "false"]}
    names = sorted(choose.sample(sorted(values), count))
    return {name: {"Type": "String", **({"AllowedValues": values[name]} if values[name] else {})} for name in names}


def _conditions(choose: random.Random, names: list[str]) -> Body:
    found: Body = {}
    for number in range(5):
        found[f"Is{number}"] = _condition(choose, names, list(found), 0)
    return found


def _condition(choose: random.Random, names: list[str], known: list[str], depth: int) -> Body:
    if known and choose.random() < 0.3:
        return {"Condition": choose.choice(known)}
    if depth < 2 and choose.random() < 0.6:
        name = choose.choice(["Fn::Not", "Fn::And", "Fn::Or"])
        count = 1 if name == "Fn::Not" else choose.randint(2, 3)
        return {name: [_condition(choose, names, known, depth + 1) for _ in range(count)]}
    one: Any = {"Ref": choose.choice([*names, *names, *names, "AWS::Region"])}
    other: Any = choose.choice("xy")
    if one["Ref"] == "D":
        other = choose.choice(["true", True])
    if one["Ref"] == "AWS::Region":
        other = "eu-west-1"
    if len(names) == 1:
        return {"Fn::Equals": [one, other]}
    if choose.random() < 0.1:
        one, other = {"Ref": names[0]}, {"Ref": names[1]}
    elif "C" not in names and choose.random() < 0.1:
        one, other = {"Fn::Join": ["-", [{"Ref": names[0]}, {"Ref": names[1]}]]}, f"{choose.choice('xy')}-x"
    elif choose.random() < 0.05:
        one, other = IMPORT, "x"
    return {"Fn::Equals": [one, other] if choose.random() < 0.7 else [other, one]}


# what hangs on it: each puts one part under a condition, if it finds one


def _presence(document: Body, choose: random.Random) -> bool:
    """A resource that is not always there, with all that refers to it."""
    resources = document["Resources"]
    together = {choose.choice(sorted(resources))}
    while True:
        more = {name for name, body in resources.items() if not together.isdisjoint(_referred(body))}
        if more <= together:
            break
        together |= more
    if (
        len(together) > 4
        or together & {*_IDLE, *_referred(document.get("Outputs", {}))}
        or any("Condition" in resources[name] for name in together)
    ):
        return False
    condition = _chosen(document, choose)
    for name in together:
        resources[name]["Condition"] = condition
    return True


def _item(document: Body, choose: random.Random) -> bool:
    """An item of a list."""

    def fits(holder: Any, key: Any) -> bool:
        return isinstance(holder, list) and isinstance(holder[key], dict) and not _is_intrinsic(holder[key])

    # An empty list in a pattern is refused.
    return _replaced(document, choose, fits, lambda value: (value, NO_VALUE), beside={"EventPattern", "FilterPolicy"})


def _value(document: Body, choose: random.Random) -> bool:
    """What a property refers to, or a whole property."""

    def fits(holder: Any, key: Any) -> bool:
        return isinstance(holder, dict) and key not in {*_TEXTS, "Statement", "PolicyDocument"}

    def split(value: Any) -> tuple[Any, Any]:
        whole = isinstance(value, (dict, list)) and not _is_intrinsic(value)
        return value, NO_VALUE if whole else NOWHERE

    return _replaced(document, choose, lambda h, k: fits(h, k) and not isinstance(h[k], (str, bool, int)), split)


def _text(document: Body, choose: random.Random) -> bool:
    """A text: chosen by a condition, looked up, or a parameter itself."""

    def fits(holder: Any, key: Any) -> bool:
        return isinstance(holder, dict) and key in _TEXTS and isinstance(holder[key], str)

    places = [place for place in _places(document) if fits(*place)]
    if not places:
        return False
    holder, key = choose.choice(places)
    text, way = holder[key], choose.randrange(3)
    given = [name for name, body in document["Parameters"].items() if body.get("AllowedValues") and name in "AB"]
    if way == 0 and given:
        name = f"Map{len(document['Mappings'])}"
        by = choose.choice(given)
        values = document["Parameters"][by]["AllowedValues"]
        document["Mappings"][name] = {value: {"text": choose.choice([text, ELSEWHERE])} for value in values}
        holder[key] = {"Fn::FindInMap": [name, {"Ref": by}, "text"]}
    elif way == 1 and "T" not in document["Parameters"]:
        document["Parameters"]["T"] = {"Type": "String", "AllowedValues": [text, ELSEWHERE]}
        holder[key] = choose.choice([{"Ref": "T"}, {"Fn::Sub": "${T}"}])
    else:
        holder[key] = _if(document, choose, text, ELSEWHERE)
    return True


def _denial(document: Body, choose: random.Random) -> bool:
    """A statement that takes everything away."""
    places = [holder[key] for holder, key in _places(document) if key == "Statement" and isinstance(holder[key], list)]
    if not places:
        return False
    denial = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    choose.choice(places).append(_if(document, choose, denial, NO_VALUE))
    return True


def _state(document: Body, choose: random.Random) -> bool:
    """A rule or mapping that is switched off."""
    switches = {"AWS::Events::Rule": ("State", "DISABLED"), "AWS::Lambda::EventSourceMapping": ("Enabled", False)}
    found = [body for body in document["Resources"].values() if body["Type"] in switches]
    if not found:
        return False
    body = choose.choice(found)
    key, off = switches[body["Type"]]
    if key in body["Properties"]:
        return False
    body["Properties"][key] = _if(document, choose, off, NO_VALUE)
    return True


def _replaced(
    document: Body,
    choose: random.Random,
    fits: Callable[[Any, Any], bool],
    split: Callable[[Any], tuple[Any, Any]],
    beside: Collection[str] = (),
) -> bool:
    places = [place for place in _places(document, beside) if fits(*place)]
    if not places:
        return False
    holder, key = choose.choice(places)
    holder[key] = _if(document, choose, *split(holder[key]))
    return True


def _if(document: Body, choose: random.Random, one: Any, other: Any) -> Body:
    branches = [one, other] if choose.random() < 0.6 else [other, one]
    return {"Fn::If": [_chosen(document, choose), *branches]}


def _chosen(document: Body, choose: random.Random) -> str:
    names: list[str] = list(document["Conditions"])
    return choose.choice(names)


def _places(document: Body, beside: Collection[str] = ()) -> Iterator[tuple[Any, Any]]:
    """Where values stand in properties: their holders and keys."""
    work = [body["Properties"] for name, body in document["Resources"].items() if name not in _IDLE]
    while work:
        holder = work.pop()
        if isinstance(holder, (dict, list)) and not _is_intrinsic(holder):
            keys = (
                [key for key in holder if key not in {*_KEPT, *beside}]
                if isinstance(holder, dict)
                else range(len(holder))
            )
            for key in keys:
                yield holder, key
                work.append(holder[key])


def _is_intrinsic(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def _referred(value: Any) -> set[str]:
    """The logical ids that a value names, in whatever way."""
    text = json.dumps(value)
    return {*re.findall(r"\"(\w+)\"", text), *re.findall(r"\$\{(\w+)", text), *re.findall(r"\"(\w+)\.", text)}
