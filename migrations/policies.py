"""Row-level security and grants of a table, for migrations: one call for each table, in the migration that makes it.

    protect("note", rows={"staff": OF_CONTRACT}, may={"staff": "select, insert", "admin": "select, insert"})

`rows` says which rows a kind of caller sees, `may` which statements it may use. The system, administrators and whoever
erases see all rows of what they may use. A policy is made for one role, so that the planner sees only those of the
caller, and asks nothing of another table in place: what does is one of the functions below, which are planned once for
a connection (docs/adr/0020). Whoever is not named may do nothing.

A caller that may change other rows than it reads has two rules, `Rule(reads, writes)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alembic import op

from server.database.roles import OWNER_ROLE, Caller

CALLERS = {caller.name.lower(): caller.value for caller in Caller}
EVERYTHING = "(select current_setting('app.everything', true) = 'on')"
# Subselects around the settings are computed once for a statement.
STATIONS = "((select nullif(current_setting('app.stations', true), '')::uuid[])::uuid[])"
WEB_STATIONS = "((select nullif(current_setting('app.web_stations', true), '')::uuid[])::uuid[])"
CLIENT = "(select nullif(current_setting('app.client', true), '')::uuid)"
PRINCIPAL = "(select nullif(current_setting('app.principal', true), '')::uuid)"

# The station of a part of a contract is the contract's. What comes back here from elsewhere is found once a statement,
# and only if a row of another station is met.
OF_CONTRACT = f"station_id = any {STATIONS} or contract_id in (select contracts_coming_here())"
OF_OWN_CONTRACT = "contract_is_seen(contract_id)"


@dataclass(frozen=True)
class Rule:
    """Which rows a caller reads, and which it may write."""

    reads: str
    writes: str


def protect(table: str, *, may: Mapping[str, str], rows: Mapping[str, str | Rule | None] | None = None) -> None:
    """Closes a table to everybody and opens it as far as it says. Staff or a website without a rule may ask, and find
    nothing.
    """
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    # The owner, in a migration or a backup: FORCE holds for it, too.
    _policy(table, "owner", OWNER_ROLE, EVERYTHING)
    for kind, statements in may.items():
        role = CALLERS[kind]
        op.execute(f"grant {statements} on {table} to {role}")
        rule = "true" if kind in ("admin", "system", "retention") else (rows or {}).get(kind)
        if rule is None:
            continue
        if isinstance(rule, Rule):
            op.execute(f"create policy {kind}_reads on {table} for select to {role} using ({rule.reads})")
            op.execute(f"create policy {kind}_adds on {table} for insert to {role} with check ({rule.writes})")
            op.execute(f"create policy {kind}_changes on {table} for update to {role} using ({rule.writes})")
        else:
            _policy(table, kind, role, rule)


def _policy(table: str, name: str, role: str, rule: str) -> None:
    op.execute(f"create policy {name} on {table} to {role} using ({rule}) with check ({rule})")


def freeze(table: str, *, but: Sequence[str] = ()) -> None:
    """No row is ever deleted, and only the columns in `but` ever change, whoever asks."""
    arguments = ", ".join(f"'{column}'" for column in but)
    op.execute(
        f"create trigger frozen before update or delete on {table} for each row"
        f" execute function refuse_frozen_change({arguments})"
    )


def watch(table: str, *, by: str = "contract") -> None:
    """What comes, goes or changes in a table is a change of the contract that its rows belong to: through their
    `contract_id`, or as parts of a damage (`by="damage"`, through `damage_id`). See docs/adr/0026.
    """
    when = {"comes_or_goes": ("insert or delete", ""), "changes": ("update", "when (old.* is distinct from new.*)")}
    for name, (event, condition) in when.items():
        op.execute(
            f"create constraint trigger {name} after {event} on {table} deferrable initially deferred for each row"
            f" {condition} execute function stamp_contract('{by}')"
        )


def unwatch(table: str) -> None:
    """For a downgrade."""
    for name in ("comes_or_goes", "changes"):
        op.execute(f"drop trigger {name} on {table}")


def unprotect(table: str) -> None:
    """For a downgrade: takes every policy and grant of a table away; row-level security stays on."""
    op.execute(
        f"""
        do $$ declare name text; begin
          for name in select polname from pg_policy where polrelid = '{table}'::regclass loop
            execute format('drop policy %I on {table}', name);
          end loop;
        end $$
        """
    )
    for role in CALLERS.values():
        op.execute(f"revoke all on {table} from {role}")
