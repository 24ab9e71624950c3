"""The sample app as CDK synthesizes it today: its SAM templates say the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk

from constructs_lib import sam
from constructs_lib.sam import assembly as assemblies
from constructs_lib.sam.compare import differences
from constructs_lib.sam.strip import stripped
from sample_app.hello import Hello
from sample_app.thumbnails import FUNCTIONS, Thumbnails

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_sample_translates_back_to_what_cdk_made(
    tmp_path: Path, translate: Callable[[Path], dict[str, Any]]
) -> None:
    # Without a stack to bundle nothing is built: what counts here are the templates.
    app = cdk.App(outdir=str(tmp_path / "cdk.out"), context={"aws:cdk:bundling-stacks": []})
    Thumbnails(app, "Thumbnails")
    Hello(app, "Hello")
    assembly = Path(app.synth().directory)
    functions = {"Thumbnails": {"ThumbnailFBDDEB86": "thumbnail"}, "Hello": {"Hello4A628BD4": "hello"}}
    sources = {
        stack: {name: sam.CargoSource(FUNCTIONS, binary) for name, binary in binaries.items()}
        for stack, binaries in functions.items()
    }

    emitted = sam.write(assembly, sources)

    stacks = {stack.id: stack for stack in assemblies.read(assembly)}
    assert [one.stack for one in emitted] == ["Hello", "Thumbnails"]
    for one in emitted:
        original = stripped(stacks[one.stack].document)
        assert differences(original, translate(one.template), built=functions[one.stack]) == []
