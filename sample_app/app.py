"""The sample app. `cdk synth`, `cdk deploy` and the rest find it through cdk.json."""

import aws_cdk as cdk

import constructs_lib
from sample_app.hello import Hello
from sample_app.thumbnails import Thumbnails

app = cdk.App()
# `--context thumbnails=originals/small/` lets the function write where it is triggered, to see the guard stop it.
Thumbnails(app, "Thumbnails", thumbnails=app.node.try_get_context("thumbnails") or "thumbnails/")
Hello(app, "Hello")
constructs_lib.synth(app)
