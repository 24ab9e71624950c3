"""CloudFormation and SAM templates read as facts; pure Python, whoever wrote them."""

from constructs_lib.templates.cycles import dependency_cycle
from constructs_lib.templates.discover import Found, assembly, discover
from constructs_lib.templates.template import Resource, Template, read

__all__ = ["Found", "Resource", "Template", "assembly", "dependency_cycle", "discover", "read"]
