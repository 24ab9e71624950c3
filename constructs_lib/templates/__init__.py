"""CloudFormation and SAM templates read as facts; pure Python, whoever wrote them."""

from constructs_lib.templates.cycles import dependency_cycle
from constructs_lib.templates.discover import Found, assembly, discover, looks_like_template
from constructs_lib.templates.documents import UnreadableError
from constructs_lib.templates.template import Resource, Template, read

__all__ = [
    "Found",
    "Resource",
    "Template",
    "UnreadableError",
    "assembly",
    "dependency_cycle",
    "discover",
    "looks_like_template",
    "read",
]
