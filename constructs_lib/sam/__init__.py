"""SAM templates from a synthesized cloud assembly, the same stacks for `sam build && sam deploy`."""

from constructs_lib.sam.draft import CargoSource, Delta, Plain
from constructs_lib.sam.writer import Emitted, write

__all__ = ["CargoSource", "Delta", "Emitted", "Plain", "write"]
