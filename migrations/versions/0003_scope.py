"""Row-level security: who sees which rows. The settings are made by server/database at the start of a transaction.

A policy named `system` opens a table to work that belongs to no station, `staff` to the people of a station, `client`
(read only) to the website that made a booking. Subselects around the settings are computed once per statement.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

EVERYTHING = "(select current_setting('app.everything', true) = 'on')"
STAFF = "((select nullif(current_setting('app.stations', true), '')::uuid[])::uuid[])"
WEB = "((select nullif(current_setting('app.web_stations', true), '')::uuid[])::uuid[])"
CLIENT = "(select nullif(current_setting('app.client', true), '')::uuid)"
PRINCIPAL = "(select nullif(current_setting('app.principal', true), '')::uuid)"

# The return station sees a contract only once the car is out (domain 4.8).
AT_RETURN_STATION = f"c.checked_out_at is not null and c.return_station_id = any {STAFF}"
OWN_CONTRACT = f"exists (select 1 from contract c where c.id = contract_id and c.client_id = {CLIENT})"
OF_CONTRACT = (
    f"station_id = any {STAFF} or exists (select 1 from contract c where c.id = contract_id and {AT_RETURN_STATION})"
)

STAFF_POLICIES = {
    "station": f"id = any {STAFF}",
    "document_series": f"station_id = any {STAFF}",
    "vehicle": f"station_id = any {STAFF} or home_station_id = any {STAFF}"
    f" or exists (select 1 from contract c where c.id = out_contract_id and {AT_RETURN_STATION})",
    "vehicle_block": "exists (select 1 from vehicle v where v.id = vehicle_id and"
    f" (v.station_id = any {STAFF} or v.home_station_id = any {STAFF}))",
    "occupancy": f"station_id = any {STAFF}"
    f" or exists (select 1 from contract c where c.id = contract_id and {AT_RETURN_STATION})",
    "customer": "exists (select 1 from customer_station s where s.customer_id = customer.id)",
    "customer_station": f"station_id = any {STAFF}",
    "customer_version": "exists (select 1 from customer_station s where s.customer_id = customer_version.customer_id)",
    "contract": f"station_id = any {STAFF} or (checked_out_at is not null and return_station_id = any {STAFF})",
    "damage": "exists (select 1 from vehicle v where v.id = vehicle_id and"
    f" (v.station_id = any {STAFF} or v.home_station_id = any {STAFF}))"
    " or exists (select 1 from contract c where c.id = contract_id"
    f" and (c.station_id = any {STAFF} or ({AT_RETURN_STATION})))"
    f" or exists (select 1 from vehicle v join contract c on c.id = v.out_contract_id"
    f" where v.id = damage.vehicle_id and {AT_RETURN_STATION})",  # a contract has a vehicle_id, too
    "damage_photo": "exists (select 1 from damage d where d.id = damage_id)",
    "photo": f"stations && {STAFF}"
    " or exists (select 1 from protocol_photo p where p.photo_id = photo.id)"
    " or exists (select 1 from damage_photo d where d.photo_id = photo.id)",
    "app_user": f"id = {PRINCIPAL} or exists (select 1 from user_station s where s.user_id = app_user.id)",
    "user_station": f"station_id = any {STAFF} or user_id = {PRINCIPAL}",
    "api_client": f"id = {CLIENT} or exists (select 1 from client_station s where s.client_id = api_client.id)",
    "client_station": f"station_id = any {STAFF} or client_id = {CLIENT}",
    **dict.fromkeys(
        [
            "driver",
            "vehicle_leg",
            "note",
            "history_entry",
            "protocol",
            "protocol_photo",
            "payment",
            "stored_card",
            "hosted_payment",
            "deposit",
            "document",
            "open_item",
            "email",
        ],
        OF_CONTRACT,
    ),
}
# A vehicle that went to another station stays readable where a visible contract has driven it, and a website may read
# the car of its own booking; neither can write it.
READ_POLICIES = {
    "vehicle": "exists (select 1 from vehicle_leg l where l.vehicle_id = vehicle.id)"
    f" or exists (select 1 from contract c where c.vehicle_id = vehicle.id and c.client_id = {CLIENT})",
}
CLIENT_POLICIES = {
    "station": f"id = any {WEB}",
    "contract": f"client_id = {CLIENT}",
    **dict.fromkeys(
        ["driver", "vehicle_leg", "protocol", "protocol_photo", "payment", "deposit", "document", "open_item"],
        OWN_CONTRACT,
    ),
    "damage": OWN_CONTRACT,
}
# Read and written only under the system's own scope.
SYSTEM_ONLY = ["session", "sign_in_bucket", "idempotency_record"]
# Company-wide or technical: no station's data.
OPEN = ["company", "vehicle_group", "tariff", "job"]
FROZEN = ["history_entry", "customer_version", "note"]
# What may still change on a frozen row: the PDF that follows a protocol, whether it was voided.
FROZEN_BUT = {"document": [], "protocol": ["pdf_key", "sha256", "voided", "complete"]}


def upgrade() -> None:
    for table in [*STAFF_POLICIES, *SYSTEM_ONLY]:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy system on {table} using ({EVERYTHING}) with check ({EVERYTHING})")
    for table, rule in STAFF_POLICIES.items():
        op.execute(f"create policy staff on {table} using ({rule}) with check ({rule})")
    for table, rule in READ_POLICIES.items():
        op.execute(f"create policy reference on {table} for select using ({rule})")
    for table, rule in CLIENT_POLICIES.items():
        op.execute(f"create policy client on {table} for select using ({rule})")
    _freeze()
    op.execute("grant usage on schema public to ersatzwagen_app")
    op.execute("grant select, insert, update, delete on all tables in schema public to ersatzwagen_app")
    op.execute("revoke insert, update, delete on alembic_version from ersatzwagen_app")


def _freeze() -> None:
    op.execute(
        """
        create function refuse_change() returns trigger language plpgsql as $$
        begin raise exception '% rows are never changed or deleted', tg_table_name using errcode = 'restrict_violation'; end $$
        """
    )
    op.execute(
        """
        create function refuse_frozen_change() returns trigger language plpgsql as $$
        begin
          if tg_op = 'DELETE' or (to_jsonb(old) - coalesce(tg_argv, '{}')) is distinct from (to_jsonb(new) - coalesce(tg_argv, '{}')) then
            raise exception '% rows are frozen', tg_table_name using errcode = 'restrict_violation';
          end if;
          return new;
        end $$
        """
    )
    for table in FROZEN:
        op.execute(
            f"create trigger frozen before update or delete on {table} for each row execute function refuse_change()"
        )
    for table, columns in FROZEN_BUT.items():
        arguments = ", ".join(f"'{column}'" for column in columns)
        op.execute(
            f"create trigger frozen before update or delete on {table} for each row"
            f" execute function refuse_frozen_change({arguments})"
        )


def downgrade() -> None:
    for table in [*FROZEN, *FROZEN_BUT]:
        op.execute(f"drop trigger frozen on {table}")
    op.execute("drop function refuse_change")
    op.execute("drop function refuse_frozen_change")
    for table in [*STAFF_POLICIES, *SYSTEM_ONLY]:
        for policy in ["system", "staff", "client", "reference"]:
            op.execute(f"drop policy if exists {policy} on {table}")
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"alter table {table} disable row level security")
    op.execute("revoke all on all tables in schema public from ersatzwagen_app")
    op.execute("revoke all on schema public from ersatzwagen_app")
