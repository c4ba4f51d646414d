"""Damages: what people decide about them, what is claimed, and their repair."""

from __future__ import annotations

from decimal import Decimal

import strawberry
from strawberry.file_uploads import Upload

from server import decoder
from server.errors import CallerError, CallerErrorCode
from server.models import Damage
from server.models.damage import DamageLiability, RepairState
from server.schema.building import Info
from server.schema.damage import StoredDocument
from server.schema.results import DamageResult, UploadDocumentResult
from server.schema.root_fields import MANAGERS, OFFICE, mutation
from server.services.claims import claim, decisions, evidence
from server.services.claims.claim import ClaimRequest
from server.services.claims.decisions import Decision
from server.services.validation import as_uuid


@strawberry.type
class ClaimMutation:
    """Deciding about damages and claiming them."""

    @mutation(allow=OFFICE, graphql_type=UploadDocumentResult)
    async def upload_document(self, info: Info, sha256: str, file: Upload) -> StoredDocument:
        """Stores one PDF, for example an estimate. The same bytes (sha256) sent again are the same document."""
        context = info.context
        if not hasattr(file, "read"):
            raise CallerError(CallerErrorCode.BAD_USER_INPUT, "`file` must be sent as a multipart upload.")
        async with decoder.reading():
            stored = await evidence.upload(
                context.outside, context.principal, sha256, await file.read(), now=context.now
            )
        return StoredDocument(sha256=stored.sha256, pages=stored.pages)

    @mutation(allow=OFFICE, graphql_type=DamageResult)
    async def decide_damage(
        self,
        info: Info,
        damage_id: strawberry.ID,
        version: int,
        liability: DamageLiability,
        reason: str,
        estimate_net: Decimal | None = None,
        final_net: Decimal | None = None,
    ) -> Damage:
        """Decides about a damage that was found at a return: REJECTED or CONFIRMED (the customer gets a mail), then who
        pays. The same decision again with another amount enters that. Nothing is charged by it: `claimDamage` does.

        If the customer pays nothing, the deposit is lifted unless another damage needs it; first it serves an open
        invoice of the rental. A damage that is claimed is decided anew once `cancelDocument` has taken its claim back.
        Who is erased (`personErasedAt`) gets no mail and cannot be asked to pay (NOT_ALLOWED).
        """
        context = info.context
        decision = Decision(liability, reason, estimate_net, final_net)
        done = await decisions.decide(context.outside, context.acting, as_uuid(damage_id), version, decision)
        return await context.read_anew(Damage, done)

    @mutation(allow=OFFICE, graphql_type=DamageResult)
    async def claim_damage(
        self,
        info: Info,
        damage_id: strawberry.ID,
        version: int,
        evidence: list[str] = [],  # noqa: B006  # strawberry copies it
        override_reason: str | None = None,
    ) -> Damage:
        """Claims a damage that the customer pays (DECIDED_CUSTOMER): a document outside VAT, a mail with both
        protocols, photos and evidence, then the money: from the deposit, then the stored card, else an open item.

        The claim is the final net cost, else the estimate, at most the contract's deductible for a damage. The rental
        is billed before (BILLING_BLOCKED until then): the deposit can be taken only once, for both.
        """
        context = info.context
        wanted = ClaimRequest(as_uuid(damage_id), version, tuple(evidence), override_reason)
        done = await claim.claim(context.outside, context.acting, wanted)
        return await context.read_anew(Damage, done)

    @mutation(allow=OFFICE, graphql_type=DamageResult)
    async def dispute_damage(self, info: Info, damage_id: strawberry.ID, version: int, reason: str) -> Damage:
        """Keeps that the customer disputes a claim; what was paid or is open stays as it is."""
        context = info.context
        done = await decisions.dispute(context.outside, context.acting, as_uuid(damage_id), version, reason)
        return await context.read_anew(Damage, done)

    @mutation(allow=MANAGERS, graphql_type=DamageResult)
    async def write_off_damage(self, info: Info, damage_id: strawberry.ID, version: int, reason: str) -> Damage:
        """Gives up what is still open of a claim: nobody is asked for it any more."""
        context = info.context
        done = await decisions.write_off(context.outside, context.acting, as_uuid(damage_id), version, reason)
        return await context.read_anew(Damage, done)

    @mutation(allow=OFFICE, graphql_type=DamageResult)
    async def repair_damage(self, info: Info, damage_id: strawberry.ID, version: int, repair: RepairState) -> Damage:
        """Keeps how far the repair of a damage is. One that is REPAIRED is no longer on the car."""
        context = info.context
        done = await decisions.repair(context.outside, context.acting, as_uuid(damage_id), version, repair)
        return await context.read_anew(Damage, done)
