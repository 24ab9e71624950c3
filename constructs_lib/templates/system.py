"""Several templates as one system: its resources, their names and ARNs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from constructs_lib.templates.grouped import Grouped
from constructs_lib.templates.names import NAMING, STANDS_FOR
from constructs_lib.templates.nested import STACKS
from constructs_lib.templates.symbols import SHARED, symbols_in
from constructs_lib.templates.template import construct_path
from constructs_lib.templates.texts import MISSING, Texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from constructs_lib.templates.template import Resource, Template

__all__ = ["Node", "System"]

_CUSTOM = "AWS::CloudFormation::CustomResource"
_MACHINE_ALIAS = "AWS::StepFunctions::StateMachineAlias"
_ANY_MACHINE = {"Fn::GetAtt": ["", "StateMachineVersionArn"]}
"""Nobody can tell."""
_NAME_ENDS = {
    "lambda": (":", 2),
    "states": (":", 2),
    "ecs": (":", 1),
    "batch": (":", 1),
    "execute-api": ("/", 1),
    "kafka": ("/", 2),
    "dynamodb": ("/stream/", 1),
    "kinesis": ("/consumer/", 1),
}
"""By service, what ends a resource's name in its ARN, and which one of these does."""


class Node:
    """A resource in its template; equal only to itself.

    Attributes:
        names: the physical names that it may have, once its system has found them.
        arns: likewise its ARNs.
    """

    __slots__ = ("_added", "arns", "body", "id", "names", "properties", "template", "type")

    def __init__(
        self,
        template: Template,
        logical_id: str,
        type_: str,
        properties: Mapping[str, Any],
        body: Mapping[str, Any],
        *,
        added: Resource | None = None,
    ) -> None:
        self.template = template
        self.id = logical_id
        self.type = type_
        self.properties = properties
        self.body = body
        self.names: tuple[str, ...] | None = None
        self.arns: tuple[str, ...] | None = None
        self._added = added

    @property
    def resource(self) -> Resource:
        """The resource as the template has it."""
        return self._added or self.template.resources[self.id]

    @property
    def is_declared(self) -> bool:
        """Whether a template declares it."""
        return self._added is None

    def get(self, name: str) -> Any:
        """A property, unresolved."""
        return self.properties.get(name)

    def __repr__(self) -> str:
        return f"Node({self.template.name}/{self.id})"


