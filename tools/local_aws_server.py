"""The server of the local AWS: ministack, made stricter where AWS is stricter. Runs in ministack's own environment.

ministack 1.5 deploys what AWS would refuse, or does not serve what AWS would. Patched in the running process:

- S3 refuses notifications that overlap, and functions that do not let the bucket invoke them.
- An HTTP API given as an OpenAPI body, which is what SAM makes of one, gets its routes, integrations and authorizers.
- An arm64 bootstrap starts on an x86-64 machine, through qemu's user mode: no root, no binfmt.
- Only the port that was asked for is bound.

It lives as long as its standard input is open, so it ends with whoever started it, however that one ends.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import itertools
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import threading
import types
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ministack import app
from ministack.core import lambda_runtime, responses
from ministack.services import apigateway, lambda_svc, s3
from ministack.services.cloudformation import provisioners

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OVERLAP = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
    "overlapping for the same event type."
)
UNREACHABLE = "Unable to validate the following destination configurations"


# S3 notifications


def events_meet(one: str, other: str) -> bool:
    """Tell whether some event is of both types: `s3:ObjectCreated:*` meets `s3:ObjectCreated:Put`."""
    return fnmatchcase(one, other) or fnmatchcase(other, one)


def overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether S3 calls two notifications ambiguous: it looks at prefixes and suffixes each by itself."""
    prefixes = [config["filter_prefix"] or "" for config in (one, other)]
    suffixes = [config["filter_suffix"] or "" for config in (one, other)]
    return (
        any(events_meet(a, b) for a in one["events"] for b in other["events"])
        and (prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0]))
        and (suffixes[0].endswith(suffixes[1]) or suffixes[1].endswith(suffixes[0]))
    )


def condition_holds(condition: Mapping[str, Any], facts: Mapping[str, str]) -> bool:
    """Evaluate a resource policy's condition; an operator or key that is not known here does not hold."""
    for operator, pairs in condition.items():
        for key, wanted in pairs.items():
            fact = facts.get(key.lower())
            patterns = wanted if isinstance(wanted, list) else [wanted]
            if operator in ("ArnLike", "ArnEquals", "StringLike"):
                holds = fact is not None and any(fnmatchcase(fact, pattern) for pattern in patterns)
            else:
                holds = operator == "StringEquals" and fact in patterns
            if not holds:
                return False
    return True


def function_name(arn: str) -> str:
    """Return the name in a function's ARN, which may end with a version or alias."""
    return arn.split(":")[6]


def may_invoke(bucket: str, function_arn: str) -> bool:
    """Tell whether a function's resource policy lets S3 invoke it for a bucket of this account."""
    function = lambda_svc._functions.get(function_name(function_arn)) or {}
    facts = {"aws:sourcearn": f"arn:aws:s3:::{bucket}", "aws:sourceaccount": responses.get_account_id()}
    for statement in (function.get("policy") or {}).get("Statement", []):
        principal = statement.get("Principal")
        service = principal.get("Service") if isinstance(principal, dict) else principal
        if (
            statement.get("Effect") == "Allow"
            and service in ("s3.amazonaws.com", "*")
            and statement.get("Action") in ("lambda:InvokeFunction", "lambda:*", "*")
            and condition_holds(statement.get("Condition") or {}, facts)
        ):
            return True
    return False


def check_notifications() -> None:
    """Refuse a bucket's notifications as S3 does."""
    before = s3._validate_notification_configs

    def validate(configs: list[dict[str, Any]], region: str, bucket: str = "", skip: bool = False) -> object:  # noqa: FBT001, FBT002 - ministack's own signature
        if error := before(configs, region, bucket, skip):
            return error
        if any(overlap(one, other) for one, other in itertools.combinations(configs, 2)):
            return s3._invalid_notification_config(OVERLAP)
        if not skip:
            for config in configs:
                if config["type"] == "lambda" and not may_invoke(bucket, config["arn"]):
                    return s3._invalid_notification_config(f"{UNREACHABLE}: {config['arn']}")
        return None

    s3._validate_notification_configs = validate


# HTTP APIs from an OpenAPI body


def made(response: tuple[int, Any, Any]) -> dict[str, Any]:
    """Return what an API call made, or fail the deployment with its answer."""
    status, _, body = response
    if status >= 400:  # noqa: PLR2004 - HTTP
        raise ValueError(f"the API's body was refused: {body!r}")
    result: dict[str, Any] = json.loads(body)
    return result


