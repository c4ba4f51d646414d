"""HTTP for the API: time-outs, certificates, no redirects, no tokens to strangers."""

from __future__ import annotations

import logging
import threading
from typing import Any
from urllib.parse import urljoin, urlsplit

import certifi
import requests

from mobile_kivy.api.errors import Broken, Offline, Refusal, SignInNeeded

_ACCEPT = "application/graphql-response+json, application/json"
_NOT_FOUND = 404
_HOSTS_WEB = frozenset({"http", "https"})

# urllib3 writes every request's address into the log at DEBUG, and photo links carry their signature in it.
logging.getLogger("urllib3").setLevel(logging.WARNING)


class Transport:
    """One server. Any thread may call: each has a connection of its own, kept open between calls."""

    def __init__(self, base_url: str, timeout: tuple[float, float]) -> None:
        """`timeout` is (seconds to connect, seconds of silence) for every call."""
        self.base_url = base_url.rstrip("/")
        self.language = "de"
        """The language in which the server is to answer people: `de` or `en`. Any thread may set it."""
        self._timeout = timeout
        self._own = threading.local()

    def _http(self) -> requests.Session:
        http: requests.Session | None = getattr(self._own, "http", None)
        if http is None:
            http = self._own.http = requests.Session()
            # No proxies, .netrc or certificates from the environment: an app has none, and a stray one would
            # send tokens elsewhere.
            http.trust_env = False
            http.verify = certifi.where()
            http.headers["Accept"] = _ACCEPT
        return http

    def post(self, token: str | None, **body: Any) -> requests.Response:
        """Sends a GraphQL request; `Offline` if no answer came."""
        # Non-empty on every call: a browser's form cannot send it, and multipart requests are refused without.
        headers = {"GraphQL-Require-Preflight": "1"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self._ask("POST", f"{self.base_url}/graphql", headers, **body)

    def get(self, token: str | None, url: str) -> bytes:
        """The bytes behind a photo link, relative or absolute. `Refusal` if there is no such photo.

        The token goes to the API's own host only: a link may lead to an object store.
        """
        address = urljoin(f"{self.base_url}/", url)
        if urlsplit(address).scheme not in _HOSTS_WEB:
            raise Refusal("NOT_FOUND", "This is not a link to a photo.")
        own = urlsplit(address)[:2] == urlsplit(self.base_url)[:2]
        headers = {"Authorization": f"Bearer {token}"} if own and token else {}
        response = self._ask("GET", address, headers)
        kind = response.headers.get("Content-Type", "")
        if response.status_code == requests.codes.ok and kind.startswith("image/"):
            return response.content
        if response.status_code == requests.codes.unauthorized:
            raise SignInNeeded()
        if response.status_code == _NOT_FOUND:
            raise Refusal("NOT_FOUND", "There is no such photo.")
        raise Offline(f"HTTP {response.status_code} instead of a photo")

    def _ask(self, method: str, url: str, headers: dict[str, str], **body: Any) -> requests.Response:
        # The exceptions' texts are left out on purpose: they quote addresses, and those of photos are signed.
        try:
            return self._http().request(
                method,
                url,
                headers={"Accept-Language": self.language, **headers},
                timeout=self._timeout,
                allow_redirects=False,
                **body,
            )
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise Offline(type(error).__name__) from None
        except requests.RequestException as error:
            raise Broken(type(error).__name__) from None
        except (OSError, ValueError) as error:  # what requests passes on from urllib3: half a line, an odd header
            raise Broken(type(error).__name__) from None
