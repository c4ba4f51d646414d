"""What matters for security, as it happens: one line in the log and one more in the figures. Ids only, never an e-mail
address, name, network address, password or token.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import structlog

from server import metrics

_log = structlog.get_logger("security")


class SecurityEvent(StrEnum):
    """What happened; the name of the line in the log is `security.` and this."""

    SIGN_IN_FAILED = "sign_in_failed"
    """Wrong password, also of somebody who changes it, unknown account or deactivated user. `user_id` is null for an
    unknown account.
    """
    SIGN_IN_LOCKED_OUT = "sign_in_locked_out"
    """An attempt was refused unread; `bound` says why: `pair`, `account` or `address`."""
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105  # a name, not a secret
    """A refresh token came again, later than for a lost answer: it was stolen. Its whole family of sessions ended."""
    REFRESHED_ELSEWHERE = "refreshed_elsewhere"
    """A refresh token came from another device than it was made for. Its family of sessions ended."""
    ROLE_CHANGED = "role_changed"
    """`by` gave the user another role; `was` and `role` name both."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # a name, not a secret
    """`by` gave the user another password; `by` is the user's own id where the user changed it."""
    USER_DEACTIVATED = "user_deactivated"
    """`by` took a user's access away."""
    DEVICE_REVOKED = "device_revoked"
    """`by` shut out the device `device_id`, on which the user had signed in last."""
    API_KEY_MADE = "api_key_made"
    """`by` made a key for the API client `client_id`, its first or another; null when the command line or the sandbox
    did.
    """
    API_KEY_REVOKED = "api_key_revoked"
    """`by` ended all keys of the API client `client_id`."""


def note(event: SecurityEvent, **about: UUID | str | None) -> None:
    """Logs and counts an event. `about` are ids, roles and, of a lock-out, the `bound`."""
    _log.warning(f"security.{event.value}", **{name: value and str(value) for name, value in about.items()})
    metrics.security_events.labels(event.value, about.get("bound") or "").inc()
