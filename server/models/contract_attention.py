"""What of a contract a person should look at, and why its billing waits for one."""

from __future__ import annotations

from enum import StrEnum


class ContractFlag(StrEnum):
    """What a clerk should look at."""

    AT_RISK = "AT_RISK"
    """The planned car is overdue with somebody else, or the contract has no car: see `freeVehicles`."""
    OVERDUE = "OVERDUE"
    """The planned end and the grace after it are over, and the car is not back."""
    BILLING_BLOCKED = "BILLING_BLOCKED"
    """Billing waits for a person; `billingBlock` says why."""
    CUSTOMER_REVIEW = "CUSTOMER_REVIEW"
    """The e-mail address belongs to somebody with another name or birth date: check who this is."""
    DEPOSIT_EXPIRING = "DEPOSIT_EXPIRING"
    """The deposit hold ends within two days."""
    DEPOSIT_MISSING = "DEPOSIT_MISSING"
    """The deposit could not be placed or has ended, and the rental needs it: see `placeDeposit` and `replaceCard`."""
    PROTOCOL_CONFLICT = "PROTOCOL_CONFLICT"
    """A protocol arrived that does not fit the contract, or whose times are doubtful; the physical facts were kept."""
    EFFECTS_FAILED = "EFFECTS_FAILED"
    """Paper, mail or money of the contract was given up: `history` (EFFECT_FAILED) and `emails` say what. See
    `retryEffects`; a mail that was refused may also be sent to another address (`resendEmail`).
    """
    PAYMENT_OVERDUE = "PAYMENT_OVERDUE"
    """An open item is still not paid after its last reminder, or nobody can be reminded: see `openItems`."""


class BillingBlock(StrEnum):
    """Why billing waits for a person. `settleContract` clears each of them."""

    ODOMETER = "ODOMETER"
    """A reading is not plausible and was confirmed with a reason: look before kilometres are billed."""
    PROTOCOL_CONFLICT = "PROTOCOL_CONFLICT"
    """A protocol arrived that does not fit the contract: decide which one counts."""
    DEVICE_CLOCK = "DEVICE_CLOCK"
    """The clock of the device that made a protocol seems to be wrong: look at its times before days are billed."""
    LATE_HANDOVER = "LATE_HANDOVER"
    """A protocol arrived late, and on time it would have been refused: look at why."""
    VEHICLE_SIZE = "VEHICLE_SIZE"
    """Fuel or charge is missing and the vehicle's tank or battery size is not known: enter it first."""
    REFUND_ABOVE_PAYMENT = "REFUND_ABOVE_PAYMENT"
    """More has to go back than was paid by card: pay it by hand; clearing says that it was paid."""
    REFUND_REFUSED = "REFUND_REFUSED"
    """The gateway refused the refund: pay it by hand; clearing says that it was paid."""
    ADDRESS_MISSING = "ADDRESS_MISSING"
    """The invoice needs the customer's postal address and nobody has given it: enter it (`completeCustomer`) first."""
    SELLER_CONTACT_MISSING = "SELLER_CONTACT_MISSING"
    """An XRechnung needs our phone number and e-mail address: enter them (`updateCompany`, `updateStation`)."""
    ADVANCE_NOT_REFUNDED = "ADVANCE_NOT_REFUNDED"
    """The advance of a booking that did not come about is still here: pay it by hand; clearing says that it was."""
    DOCUMENT_CANCELLED = "DOCUMENT_CANCELLED"
    """The final invoice was taken back by hand: put right what was wrong; clearing bills the rental anew."""
