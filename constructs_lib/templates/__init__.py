"""CloudFormation and SAM templates read as facts; pure Python, whoever wrote them."""

from constructs_lib.templates.cycles import dependency_cycle
from constructs_lib.templates.discover import Found, apart, assembly, discover, looks_like_template
from constructs_lib.templates.documents import UnreadableError
from constructs_lib.templates.nested import flattened, read
from constructs_lib.templates.template import Resource, Template

__all__ = [
    "Found",
    "Resource",
    "Template",
    "UnreadableError",
    "apart",
    "assembly",
    "dependency_cycle",
    "discover",
    "flattened",
    "looks_like_template",
    "read",
]
