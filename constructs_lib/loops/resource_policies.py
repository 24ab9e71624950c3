"""Policies of resources, wherever templates keep them, as documents.

"Actions, resources, and condition keys" of each service, and the AWS resource and property types reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.loops.policies import documents, listed
from constructs_lib.templates.texts import Resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs_lib.templates.system import Node, System

__all__ = ["RESOURCE_POLICIES", "resource_policies"]

RESOURCE_POLICIES: Mapping[str, str] = {
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::S3::AccessPoint": "Policy",
    "AWS::S3::MultiRegionAccessPointPolicy": "Policy",
    "AWS::S3ObjectLambda::AccessPointPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SQS::QueueInlinePolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SNS::TopicInlinePolicy": "PolicyDocument",
    "AWS::Kinesis::ResourcePolicy": "ResourcePolicy",
    "AWS::Events::EventBus": "Policy",
}
_SERVICES = {"Service", "Federated"}
_ABOUT_THEMSELVES = {
    "AWS::IAM::Role": "AssumeRolePolicyDocument",
    "AWS::ECR::Repository": "RepositoryPolicyText",
}
_UNKNOWN = {"Effect": {"Ref": ""}, "Principal": "*", "Action": "*"}
_OF_TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")


def resource_policies(system: System) -> Iterator[tuple[Node, Any]]:
    """All policies of resources, each with the resource that holds it."""
    for type_, property_ in RESOURCE_POLICIES.items():
        for node in system.nodes(type_):
            if node.get(property_) is not None:
                yield node, node.get(property_)
    for node in system.nodes("AWS::Events::EventBusPolicy"):
        yield node, {"Statement": [node.get("Statement") or _in_short(node)]}
    for node in system.nodes("AWS::Lambda::Permission"):
        yield from ((node, {"Statement": [statement]}) for statement in _permission(system, node))
    for node in system.nodes("AWS::ApiGateway::RestApi"):
        yield from ((node, {"Statement": [statement]}) for statement in _of_api(system, node))
    for type_, property_ in _ABOUT_THEMSELVES.items():
        for node in system.nodes(type_):
            if node.get(property_) is not None and not _names_services(node.get(property_)):
                yield node, {"Statement": list(_about_itself(system, node, property_))}
    yield from _of_tables(system)


def _of_tables(system: System) -> Iterator[tuple[Node, Any]]:
    for node in system.nodes(*_OF_TABLES):
        replicas = system.items(node.get("Replicas") or [], node.template)
        for holder in (node.properties, *replicas):
            policy = holder.get("ResourcePolicy") if isinstance(holder, Mapping) else None
            for found in system.mapping(policy, node.template):
                yield node, found.get("PolicyDocument")


def _names_services(document: Any) -> bool:
    """Whether a policy names services and nobody else, as nearly all trust policies do."""
    given = document.get("Statement") if isinstance(document, (dict, Mapping)) else None
    principals = [one.get("Principal") if isinstance(one, (dict, Mapping)) else None for one in listed(given)]
    return all(isinstance(principal, (dict, Mapping)) and principal.keys() <= _SERVICES for principal in principals)


def _about_itself(system: System, node: Node, property_: str) -> Iterator[Mapping[str, Any]]:
    """The statements of a policy that names no resource, because it is about the one that holds it.

    A role needs no policy of its own to assume another one in its account that names it: "the role's trust policy acts
    as an IAM resource-based policy" ("AssumeRole" in the AWS STS API reference).
    """
    own = [Resolved(arn) for arn in system.arns(node)]
    for document in documents(system, node.get(property_), node.template):
        for statement in system.items(_UNKNOWN if document is None else document.get("Statement"), node.template):
            if isinstance(statement, Mapping):
                yield {**statement, "Resource": own}


def _in_short(node: Node) -> Mapping[str, Any]:
    """A statement of a bus whose parts are properties."""
    bus = {
        "Fn::Sub": ["arn:${AWS::Partition}:events:*:*:event-bus/${Bus}", {"Bus": node.get("EventBusName") or "default"}]
    }
    return {
        "Effect": "Allow",
        "Principal": {"AWS": node.get("Principal")},
        "Action": node.get("Action"),
        "Resource": bus,
    }


def _of_api(system: System, node: Node) -> Iterator[Mapping[str, Any]]:
    """What an API's policy allows roles that it names; what it allows everyone needs no grant, see `edges.urls`."""
    routes = {"Fn::Sub": ["arn:${AWS::Partition}:execute-api:*:*:${Api}/*", {"Api": {"Ref": node.id}}]}
    for policy in system.mapping(node.get("Policy"), node.template):
        for statement in system.items(policy.get("Statement") or [], node.template):
            principal = statement.get("Principal") if isinstance(statement, Mapping) else None
            given = principal.get("AWS") if isinstance(principal, Mapping) else principal
            allows = isinstance(statement, Mapping) and system.text(statement.get("Effect"), node.template) != "Deny"
            if allows and given is not None and given not in ("*", ["*"]):
                yield {**statement, "Principal": {"AWS": given}, "Resource": routes}


def _permission(system: System, node: Node) -> Iterator[Mapping[str, Any]]:
    """What a permission allows roles; those of services, and of all who know a public URL, are no grants to roles."""
    if node.get("SourceArn") is not None or node.get("FunctionUrlAuthType") == "NONE":
        return
    if node.get("InvokedViaFunctionUrl") is not None:
        return
    for principal in system.texts(node.get("Principal"), node.template):
        if ".amazonaws.com" not in principal:
            for name in system.texts(node.get("FunctionName"), node.template):
                function = name.rpartition(":function:")[2]
                arn = f"arn:aws:lambda:*:*:function:{function}"
                resources = [Resolved(arn), Resolved(f"{arn}:*")]
                yield {
                    "Effect": "Allow",
                    "Principal": {"AWS": Resolved(principal)},
                    "Action": node.get("Action"),
                    "Resource": resources,
                }
