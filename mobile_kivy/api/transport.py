"""The way to one server: certificates, no redirects, no tokens to strangers, and what a failed call means."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any
from urllib.parse import urljoin, urlsplit

import certifi
import requests

from mobile_kivy.api.errors import Broken, Offline, Refusal, SignInNeeded, Trouble, Unsendable
from mobile_kivy.api.wire import Answer, OutOfTime, Patience, TooLong, Upload, exchange, http_session

_ACCEPT = "application/graphql-response+json, application/json"
_NOT_FOUND = 404
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts that are this machine: a sandbox to try the app with."""
_HOSTS_WEB = frozenset({"http", "https"})

# urllib3 writes every request's address into the log at DEBUG, and photo links carry their signature in it.
logging.getLogger("urllib3").setLevel(logging.WARNING)


def is_safe(address: str) -> bool:
    """Whether tokens and customers' data may go there: encrypted, or no further than this machine."""
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        return False


def identity(address: str) -> str:
    """Who answers there, as far as tokens are concerned. A sandbox on this machine gets another port at each start."""
    parts = urlsplit(address)
    return "this machine" if parts.hostname in LOOPBACK else f"{parts.scheme}://{parts.netloc}".lower()


class Transport:
    """One server. Any thread may call: each has a connection of its own, kept open between calls."""

    def __init__(self, base_url: str, patience: Patience) -> None:
        self.base_url = base_url.rstrip("/")
        self.language = "de"
        """The language in which the server is to answer people: `de` or `en`. Any thread may set it."""
        self._patience = patience
        self._own = threading.local()

    def _http(self) -> requests.Session:
        http: requests.Session | None = getattr(self._own, "http", None)
        if http is None:
            http = self._own.http = http_session()
            http.verify = certifi.where()
            http.headers["Accept"] = _ACCEPT
        return http

    def post(self, token: str | None, body: dict[str, Any]) -> Answer:
        """Sends a GraphQL request; `Offline` if no answer came, `Unsendable` if the body is no JSON."""
        return self._post(token, json_bytes(body), {"Content-Type": "application/json"})

    def upload(self, token: str, fields: dict[str, str], part: tuple[str, bytes, str]) -> Answer:
        """Sends a multipart GraphQL request with one file (name, content, media type). `Offline` as `post`."""
        # Encoded here and then sent in pieces: as one, a slow network would have seconds for all of it.
        whole = requests.Request("POST", self.base_url, data=fields, files={"0": part}).prepare()
        content = whole.body if isinstance(whole.body, bytes) else b""
        return self._post(token, Upload(content), {"Content-Type": str(whole.headers["Content-Type"])})

    def _post(self, token: str | None, body: bytes | Upload, headers: dict[str, str]) -> Answer:
        # Non-empty on every call: a browser's form cannot send it, and multipart requests are refused without.
        headers = {"GraphQL-Require-Preflight": "1", **headers}
        if token:
            self.require_safe()
            headers["Authorization"] = f"Bearer {token}"
        return self._ask("POST", f"{self.base_url}/graphql", headers, body)

    def require_safe(self) -> None:
        """`Offline` where what is secret could be read on the way."""
        if not is_safe(self.base_url):
            raise Offline("without encryption", Trouble.CERTIFICATE)

    def get(self, token: str | None, url: str) -> bytes:
        """The bytes behind a photo link, relative or absolute. `Refusal` if there is no such photo.

        The token goes to the API's own host only: a link may lead to an object store.
        """
        try:
            address = urljoin(f"{self.base_url}/", url)
            parts, own_parts = urlsplit(address), urlsplit(self.base_url)
        except ValueError:
            raise Refusal("NOT_FOUND", "This is not a link to a photo.") from None
        if parts.scheme not in _HOSTS_WEB:
            raise Refusal("NOT_FOUND", "This is not a link to a photo.")
        headers = {"Authorization": f"Bearer {token}"} if parts[:2] == own_parts[:2] and token else {}
        answer = self._ask("GET", address, headers)
        kind = answer.headers.get("Content-Type", "")
        if answer.status == requests.codes.ok and kind.startswith("image/"):
            return answer.content
        if answer.status == requests.codes.unauthorized:
            raise SignInNeeded()
        if answer.status == _NOT_FOUND:
            raise Refusal("NOT_FOUND", "There is no such photo.")
        raise Offline(f"HTTP {answer.status} instead of a photo")

    def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes | Upload | None = None) -> Answer:
        # The exceptions' texts are left out on purpose: they quote addresses, and those of photos are signed.
        headers = {"Accept-Language": self.language, **headers}
        try:
            return exchange(self._http(), self._patience, method, url, headers=headers, data=body)
        except OutOfTime:
            raise Broken("no whole answer in time", Trouble.SLOW) from None
        except TooLong:
            raise Offline("an answer without end", Trouble.GARBLED) from None
        except requests.exceptions.SSLError as error:
            raise Offline(type(error).__name__, Trouble.CERTIFICATE) from None
        except requests.ConnectTimeout as error:
            raise Offline(type(error).__name__, Trouble.NO_NETWORK) from None
        except requests.ReadTimeout as error:
            raise Broken(type(error).__name__, Trouble.SLOW) from None
        except requests.ConnectionError as error:
            raise Broken(type(error).__name__, Trouble.NO_NETWORK) from None
        except (requests.RequestException, OSError, ValueError) as error:  # half a line, an odd header
            raise Broken(type(error).__name__, Trouble.GARBLED) from None


def json_bytes(body: dict[str, Any]) -> bytes:
    """The body as JSON. `Unsendable` if it is none: NaN, Infinity, or something that is no value of JSON."""
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise Unsendable(type(error).__name__) from None
