"""The role that the server runs as, and the extension behind the overlap constraint."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create extension if not exists btree_gist")
    # Roles belong to the whole cluster: another database of it may have made this one already.
    op.execute(
        """
        do $$ begin
          if not exists (select 1 from pg_roles where rolname = 'ersatzwagen_app') then
            create role ersatzwagen_app login nosuperuser nobypassrls nocreatedb nocreaterole;
          end if;
          -- From PostgreSQL 16 on, who made a role is a member of it without the right to become it.
          if not pg_has_role(current_user, 'ersatzwagen_app',
                             case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end)
          then
            execute format('grant ersatzwagen_app to %I', current_user);
          end if;
        end $$
        """
    )


def downgrade() -> None:
    pass  # the role may be in use by another database
