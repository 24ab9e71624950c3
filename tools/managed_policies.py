"""Make `constructs_lib/loops/managed_policies.json`: what AWS-managed policies allow.

    python -m pip install moto && python tools/managed_policies.py

moto carries the documents of all managed policies (`moto.iam.aws_managed_policies`, Apache-2.0). Denials are left out,
and calls that only describe, get or list are widened to all of their kind, which is sound: it may only be more. One
policy is one line, so that one is found without reading all.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data  # type: ignore[import-not-found]

TARGET = Path(__file__).parent.parent / "constructs_lib" / "loops" / "managed_policies.json"
SERVICES_OWN = "/aws-service-role/"
"""The path of policies that cannot be attached to any other role."""
READ = re.compile(r"([^:*?]+:(?:Describe|Get|List)).+", re.IGNORECASE)
READS_THAT_WAKE = ("s3:", "s3-object-lambda:", "secretsmanager:")
"""The services of which some reads are ways in the graph."""


def listed(value: Any) -> list[Any]:
    """A value that may stand alone, as a list."""
    return value if isinstance(value, list) else [value]


def widened(action: str) -> str:
    """An action; if it only reads, all of its kind."""
    found = READ.fullmatch(action)
    return f"{found[1]}*" if found and not action.lower().startswith(READS_THAT_WAKE) else action


def rule(statement: dict[str, Any]) -> list[Any]:
    """A statement: its actions and resources, and whether they are those that it does not allow."""
    inverted = "Action" not in statement
    actions = listed(statement["NotAction" if inverted else "Action"])
    resources = ["*"] if "NotResource" in statement else listed(statement["Resource"])
    kept = sorted(set(actions if inverted else map(widened, actions)))
    return [kept, sorted(set(resources)), *([True] if inverted else [])]


def main() -> None:
    """Write the file."""
    found: dict[str, str] = {}
    for name, policy in json.loads(aws_managed_policies_data).items():
        if policy["Path"] == SERVICES_OWN:
            continue
        statements = listed(policy["Document"]["Statement"])
        rules = [rule(statement) for statement in statements if statement["Effect"] == "Allow"]
        found[f"{policy['Path'].lstrip('/')}{name}"] = json.dumps(rules, separators=(",", ":"))
    lines = [f"{json.dumps(path)}:{rules}" for path, rules in sorted(found.items())]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
