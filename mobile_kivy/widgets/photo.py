"""A picture that never was a file in plain: shown from memory."""

from __future__ import annotations

import io
import logging

from kivy.clock import Clock
from kivy.core.image import Image as CoreImage
from kivy.properties import ObjectProperty
from kivy.uix.image import Image

log = logging.getLogger(__name__)


class Photo(Image):
    """Shows the JPEG in `content`; without one, the file in `source`, which is a drawing of ours."""

    content: bytes | None = ObjectProperty(None, allownone=True)

    def on_content(self, *_: object) -> None:
        """Another photo, or none."""
        self.texture_update()

    def texture_update(self, *_: object) -> None:
        """Called by Kivy, too, when the source changes."""
        if not self.content:
            super().texture_update()
            return
        try:
            self.texture = CoreImage(io.BytesIO(self.content), ext="jpg", mipmap=self.mipmap).texture
        except Exception:  # whatever the picture library raises
            log.warning("a photo cannot be shown", exc_info=True)
            self.texture = None
            return
        # Android may take the graphics memory away; what came from a file Kivy reads again by itself.
        self.texture.add_reload_observer(self._lost)

    def _lost(self, _texture: object) -> None:
        Clock.schedule_once(self.texture_update)
