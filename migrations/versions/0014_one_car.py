"""A car is recognised by its plate and VIN in a normal form, unique among the cars of one home station.

Cars that were entered twice before stay, with all that points at them. The one in service, else the older one, keeps
the key; the others get it with a blank and a number (`BQX4711 2`), which no plate can have: they can go on being
rented and returned, and a clerk sees them and retires them, once another plate is given to one or it is not used any
more. `select plate, plate_key from vehicle where plate_key like '% %' or vin_key like '% %'` finds them.
"""

import unicodedata
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# As server/models/plate.py makes them; frozen here with what was stored then.
LOOK_ALIKES = str.maketrans("АВЕЅІЈКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABESIJKMHOPCTYXABEZHIKMNOPTYX")


def key_of(text: str) -> str:
    latin = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).upper()).translate(LOOK_ALIKES)
    plain = (str(unicodedata.decimal(char)) if char.isdecimal() else char for char in latin if char.isalnum())
    return "".join(plain)


def upgrade() -> None:
    op.drop_constraint("uq_vehicle_plate", "vehicle", type_="unique")
    op.add_column("vehicle", sa.Column("plate_key", sa.String(), nullable=True))
    op.add_column("vehicle", sa.Column("vin_key", sa.String(), nullable=True))
    connection = op.get_bind()
    cars = connection.execute(
        sa.text(
            "select id, home_station_id, plate, vin from vehicle order by status = 'RETIRED', created_at, id"
        )
    ).all()
    seen: dict[tuple[object, str, str], int] = defaultdict(int)

    def unique(kind: str, home: object, key: str) -> str:
        seen[home, kind, key] += 1
        number = seen[home, kind, key]
        return key if number == 1 else f"{key} {number}"

    for car in cars:
        vin = key_of(car.vin or "")
        keys = {
            "id": car.id,
            "plate": unique("plate", car.home_station_id, key_of(car.plate)),
            "vin": unique("vin", car.home_station_id, vin) if vin else None,
        }
        connection.execute(
            sa.text("update vehicle set plate_key = :plate, vin_key = :vin where id = :id"), keys
        )
    op.alter_column("vehicle", "plate_key", nullable=False)
    op.create_unique_constraint("uq_vehicle_plate", "vehicle", ["home_station_id", "plate_key"])
    op.create_unique_constraint("uq_vehicle_vin", "vehicle", ["home_station_id", "vin_key"])


def downgrade() -> None:
    op.drop_constraint("uq_vehicle_vin", "vehicle", type_="unique")
    op.drop_constraint("uq_vehicle_plate", "vehicle", type_="unique")
    op.drop_column("vehicle", "vin_key")
    op.drop_column("vehicle", "plate_key")
    op.create_unique_constraint("uq_vehicle_plate", "vehicle", ["station_id", "plate"])
