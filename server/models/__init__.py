"""Tables and the rules that need nothing but their own values. Importing this package fills the metadata."""

from server.models.api_client import ApiClient, ApiKey, ClientStation
from server.models.contract import Contract
from server.models.contract_parts import Driver, HistoryEntry, IdempotencyRecord, Note, VehicleLeg
from server.models.customer import Customer, CustomerStation, CustomerVersion
from server.models.damage import Damage, DamageEvidence, DamagePhoto, EvidenceFile
from server.models.document import Document, OpenItem
from server.models.email import Email
from server.models.erased_file import ErasedFile
from server.models.fleet import Vehicle, VehicleBlock, VehicleGroup
from server.models.job import Job
from server.models.last_change import LastChange
from server.models.occupancy import Occupancy
from server.models.payment import Deposit, HostedPayment, Payment, PaymentShare, StoredCard
from server.models.protocol import Photo, Protocol, ProtocolPhoto, ReadingCorrection
from server.models.staff import Device, Session, SignInBucket, User, UserStation
from server.models.station import Company, DocumentSeries, Station
from server.models.tariff import Tariff
from server.models.tariff_change import TariffChange

__all__ = [
    "ApiClient",
    "ApiKey",
    "ClientStation",
    "Company",
    "Contract",
    "Customer",
    "CustomerStation",
    "CustomerVersion",
    "Damage",
    "DamageEvidence",
    "DamagePhoto",
    "Deposit",
    "Device",
    "Document",
    "DocumentSeries",
    "Driver",
    "Email",
    "ErasedFile",
    "EvidenceFile",
    "HistoryEntry",
    "HostedPayment",
    "IdempotencyRecord",
    "Job",
    "LastChange",
    "Note",
    "Occupancy",
    "OpenItem",
    "Payment",
    "PaymentShare",
    "Photo",
    "Protocol",
    "ProtocolPhoto",
    "ReadingCorrection",
    "Session",
    "SignInBucket",
    "Station",
    "StoredCard",
    "Tariff",
    "TariffChange",
    "User",
    "UserStation",
    "Vehicle",
    "VehicleBlock",
    "VehicleGroup",
    "VehicleLeg",
]
