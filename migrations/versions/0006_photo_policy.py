"""Whether a photo is shown through a protocol or a damage is asked by a function, and only when nothing simpler shows it.

As a part of the policy the question was planned anew with each statement that names a photo, with the policies of
protocol, damage, vehicle and contract inside it: 30 ms for an upload. PL/pgSQL plans it once for a connection. The
function runs as its caller, so the policies of those tables hold inside it.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STAFF = "((select nullif(current_setting('app.stations', true), '')::uuid[])::uuid[])"
BEFORE = (
    f"stations && {STAFF}"
    " or exists (select 1 from protocol_photo p where p.photo_id = photo.id)"
    " or exists (select 1 from damage_photo d where d.photo_id = photo.id)"
)
AFTER = f"case when stations && {STAFF} then true else photo_is_shown(id) end"


def upgrade() -> None:
    op.execute(
        """
        create function photo_is_shown(wanted uuid) returns boolean language plpgsql stable as $$
        begin
          return exists (select 1 from protocol_photo p where p.photo_id = wanted)
              or exists (select 1 from damage_photo d where d.photo_id = wanted);
        end $$
        """
    )
    op.execute(f"alter policy staff on photo using ({AFTER}) with check ({AFTER})")


def downgrade() -> None:
    op.execute(f"alter policy staff on photo using ({BEFORE}) with check ({BEFORE})")
    op.execute("drop function photo_is_shown(uuid)")
