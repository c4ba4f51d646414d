"""The app's screens: sign-in, today, handover, outbox and device. Each has its rules in a `.kv` file beside it, and
gets the desk that it works at from whoever builds it.
"""

# The rules know these by name only.
from mobile_kivy.screens import frame  # noqa: F401
from mobile_kivy.widgets import car_drawing, fold, gauge, progress, signature_pad, step_scroll, tiles  # noqa: F401
