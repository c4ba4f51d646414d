"""Every process is told which contract or car was changed, once the change is committed: ids, and nothing else of it.

`contract <id> <when> <stations…>` and `vehicle <id> - <stations…>`: the stations where it is, or was until then. A
contract is told of where its last change is written (0030), once for each transaction, whatever was changed of it.
"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

CONTRACT = """
declare
  until_then uuid := case when tg_op = 'UPDATE' then old.return_station_id end;
begin
  perform pg_notify('change', concat_ws(' ', 'contract', new.contract_id,
    to_char(new.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    new.station_id, new.return_station_id, nullif(until_then, new.return_station_id)));
  return null;
end"""
VEHICLE = """
begin
  if tg_op = 'UPDATE' then
    perform pg_notify('change', concat_ws(' ', 'vehicle', new.id, '-', new.station_id, new.home_station_id,
      nullif(old.station_id, new.station_id), nullif(old.home_station_id, new.home_station_id)));
  else
    perform pg_notify('change', concat_ws(' ', 'vehicle', new.id, '-', new.station_id, new.home_station_id));
  end if;
  return null;
end"""
# Whoever may write a part of a car sees the car; should it not, everybody who follows cars is told and looks.
OF_VEHICLE = """
begin
  perform pg_notify('change', concat_ws(' ', 'vehicle', new.vehicle_id, '-', v.station_id, v.home_station_id))
  from (select 1) one left join vehicle v on v.id = new.vehicle_id;
  return null;
end"""
TOLD = {"tell_of_contract": CONTRACT, "tell_of_vehicle": VEHICLE, "tell_of_part": OF_VEHICLE}
TABLES = {
    "last_change": "tell_of_contract",
    "vehicle": "tell_of_vehicle",
    "vehicle_block": "tell_of_part",
    "damage": "tell_of_part",
}


def upgrade() -> None:
    for name, body in TOLD.items():
        op.execute(f"create function {name}() returns trigger language plpgsql as $${body}$$")
    for table, function in TABLES.items():
        op.execute(f"create trigger told_new after insert on {table} for each row execute function {function}()")
        op.execute(
            f"create trigger told_changed after update on {table} for each row"
            f" when (old.* is distinct from new.*) execute function {function}()"
        )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"drop trigger told_new on {table}")
        op.execute(f"drop trigger told_changed on {table}")
    for name in TOLD:
        op.execute(f"drop function {name}()")
