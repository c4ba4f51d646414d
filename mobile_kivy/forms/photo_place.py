"""Where in a form a photo belongs: known before the camera opens, and still when the app was killed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mobile_kivy.forms.form import DAMAGE_SLOT, Form


@dataclass(frozen=True)
class PhotoPlace:
    """The form by its protocol's id, the slot in it, and in the slot of damages which of them."""

    protocol_id: str
    slot: str
    damage_id: str = ""

    def fill(self, form: Form, sha256: str, taken_at: datetime) -> bool:
        """Puts a photo there. False if there is no such place: another form, or a damage that was taken away."""
        if form.protocol_id != self.protocol_id:
            return False
        if self.slot != DAMAGE_SLOT:
            form.take(self.slot, sha256, taken_at)
            return True
        damage = next((damage for damage in form.damages if damage.id == self.damage_id), None)
        if damage is None:
            return False
        if sha256 not in damage.photos:
            damage.photos.append(sha256)
        return True