class System(Texts):
    """Templates that are deployed together.

    Args:
        templates: in any order; an export of one is seen by the imports of all.
    """

    def __init__(self, templates: Iterable[Template]) -> None:
        super().__init__(templates)
        self._nodes: dict[int, dict[str, Node]] = {}
        self.types_asked_for: set[str] = set()
        self._added: set[Node] = set()
        self._by_type: dict[str, list[Node]] = defaultdict(list)
        for template in self.templates:
            nodes = self._nodes[id(template)] = {}
            for logical_id, type_, properties, body in template.entries():
                node = nodes[logical_id] = Node(template, logical_id, type_, properties, body)
                self._by_type[type_].append(node)
        self._with_made_up: dict[str, Node] = {}
        self._attributes: dict[str, dict[Node, tuple[str, ...]]] = {}
        self._forms: dict[tuple[str, str], tuple[str, bool, str] | None] = {}
        self._being_named = 0
        self._by_name: dict[tuple[str, bool], Grouped[str, Node]] = {}
        self._by_arn: dict[bool, Grouped[str, Node]] = {}
        self._arn_ends: dict[str, tuple[str, str]] = {}

    @cached_property
    def positions(self) -> Mapping[int, int]:
        """The number of each template, by its identity."""
        return {id(template): number for number, template in enumerate(self.templates)}

    @cached_property
    def ids(self) -> frozenset[str]:
        """The logical ids of all templates."""
        return frozenset([key for template in self.templates for key in template.resources])

    def nodes(self, *types: str) -> Iterator[Node]:
        """All resources of the given types."""
        self.types_asked_for.update(types)
        for type_ in types:
            yield from self._by_type.get(type_, ())

    @property
    def types(self) -> AbstractSet[str]:
        """The types that there are resources of."""
        return self._by_type.keys()

    def declared(self, template: Template, types: Collection[str]) -> Iterator[Node]:
        """The resources of some types that a template declares, in its order, without asking for them."""
        return (node for node in self._nodes[id(template)].values() if node.type in types and node.is_declared)

    def addressed(self, service: str = "") -> Iterator[Node]:
        """All resources that an ARN may name as a target; of the service that ARNs call so, if one is given."""
        for type_, nodes in self._by_type.items():
            if _is_addressed(type_) and service in {"", NAMING[type_].arn.split(":")[2]}:
                yield from nodes

    def named(self, type_: str, name: str) -> Sequence[Node]:
        """The resources of a type that may have a physical name."""
        key = (type_, SHARED in name)
        known = self._by_name.get(key)
        if known is None:
            known = self._by_name[key] = Grouped()
            for node in self._to_look_up(type_, with_made_up=key[1]):
                for own in self.names(node):
                    known.add(own, node)
        found = known.of(name)
        other = self.with_made_up(name)
        return found if other is None or other.type != type_ or other in found else (*found, other)

    def by_arn(self, arn: str) -> Sequence[Node]:
        """The resources that an ARN names; versions, aliases, streams and consumers stand for their parent."""
        key = _parent(arn)
        known = self._by_arn.get(SHARED in key)
        if known is None:
            known = self._by_arn[SHARED in key] = self._arns(with_made_up=SHARED in key)
        found = known.of(key)
        for name in symbols_in(key):
            node = self.with_made_up(name)
            if node is not None and node.type in self._arn_ends and node not in found:
                head, tail = self._arn_ends[node.type]
                if key == f"{head}{name}{tail}":
                    found = (*found, node)
        return found

    def _arns(self, *, with_made_up: bool) -> Grouped[str, Node]:
        """Resources by what their ARNs have of their own."""
        found: Grouped[str, Node] = Grouped()
        for type_ in filter(_is_addressed, self._by_type):
            form = self._filled_in(NAMING[type_].arn)
            head, _, tail = _parent(form).partition("{name}")
            self._arn_ends[type_] = head, tail
            for node in self._to_look_up(type_, with_made_up=with_made_up):
                for name in self.names(node):
                    is_whole = ":" in name or "/" in name  # its ends are not those of the ARN's form
                    found.add(_parent(form.replace("{name}", name)) if is_whole else f"{head}{name}{tail}", node)
        return found

    def _to_look_up(self, type_: str, *, with_made_up: bool) -> Iterable[Node]:
        """The resources of a type that have names of their own: others are known by the symbol that their name is.

        Args:
            type_: the type.
            with_made_up: whether to add the others, as is needed for those whose symbol is not theirs alone.
        """
        nodes = self._by_type.get(type_, ())
        if with_made_up:
            return nodes
        naming = NAMING.get(type_)
        return [node for node in nodes if node.properties.get(naming.property) is not None] if naming else ()

    def add(self, template: Template, resource: Resource) -> Node:
        """Add a resource that is there without being declared, e.g. an account's default event bus."""
        node = self._nodes[id(template)][resource.logical_id] = Node(
            template, resource.logical_id, resource.type, resource.properties, resource.body, added=resource
        )
        self._by_type[resource.type].append(node)
        self._added.add(node)
        self._by_name.clear()
        self._by_arn.clear()
        return node

    def may_be_others(self, text: str, known: Iterable[Node | None]) -> bool:
        """Whether a name or ARN may be that of others than those which are known to have it, if none is declared."""
        return all(node in self._added for node in known) and bool(self.symbols.free_in(text))

    def node(self, template: Template, logical_id: str) -> Node | None:
        """The resource of that logical id in a template."""
        return self._nodes[id(template)].get(logical_id)

    def label(self, node: Node) -> str:
        """What people call it: the construct's path, else the logical id, with its template if there are several."""
        path = construct_path(node.body)
        if path:
            return path
        return f"{node.template.name}/{node.id}" if len(self.templates) > 1 else node.id

    def outside(self) -> Iterator[str]:
        """What the templates make that nobody can tell, for people."""
        for template in self.templates:
            yield from template.not_modelled
        for type_, nodes in self._by_type.items():
            if type_.endswith("::MODULE"):
                yield f"what the module `{type_}` makes"
            elif type_ in STACKS or type_ == "AWS::CloudFormation::StackSet":
                for node in nodes:
                    if not self.is_nested(node.template, node.id):
                        yield f"the template of the stack `{self.label(node)}`"

    # names and ARNs

    def names(self, node: Node) -> tuple[str, ...]:
        """The physical names that a resource may have."""
        known = node.names
        if known is None:
            naming = NAMING.get(node.type)
            value = node.properties.get(naming.property) if naming else None
            if isinstance(value, str):
                known = self.texts(value, node.template)
            elif value is None:
                known = (self._generated(node),)
            else:
                known = self._set_names(node, value)
            node.names = known
        return known

    def _set_names(self, node: Node, value: Any) -> tuple[str, ...]:
        """The names that a property sets; the one that is made up where a condition leaves the property out."""
        node.names = (self._generated(node),)  # should its name refer to itself, it is this one
        self._being_named += 1
        found: list[str] = []
        try:
            for choice in self.choices(value, node.template):
                found += [self._generated(node)] if choice is MISSING else self.texts(choice, node.template)
        except RecursionError:
            node.names = None  # whoever asks next may be less deep
            raise
        finally:
            self._being_named -= 1
        return tuple(self._bounded(list(dict.fromkeys(found)), value, node.template))

    def arns(self, node: Node) -> tuple[str, ...]:
        """The ARNs that a resource may have."""
        known = node.arns
        if known is None:
            known = self._attribute(node, "Arn")
            if not self._being_named:
                node.arns = known
        return known

    def _generated(self, node: Node) -> str:
        name = self.symbols.character(node, f"${{{node.id}}}", "generated")
        self._with_made_up[name] = node
        return name

    def with_made_up(self, name: str) -> Node | None:
        """The resource that has a name that is made up."""
        return self._with_made_up.get(name) if name != SHARED else None

    def attribute(self, node: Node, attribute: str) -> tuple[str, ...]:
        """What `Ref`, or an attribute of `Fn::GetAtt`, of a resource stands for."""
        if attribute == "Arn":
            return self.arns(node)
        nodes = self._attributes.get(attribute)
        if nodes is None:
            nodes = self._attributes[attribute] = {}
        known = nodes.get(node)
        if known is None:
            known = self._attribute(node, attribute)
            if not self._being_named:
                nodes[node] = known
        return known

    def _attribute(self, node: Node, attribute: str) -> tuple[str, ...]:
        form = self._form(node.type, attribute)
        if form is None:
            return self._other_attribute(node, attribute)
        head, has_path, tail = form
        names = node.names or self.names(node)
        paths = self.texts(node.properties.get("Path") or "/", node.template) if has_path else ("",)
        if len(names) == len(paths) == 1:
            return (f"{head}{paths[0]}{names[0]}{tail}",)
        return tuple([f"{head}{path}{name}{tail}" for name in names for path in paths])

    def _form(self, type_: str, attribute: str) -> tuple[str, bool, str] | None:
        """What stands around the name in an attribute of a type's resources, and whether the path stands before it."""
        key = (type_, attribute)
        if key not in self._forms:
            naming = NAMING.get(type_)
            known = {"Ref": naming.ref, "Arn": naming.arn, **naming.attributes} if naming else {}
            head, _, tail = self._filled_in(known.get(attribute, "")).partition("{name}")
            form = (head.removesuffix("{path}"), head.endswith("{path}"), tail)
            self._forms[key] = form if attribute in known else None
        return self._forms[key]

    def _filled_in(self, form: str) -> str:
        return form.replace("{region}", self.region).replace("{account}", self.account)

    def _other_attribute(self, node: Node, attribute: str) -> tuple[str, ...]:
        properties = {
            "AWS::Lambda::Alias": "FunctionName",
            "AWS::Lambda::Version": "FunctionName",
            "AWS::Lambda::Url": "TargetFunctionArn",
        }
        if node.type in properties and attribute in {"Ref", "AliasArn", "FunctionArn"}:
            # Aliases, versions and URLs stand for their function.
            function = node.get(properties[node.type])
            return tuple(self._function_arn(text) for text in self.texts(function, node.template))
        if node.type == "AWS::Lambda::Url" and attribute == "FunctionUrl":
            return (f"https://{self._generated(node)}.lambda-url.{self.region}.on.aws/",)
        value = node.get(STANDS_FOR.get((node.type, attribute), ""))
        if node.type == _MACHINE_ALIAS and attribute in {"Ref", "Arn"}:
            value = _version_of(node)
        if value is not None:
            return self.texts(value, node.template)
        if node.type in STACKS:
            found = self.of_stack(node.template, node.id, attribute)
            if found is not None:
                return tuple(found)
        label = f"${{{node.id}}}" if attribute == "Ref" else f"${{{node.id}.{attribute}}}"
        is_made_up = attribute == "Ref" or attribute.endswith(("Arn", "ARN", "Id", "Name"))
        is_output = attribute.startswith("Outputs.") or node.type == _CUSTOM
        if node.type.startswith("AWS::") and is_made_up and not is_output:
            return (self.symbols.character((node, attribute), label, "generated"),)
        return (self.symbols.character((node, attribute), label, "free", f"`{label}` is known at deployment only"),)

    def _function_arn(self, text: str) -> str:
        return text if ":" in text else f"arn:aws:lambda:{self.region}:{self.account}:function:{text}"


def _version_of(node: Node) -> Any:
    """The version of a state machine that an alias leads to; they all are of one machine."""
    routes = node.get("RoutingConfiguration")
    holder = routes[0] if isinstance(routes, list) and routes else node.get("DeploymentPreference")
    return holder.get("StateMachineVersionArn", _ANY_MACHINE) if isinstance(holder, Mapping) else _ANY_MACHINE


def _is_addressed(type_: str) -> bool:
    """Whether an ARN may name resources of a type as a target."""
    return type_ in NAMING and not type_.startswith("AWS::IAM::")


def _parent(arn: str) -> str:
    """An ARN without what all of a system share, and without what stands behind a resource's name."""
    fields = arn.split(":", 5)
    if len(fields) < 6:  # noqa: PLR2004
        return arn
    service, resource = fields[2], fields[5]
    if service in _NAME_ENDS:
        delimiter, count = _NAME_ENDS[service]
        parts = resource.split(delimiter, count)
        if len(parts) > count:
            resource = delimiter.join(parts[:count])
    elif service == "logs":
        resource = resource.removesuffix(":*")
    return f"{service}:{resource}"
