"""Golden cases: a cloud assembly, the folder `sam/` that must come of it to the byte, and what SAM makes of that.

`UPDATE_GOLDEN=1 pytest tests/golden` writes the expected folders anew; read the diff.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.api import lint
from samtranslator.yaml_helper import yaml_parse

from constructs_lib import sam
from constructs_lib.sam import assembly as assemblies
from constructs_lib.sam.compare import differences
from constructs_lib.sam.strip import stripped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Translate = Callable[[Path], dict[str, Any]]

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    folder: Path

    @property
    def assembly(self) -> Path:
        return self.folder / "assembly"

    @property
    def expected(self) -> Path:
        return self.folder / "sam"

    def sources(self, at: Path) -> dict[str, dict[str, sam.CargoSource]]:
        """The case's Cargo binaries, by stack and function; their workspace lies beside the assembly."""
        given = json.loads((self.folder / "binaries.json").read_text())
        return {
            stack: {function: sam.CargoSource(at / "functions", binary) for function, binary in functions.items()}
            for stack, functions in given.items()
        }


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        folders = sorted(path for path in CASES.iterdir() if path.is_dir())
        metafunc.parametrize("case", [Case(folder) for folder in folders], ids=[folder.name for folder in folders])


@pytest.fixture
def copied(case: Case, tmp_path: Path) -> Path:
    return Path(shutil.copytree(case.assembly, tmp_path / "cdk.out"))


@pytest.fixture
def emitted(case: Case, copied: Path) -> list[sam.Emitted]:
    return sam.write(copied, case.sources(copied.parent))


@dataclass(frozen=True)
class Pair:
    """A stack, nested ones too, beside the template that was emitted for it."""

    stack: assemblies.Stack
    template: Path

    @cached_property
    def original(self) -> dict[str, Any]:
        return stripped(self.stack.document)

    @cached_property
    def built(self) -> list[str]:
        """What sam builds or packs: functions, layers and nested stacks with an asset of this app."""
        return [id_ for id_ in self.original["Resources"] if _key(self.original, id_) in self.stack.files]


@pytest.fixture
def pairs(emitted: list[sam.Emitted], copied: Path) -> list[Pair]:
    stacks = {stack.id: stack for stack in assemblies.read(copied)}

    def with_nested(pair: Pair) -> Iterator[Pair]:
        yield pair
        for id_ in pair.built:
            if "TemplateURL" in pair.original["Resources"][id_]["Properties"]:
                child = assemblies.nested(pair.stack, pair.stack.files[_key(pair.original, id_)].path)
                yield from with_nested(Pair(child, pair.template.parent / child.id / "template.yaml"))

    return [pair for one in emitted for pair in with_nested(Pair(stacks[one.stack], one.template))]


def test_the_same_assembly_gives_the_same_bytes(case: Case, emitted: list[sam.Emitted], copied: Path) -> None:
    (copied / "sam" / "report.json").write_text(json.dumps([_report(e) for e in emitted], indent=2) + "\n")
    if os.environ.get("UPDATE_GOLDEN"):
        shutil.rmtree(case.expected, ignore_errors=True)
        shutil.copytree(copied / "sam", case.expected)
    assert _texts(copied / "sam") == _texts(case.expected)


def test_sam_translates_it_back_to_what_cdk_made(pairs: list[Pair], translate: Translate) -> None:
    for pair in pairs:
        assert differences(pair.original, translate(pair.template), built=pair.built) == []


@pytest.mark.integration
def test_cfn_lint_finds_nothing_in_the_translation(pairs: list[Pair], translate: Translate) -> None:
    # Its rule against cycles skips SAM resources, so what counts is the template that CloudFormation gets.
    for pair in pairs:
        assert lint(json.dumps(translate(pair.template)), regions=["eu-west-1"]) == []


