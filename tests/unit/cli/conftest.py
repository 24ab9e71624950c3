"""Templates to check, and a way to check them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from constructs_lib.cli import app

if TYPE_CHECKING:
    from pathlib import Path

LOOPING = """\
Resources:
  Photos:
    Type: AWS::S3::Bucket
    Properties:
      NotificationConfiguration:
        LambdaConfigurations:
          - Event: s3:ObjectCreated:*
            Function: !GetAtt Resize.Arn
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: write
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: s3:PutObject
                Resource: !Sub ${Photos.Arn}/*
  Resize:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
"""
SAFE = "Resources:\n  Photos:\n    Type: AWS::S3::Bucket\n"


class Folder:
    """The current folder, for one test."""

    looping = LOOPING
    safe = SAFE

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, content: str | dict[str, Any]) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    def check(self, *arguments: str) -> tuple[int, str]:
        """The exit code of `constructs-lib check`, and what it prints."""
        result = CliRunner().invoke(app, ["check", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    def fingerprint(self, name: str) -> str:
        """That of the one loop of a template, as its error tells it."""
        _, output = self.check(name)
        return output.partition("acknowledge `")[2].partition("`")[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)
