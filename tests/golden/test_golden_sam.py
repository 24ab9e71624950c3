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
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.api import lint
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from constructs_lib import sam
from constructs_lib.sam import assembly as assemblies
from constructs_lib.sam.compare import differences
from constructs_lib.sam.strip import stripped

if TYPE_CHECKING:
    from collections.abc import Callable

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
def translate(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], dict[str, Any]]:
    """SAM's own translation of a template file; local code paths stand for packages that `sam package` uploaded."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    def run(path: Path) -> dict[str, Any]:
        template = copy.deepcopy(yaml_parse(path.read_text()))
        for resource in template["Resources"].values():
            if isinstance(resource.get("Properties", {}).get("CodeUri"), str):
                resource["Properties"]["CodeUri"] = "s3://packages/code"
        try:
            translated = Translator({}, Parser()).translate(template, {})
        except InvalidDocumentException as error:
            pytest.fail("; ".join(cause.message for cause in error.causes))
        document: dict[str, Any] = json.loads(json.dumps(translated))
        return document

    return run


@pytest.fixture
def copied(case: Case, tmp_path: Path) -> Path:
    return Path(shutil.copytree(case.assembly, tmp_path / "cdk.out"))


@pytest.fixture
def emitted(case: Case, copied: Path) -> list[sam.Emitted]:
    return sam.write(copied, case.sources(copied.parent))


def test_the_same_assembly_gives_the_same_bytes(case: Case, emitted: list[sam.Emitted], copied: Path) -> None:
    (copied / "sam" / "report.json").write_text(json.dumps([_report(e) for e in emitted], indent=2) + "\n")
    if os.environ.get("UPDATE_GOLDEN"):
        shutil.rmtree(case.expected, ignore_errors=True)
        shutil.copytree(copied / "sam", case.expected)
    assert _texts(copied / "sam") == _texts(case.expected)


def test_sam_translates_it_back_to_what_cdk_made(
    emitted: list[sam.Emitted], copied: Path, translate: Callable[[Path], dict[str, Any]]
) -> None:
    stacks = {stack.id: stack for stack in assemblies.read(copied)}
    for one in emitted:
        stack = stacks[one.stack]
        assert differences(stripped(stack.document), translate(one.template), built=_built(one, stack)) == []


@pytest.mark.integration
def test_cfn_lint_finds_nothing_in_the_translation(
    emitted: list[sam.Emitted], translate: Callable[[Path], dict[str, Any]]
) -> None:
    # Its rule against cycles skips SAM resources, so what counts is the template that CloudFormation gets.
    for one in emitted:
        assert lint(json.dumps(translate(one.template)), regions=["eu-west-1"]) == []


def test_code_comes_from_the_workspace_or_from_the_folder_that_cdk_packed(
    case: Case, emitted: list[sam.Emitted], copied: Path
) -> None:
    stacks = {stack.id: stack for stack in assemblies.read(copied)}
    sources = case.sources(copied.parent)
    for one in emitted:
        template = yaml_parse(one.template.read_text())
        for id_ in one.folded:
            resource = template["Resources"].get(id_, {})
            uri = resource.get("Properties", {}).get("CodeUri")
            if not isinstance(uri, str):
                continue
            where = (one.template.parent / uri).resolve()
            source = sources.get(one.stack, {}).get(id_)
            if source is not None:
                assert where == source.root.resolve()
                assert resource["Metadata"] == {
                    "BuildMethod": "rust-cargolambda",
                    "BuildProperties": {"Binary": source.binary},
                }
            else:
                key = _code(stacks[one.stack].document, id_)["S3Key"]
                assert where == stacks[one.stack].files[key].path.resolve()
                assert (where / "bootstrap").read_text() == "a package that CDK made\n"
                assert resource["Metadata"] == {"SkipBuild": True}


def _code(document: dict[str, Any], id_: str) -> dict[str, Any]:
    code: dict[str, Any] = document["Resources"][id_].get("Properties", {}).get("Code", {})
    return code


def _built(emitted: sam.Emitted, stack: assemblies.Stack) -> list[str]:
    """The functions whose code sam builds or packs: those with an asset of this app."""
    return [id_ for id_ in emitted.folded if _code(stack.document, id_).get("S3Key") in stack.files]


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


def test_every_change_to_the_translation_is_a_difference(
    emitted: list[sam.Emitted], copied: Path, translate: Callable[[Path], dict[str, Any]]
) -> None:
    stacks = {stack.id: stack for stack in assemblies.read(copied)}
    unseen = []
    for one in emitted:
        original = stripped(stacks[one.stack].document)
        translated, built = translate(one.template), _built(one, stacks[one.stack])
        for path in _leaves(translated):
            for change in (_alter, _remove):
                changed = copy.deepcopy(translated)
                change(changed, path)
                if not _found(original, changed, built):
                    unseen.append(".".join(map(str, path)) + f" by {change.__name__}")
    left = [path for path in unseen if not FORGIVEN.fullmatch(path.split(" ")[0])]
    assert left == []


# What may change unseen: what `compare.FORGIVEN` lists, packages (checked above), and formalities without a meaning.
FORGIVEN = re.compile(
    r"""
    .*\.Metadata\.(BuildMethod|BuildProperties\.Binary|SkipBuild)
    | .*\.Properties\.Code\.(S3Bucket|S3Key)
    | .*\.httpapi:createdBy | .*\.Body\.tags\.0\.x-amazon-apigateway-tag-value
    | AWSTemplateFormatVersion
    | .*\.Body\.openapi
    | .*\.responses\.default\.description
    | .*\.isDefaultRoute
    | .*\.securitySchemes\.\w+\.(type|name|in)
    """,
    re.VERBOSE,
)


def _found(original: dict[str, Any], changed: dict[str, Any], built: list[str]) -> bool:
    try:
        return differences(original, changed, built=built) != []
    except (KeyError, StopIteration):
        return False


def _leaves(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if items is None:
        return [path]
    return [leaf for key, value in items for leaf in _leaves(value, (*path, key))]


def _alter(document: Any, path: tuple[str | int, ...]) -> None:
    holder = _holder(document, path)
    value = holder[path[-1]]
    holder[path[-1]] = not value if isinstance(value, bool) else f"{value}-" if isinstance(value, str) else value + 1


def _remove(document: Any, path: tuple[str | int, ...]) -> None:
    del _holder(document, path)[path[-1]]


def _holder(document: Any, path: tuple[str | int, ...]) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document
