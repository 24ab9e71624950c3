"""One local AWS for all tests of this folder, with the sample deployed to it both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools import demo, photo
from tools.job import Deployment
from tools.local_aws import LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    """Every call is checked against the caller's policies, so functions have what their roles grant and no more."""
    with LocalAws(enforce_iam=True) as running:
        yield running


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("e2e") / "cdk.out"
    demo.synthesize(folder)
    return folder


@pytest.fixture(scope="session")
def by_cdk(aws: LocalAws, assembly: Path) -> Deployment:
    demo.deploy_by_cdk(aws, assembly)
    return Deployment(aws, *demo.STACKS)


@pytest.fixture(scope="session")
def by_sam(aws: LocalAws, assembly: Path) -> Deployment:
    demo.deploy_by_sam(aws, assembly)
    return Deployment(aws, *(name + demo.SAM_SUFFIX for name in demo.STACKS))


@pytest.fixture(params=["by_cdk", "by_sam"], scope="session")
def deployment(request: pytest.FixtureRequest) -> Deployment:
    deployed = request.getfixturevalue(request.param)
    assert isinstance(deployed, Deployment)
    return deployed


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "drawn.jpg"
    photo.draw(path)
    return path
