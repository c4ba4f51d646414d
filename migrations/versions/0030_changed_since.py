"""When each contract was last changed: written by the database at the end of a transaction, in the order of commits.

The order is the whole point. Whoever reads changes and goes on behind the last one must not miss one that was committed
afterwards with an earlier time. So a transaction takes its time as its last act, under a lock that it keeps until it is
committed, and takes one that is later than every other (docs/adr/0026).
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

from migrations.policies import CLIENT, STATIONS, protect, unwatch, watch

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

OF_CONTRACT = (
    "driver", "vehicle_leg", "note", "history_entry", "protocol", "protocol_photo", "reading_correction", "payment",
    "payment_share", "stored_card", "deposit", "document", "open_item", "email", "damage",
)  # fmt: skip
"""Tables whose rows name the contract that they belong to."""
OF_DAMAGE = ("damage_photo", "damage_evidence")
SEEN_ON_RETURN = (
    "case when c.checked_out_at is not null and c.return_station_id <> c.station_id then c.return_station_id end"
)

# The lock comes in a statement of its own: the next one sees what was committed until then. Nothing that others could
# hold is waited for behind it, so it is part of no deadlock, and it ends with the commit that has begun already. The
# server tells what its clock says before it commits; without that the machine's counts. In another isolation the last
# time of others would not be seen. Whole milliseconds: an answer shows no more, and what a caller gives back must be
# what is stored.
STAMP = f"""
declare
  before text := coalesce(current_setting('app.everything', true), '');
  told timestamptz := nullif(current_setting('app.now', true), '')::timestamptz;
  touched uuid[];
  wanted uuid;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'contracts are changed in transactions that read what is committed';
  end if;
  perform set_config('app.everything', 'on', true);
  if tg_table_name = 'contract' then
    touched := array[old.id, new.id];
  elsif tg_argv[0] = 'damage' then
    touched := array(select d.contract_id from damage d where d.id in (old.damage_id, new.damage_id));
  else
    touched := array[old.contract_id, new.contract_id];
  end if;
  foreach wanted in array touched loop
    continue when wanted is null or exists (
      select from last_change k where k.contract_id = wanted and k.xmin = pg_current_xact_id()::xid
    );
    perform pg_advisory_xact_lock(hashtextextended('last_change', 0));
    insert into last_change (contract_id, station_id, return_station_id, client_id, updated_at)
    select c.id, c.station_id, {SEEN_ON_RETURN}, c.client_id, greatest(
      date_trunc('milliseconds', coalesce(told, clock_timestamp())),
      (select k.updated_at from last_change k order by k.updated_at desc limit 1) + interval '1 millisecond'
    )
    from contract c where c.id = wanted
    on conflict (contract_id) do update
    set return_station_id = excluded.return_station_id, updated_at = excluded.updated_at;
  end loop;
  perform set_config('app.everything', before, true);
  return null;
end"""
# What is known of before: the last entry of the history. No two may be equal, so that each is moved behind the one
# before it by as little as it takes.
KNOWN = f"""
insert into last_change (contract_id, station_id, return_station_id, client_id, updated_at)
select o.id, o.station_id, o.seen_on_return, o.client_id,
       max(o.at - o.place * interval '1 millisecond') over (order by o.place) + o.place * interval '1 millisecond'
from (
  select c.id, c.station_id, c.client_id, {SEEN_ON_RETURN} as seen_on_return,
         date_trunc('milliseconds', greatest(c.created_at, c.state_since, h.at)) as at,
         row_number() over (order by greatest(c.created_at, c.state_since, h.at), c.id) as place
  from contract c left join (select contract_id, max(at) as at from history_entry group by contract_id) h
    on h.contract_id = c.id
) o
"""  # noqa: S608  # our own text


def upgrade() -> None:
    op.create_table(
        "last_change",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("return_station_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_last_change_contract"
        ),
        sa.PrimaryKeyConstraint("contract_id", name="pk_last_change"),
    )
    rows = {
        "staff": f"station_id = any {STATIONS} or return_station_id = any {STATIONS}",
        "website": f"client_id = {CLIENT}",
    }
    # Nobody writes it but the function below.
    may = dict.fromkeys(["staff", "admin", "website", "system"], "select")
    # With a booking that never came about goes the time of its last change.
    protect("last_change", rows=rows, may=may | {"retention": "select (contract_id), delete"})
    op.execute(KNOWN)
    _index("uq_last_change", unique=True)
    _index("ix_last_change_station", "station_id")
    _index("ix_last_change_return", "return_station_id", where="return_station_id is not null")
    _index("ix_last_change_client", "client_id", where="client_id is not null")
    op.execute(
        "create function stamp_contract() returns trigger language plpgsql security definer"
        f" set search_path = public, pg_temp as $${STAMP}$$"
    )
    op.execute("revoke execute on function stamp_contract() from public")
    for table in ("contract", *OF_CONTRACT):
        watch(table)
    for table in OF_DAMAGE:
        watch(table, by="damage")


def downgrade() -> None:
    for table in ("contract", *OF_CONTRACT, *OF_DAMAGE):
        unwatch(table)
    op.execute("drop function stamp_contract()")
    op.drop_table("last_change")


def _index(name: str, *columns: str, unique: bool = False, where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(name, "last_change", [*columns, "updated_at"], unique=unique, postgresql_where=condition)
