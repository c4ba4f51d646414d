"""Passwords, tokens, API keys, and who is asking. Tokens are opaque and stored as SHA-256: revoked at once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from server.database import Scope
from server.models.composing import composed
from server.models.staff import Role

LONGEST_PASSWORD = 128
SHORTEST_PASSWORD = 10
_UNIX_SECONDS = re.compile("[0-9]{1,12}")
_LONGEST_TYPED = 8 * LONGEST_PASSWORD
ACCESS, REFRESH, API_KEY = "ea", "er", "ek"

# 19 MiB, two passes: OWASP's figure for argon2id. The default of the library is too heavy for a small machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Two at a time: signing in must not starve everything else of memory and cores.
_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
# Verified for accounts that do not exist, so that they take as long as those that do.
_NOBODY = _HASHER.hash(secrets.token_urlsafe())


def prepared(password: str) -> str:
    """A password as it is hashed: one password is one, whatever keyboard composed it (RFC 8265, OpaqueString: every
    kind of blank is the plain one, then Unicode NFC; capitals and width stay).
    """
    plain = "".join(" " if unicodedata.category(char) == "Zs" else char for char in password[: _LONGEST_TYPED + 1])
    return composed(plain, _LONGEST_TYPED)


async def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_POOL, _HASHER.hash, prepared(password))


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether the password fits. `stored` None (no such account) takes the same time and is False."""
    if len(password) > _LONGEST_TYPED or len(prepared(password)) > LONGEST_PASSWORD:
        return False
    fits = await asyncio.get_running_loop().run_in_executor(_POOL, _verify, password, stored or _NOBODY)
    return fits and stored is not None


def _verify(password: str, stored: str) -> bool:
    return any(_fits(form, stored) for form in _forms(password))


def _forms(password: str) -> Sequence[str]:
    """The prepared form, and those that the text had when hashes were made of it as it was sent: composed,
    decomposed, as it is. Their number depends on what was typed, not on the account, so their time tells nothing.
    """
    forms = composed(password, _LONGEST_TYPED), composed(password, _LONGEST_TYPED, "NFD")
    return tuple(dict.fromkeys((prepared(password), password, *forms)))


def _fits(password: str, stored: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except VerificationError:
        return False


def new_token(prefix: str) -> str:
    """A random token of 256 bits; the prefix tells people and secret scanners what it is."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def has_form(token: str, *prefixes: str) -> bool:
    """Whether a text looks like a token that `new_token` makes with one of these prefixes; it need not be one."""
    return any(re.fullmatch(f"{prefix}_[A-Za-z0-9_-]{{43}}", token) for prefix in prefixes)


def token_hash(token: str) -> str:
    """What is stored of a token. A slow hash is not needed for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class Principal:
    """Who is asking: a member of staff or an API client (role WEB)."""

    id: UUID
    name: str
    role: Role
    stations: tuple[UUID, ...]
    session_id: UUID | None = None
    zones: Mapping[UUID, ZoneInfo] = field(default_factory=dict, compare=False)
    """The time zones of those stations. Administrators have none: theirs are looked up."""
    in_contact_since: datetime | None = field(default=None, compare=False)
    """Since when a session's device calls without a longer break; None for API clients."""

    @property
    def scope(self) -> Scope:
        """The rows that this caller may see."""
        if self.role is Role.ADMIN:
            return Scope(principal=self.id, everything=True)
        if self.role is Role.WEB:
            return Scope(web_stations=self.stations, client=self.id)
        return Scope(stations=self.stations, principal=self.id)

    @property
    def price_scope(self) -> Scope:
        """The scope for counting free cars: a website may count at its stations what it may not see."""
        return Scope(stations=self.stations) if self.role is Role.WEB else self.scope

    @property
    def client_id(self) -> UUID | None:
        """The API client's id, or None for staff."""
        return self.id if self.role is Role.WEB else None


class Sealer:
    """Seals texts that are given away and come back, so that nobody can make or change one."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, purpose: str, text: str) -> str:
        """The seal of a text. `purpose` keeps one kind of text from being taken for another."""
        return hmac.new(self._secret, f"{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()

    def token(self, prefix: str, purpose: str, text: str) -> str:
        """A token that only we can make of a text, and always the same one: it need not be kept to be given twice."""
        digest = hmac.digest(self._secret, f"{purpose}\n{text}".encode(), "sha256")
        return f"{prefix}_{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"

    def is_on(self, purpose: str, text: str, seal: str) -> bool:
        """Whether a text came from here as it is."""
        return hmac.compare_digest(self.of(purpose, text).encode(), seal.encode())


def page_policy(style: str, *further: str) -> str:
    """The content policy of a page of ours: its own style, known by its hash, and nothing else but what is named."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return "; ".join(("default-src 'none'", f"style-src 'sha256-{digest}'", "frame-ancestors 'none'", *further))


class LinkSigner:
    """Signs links to pictures and documents, so that a browser can open them for a short time without a token."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, path: str, expires: int) -> str:
        """The signature of a path that is good until `expires` (Unix seconds)."""
        return hmac.new(self._secret, f"{path}|{expires}".encode(), hashlib.sha256).hexdigest()

    def signed(self, path: str, expires: int) -> str:
        """The path with what makes it good until `expires` (Unix seconds)."""
        return f"{path}?expires={expires}&signature={self.sign(path, expires)}"

    def is_valid(self, path: str, expires: str | None, signature: str | None, now: int) -> bool:
        """Whether a link is ours and not too old."""
        if not expires or not signature or not _UNIX_SECONDS.fullmatch(expires) or int(expires) < now:
            return False
        return hmac.compare_digest(self.sign(path, int(expires)).encode(), signature.encode())
