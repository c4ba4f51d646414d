"""What a document or a mail shows: frozen facts, gathered before rendering, without a database behind them.

Money is integer cents, instants are aware datetimes, `time_zone` is an IANA name in whose wall-clock time they
are printed. A view with figures that contradict each other is refused where it is made (`ValueError`): the paper
that leaves the house can only be right or not exist.
"""

from server.models.recipient import PostalAddress, Recipient
from server.paper.views.invoice import (
    Advance,
    DamageSpot,
    DocumentReference,
    EInvoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceView,
    VehicleUse,
)
from server.paper.views.mail import Changed, FuelRule, MailView, NoticedContract, OpeningWindow, PricedLine
from server.paper.views.parts import (
    DepositNote,
    Language,
    PaymentPart,
    PaymentWay,
    Place,
    Supplier,
)
from server.paper.views.protocol import (
    AccessoryLine,
    ConditionView,
    DamageMark,
    DriverLine,
    PhotoPrint,
    ProtocolKind,
    ProtocolView,
    VehicleLine,
)

__all__ = [
    "AccessoryLine",
    "Advance",
    "Changed",
    "ConditionView",
    "DamageMark",
    "DamageSpot",
    "DepositNote",
    "DocumentReference",
    "DriverLine",
    "EInvoice",
    "FuelRule",
    "InvoiceKind",
    "InvoiceLine",
    "InvoiceView",
    "Language",
    "MailView",
    "NoticedContract",
    "OpeningWindow",
    "PaymentPart",
    "PaymentWay",
    "PhotoPrint",
    "Place",
    "PostalAddress",
    "PricedLine",
    "ProtocolKind",
    "ProtocolView",
    "Recipient",
    "Supplier",
    "VehicleLine",
    "VehicleUse",
]
