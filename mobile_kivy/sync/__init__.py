"""The background sync: sends what was recorded, in order, and fetches the day."""

from mobile_kivy.sync.state import SyncState
from mobile_kivy.sync.thread import Sync

__all__ = ["Sync", "SyncState"]
