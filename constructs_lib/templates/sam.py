"""SAM templates in plain CloudFormation, as far as it matters who wakes what and who may do what.

A reader of our own rather than SAM's translator: it needs no artifact to be uploaded, works where a translation fails,
and costs nothing on a check. From the SAM specification ("AWS SAM resources and properties"); the policy templates are
those of the SAM translator (Apache-2.0).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources as package_files
from typing import TYPE_CHECKING, Any

from constructs_lib.templates.template import Resource

if TYPE_CHECKING:
    from constructs_lib.templates.template import Template

__all__ = ["AT", "expanded"]

_FUNCTION = "AWS::Serverless::Function"
_MACHINE = "AWS::Serverless::StateMachine"
_PLAIN = {
    _FUNCTION: "AWS::Lambda::Function",
    _MACHINE: "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
}
_GLOBALS = {name: name.rpartition("::")[2] for name in _PLAIN}
_IMPLICIT_APIS = {"Api": ("RestApiId", "ServerlessRestApi"), "HttpApi": ("ApiId", "ServerlessHttpApi")}
_AUTHORIZERS = {
    "AWS::Serverless::Api": ("AWS::ApiGateway::Authorizer", "RestApiId"),
    "AWS::Serverless::HttpApi": ("AWS::ApiGatewayV2::Authorizer", "ApiId"),
}
_STREAMS = {
    "SQS": "Queue",
    "Kinesis": "Stream",
    "DynamoDB": "Stream",
    "MSK": "Stream",
    "MQ": "Broker",
    "DocumentDB": "Cluster",
    "SelfManagedKafka": "SelfManagedEventSource",
}
_NO_VALUE = {"Ref": "AWS::NoValue"}
_AWS_MANAGED = "arn:aws:iam::aws:policy/"
AT = "constructs-lib:at"
"""Under this key an entry that SAM makes in another resource says where in the document it comes from."""
_BASIC = f"{_AWS_MANAGED}service-role/AWSLambdaBasicExecutionRole"

# What a connector lets its source do, by the destination's type: "AWS SAM resource connector reference".
_CONNECTED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "AWS::Lambda::Function": {"Write": ("lambda:InvokeFunction", "lambda:InvokeAsync")},
    "AWS::SQS::Queue": {"Write": ("sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")},
    "AWS::SNS::Topic": {"Write": ("sns:Publish",)},
    "AWS::Events::EventBus": {"Write": ("events:PutEvents",)},
    "AWS::StepFunctions::StateMachine": {"Write": ("states:StartExecution", "states:StartSyncExecution")},
    "AWS::DynamoDB::Table": {
        "Write": (
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:PartiQLInsert",
            "dynamodb:PartiQLUpdate",
            "dynamodb:PartiQLDelete",
        )
    },
    "AWS::S3::Bucket": {
        "Read": ("s3:GetObject",),
        "Write": ("s3:PutObject", "s3:DeleteObject", "s3:RestoreObject", "s3:PutObjectAcl", "s3:PutObjectTagging"),
    },
}


def expanded(template: Template) -> Template:
    """The template with SAM's resources in plain CloudFormation; itself if it has none."""
    if any(type_.startswith("AWS::Serverless::") for type_ in template.types) or template.has_attribute("Connectors"):
        return replace(template, resources=_Expansion(template).run())
    return template


