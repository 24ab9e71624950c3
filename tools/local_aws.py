"""A local AWS on 127.0.0.1 with temporary state: functions run as processes, no Docker, no account.

with LocalAws() as aws:
    aws.run("cdk", "deploy", "--all")

`python3 -m tools.local_aws COMMAND …` runs one command against a fresh one.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tools import console, environment
from tools.environment import Diagnostic, errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

__all__ = ["ACCOUNT", "REGION", "LocalAws"]

ACCOUNT = "000000000000"
REGION = "us-east-1"
HOST = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 10.0


@dataclass(kw_only=True)
class LocalAws:
    """A server of its own for the time of a `with` block; its processes have ended when the block has.

    Args:
        port: where it listens on 127.0.0.1; a free port by default.
        enforce_iam: check every call against the caller's policies, over TLS. Functions then have only what their
            roles grant.

    Raises:
        ConstructsLibError: `port-taken`, or `local-aws-failed` with the end of the server's log.
    """

    port: int | None = None
    enforce_iam: bool = False
    _folder: Path = field(init=False, repr=False)
    _server: subprocess.Popen[bytes] = field(init=False, repr=False)

    @property
    def endpoint(self) -> str:
        """The address that every service answers at."""
        return f"{'https' if self.enforce_iam else 'http'}://{HOST}:{self.port}"

    @property
    def certificate(self) -> Path | None:
        """The certificate to trust, where there is TLS."""
        return self._folder / "certificate.pem" if self.enforce_iam else None

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a client: this server, made-up credentials, and nothing of the user's own AWS settings."""
        result = {name: value for name, value in environment.variables().items() if not name.startswith("AWS_")}
        result |= {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": f"{HOST},localhost",
            "no_proxy": f"{HOST},localhost",
            # What the CDK and SAM CLIs keep of an account is of no use with the next server.
            "CDK_HOME": str(self._folder / "cdk"),
            "__SAM_CLI_APP_DIR": str(self._folder / "sam"),
            "TMPDIR": str(self._folder),
        }
        if self.certificate is not None:
            result |= {"AWS_CA_BUNDLE": str(self.certificate), "NODE_EXTRA_CA_CERTS": str(self.certificate)}
        return result

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service."""
        import boto3  # noqa: PLC0415 - only for those who ask

        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - not a secret
            verify=str(self.certificate) if self.certificate else None,
        )

    def get(self, url: str, **headers: str) -> tuple[int, str]:
        """Fetch a deployed HTTP API's URL, which names a host of AWS, from this server: the status and the text."""
        parts = urlsplit(url)
        api = (parts.hostname or "").split(".", maxsplit=1)[0]
        with contextlib.closing(self._connection()) as connection:
            path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
            connection.request("GET", path, headers={**headers, "Host": f"{api}.execute-api.localhost"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def _connection(self) -> http.client.HTTPConnection:
        if self.certificate is None:
            return http.client.HTTPConnection(HOST, self.port, timeout=60)
        trust = ssl.create_default_context(cafile=str(self.certificate))
        return http.client.HTTPSConnection(HOST, self.port, timeout=60, context=trust)

    def __enter__(self) -> LocalAws:  # noqa: PYI034 - nobody subclasses it
        self._choose_port()
        environment.TOOLS.mkdir(exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix=f"local-aws-{os.getpid()}-", dir=environment.TOOLS))
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def _choose_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port or 0))
            except OSError as error:
                raise errors.ConstructsLibError(
                    Diagnostic(
                        reference="port-taken",
                        headline=f"cannot listen on port `{self.port}` of {HOST}",
                        evidence=str(error),
                        helps=("give another port, or none: a free one is chosen then",),
                    )
                ) from error
            self.port = probe.getsockname()[1]

    def _start(self) -> None:
        log = self._folder / "server.log"
        with log.open("wb") as output:
            self._server = subprocess.Popen(
                [environment.MINISTACK / "bin" / "python", Path(__file__).with_name("local_aws_server.py")],
                stdin=subprocess.PIPE,  # it ends when this closes
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env=self._server_variables(),
                start_new_session=True,  # Ctrl-C is ours to handle, and its functions end with its group
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_healthy():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise errors.ConstructsLibError(
                    Diagnostic(
                        reference="local-aws-failed",
                        headline=f"the local AWS did not start on port `{self.port}`",
                        evidence="\n".join(log.read_text("utf-8", errors="replace").splitlines()[-15:]),
                        helps=("run `make setup`, which repairs what is not whole",),
                    )
                )
            time.sleep(0.05)

    def _server_variables(self) -> Mapping[str, str]:
        # Functions inherit the server's environment, so nothing of ours gets into it.
        result = {
            "PATH": environment.variables()["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self._folder),
            "TMPDIR": str(self._folder),
            "STATE_DIR": str(self._folder / "state"),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "AWS_ENDPOINT_URL": self.endpoint,
        }
        if self.certificate is not None:
            result |= {
                "AUTH": "true",
                "USE_SSL": "1",
                "MINISTACK_SSL_CERT": str(self.certificate),
                "MINISTACK_SSL_KEY": str(self._folder / "key.pem"),
                "SSL_CERT_FILE": str(self.certificate),
                "AWS_CA_BUNDLE": str(self.certificate),
            }
        return result

    def _is_healthy(self) -> bool:
        # While it starts there may be no certificate yet, then nobody who answers.
        with (
            contextlib.suppress(OSError, http.client.HTTPException),
            contextlib.closing(self._connection()) as connection,
        ):
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        return False

    def _stop(self) -> None:
        server = getattr(self, "_server", None)
        if server is not None:
            console.end_group(server, signal.SIGTERM, STOP_SECONDS)
            server.stdin.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def main(command: list[str]) -> int:
    """Run one command against a fresh local AWS; it ends with it, also by a signal."""
    console.interrupt_on_signals()
    try:
        with LocalAws() as aws:
            return console.run(command[0], command, folder=Path.cwd(), variables=aws.variables, shown=True).status
    except errors.ConstructsLibError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
