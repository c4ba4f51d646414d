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
          if not pg_has_role(current_user, 'ersatzwagen_app', 'member') then
            execute format('grant ersatzwagen_app to %I', current_user);
          end if;
        end $$
        """
    )


def downgrade() -> None:
    pass  # the role may be in use by another database