class _Expansion:
    """The resources of one template, one after the other."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._globals = template.section("Globals")
        self._found: dict[str, Resource] = {}
        self._notified: dict[str, list[dict[str, Any]]] = {}
        self._triggers: dict[str, dict[str, Any]] = {}
        self._at: tuple[str | int, ...] = ()

    def run(self) -> dict[str, Resource]:
        for resource in self._template.resources.values():
            self._resource(resource)
        for logical_id, entries in self._notified.items():
            self._notify(logical_id, entries)
        for logical_id, triggers in self._triggers.items():
            self._add_triggers(logical_id, triggers)
        for resource in self._template.resources.values():
            connectors = resource.body.get("Connectors")
            for name, connector in connectors.items() if isinstance(connectors, Mapping) else ():
                if isinstance(connector, Mapping):
                    source = {"Id": resource.logical_id}
                    self._connect(f"{resource.logical_id}{name}", {"Source": source, **_properties(connector)})
            if resource.type == "AWS::Serverless::Connector":
                self._connect(resource.logical_id, resource.properties)
        return self._found

    def _add(self, logical_id: str, type_: str, properties: Mapping[str, Any], origin: Resource | None = None) -> None:
        body = origin.body if origin is not None else {"Type": type_, "Properties": properties}
        self._found[logical_id] = Resource(
            logical_id, type_, properties, body, self._at or (origin.at if origin else ())
        )

    def _resource(self, resource: Resource) -> None:
        plain = _PLAIN.get(resource.type)
        if plain is None:
            self._found.setdefault(resource.logical_id, resource)
            return
        shared = self._globals.get(_GLOBALS[resource.type])
        properties = _merged(shared, resource.properties) if isinstance(shared, Mapping) else dict(resource.properties)
        if resource.type in {_FUNCTION, _MACHINE}:
            role = "Role" if resource.type == _FUNCTION else "RoleArn"
            given = properties.pop("Role", None)
            if not given or "AWS::NoValue" in str(given):
                given = _or_else(given, self._role(resource, properties))
            properties[role] = given
        if resource.type == _FUNCTION:
            self._function(resource, properties)
        events = properties.get("Events")
        for name, event in events.items() if isinstance(events, Mapping) else ():
            if isinstance(event, Mapping) and isinstance(event.get("Type"), str):
                self._at = (*_written_at(resource), "Properties", "Events", name)
                target = {"Fn::GetAtt": [resource.logical_id, "Arn"]} if resource.type == _FUNCTION else None
                self._event(f"{resource.logical_id}{name}", event, target or {"Ref": resource.logical_id})
        self._at = ()
        self._authorizers(resource.logical_id, resource.type, properties)
        for moved in ("Events", "Policies", "EventInvokeConfig", "FunctionUrlConfig", "DeadLetterQueue"):
            properties.pop(moved, None)
        for sam, cloudformation in (("DefinitionBody", "Body"), ("Name", "StateMachineName")):
            if sam in properties:
                properties.setdefault(cloudformation, properties[sam])
        self._add(resource.logical_id, plain, properties, resource)

    def _authorizers(self, logical_id: str, type_: str, properties: Any) -> None:
        """The functions that an API asks before it lets requests through."""
        if type_ not in _AUTHORIZERS:
            return
        made, api = _AUTHORIZERS[type_]
        auth = properties.get("Auth") if isinstance(properties, Mapping) else None
        authorizers = auth.get("Authorizers") if isinstance(auth, Mapping) else None
        for name, authorizer in authorizers.items() if isinstance(authorizers, Mapping) else ():
            if isinstance(authorizer, Mapping) and "FunctionArn" in authorizer:
                asked = {api: {"Ref": logical_id}, "AuthorizerUri": authorizer["FunctionArn"]}
                self._add(f"{logical_id}{name}Authorizer", made, asked)

    def _role(self, resource: Resource, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The role that SAM makes, with the policies that the function names."""
        policies = properties.get("Policies", [])
        own = _written_at(resource)
        if "Policies" in resource.properties:
            own = (*own, "Properties", "Policies")
        inline: list[Any] = []
        managed: list[Any] = [_BASIC] if resource.type == _FUNCTION else []
        for policy in policies if isinstance(policies, list) else [policies]:
            documents, arns = _split(policy, (*own, *_index(resource.properties.get("Policies"), policy)))
            inline += documents
            managed += arns
        role = f"{resource.logical_id}Role"
        self._at = own
        self._add(role, "AWS::IAM::Role", {"Policies": inline, "ManagedPolicyArns": managed})
        self._at = ()
        return {"Fn::GetAtt": [role, "Arn"]}

    def _function(self, resource: Resource, properties: dict[str, Any]) -> None:
        logical_id, own = resource.logical_id, (*_written_at(resource), "Properties")
        queue = properties.get("DeadLetterQueue")
        if isinstance(queue, Mapping):
            properties["DeadLetterConfig"] = {"TargetArn": queue.get("TargetArn"), AT: (*own, "DeadLetterQueue")}
        config = properties.get("EventInvokeConfig")
        if isinstance(config, Mapping):
            self._at = (*own, "EventInvokeConfig")
            self._invoke_config(logical_id, config)
            self._at = ()
        url = properties.get("FunctionUrlConfig")
        if isinstance(url, Mapping):
            target = {"TargetFunctionArn": {"Ref": logical_id}, "AuthType": url.get("AuthType")}
            self._add(f"{logical_id}Url", "AWS::Lambda::Url", target)
        alias = properties.get("AutoPublishAlias")
        if isinstance(alias, str):
            self._add(f"{logical_id}Alias{alias}", "AWS::Lambda::Alias", {"FunctionName": {"Ref": logical_id}})

    def _invoke_config(self, logical_id: str, config: Mapping[str, Any]) -> None:
        destinations = config.get("DestinationConfig")
        found = {}
        for key in ("OnSuccess", "OnFailure"):
            entry = destinations.get(key) if isinstance(destinations, Mapping) else None
            if isinstance(entry, Mapping):
                target = entry.get("Destination")
                if target is None and entry.get("Type") in ("SQS", "SNS"):  # SAM makes one
                    type_ = "AWS::SQS::Queue" if entry["Type"] == "SQS" else "AWS::SNS::Topic"
                    own = f"{logical_id}{key}"
                    self._add(own, type_, {})
                    target = {"Fn::GetAtt": [own, "Arn"]}
                found[key] = {"Destination": target, AT: (*self._at, "DestinationConfig", key)}
        properties = {"FunctionName": {"Ref": logical_id}, "DestinationConfig": found}
        self._add(f"{logical_id}EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", properties)

    def _event(self, name: str, event: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        type_, properties = event["Type"], _properties(event)
        if type_ == "S3":
            self._on_objects(properties, target)
        elif type_ == "SNS":
            self._on_topic(name, properties, target)
        elif type_ in _STREAMS:
            source = properties.get(_STREAMS[type_])
            if type_ == "SelfManagedKafka":  # named by its servers
                source, properties = None, {**properties, _STREAMS[type_]: {}}
            mapping = {**properties, "EventSourceArn": source, "FunctionName": target}
            self._add(name, "AWS::Lambda::EventSourceMapping", mapping)
        elif type_ in {"EventBridgeRule", "CloudWatchEvent"}:
            chosen = {key: properties[key] for key in ("Input", "InputPath", "InputTransformer") if key in properties}
            letters = properties.get("DeadLetterConfig")
            if isinstance(letters, Mapping):
                chosen["DeadLetterConfig"] = self._dead_letters(name, letters)
            rule = {
                "EventPattern": properties.get("Pattern"),
                "EventBusName": properties.get("EventBusName"),
                "State": properties.get("State"),
                "Targets": [{"Arn": target, **chosen}],
            }
            self._add(name, "AWS::Events::Rule", {key: value for key, value in rule.items() if value is not None})
        elif type_ == "CloudWatchLogs":
            subscription = {"LogGroupName": properties.get("LogGroupName"), "DestinationArn": target}
            self._add(name, "AWS::Logs::SubscriptionFilter", subscription)
        elif type_ in _IMPLICIT_APIS:
            self._on_request(name, type_, properties, target)
        else:
            self._on_others(name, type_, properties, target)

    def _dead_letters(self, name: str, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """Where a rule puts what it could not deliver; SAM makes the queue if none is named."""
        if "Arn" in config:
            return config
        given = config.get("QueueLogicalId")
        queue = given if isinstance(given, str) else f"{name}Queue"
        self._add(queue, "AWS::SQS::Queue", {})
        return {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}

    def _on_others(self, name: str, type_: str, properties: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        if type_ == "IoTRule":
            payload = {"Sql": properties.get("Sql"), "Actions": [{"Lambda": {"FunctionArn": target}}]}
            self._add(name, "AWS::IoT::TopicRule", {"TopicRulePayload": payload})
        elif type_ == "Cognito":
            pool, given = properties.get("UserPool"), properties.get("Trigger", [])
            logical_id = pool.get("Ref") if isinstance(pool, Mapping) else None
            if isinstance(logical_id, str):
                for trigger in given if isinstance(given, list) else [given]:
                    self._triggers.setdefault(logical_id, {})[str(trigger)] = target

    def _add_triggers(self, logical_id: str, triggers: Mapping[str, Any]) -> None:
        pool = self._found.get(logical_id)
        if pool is not None:
            known = pool.properties.get("LambdaConfig")
            config = {**(known if isinstance(known, Mapping) else {}), **triggers}
            self._found[logical_id] = replace(pool, properties={**pool.properties, "LambdaConfig": config})

    def _on_objects(self, properties: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        bucket = properties.get("Bucket")
        logical_id = bucket.get("Ref") if isinstance(bucket, Mapping) else None
        if isinstance(logical_id, str):
            events = properties.get("Events", [])
            for event in events if isinstance(events, list) else [events]:
                entry = {"Event": event, "Function": target, "Filter": properties.get("Filter") or {}, AT: self._at}
                self._notified.setdefault(logical_id, []).append(entry)

    def _notify(self, logical_id: str, entries: list[dict[str, Any]]) -> None:
        bucket = self._found.get(logical_id)
        if bucket is None:
            return
        configuration = bucket.properties.get("NotificationConfiguration")
        known = dict(configuration) if isinstance(configuration, Mapping) else {}
        already = known.get("LambdaConfigurations")
        known["LambdaConfigurations"] = [*(already if isinstance(already, list) else []), *entries]
        self._found[logical_id] = replace(bucket, properties={**bucket.properties, "NotificationConfiguration": known})

    def _on_topic(self, name: str, properties: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        subscription = {**properties, "TopicArn": properties.get("Topic"), "Protocol": "lambda", "Endpoint": target}
        between = properties.get("SqsSubscription")
        if between:
            queue: Any = between.get("QueueArn") if isinstance(between, Mapping) else None
            if queue is None:
                self._add(f"{name}Queue", "AWS::SQS::Queue", {})
                queue = {"Fn::GetAtt": [f"{name}Queue", "Arn"]}
            subscription.update({"Protocol": "sqs", "Endpoint": queue})
            mapping = {"EventSourceArn": queue, "FunctionName": target}
            self._add(f"{name}EventSourceMapping", "AWS::Lambda::EventSourceMapping", mapping)
        self._add(name, "AWS::SNS::Subscription", subscription)

    def _on_request(self, name: str, type_: str, properties: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        key, implicit = _IMPLICIT_APIS[type_]
        api = properties.get(key)
        if api is None:
            api = {"Ref": implicit}
            if implicit not in self._found:
                made = f"AWS::Serverless::{type_}"
                self._found[implicit] = Resource(implicit, _PLAIN[made], {}, {"Type": "implicit"})
                self._authorizers(implicit, made, self._globals.get(type_))
        self._add(name, "AWS::ApiGatewayV2::Integration", {"ApiId": api, "IntegrationUri": target})

    def _connect(self, name: str, properties: Mapping[str, Any]) -> None:
        """A connector: a policy for the role of its source."""
        source, destinations = properties.get("Source"), properties.get("Destination")
        permissions = properties.get("Permissions")
        role = self._role_of(source)
        for index, destination in enumerate(destinations if isinstance(destinations, list) else [destinations]):
            type_, arn = self._connected(destination)
            if role is None or arn is None or not isinstance(permissions, list):
                continue
            granted = _CONNECTED.get(type_, {})
            actions = [action for permission in permissions for action in granted.get(str(permission), ())]
            objects = {"Fn::Join": ["", [arn, "/*"]]}
            document = {"Statement": {"Effect": "Allow", "Action": actions, "Resource": [arn, objects]}}
            self._add(f"{name}Policy{index}", "AWS::IAM::ManagedPolicy", {"PolicyDocument": document, "Roles": [role]})

    def _connected(self, destination: Any) -> tuple[str, Any]:
        """The type and the ARN of what a connector leads to, by its logical id or by what it says of it itself."""
        given = destination if isinstance(destination, Mapping) else {}
        target = given.get("Id")
        resource = self._found.get(target) if isinstance(target, str) else None
        if resource is None:
            type_ = str(given.get("Type"))
            return _PLAIN.get(type_, type_), given.get("Arn")
        is_ref = resource.type == "AWS::SNS::Topic"
        return resource.type, {"Ref": target} if is_ref else {"Fn::GetAtt": [target, "Arn"]}

    def _role_of(self, source: Any) -> Any:
        """The name or ARN of the role that a connector's source acts with."""
        given = source if isinstance(source, Mapping) else {}
        logical_id = given.get("Id")
        resource = self._found.get(logical_id) if isinstance(logical_id, str) else None
        if resource is None:
            return given.get("RoleName")
        return resource.properties.get("Role", resource.properties.get("RoleArn"))


def _split(policy: Any, at: tuple[str | int, ...]) -> tuple[list[Any], list[Any]]:
    """The inline and the managed policies that one of a function stands for, under its conditions."""
    if isinstance(policy, list):
        parts = [_split(one, (*at, index)) for index, one in enumerate(policy)]
        return [one for inline, _ in parts for one in inline], [one for _, managed in parts for one in managed]
    if isinstance(policy, str):
        return [], [policy if policy.startswith("arn:") else f"{_AWS_MANAGED}{policy}"]
    if isinstance(policy, Mapping) and "Statement" in policy:
        return [{"PolicyDocument": policy}], []
    if isinstance(policy, Mapping) and len(policy) == 1:
        name, given = next(iter(policy.items()))
        if name in _templates():
            statements = [{**statement, AT: at} for statement in _filled(name, given)]
            return [{"PolicyDocument": {"Statement": statements}}], []
        if name == "Fn::If" and isinstance(given, list) and len(given) == 3:  # noqa: PLR2004
            first, second = _split(given[1], (*at, name, 1)), _split(given[2], (*at, name, 2))
            inline, managed = (
                [{name: [given[0], one, _NO_VALUE]} for one in first[kind]]
                + [{name: [given[0], _NO_VALUE, one]} for one in second[kind]]
                for kind in (0, 1)
            )
            return inline, managed
    return [], [] if policy is None or policy == _NO_VALUE else [policy]


def _index(values: Any, value: Any) -> tuple[int, ...]:
    """The number of a value in a list that holds this very value; nothing if it is not in it, or is no list."""
    return next(((n,) for n, one in enumerate(values if isinstance(values, list) else ()) if one is value), ())


def _or_else(given: Any, default: Any) -> Any:
    """What is given for a property, with its default where a condition leaves it out."""
    if not given or given == _NO_VALUE:
        return default
    branches = given.get("Fn::If") if isinstance(given, Mapping) else None
    if isinstance(branches, list):
        return {"Fn::If": [*branches[:1], *(_or_else(branch, default) for branch in branches[1:])]}
    return given


def _written_at(resource: Resource) -> tuple[str | int, ...]:
    """Where in the document a resource stands."""
    return resource.at or ("Resources", resource.logical_id)


def _properties(value: Mapping[str, Any]) -> Mapping[str, Any]:
    found = value.get("Properties")
    return found if isinstance(found, Mapping) else {}


def _merged(shared: Any, own: Any) -> Any:
    """Globals and a resource's own properties: mappings merge, lists add up, the rest is replaced."""
    if isinstance(shared, Mapping) and isinstance(own, Mapping):
        return {
            **shared,
            **{key: _merged(shared[key], value) if key in shared else value for key, value in own.items()},
        }
    if isinstance(shared, list) and isinstance(own, list):
        return [*shared, *own]
    return own


@cache
def _templates() -> Mapping[str, Any]:
    """SAM's policy templates: their statements, with parameters as `Ref`."""
    text = package_files.files("constructs_lib.templates").joinpath("sam_policies.json").read_text("utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def _filled(name: str, values: Any) -> Any:
    """A policy template's statements, its parameters replaced by what the function gives."""
    known = values if isinstance(values, Mapping) else {}

    def fill(value: Any) -> Any:
        if isinstance(value, Mapping):
            reference = value.get("Ref")
            if len(value) == 1 and reference in known:
                return known[reference]
            return {key: fill(inner) for key, inner in value.items()}
        return [fill(item) for item in value] if isinstance(value, list) else value

    return fill(_templates()[name]["Statement"])
