"""The `samconfig.toml` beside a template: `sam build` and `sam deploy` in its folder need no option then.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from constructs_lib.sam.draft import Draft

__all__ = ["render"]

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html, Capabilities
_NAMES = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}


def render(draft: Draft, *, comment: str) -> str:
    """Render the settings for one template."""
    stack = draft.stack
    everywhere: dict[str, Any] = {"stack_name": stack.name}
    if stack.region is not None:
        everywhere["region"] = stack.region
    deploy: dict[str, Any] = {"resolve_s3": True, "capabilities": capabilities(draft)}
    if stack.tags:
        deploy["tags"] = [f"{_quoted(key)}={_quoted(value)}" for key, value in sorted(stack.tags.items())]
    if stack.parameters:
        deploy["parameter_overrides"] = dict(sorted(stack.parameters.items()))
    if stack.notifications:
        deploy["notification_arns"] = list(stack.notifications)
    tables = {
        "global": everywhere,
        "build": {"parallel": True},
        "validate": {"lint": True},
        "package": {"resolve_s3": True},
        "deploy": deploy,
        "sync": {"capabilities": deploy["capabilities"]},
    }
    built = [path + name for path, one in draft.paths() for name in one.sources]
    if built:
        # A build inside the workspace must not set off the next one.
        tables["sync"]["watch_exclude"] = [f"{name}=/target/" for name in built]
    text = "".join(f"# {line}\n" for line in comment.splitlines()) + "version = 0.1\n"
    for command, settings in tables.items():
        text += f"\n[default.{command}.parameters]\n"
        text += "".join(f"{key} = {_toml(value)}\n" for key, value in settings.items())
    return text


def capabilities(draft: Draft) -> list[str]:
    """Give the capabilities that a deployment of these resources must acknowledge."""
    named = any(
        _NAMES[resource["Type"]] in resource.get("Properties", {})
        for stack in draft.family()
        for _, resource in stack.of_type(*_NAMES)
    )
    return ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


def _quoted(text: str) -> str:
    """Quote a part of a tag as `sam` splits it; tags hold no quotes or backslashes."""
    return text if re.fullmatch(r"[\w:./+@-]+", text, re.ASCII) else f'"{text}"'


def _toml(value: Any) -> str:
    """Write a value as TOML; a JSON string is a TOML basic string as long as DEL is escaped too."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_toml(key)} = {_toml(inner)}' for key, inner in value.items())} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
