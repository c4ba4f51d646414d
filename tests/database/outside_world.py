"""What `ersatzwagen check` meets outside, as real servers on this machine: a mail server, a gateway, a bucket."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import AuthResult

from server.sandbox.smtp_server import SmtpServer
from tests.driving import free_port

PASSWORD = "right-password"


@dataclass
class Gateway:
    """Answers HTTPS as the gateway does without a message, with a clock of its own."""

    port: int = 0
    ahead: timedelta = timedelta()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


def mail_server(folder: Path) -> SmtpServer:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"clerk", PASSWORD.encode()), handled=False)

    server = SmtpServer(
        object(),
        free_port(),
        authenticator=check,
        auth_required=True,
        tls_context=server_tls(folder),
        require_starttls=True,
    )
    server.start()
    return server


def server_tls(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


@contextmanager
def gateway_server(folder: Path, gateway: Gateway) -> Iterator[None]:
    """Runs it over TLS, with a certificate of the test's own authority."""

    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(405)
            self.send_header("Date", format_datetime(datetime.now(UTC) + gateway.ahead, usegmt=True))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as http:
        http.socket = server_tls(folder).wrap_socket(http.socket, server_side=True)
        gateway.port = http.server_address[1]
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield
        http.shutdown()


class Bucket:
    """Speaks as much of S3 as is needed to keep objects, and may refuse one kind of call."""

    def __init__(self, refused: str | None) -> None:
        self.calls: list[tuple[str, str]] = []
        self.objects: dict[str, bytes] = {}
        bucket = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                bucket.calls.append((self.command, self.path))
                if self.command == refused:
                    self.say(403, b"<Error><Code>AccessDenied</Code></Error>")
                elif self.command == "PUT":
                    bucket.objects[self.path] = body
                    self.say(200)
                elif self.command == "GET" and self.path not in bucket.objects:
                    self.say(404, b"<Error><Code>NoSuchKey</Code></Error>")
                elif self.command == "GET":
                    self.say(200, bucket.objects[self.path])
                else:  # the library deletes several at once, and so one
                    (key,) = re.findall(r"<Key>(.+)</Key>", body.decode())
                    del bucket.objects[f"/photos/{key}"]
                    self.say(200, f"<DeleteResult><Deleted><Key>{key}</Key></Deleted></DeleteResult>".encode())

            do_PUT = do_GET = do_POST = answer  # noqa: N815  # the names that the library calls

            def say(self, status: int, body: bytes = b"") -> None:
                self.send_response_only(status)
                self.send_header("ETag", '"1"')
                self.send_header("Last-Modified", format_datetime(datetime.now(UTC), usegmt=True))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Answer)

    def access(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._http.server_address[1]}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }

    def __enter__(self) -> Bucket:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
