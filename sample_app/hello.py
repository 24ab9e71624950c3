"""An HTTP API that answers a message in capitals."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from constructs_lib import HttpApiTrigger, RustFunction

FUNCTIONS = Path(__file__).with_name("functions")


class Hello(cdk.Stack):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id, description="A message comes back in capitals")

        api = apigatewayv2.HttpApi(self, "Api")
        RustFunction(
            self,
            "Hello",
            workspace=FUNCTIONS,
            binary="hello",
            triggers=[HttpApiTrigger(api, method="GET", path="/", public=True)],
            logging_format=lambda_.LoggingFormat.JSON,
        )
        cdk.CfnOutput(self, "Url", value=api.api_endpoint)
