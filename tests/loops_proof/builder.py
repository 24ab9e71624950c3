"""The parts that systems are made of: functions and stations, spelled as people spell them in templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

Body = dict[str, Any]

TYPES = {
    "bucket": "AWS::S3::Bucket",  # functions write to it
    "drop": "AWS::S3::Bucket",  # services write to it
    "replica": "AWS::S3::Bucket",  # replication writes to it
    "logged": "AWS::S3::Bucket",  # its accesses are logged
    "topic": "AWS::SNS::Topic",
    "s3topic": "AWS::SNS::Topic",  # a bucket publishes to it
    "queue": "AWS::SQS::Queue",
    "bus": "AWS::Events::EventBus",
    "table": "AWS::DynamoDB::Table",
    "stream": "AWS::Kinesis::Stream",
    "machine": "AWS::StepFunctions::StateMachine",
    "firehose": "AWS::KinesisFirehose::DeliveryStream",
    "build": "AWS::CodeBuild::Project",
    "task": "AWS::ECS::TaskDefinition",
    "job": "AWS::Batch::JobDefinition",
    "glue": "AWS::Glue::Job",
}
_NAMES = {  # the property, and the ARN behind `arn:${AWS::Partition}:`; types without them are never named here
    "bucket": ("BucketName", "s3:::{name}"),
    "topic": ("TopicName", "sns:${{AWS::Region}}:${{AWS::AccountId}}:{name}"),
    "queue": ("QueueName", "sqs:${{AWS::Region}}:${{AWS::AccountId}}:{name}"),
    "table": ("TableName", "dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{name}"),
    "stream": ("Name", "kinesis:${{AWS::Region}}:${{AWS::AccountId}}:stream/{name}"),
}
_REF_IS_ARN = {"topic", "s3topic", "machine", "task", "job"}


@dataclass(eq=False)
class Station:
    """Where messages are on their way from one function to the next; functions too.

    Args:
        kind: a key of `TYPES`, or `function`.
        id: its logical id.
        arn: an expression for its ARN.
        prefix: what keys in it begin with, if it is a bucket.
        suffix: what they end with, as far as whoever writes them decides it.
        family: the S3 events that happen in it.
        source: the `source` of the events in it, if it is a bus.
        attributes: whether its messages may have attributes, if it is a topic.
    """

    kind: str
    id: str
    arn: Any
    prefix: str = ""
    suffix: str = ""
    family: str = "ObjectCreated"
    source: str = "shop.orders"
    attributes: bool = False


@dataclass
class _Function:
    statements: list[Body] = field(default_factory=list)
    events: Body = field(default_factory=dict)
    serverless: bool = False
    policies: str = "inline"


class Builder:
    """Collects the resources of one template.

    Args:
        choose: decides on spellings; never on what is a loop.
        serverless: whether functions may be SAM's.
        spelled: whether names and spellings vary; if not, everything is written the plainest way.
        names: what the names of resources and topics begin with: an account has each of them once.
    """

    def __init__(
        self, choose: random.Random, *, serverless: bool = False, spelled: bool = True, names: str = "acme"
    ) -> None:
        self.choose = choose
        self.names = names
        self.is_near_miss = False
        self.resources: dict[str, Body] = {}
        self.functions: dict[str, _Function] = {}
        self._serverless = serverless
        self._spelled = spelled
        self._count = 0

    def chance(self, share: float) -> bool:
        """True as often as that, in systems whose spelling varies."""
        return self._spelled and self.choose.random() < share

    def fresh(self, stem: str) -> str:
        """A logical id that nothing has."""
        self._count += 1
        return f"{stem}{self._count}"

    def unique(self, stem: str) -> str:
        """A name that nothing has, not even in another template."""
        return f"{stem}-{self.choose.getrandbits(48):x}"

    def add(self, logical_id: str, kind: str, properties: Body) -> str:
        """Add a resource."""
        self.resources[logical_id] = {"Type": kind, "Properties": properties}
        return logical_id

    def properties(self, station: Station) -> Body:
        """The properties of a station, to be added to."""
        found: Body = self.resources[station.id]["Properties"]
        return found

    def function(self) -> Station:
        """A function with a role of its own, which may do nothing yet."""
        name = self.fresh("Function")
        serverless = self._serverless and self.choose.random() < 0.5
        policies = self.choose.choice(["inline", "policy", "managed"]) if self._spelled else "inline"
        self.functions[name] = _Function(serverless=serverless, policies=policies)
        self.add(name, "AWS::Serverless::Function" if serverless else "AWS::Lambda::Function", {})
        return Station("function", name, {"Fn::GetAtt": [name, "Arn"]})

    def target(self, station: Station) -> Any:
        """How a trigger names what it wakes: a function also by an alias."""
        if station.kind == "function" and self.chance(0.1):
            alias = self.fresh("Alias")
            properties = {"FunctionName": {"Ref": station.id}, "FunctionVersion": "$LATEST", "Name": "live"}
            return {"Ref": self.add(alias, "AWS::Lambda::Alias", properties)}
        return self.spelled_arn(station)

    def spelled_arn(self, station: Station) -> Any:
        """A station's ARN, one of several ways."""
        arn = station.arn
        if isinstance(arn, Mapping) and "Fn::GetAtt" in arn:
            dotted = ".".join(arn["Fn::GetAtt"])
            ways = [arn, {"Fn::Sub": f"${{{dotted}}}"}, {"Fn::Join": ["", [arn]]}]
        elif isinstance(arn, Mapping) and "Ref" in arn:
            ways = [arn, {"Fn::Sub": f"${{{arn['Ref']}}}"}]
        else:
            ways = [arn]
        return self.choose.choice(ways) if self._spelled else ways[0]

    def station(self, kind: str) -> Station:
        """A station that nothing writes to and that wakes nothing yet."""
        name = self.fresh(kind.capitalize())
        arn: Any = {"Ref": name} if kind in _REF_IS_ARN else {"Fn::GetAtt": [name, "Arn"]}
        properties: Body = {}
        if kind == "glue":
            arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:glue:${{AWS::Region}}:${{AWS::AccountId}}:job/${{{name}}}"}
            properties = {"Role": self.role("glue", []), "Command": {"Name": "glueetl"}}
        if kind in _NAMES and self.chance(0.3):
            key, shape = _NAMES[kind]
            physical = f"{self.names}-{name.lower()}"
            properties[key] = physical if self.chance(0.5) else {"Fn::Sub": f"{physical}-${{AWS::AccountId}}"}
            physical = physical if properties[key] == physical else f"{physical}-${{AWS::AccountId}}"
            if self.chance(0.5):
                arn = {"Fn::Sub": f"arn:${{AWS::Partition}}:{shape.format(name=physical)}"}
        if kind == "bus":
            properties["Name"] = f"{self.names}-{name.lower()}"
        if kind == "table":
            properties |= {
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
            }
        if kind == "machine":
            properties |= {"RoleArn": self.role("states", []), "Definition": {"StartAt": "Done"}}
        if kind == "build":
            properties |= {"ServiceRole": self.role("codebuild", []), "Source": {"Type": "NO_SOURCE"}}
        if kind == "task":
            properties |= {"TaskRoleArn": self.role("ecs-tasks", []), "ContainerDefinitions": [{"Name": "it"}]}
        if kind == "job":
            container = {"Image": "it", "JobRoleArn": self.role("ecs-tasks", [])}
            properties |= {"Type": "container", "ContainerProperties": container}
        self.add(name, TYPES[kind], properties)
        return Station(kind, name, arn, prefix=f"{name.lower()}/")

    def below(self, station: Station, rest: str) -> Any:
        """An ARN pattern for what is in a station, e.g. keys of a bucket."""
        arn = station.arn
        if "Fn::Sub" in arn:
            return {"Fn::Sub": arn["Fn::Sub"] + rest}
        if "Fn::GetAtt" in arn and self.chance(0.5):
            return {"Fn::Sub": f"${{{'.'.join(arn['Fn::GetAtt'])}}}{rest}"}
        return {"Fn::Join": ["", [arn, rest]]}

    def allow(self, function: Station, actions: list[str], resource: Any, effect: str = "Allow") -> None:
        """Let a function do something, or deny it."""
        action: Any = actions[0] if len(actions) == 1 and self.chance(0.5) else actions
        statement = {"Effect": effect, "Action": action, "Resource": resource}
        self.functions[function.id].statements.append(statement)

    def state(self, function: Station, **statement: Any) -> None:
        """Add a statement to what a function may do."""
        self.functions[function.id].statements.append(statement)

    def permit(self, role: Any, action: str, resource: Any) -> None:
        """Let a service's role do something."""
        policies = self.resources[role["Fn::GetAtt"][0]]["Properties"].setdefault("Policies", [])
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        policies.append({"PolicyName": f"it{len(policies)}", "PolicyDocument": {"Statement": [statement]}})

    def role(self, service: str, statements: list[Body]) -> Any:
        """The ARN of a role that a service takes."""
        trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}}]}
        properties: Body = {"AssumeRolePolicyDocument": trust}
        if statements:
            properties["Policies"] = [{"PolicyName": "it", "PolicyDocument": {"Statement": statements}}]
        return {"Fn::GetAtt": [self.add(self.fresh("Role"), "AWS::IAM::Role", properties), "Arn"]}

    def document(self) -> Body:
        """The template."""
        for name, function in self.functions.items():
            self._finish(name, function)
        self.functions = {}
        transform = {"Transform": "AWS::Serverless-2016-10-31"} if self._serverless else {}
        return {**transform, "Resources": self.resources}

    def _finish(self, name: str, function: _Function) -> None:
        properties = self.resources[name]["Properties"]
        if function.serverless:
            if function.statements:
                properties["Policies"] = [{"Version": "2012-10-17", "Statement": function.statements}]
            if function.events:
                properties["Events"] = function.events
            return
        inline = function.statements if function.policies == "inline" else []
        properties["Role"] = self.role("lambda", inline)
        if function.statements and not inline:
            managed = function.policies == "managed"
            role = {"Ref": properties["Role"]["Fn::GetAtt"][0]}
            policy = {"PolicyDocument": {"Statement": function.statements}, "Roles": [role]}
            if not managed:
                policy["PolicyName"] = f"{name}-policy"
            self.add(self.fresh("Policy"), f"AWS::IAM::{'Managed' * managed}Policy", policy)