def operations(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the route key and definition of each operation that has an integration."""
    for path, methods in (body.get("paths") or {}).items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and "x-amazon-apigateway-integration" in operation:
                verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                yield ("$default" if path.strip("/") == "$default" else f"{verb} {path}"), operation


def authorization(
    api: str, operation: Mapping[str, Any], body: Mapping[str, Any], known: dict[str, str]
) -> dict[str, Any]:
    """Return a route's authorization; one that is not understood fails the deployment rather than open the route."""
    auth = operation.get("x-amazon-apigateway-auth") or {}
    if str(auth.get("type")).upper() == "AWS_IAM":
        return {"authorizationType": "AWS_IAM"}
    security = operation.get("security", body.get("security")) or []
    if not security:
        return {}
    name, scopes = next(iter(security[0].items()))
    definition = body["components"]["securitySchemes"][name]["x-amazon-apigateway-authorizer"]
    if definition.get("type") != "jwt":
        raise ValueError(f"the authorizer {name} of the API's body is of a type that is not served here")
    if name not in known:
        source = definition["identitySource"]
        data = {
            "authorizerType": "JWT",
            "name": name,
            "identitySource": source if isinstance(source, list) else [source],
            "jwtConfiguration": definition["jwtConfiguration"],
        }
        known[name] = made(apigateway._create_authorizer(api, data))["authorizerId"]
    return {"authorizationType": "JWT", "authorizerId": known[name], "authorizationScopes": scopes}


def import_body(api: str, given: str | Mapping[str, Any]) -> None:
    """Give an HTTP API the routes of its OpenAPI body."""
    body: Mapping[str, Any] = json.loads(given) if isinstance(given, str) else given
    apigateway._routes[api], apigateway._integrations[api] = {}, {}
    authorizers: dict[str, str] = {}
    for key, operation in operations(body):
        integration = operation["x-amazon-apigateway-integration"]
        uri = integration["uri"]
        if "/functions/" in uri:
            uri = uri.split("/functions/")[1].removesuffix("/invocations")
        data = {
            "integrationType": integration["type"].upper(),
            "integrationUri": uri,
            "payloadFormatVersion": integration.get("payloadFormatVersion", "1.0"),
        }
        target = f"integrations/{made(apigateway._create_integration(api, data))['integrationId']}"
        route = {"routeKey": key, "target": target, **authorization(api, operation, body, authorizers)}
        made(apigateway._create_route(api, route))


def import_bodies() -> None:
    """Import the body of an HTTP API when a stack makes or changes one."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create_before, update_before = handlers["create"], handlers["update"]

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> object:
        result = create_before(logical_id, properties, stack)
        if properties.get("Body"):
            import_body(result[0], properties["Body"])
        return result

    def update(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: object, **options: object) -> object:
        result = update_before(physical_id, old, new, *rest, **options)
        if new.get("Body"):
            import_body(result[0], new["Body"])
        return result

    handlers.update(create=create, update=update)


# Functions


def is_foreign(program: str) -> bool:
    """Tell whether a program is an arm64 one on a machine that is not."""
    if platform.machine() in ("aarch64", "arm64"):
        return False
    with Path(program).open("rb") as file:
        header = file.read(20)
    return header[:4] == b"\x7fELF" and header[18:20] == b"\xb7\x00"


def emulate() -> None:
    """Start arm64 bootstraps through qemu."""

    def popen(command: list[str], **options: Any) -> subprocess.Popen[Any]:
        through = ["qemu-aarch64-static"] if command[0].endswith("/bootstrap") and is_foreign(command[0]) else []
        return subprocess.Popen([*through, *command], **options)

    seen = types.SimpleNamespace(**{**vars(subprocess), "Popen": popen})
    lambda_runtime.subprocess = lambda_svc.subprocess = seen


# The process


def make_certificate(certificate: Path, key: Path) -> None:
    """Write a certificate for 127.0.0.1 that clients can trust by itself, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    hosts = [x509.DNSName("localhost"), x509.DNSName("*.localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = dt.datetime.now(dt.timezone.utc)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        # Rust's verifier refuses an authority as a server's own certificate.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key.write_bytes(private.private_bytes(pem, pkcs8, serialization.NoEncryption()))


def end_with_parent() -> None:
    """End this process group, functions included, when standard input closes, and leave no file behind."""
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    """Serve until the end of standard input."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    if os.environ.get("USE_SSL"):
        make_certificate(Path(os.environ["MINISTACK_SSL_CERT"]), Path(os.environ["MINISTACK_SSL_KEY"]))
    app._port_is_bindable = lambda *_: False  # with TLS it would bind 443 as well
    check_notifications()
    import_bodies()
    emulate()
    app.main()


if __name__ == "__main__":
    main()