def test_code_comes_from_the_workspace_or_from_the_folder_that_cdk_packed(
    case: Case, pairs: list[Pair], copied: Path
) -> None:
    sources = case.sources(copied.parent)
    for pair in pairs:
        resources = yaml_parse(pair.template.read_text())["Resources"]
        for id_ in pair.built:
            properties, metadata = resources[id_]["Properties"], resources[id_].get("Metadata")
            source = sources.get(pair.stack.id, {}).get(id_)
            if resources[id_]["Type"] == "AWS::Serverless::Application":
                assert (pair.template.parent / properties["Location"]).is_file()
                continue
            where = (pair.template.parent / properties.get("CodeUri", properties.get("ContentUri"))).resolve()
            if source is not None:
                assert where == source.root.resolve()
                assert metadata == {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": source.binary}}
            else:
                assert where == pair.stack.files[_key(pair.original, id_)].path.resolve()
                assert (where / "bootstrap").read_text() == "a package that CDK made\n"
                assert metadata == ({"SkipBuild": True} if "CodeUri" in properties else None)


def test_every_change_to_the_translation_is_a_difference(pairs: list[Pair], translate: Translate) -> None:
    unseen = []
    for pair in pairs:
        translated = translate(pair.template)
        for path in _leaves(translated):
            for change in (_alter, _remove):
                changed = copy.deepcopy(translated)
                change(changed, path)
                if not differences(pair.original, changed, built=pair.built) and not FORGIVEN.fullmatch(".".join(path)):
                    unseen.append(f"{'.'.join(path)} by {change.__name__}")
    assert unseen == []


# What may change unseen: what `compare.FORGIVEN` lists, packages (checked above), and formalities without a meaning.
FORGIVEN = re.compile(
    r"""
    .*\.Metadata\.(BuildMethod|BuildProperties\.Binary|SkipBuild)
    | .*\.Properties\.(Code|Content)\.(S3Bucket|S3Key) | .*\.Properties\.TemplateURL
    | .*\.httpapi:createdBy | .*\.Body\.tags\.0\.x-amazon-apigateway-tag-value
    | .*\.LayerB20D2F06\w+\.(DeletionPolicy|Properties\.LayerName)
    | AWSTemplateFormatVersion
    | .*\.Body\.openapi
    | .*\.responses\.default\.description
    | .*\.isDefaultRoute
    | .*\.securitySchemes\.\w+\.(type|name|in)
    """,
    re.VERBOSE,
)


def _leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if items is None:
        yield path
    else:
        for key, value in items:
            yield from _leaves(value, (*path, str(key)))


def _alter(document: Any, path: tuple[str, ...]) -> None:
    holder, key = _holder(document, path)
    value = holder[key]
    holder[key] = not value if isinstance(value, bool) else f"{value}-" if isinstance(value, str) else value + 1


def _remove(document: Any, path: tuple[str, ...]) -> None:
    holder, key = _holder(document, path)
    del holder[key]


def _holder(document: Any, path: tuple[str, ...]) -> tuple[Any, Any]:
    for key in path[:-1]:
        document = document[int(key) if isinstance(document, list) else key]
    return document, int(path[-1]) if isinstance(document, list) else path[-1]


def _key(document: Mapping[str, Any], id_: str) -> str:
    """The object key of what a function, a layer or a nested stack of the original takes from an asset."""
    properties = document["Resources"][id_].get("Properties", {})
    holder = properties.get("Code", properties.get("Content", {}))
    if "TemplateURL" in properties:
        return str(properties["TemplateURL"]["Fn::Join"][1][-1]).lstrip("/")
    return str(holder.get("S3Key"))


def _report(emitted: sam.Emitted) -> dict[str, Any]:
    return {
        "stack": emitted.stack,
        "folded": list(emitted.folded),
        "plain": {plain.logical_id: plain.reason for plain in emitted.plain},
        "deltas": [f"{delta.logical_id}: {delta.text}" for delta in emitted.deltas],
    }


def _texts(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
