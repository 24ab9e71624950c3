"""The sample app. `cdk synth`, `cdk deploy` and the rest find it through cdk.json."""

import aws_cdk as cdk

import constructs_lib
from sample_app.hello import Hello
from sample_app.thumbnails import Thumbnails

app = cdk.App()
Thumbnails(app, "Thumbnails")
Hello(app, "Hello")
constructs_lib.synth(app)
