"""Several templates as one system: its resources, their names and ARNs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.templates.names import NAMING
from constructs_lib.templates.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from constructs_lib.templates.template import Resource, Template

__all__ = ["Node", "System"]


class Node:
    """A resource in its template; equal only to itself."""

    __slots__ = ("resource", "template")

    def __init__(self, template: Template, resource: Resource) -> None:
        self.template = template
        self.resource = resource

    @property
    def id(self) -> str:
        """Its logical id."""
        return self.resource.logical_id

    @property
    def type(self) -> str:
        """Its resource type."""
        return self.resource.type

    def get(self, name: str) -> Any:
        """A property, unresolved."""
        return self.resource.properties.get(name)

    def __repr__(self) -> str:
        return f"Node({self.template.name}/{self.id})"


class System(Texts):
    """Templates that are deployed together.

    Args:
        templates: in any order; an export of one is seen by the imports of all.
    """

    def __init__(self, templates: Iterable[Template]) -> None:
        super().__init__(templates)
        self._nodes: dict[tuple[int, str], Node] = {}
        self._by_type: dict[str, list[Node]] = {}
        self._names: dict[Node, tuple[str, ...]] = {}
        for template in self.templates:
            for key, resource in template.resources.items():
                node = Node(template, resource)
                self._nodes[id(template), key] = node
                self._by_type.setdefault(resource.type, []).append(node)
        self._by_arn: dict[str, list[Node]] | None = None

    def nodes(self, *types: str) -> Iterator[Node]:
        """All resources of the given types."""
        for type_ in types:
            yield from self._by_type.get(type_, ())

    def addressed(self) -> Iterator[Node]:
        """All resources that an ARN may name as a target."""
        for type_, nodes in self._by_type.items():
            if type_ in NAMING and not type_.startswith("AWS::IAM::"):
                yield from nodes

    def by_arn(self, arn: str) -> list[Node]:
        """The resources that an ARN names; versions, aliases, streams and consumers stand for their parent."""
        if self._by_arn is None:
            self._by_arn = {}
            for node in self.addressed():
                for known in self.arns(node):
                    self._by_arn.setdefault(_parent(known), []).append(node)
        return self._by_arn.get(_parent(arn), [])

    def add(self, template: Template, resource: Resource) -> Node:
        """Add a resource that is there without being declared, e.g. an account's default event bus."""
        node = Node(template, resource)
        self._by_type.setdefault(resource.type, []).append(node)
        self._by_arn = None
        return node

    def node(self, template: Template, logical_id: str) -> Node | None:
        """The resource of that logical id in a template."""
        return self._nodes.get((id(template), logical_id))

    def label(self, node: Node) -> str:
        """What people call it: the construct's path, else the logical id, with its template if there are several."""
        path = node.resource.construct_path
        if path:
            return path
        return f"{node.template.name}/{node.id}" if len(self.templates) > 1 else node.id

    # names and ARNs

    def names(self, node: Node) -> tuple[str, ...]:
        """The physical names that a resource may have."""
        known = self._names.get(node)
        if known is None:
            self._names[node] = (self._generated(node),)  # should its name refer to itself
            naming = NAMING.get(node.type)
            value = node.get(naming.property) if naming else None
            known = (self._generated(node),) if value is None else self.texts(value, node.template)
            self._names[node] = known
        return known

    def arns(self, node: Node) -> tuple[str, ...]:
        """The ARNs that a resource may have."""
        return self.attribute(node, "Arn")

    def _generated(self, node: Node) -> str:
        return self.symbols.character((node, "name"), f"${{{node.id}}}", "generated")

    def attribute(self, node: Node, attribute: str) -> tuple[str, ...]:
        """What `Ref`, or an attribute of `Fn::GetAtt`, of a resource stands for."""
        naming = NAMING.get(node.type)
        if naming is None:
            return self._other_attribute(node, attribute)
        form = {"Ref": naming.ref, "Arn": naming.arn}.get(attribute) or naming.attributes.get(attribute)
        if form is None:
            return self._other_attribute(node, attribute)
        paths = self.texts(node.get("Path") or "/", node.template) if "{path}" in form else ("/",)
        return tuple(
            form.format(name=name, region=self.region, account=self.account, path=path)
            for name in self.names(node)
            for path in paths
        )

    def _other_attribute(self, node: Node, attribute: str) -> tuple[str, ...]:
        properties = {"AWS::Lambda::Alias": "FunctionName", "AWS::Lambda::Version": "FunctionName"}
        if node.type in properties and attribute in {"Ref", "AliasArn", "FunctionArn"}:
            # Aliases and versions stand for their function.
            return tuple(self._function_arn(text) for text in self.texts(node.get("FunctionName"), node.template))
        if node.type == "AWS::Kinesis::StreamConsumer":
            return self.texts(node.get("StreamARN"), node.template)
        label = f"${{{node.id}}}" if attribute == "Ref" else f"${{{node.id}.{attribute}}}"
        if node.type.startswith("AWS::") and (attribute == "Ref" or attribute.endswith(("Arn", "ARN", "Id", "Name"))):
            return (self.symbols.character((node, attribute), label, "generated"),)
        return (self.symbols.character((node, attribute), label, "free", f"`{label}` is known at deployment only"),)

    def _function_arn(self, text: str) -> str:
        return text if ":" in text else f"arn:aws:lambda:{self.region}:{self.account}:function:{text}"


def _parent(arn: str) -> str:
    """An ARN without what all of a system share, and without what stands behind a resource's name."""
    fields = arn.split(":", 5)
    if len(fields) < 6:  # noqa: PLR2004
        return arn
    service, resource = fields[2], fields[5]
    if service in {"lambda", "states"}:
        resource = ":".join(resource.split(":")[:2])
    elif service == "dynamodb":
        resource = resource.partition("/stream/")[0]
    elif service == "kinesis":
        resource = resource.partition("/consumer/")[0]
    elif service == "logs":
        resource = resource.removesuffix(":*")
    return f"{service}:{resource}"
