"""The local AWS serves HTTP APIs that are given as an OpenAPI body, and keeps their routes as closed as AWS does."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import WaiterError

from tools.environment import MINISTACK
from tools.local_aws import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.e2e

# Run in the local AWS's own environment, which has what signs tokens: a key, and what is claimed, each signed by it.
SIGN = """
import base64, json, sys
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
def text(content): return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
def number(value): return text(value.to_bytes((value.bit_length() + 7) // 8, "big"))
def signed(claims):
    parts = [text(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "ours"}, claims)]
    signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, text(signature)])
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
public = key.public_key().public_numbers()
jwk = {"kty": "RSA", "alg": "RS256", "kid": "ours", "n": number(public.n), "e": number(public.e)}
tokens = {name: signed(claims) for name, claims in json.load(sys.stdin).items()}
print(json.dumps({"keys": {"keys": [jwk]}, "tokens": tokens}))
"""


class Backend:
    """What the API's integrations ask, and who issues tokens."""

    def __init__(self) -> None:
        self.pages: dict[str, Any] = {}
        pages = self.pages

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = json.dumps(pages.get(self.path, "hello")).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    made = Backend()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture(scope="module")
def tokens(backend: Backend) -> dict[str, str]:
    right = {"iss": backend.url, "aud": "photos", "scope": "read write", "exp": time.time() + 600}
    claims = {
        "right": right,
        "for another audience": {**right, "aud": "music"},
        "of another issuer": {**right, "iss": "https://example.com"},
        "too old": {**right, "exp": time.time() - 1},
        "without the scope": {**right, "scope": "write"},
    }
    command = [str(MINISTACK / "bin" / "python"), "-c", SIGN]
    made = json.loads(subprocess.check_output(command, input=json.dumps(claims), text=True))
    backend.pages["/.well-known/openid-configuration"] = {"jwks_uri": f"{backend.url}/keys"}
    backend.pages["/keys"] = made["keys"]
    head, _, signature = made["tokens"]["right"].rpartition(".")
    return {**made["tokens"], "signed by somebody else": f"{head}.{signature[::-1]}"}


def body(backend: Backend, authorizer: dict[str, Any]) -> dict[str, Any]:
    """An API as SAM writes it: a route for everybody, one for users, and one for whoever signs requests."""
    integration = {"type": "http_proxy", "httpMethod": "GET", "uri": backend.url}

    def route(**more: Any) -> dict[str, Any]:
        return {"get": {"x-amazon-apigateway-integration": integration, "responses": {}, **more}}

    return {
        "openapi": "3.0.1",
        "info": {"title": "photos", "version": "1"},
        "paths": {
            "/everybody": route(security=[]),
            "/users": route(security=[{"Users": ["read"]}]),
            "/roles": route(**{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}}),
        },
        "security": [{"Users": []}],
        "components": {
            "securitySchemes": {"Users": {"type": "oauth2", "x-amazon-apigateway-authorizer": authorizer}},
        },
    }


def deploy(aws: LocalAws, name: str, api: dict[str, Any]) -> str:
    """The URL of an API, deployed by CloudFormation."""
    stage = {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True}
    template = {
        "Resources": {
            "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": api}},
            "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": stage},
        },
        "Outputs": {"Api": {"Value": {"Ref": "Api"}}},
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    [output] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    return f"https://{output['OutputValue']}.execute-api.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    with LocalAws() as running:
        yield running


@pytest.fixture(scope="module")
def ask(aws: LocalAws, backend: Backend) -> Callable[..., int]:
    """The status of a request."""
    configuration = {"issuer": backend.url, "audience": ["photos"]}
    authorizer = {
        "type": "jwt",
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": configuration,
    }
    url = deploy(aws, "photos", body(backend, authorizer))
    return lambda path, **headers: aws.get(url + path, **headers)[0]


def test_a_route_for_everybody_is_open(ask: Callable[..., int]) -> None:
    assert ask("/everybody") == 200
    assert ask("/nobody") == 404


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("right", 200),
        ("for another audience", 401),
        ("of another issuer", 401),
        ("too old", 401),
        ("signed by somebody else", 401),
        ("without the scope", 403),
    ],
)
def test_a_route_for_users_asks_for_a_token(
    ask: Callable[..., int], tokens: dict[str, str], token: str, status: int
) -> None:
    assert ask("/users", Authorization=f"Bearer {tokens[token]}") == status
    assert ask("/users") == 401


def test_a_route_for_roles_asks_for_a_signature(ask: Callable[..., int]) -> None:
    scope = "test/20260101/us-east-1/execute-api/aws4_request"

    assert ask("/roles") == 403
    assert ask("/roles", Authorization=f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0") == 200


def test_an_authorizer_that_is_not_served_fails_the_deployment(aws: LocalAws, backend: Backend) -> None:
    with pytest.raises(WaiterError):
        deploy(aws, "refused", body(backend, {"type": "request", "authorizerUri": "arn:aws:lambda:…"}))

    events = aws.client("cloudformation").describe_stack_events(StackName="refused")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any(
        "the authorizer Users of the API's body is of a type that is not served here" in text for text in reasons
    )
