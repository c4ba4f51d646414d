"""The server's API as the tablet sees it: a client, sessions, and what can go wrong."""

from mobile_kivy.api.client import DEFAULT_SERVER, Client
from mobile_kivy.api.errors import (
    ApiError,
    Broken,
    DeviceRevoked,
    Offline,
    Refusal,
    ServerFault,
    SignInNeeded,
    Trouble,
    Unsendable,
)
from mobile_kivy.api.session import Confirmation, Session, StationRef, ThisDevice
from mobile_kivy.api.transport import identity, is_safe
from mobile_kivy.api.wire import Patience

__all__ = [
    "DEFAULT_SERVER",
    "ApiError",
    "Broken",
    "Client",
    "Confirmation",
    "DeviceRevoked",
    "Offline",
    "Patience",
    "Refusal",
    "ServerFault",
    "Session",
    "SignInNeeded",
    "StationRef",
    "ThisDevice",
    "Trouble",
    "Unsendable",
    "identity",
    "is_safe",
]
