"""`changePreview` and the change itself agree: the same price, the same money, the same refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from server.errors import DomainError
from server.models import Contract, Document, OpenItem
from server.services.acting import Acting
from server.services.changes import edit
from server.services.changes.edit import Look, Prospect
from tests.services.life.world import Broken, World


async def preview_and_change_agree(
    world: World,
    acting: Acting,
    contract: Contract,
    look: Look,
    change: Callable[[UUID, int], Awaitable[object]],
    *,
    is_priced: bool = True,
) -> None:
    """Looks first, then does it. `is_priced`: what it comes to is agreed from then on."""
    now = await world.now_of(contract)
    issued = len(await world.bench.all(Document, contract_id=contract.id))
    prospect = await edit.preview(world.bench.outside, acting, contract.id, look)
    try:
        await change(contract.id, now.version)
    except DomainError as refusal:
        _is_foreseen(prospect, refusal)
        raise
    if prospect.problems:
        raise Broken(f"done, although the preview says {prospect.problems}")
    done = await world.now_of(contract)
    if is_priced and done.price != prospect.after:
        raise Broken(f"{done.price} instead of {prospect.after}")
    new = (await world.bench.all(Document, contract_id=contract.id))[issued:]
    on_account = {item.document_id for item in await world.bench.all(OpenItem, contract_id=contract.id)}
    _moves_as_said(prospect, [one for one in new if one.id not in on_account])


def _is_foreseen(prospect: Prospect, refusal: DomainError) -> None:
    if not prospect.problems:
        raise Broken(f"the preview saw nothing against it, but: {refusal.code} {refusal} {refusal.field}")
    first = prospect.problems[0]
    if (first.code, str(first), first.field) != (refusal.code, str(refusal), refusal.field):
        raise Broken(f"the preview says {first.code} {first}, the change {refusal.code} {refusal}")


def _moves_as_said(prospect: Prospect, issued: list[Document]) -> None:
    moves = sum(one.moves_cents for one in issued)
    if moves != prospect.moved_cents:
        raise Broken(f"{moves} move, the preview says {prospect.moved_cents}")
