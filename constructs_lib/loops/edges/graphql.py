"""AppSync: a field of a GraphQL API wakes the function behind its resolver, or changes its table.

"IAM authorization" in the AppSync developer guide: a grant is for fields, by type and name. What a resolver does to a
table stands in its template or code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from constructs_lib.loops.edges.base import (
    ANY_MESSAGE,
    Channel,
    Deposit,
    EdgeKind,
    Listener,
    Message,
    addresses,
)
from constructs_lib.loops.edges.events import OWN_EVENT
from constructs_lib.loops.edges.urls import called
from constructs_lib.loops.keys import literal
from constructs_lib.loops.languages import Language

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_lib.templates.system import Node, System

__all__ = ["GraphQl"]

_API = "AWS::AppSync::GraphQLApi"
_ASK = (Deposit("appsync:GraphQL", rest="field"),)
_TOP = ("Query", "Mutation", "Subscription")
_OPERATION = re.compile(r"operation\\?[\"']?\s*:\s*\\?[\"'](\w+)")
_CHANGES = {
    "PutItem": ("INSERT", "MODIFY"),
    "UpdateItem": ("INSERT", "MODIFY"),
    "DeleteItem": ("REMOVE",),
    "GetItem": (),
    "Query": (),
    "Scan": (),
    "BatchGetItem": (),
    "TransactGetItems": (),
}
_ANY_CHANGE = ("INSERT", "MODIFY", "REMOVE")


class GraphQl(EdgeKind):
    """GraphQL APIs, their resolvers and data sources."""

    def channels(self, system: System) -> Iterator[Channel]:
        """All APIs, by their fields."""
        for node in system.nodes(_API):
            yield Channel(node, addresses(system, node, "appsync:apis/", "/"), _ASK)

    def listeners(self, system: System) -> Iterator[Listener]:
        """What the resolvers of all fields reach, and who authorizes requests."""
        apis = {name: node for node in system.nodes(_API) for name in system.names(node)}
        sources = _by_name(system, "AWS::AppSync::DataSource", "Name")
        functions = _by_name(system, "AWS::AppSync::FunctionConfiguration", "FunctionId")
        for resolver in system.nodes("AWS::AppSync::Resolver"):
            steps = [resolver, *_pipeline(system, resolver, functions)]
            for api_id in system.texts(resolver.get("ApiId"), resolver.template):
                for step in steps if api_id in apis else ():
                    for name in _texts(system, step, "DataSourceName"):
                        for source in sources.get((api_id, name), ()):
                            yield from _resolved(system, apis[api_id], resolver, step, source)
        for node in apis.values():
            for config in system.mapping(node.get("LambdaAuthorizerConfig"), node.template):
                for arn in system.texts(config.get("AuthorizerUri"), node.template):
                    yield Listener(node, _API, arn, "authorizer", entry=config)

    def left_out(self, system: System) -> Iterator[str]:
        """What SAM's short form resolves."""
        for node in system.nodes("AWS::Serverless::GraphQLApi"):
            yield f"what the fields of `{system.label(node)}` reach"


def _texts(system: System, node: Node, property_: str) -> tuple[str, ...]:
    return () if node.get(property_) is None else system.texts(node.get(property_), node.template)


def _by_name(system: System, type_: str, attribute: str) -> dict[tuple[str, str], list[Node]]:
    """Resources by their API and by what others call them."""
    found: dict[tuple[str, str], list[Node]] = {}
    for node in system.nodes(type_):
        for api_id in _texts(system, node, "ApiId"):
            for name in system.attribute(node, attribute):
                found.setdefault((api_id, name), []).append(node)
    return found


def _pipeline(system: System, resolver: Node, functions: Mapping[tuple[str, str], list[Node]]) -> Iterator[Node]:
    """The functions of a pipeline resolver."""
    for config in system.mapping(resolver.get("PipelineConfig"), resolver.template):
        for item in system.items(config.get("Functions") or [], resolver.template):
            for name in system.texts(item, resolver.template):
                for api_id in _texts(system, resolver, "ApiId"):
                    yield from functions.get((api_id, name), ())


def _resolved(system: System, api: Node, resolver: Node, step: Node, source: Node) -> Iterator[Listener]:
    fields = [
        f"types/{literal(type_)}/fields/{literal(field)}"
        for type_ in _texts(system, resolver, "TypeName")
        for field in _texts(system, resolver, "FieldName")
    ]
    # The fields of other types are asked for together with one of these.
    is_top = all(field.split("/")[1] in _TOP for field in fields)
    asked = (Message({"field": Language((tuple(fields),))} if fields and is_top else {}),)
    label = f"resolver {system.symbols.show(' or '.join(fields)).replace('types/', '').replace('/fields/', '.')}"
    for arn, message, doubt in _reached(system, step, source):
        yield Listener(api, _API, arn, label, let_through=asked, carry=message, doubt=doubt, by=resolver)


def _reached(system: System, step: Node, source: Node) -> Iterator[tuple[str, Message, str]]:
    """The ARNs that a step of a resolver reaches through a data source, and what it puts there."""
    for config in system.mapping(source.get("LambdaConfig"), source.template):
        yield from ((arn, ANY_MESSAGE, "") for arn in system.texts(config.get("LambdaFunctionArn"), source.template))
    for config in system.mapping(source.get("EventBridgeConfig"), source.template):
        yield from ((arn, OWN_EVENT, "") for arn in system.texts(config.get("EventBusArn"), source.template))
    for config in system.mapping(source.get("HttpConfig"), source.template):
        for url in system.texts(config.get("Endpoint"), source.template):
            yield from ((arn, ANY_MESSAGE, "") for arn in called(system, url))
    for config in system.mapping(source.get("DynamoDBConfig"), source.template):
        changes, doubt = _changes(system, step)
        for name in system.texts(config.get("TableName"), source.template) if changes else ():
            yield f"arn:aws:dynamodb:::table/{name}", Message({"eventName": Language((changes,))}), doubt


def _changes(system: System, step: Node) -> tuple[tuple[str, ...], str]:
    """What a step does to items; everything, with a doubt, if its template or code does not say it plainly."""
    texts = [text for name in ("RequestMappingTemplate", "Code") for text in _texts(system, step, name)]
    operations = [operation for text in texts for operation in _OPERATION.findall(text)]
    if operations and all(operation in _CHANGES for operation in operations):
        return tuple(dict.fromkeys(change for operation in operations for change in _CHANGES[operation])), ""
    return _ANY_CHANGE, f"what the resolver `{system.label(step)}` does is in its code"
