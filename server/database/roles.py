"""The roles that this program has in the database: one for each kind of caller, and what it takes to make them.

A login owns nothing and may read nothing: it becomes one of the callers' roles, and their policies and grants hold
(docs/adr/0020). Roles belong to the whole cluster: several databases of one cluster share them.
"""

from __future__ import annotations

from enum import StrEnum

import psycopg

from server.database.connections import conninfo

APP_ROLE = "ersatzwagen_app"
"""The login of the server, or what the operator's own login is a member of."""
OWNER_ROLE = "ersatzwagen_owner"
"""What the owner of the tables is a member of: migrations and backups read all rows, with `app.everything` on."""


class Caller(StrEnum):
    """Who is asking, as the database knows it. What each may see and do is listed in tests/scope/grants.py."""

    STAFF = "ersatzwagen_staff"
    ADMIN = "ersatzwagen_admin"
    WEBSITE = "ersatzwagen_website"
    SYSTEM = "ersatzwagen_system"
    RETENTION = "ersatzwagen_retention"
    """Whoever erases what no law keeps any more: nobody else deletes or empties what is kept."""


_MAY_BECOME = "case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end"
_MAKE_ROLES = """
do $$
declare
  wanted text;
  how text := {may_become};
begin
  if not exists (select 1 from pg_roles where rolname = '{app}') then
    create role {app} login noinherit nosuperuser nobypassrls nocreatedb nocreaterole;
  end if;
  -- It may become the callers, and has none of their rights before it does.
  if exists (select 1 from pg_roles where rolname = '{app}' and rolinherit) then
    alter role {app} noinherit;
  end if;
  foreach wanted in array array[{callers}, '{owner}'] loop
    if not exists (select 1 from pg_roles where rolname = wanted) then
      execute format('create role %I nologin noinherit nosuperuser nobypassrls nocreatedb nocreaterole', wanted);
    end if;
    if wanted <> '{owner}' and not pg_has_role('{app}', wanted, how) then
      execute format('grant %I to {app}', wanted);
    end if;
  end loop;
  -- From PostgreSQL 16 on, who made a role is a member of it without the right to become it.
  foreach wanted in array array['{app}', '{owner}'] loop
    if not pg_has_role(current_user, wanted, how) then
      execute format('grant %I to %I', wanted, current_user);
    end if;
  end loop;
end $$
"""
MAKE_ROLES = _MAKE_ROLES.format(
    may_become=_MAY_BECOME, app=APP_ROLE, owner=OWNER_ROLE, callers=", ".join(f"'{caller}'" for caller in Caller)
)
"""SQL that makes the roles that are missing, and the memberships between them. Safe to repeat."""

_UNSAFE_LOGIN = """
select r.rolname from pg_roles r
where (r.rolsuper or r.rolbypassrls) and pg_has_role(session_user, r.oid, 'member')
order by r.rolname = session_user desc, r.rolname limit 1
"""
"""The role by which a connection could get past row-level security, whatever it has become since; none if it cannot.

A superuser is a member of every role, so that its own name comes first.
"""

_MISSING_ROLE = f"""
select rolname from pg_roles where rolname in ({", ".join(f"'{caller}'" for caller in Caller)})
and not pg_has_role(session_user, oid, {_MAY_BECOME}) order by rolname desc limit 1
"""  # noqa: S608  # our own names
"""A role of a caller that a connection cannot become, if there is one. Before the first upgrade there are no roles."""


_ROLES_MADE = "select rolname from pg_roles where rolname = any(%s)"


class UnsafeLogin(RuntimeError):
    """The database login could get past row-level security, or cannot become what it has to."""


def check_login(url: str) -> None:
    """UnsafeLogin unless row-level security holds for the login of this address, whatever role it takes on."""
    with psycopg.connect(conninfo(url)) as connection:
        login = connection.info.user
        unsafe = connection.execute(_UNSAFE_LOGIN).fetchone()
        missing = connection.execute(_MISSING_ROLE).fetchone()
    if unsafe is not None:
        how = "is a superuser, or" if unsafe[0] == login else f"is a member of {unsafe[0]}: it"
        raise UnsafeLogin(
            f"the database login {login} {how} may bypass row-level security, whatever role it takes on."
            f" Let the server sign in as {APP_ROLE}, or as a login that is a member of it and of nothing else"
        )
    if missing is not None:
        raise UnsafeLogin(f"the database login {login} cannot become {missing[0]}: grant {APP_ROLE} to {login}")


def missing_roles(url: str) -> str | None:
    """What to do about roles that a database with tables lacks: they came here without them. None if all are there."""
    wanted = [caller.value for caller in Caller]
    with psycopg.connect(conninfo(url)) as connection:
        found = {name for (name,) in connection.execute(_ROLES_MADE, [wanted]).fetchall()}
    missing = next((name for name in wanted if name not in found), None)
    if missing is None:
        return None
    return (
        f"the database has no role {missing}: restore its backup with `ersatzwagen db restore`, which makes the roles"
    )
