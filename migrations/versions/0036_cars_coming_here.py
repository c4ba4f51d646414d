"""Cars that come back here are found by the contracts that bring them, and not by looking at every car that is out anywhere:
for each of those a policy would be asked.
"""

from importlib import import_module

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_before = import_module("migrations.versions.0018_callers")
# As an array: the planner would begin with the cars.
NOW = f"""{_before.OURS} union select v.id from vehicle v join contract c on c.id = v.out_contract_id and c.vehicle_id = v.id
 where v.out_contract_id = any (array(select c.id from contract c where c.returned_at is null and {_before.COMING}))"""


def upgrade() -> None:
    _found(NOW)


def downgrade() -> None:
    _found(_before.FOUND["vehicles_here"])


def _found(question: str) -> None:
    op.execute(
        "create or replace function vehicles_here() returns setof uuid language plpgsql stable rows 100"
        f" as $$ begin return query {question}; end $$"
    )
