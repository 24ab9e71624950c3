"""APIs that pass requests on without a function: to a queue, a state machine, a bus, a bucket, or to another API.

"Integration subtype reference" for HTTP APIs; for REST APIs `uri` in "PutIntegration", with what the request parameters
and templates say. What is taken from the request may be anything.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.edges.apis import integrations
from constructs_lib.loops.edges.base import ANY_MESSAGE, EdgeKind, Listener
from constructs_lib.loops.edges.calls import UNKNOWN, effects
from constructs_lib.loops.edges.urls import APIS, called
from constructs_lib.templates.texts import Resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from constructs_lib.templates.system import Node, System

__all__ = ["Integrations"]

_URI = re.compile(r":apigateway:[^:]*:(?:[^:/]*\.)?([a-z0-9-]+):(path|action)/(.*)", re.DOTALL)
_NAMES = (
    *("Action", "QueueUrl", "TopicArn", "TargetArn", "StateMachineArn", "StreamName", "DeliveryStreamName"),
    *("TableName", "Source", "DetailType", "EventBusName"),
)
_MENTIONED = re.compile(
    rf"\b({'|'.join(_NAMES)})\\?[\"']?\s*[=:]\s*(?:\$util\.urlEncode\()?\\?[\"']?([^\"'\\&,}}]*)", re.IGNORECASE
)
_FULL_NAME = {name.lower(): name for name in _NAMES}
_IN_QUERY = "integration.request.querystring."
_ON_PATH = {"sqs": "SendMessage", "sns": "Publish"}
_ON_OBJECTS = {"PUT": "s3:putobject", "POST": "s3:putobject", "DELETE": "s3:deleteobject"}
_PUT_EVENTS = ("events:putevents", "eventbridge:putevents")


class Integrations(EdgeKind):
    """What APIs integrate besides functions."""

    def listeners(self, system: System) -> Iterator[Listener]:
        """The resources behind all APIs."""
        for node, api, integration in integrations(system):
            uris = _texts(system, node, integration.get("Uri"))
            urls = _texts(system, node, integration["IntegrationUri"]) if "IntegrationUri" in integration else uris
            for type_ in APIS if api is None else (api.type,):
                for name, arguments in _calls(system, node, integration, uris):
                    for put in effects(system, node, name, arguments, f"integration {name}"):
                        carry = put.message
                        yield Listener(
                            api, type_, put.target, put.label, put.expects, carry=carry, doubt=put.doubt, by=node
                        )
                for url in urls:
                    for arn in called(system, url):
                        yield Listener(api, type_, arn, "integration by HTTP", carry=ANY_MESSAGE, by=node)


def _texts(system: System, node: Node, value: Any) -> tuple[str, ...]:
    return () if value is None else system.texts(value, node.template)


def _calls(
    system: System, node: Node, integration: Mapping[str, Any], uris: Sequence[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The calls that an integration makes, by name, with what is known of their arguments."""
    for subtype in _texts(system, node, integration.get("IntegrationSubtype")):
        name = subtype.lower().replace("stepfunctions", "states").replace("-", ":", 1)
        yield _call(name, _parameters(system, node, integration))
    for uri in uris:
        found = _URI.search(uri)
        if found is None or found[1] == "lambda":
            continue
        service, way, rest = found.groups()
        arguments = {**_mentioned(system, node, integration), **_parameters(system, node, integration)}
        if way == "action":
            yield _call(f"{service}:{rest.partition('&')[0].lower()}", arguments)
        elif service == "s3":
            method = system.text(integration.get("IntegrationHttpMethod"), node.template) or "PUT"
            bucket, _, key = rest.partition("/")
            key = Resolved(re.sub(r"\{[^}]*\}", "*", key))
            named = {"Bucket": UNKNOWN if "{" in bucket else Resolved(bucket), "Key": key}
            yield _ON_OBJECTS.get(method.upper(), ""), named
        elif service in _ON_PATH:
            named = {"QueueUrl": Resolved(rest)} if service == "sqs" else {}
            action = arguments.get("Action", _ON_PATH[service])
            yield f"{service}:{_ON_PATH[service] if action is UNKNOWN else action}".lower(), {**named, **arguments}


def _call(name: str, arguments: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    return name, {"Entries": [arguments]} if name in _PUT_EVENTS and arguments else arguments


def _parameters(system: System, node: Node, integration: Mapping[str, Any]) -> dict[str, Any]:
    """Request parameters by the names of the arguments that they are; in REST APIs constants are quoted."""
    found: dict[str, Any] = {}
    for given in system.mapping(integration.get("RequestParameters"), node.template):
        for key, value in given.items():
            texts = _texts(system, node, value)
            is_known = len(texts) == 1 and not texts[0].startswith(("$", "method.", "context.", "stageVariables."))
            found[str(key).removeprefix(_IN_QUERY)] = Resolved(texts[0].strip("'")) if is_known else UNKNOWN
    return found


def _mentioned(system: System, node: Node, integration: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a request's templates spell out; one that has several values, or is computed, is not known."""
    templates = [
        text
        for given in system.mapping(integration.get("RequestTemplates"), node.template)
        for value in given.values()
        for text in _texts(system, node, value)
    ]
    pairs = {(_FULL_NAME[name.lower()], value) for text in templates for name, value in _MENTIONED.findall(text)}
    count = Counter(name for name, _ in pairs)
    return {name: UNKNOWN if count[name] > 1 or "$" in value else Resolved(value.strip()) for name, value in pairs}
