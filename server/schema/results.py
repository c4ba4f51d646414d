"""What a mutation answers: what it has made, or why not."""

from __future__ import annotations

from typing import Annotated

import strawberry

from server.schema.api_client import ApiClient, CreatedApiClient
from server.schema.booking import Booking, Reassignment
from server.schema.contract import Contract
from server.schema.customer import Customer
from server.schema.damage import Damage, StoredDocument
from server.schema.document import Document
from server.schema.email import Email
from server.schema.fleet import Vehicle, VehicleBlock, VehicleGroup
from server.schema.handover import StoredPhoto
from server.schema.problems import (
    InvalidTransition,
    NoVehicleAvailable,
    OutsideOpeningHours,
    PaymentDeclined,
    PeriodConflict,
    Rejection,
    VersionConflict,
)
from server.schema.protocol import Protocol
from server.schema.station import Company, Station
from server.schema.tariff import Tariff
from server.schema.viewer import Device, Session, User, Viewer

SignInResult = Annotated[
    Session | Rejection, strawberry.union("SignInResult", description="A session, or a refusal that says why not.")
]
DocumentResult = Annotated[
    Document | Rejection,
    strawberry.union("DocumentResult", description="The document, or a refusal that says why not."),
]
ChangePasswordResult = Annotated[
    Viewer | Rejection,
    strawberry.union(
        "ChangePasswordResult", description="You, with the new password from now on, or a refusal that says why not."
    ),
]
UserResult = Annotated[
    User | Rejection, strawberry.union("UserResult", description="The user, or a refusal that says why not.")
]
DeviceResult = Annotated[
    Device | Rejection, strawberry.union("DeviceResult", description="The device, or a refusal that says why not.")
]
ApiClientResult = Annotated[
    CreatedApiClient | ApiClient | Rejection,
    strawberry.union(
        "ApiClientResult", description="The API client, with a key that was just made, or a refusal that says why not."
    ),
]
StationResult = Annotated[
    Station | VersionConflict | Rejection,
    strawberry.union("StationResult", description="The station, or a refusal that says why not."),
]
CompanyResult = Annotated[
    Company | Rejection,
    strawberry.union("CompanyResult", description="The company's data, or a refusal that says why not."),
]
VehicleGroupResult = Annotated[
    VehicleGroup | VersionConflict | Rejection,
    strawberry.union("VehicleGroupResult", description="The group, or a refusal that says why not."),
]
VehicleResult = Annotated[
    Vehicle | VersionConflict | Rejection,
    strawberry.union("VehicleResult", description="The vehicle, or a refusal that says why not."),
]
BlockVehicleResult = Annotated[
    VehicleBlock | PeriodConflict | Rejection,
    strawberry.union("BlockVehicleResult", description="The block, or what is in the way."),
]
TariffResult = Annotated[
    Tariff | VersionConflict | Rejection,
    strawberry.union("TariffResult", description="The tariff, or a refusal that says why not."),
]
CustomerResult = Annotated[
    Customer | VersionConflict | Rejection,
    strawberry.union("CustomerResult", description="The customer, or a refusal that says why not."),
]
ContractResult = Annotated[
    Contract | InvalidTransition | VersionConflict | PaymentDeclined | Rejection,
    strawberry.union("ContractResult", description="The contract, or a refusal that says why not."),
]
ChangePeriodResult = Annotated[
    Contract | PeriodConflict | OutsideOpeningHours | InvalidTransition | VersionConflict | Rejection,
    strawberry.union("ChangePeriodResult", description="The contract with its new period, or what is in the way."),
]
BookVehicleResult = Annotated[
    Booking | NoVehicleAvailable | OutsideOpeningHours | PaymentDeclined | Rejection,
    strawberry.union("BookVehicleResult", description="The booking, or a refusal that says why not."),
]
ReassignResult = Annotated[
    Reassignment | Rejection,
    strawberry.union("ReassignResult", description="What was re-assigned, or a refusal that says why not."),
]
EmailResult = Annotated[
    Email | Rejection, strawberry.union("EmailResult", description="The mail, or a refusal that says why not.")
]
DamageResult = Annotated[
    Damage | VersionConflict | PaymentDeclined | Rejection,
    strawberry.union("DamageResult", description="The damage, or a refusal that says why not."),
]
ProtocolResult = Annotated[
    Protocol | InvalidTransition | Rejection,
    strawberry.union("ProtocolResult", description="The protocol, or a refusal that says why not."),
]
UploadDocumentResult = Annotated[
    StoredDocument | Rejection,
    strawberry.union("UploadDocumentResult", description="The PDF that was stored, or a refusal that says why not."),
]
UploadPhotoResult = Annotated[
    StoredPhoto | Rejection,
    strawberry.union("UploadPhotoResult", description="The photo, or a refusal that says why not."),
]
