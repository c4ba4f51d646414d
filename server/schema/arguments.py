"""What the arguments of root fields and lists mean."""

from __future__ import annotations

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, Undefined
from strawberry.types.base import get_object_definition

MEANINGS = {
    "input": 'The values, field by field; a refusal names the wrong one by its path, for example ["input", "name"].',
    "filter": "Narrows the list: an item has to fit everything that is given.",
    "first": "How many items at most, 1 to 100.",
    "after": "Continues behind the item with this cursor.",
    "version": "The version that you have read: if somebody else saved since then, nothing is changed.",
    "number": "The number, as people write it; capitals make no difference.",
    "contract_id": "Id of the contract that is meant.",
    "vehicle_id": "Id of the vehicle that is meant.",
    "group_id": "Only this vehicle group; all of them if not given.",
}
"""What an argument means wherever it has no meaning of its own."""
OWN_MEANINGS = {
    "sign_in": {
        "email": "The mail address to sign in with.",
        "password": "The user's password.",
        "device": "The installation that signs in, so that it can be revoked; a browser's page needs none.",
    },
    "planning_board": {
        "station_id": "Id of the station whose cars are shown.",
        "period": "What the board shows, 92 days at most.",
    },
    "replace_card": {
        "success_url": "Where the customer's browser goes once the card is stored; the contract's number is added.",
        "failure_url": "Where it goes if the card was refused or given up; contract number and reason are added.",
    },
    "record_external_payment": {
        "document_id": "Id of the document that was paid, of which something is open.",
        "amount": "Gross amount in EUR, for example 59.00; negative for what was transferred back to the customer.",
        "reference": "By what it is found again: the bank's reference or the till's receipt, up to 60 characters.",
    },
    "write_off_open_item": {
        "open_item_id": "Id of the open item that is given up.",
        "reason": "Why it is given up, for the history; up to 500 characters.",
    },
    "cancel_document": {
        "document_id": "Id of the advance invoice or final invoice that is taken back.",
        "reason": "Why it is taken back; the customer reads it on the cancellation invoice and in the mail.",
    },
    "refresh_session": {
        "refresh_token": "The refresh token of the last session, not used yet, or a minute ago when no answer came.",
        "device_id": "The `DeviceInput.id` that signed in: a token of another device ends; not looked at if null.",
    },
    "devices": {"station_id": "Only devices of users who work at this station; all that you may see if not given."},
    "revoke_device": {"id": "Id of the device to shut out."},
    "update_user": {"id": "Id of the user to change."},
    "create_api_client": {
        "name": "What the client is called, for people; up to 200 characters.",
        "station_ids": "Ids of the stations that it may book at, at least one.",
        "policy": "What the website may do; the defaults of every field if not given.",
    },
    "update_api_client": {
        "id": "Id of the API client to change.",
        "name": "What the client is called, for people; up to 200 characters.",
        "station_ids": "Ids of all stations that it may book at from now on, at least one.",
        "policy": "What is to differ from its policy; a field that is not given stays.",
    },
    "rotate_api_key": {
        "id": "Id of the API client that gets another key.",
        "overlap_hours": "How many hours the keys before it stay good, 0 to 2160; 0 ends them at once.",
    },
    "revoke_api_client": {"id": "Id of the API client whose keys end."},
    "change_password": {
        "current": "The password that you sign in with now.",
        "new": "Another password, of 10 to 128 characters.",
    },
    "station": {
        "id": "Id of the station; not looked at if `code` is given.",
        "code": "The station's short code; capitals make no difference.",
    },
    "update_station": {"id": "Id of the station to change."},
    "vehicle": {
        "id": "Id of the vehicle; not looked at if `plate` is given.",
        "plate": "The number plate, in any spelling.",
    },
    "update_vehicle": {"id": "Id of the vehicle to change."},
    "block_vehicle": {
        "period": "From when to when it is blocked, at most ten years.",
        "reason": "Why the vehicle is blocked.",
        "note": "What else there is to say, for people; up to 2000 characters.",
    },
    "vehicle_use": {
        "plate": "The number plate as the car has it now, in any spelling.",
        "at": "The moment that is asked for.",
    },
    "unblock_vehicle": {"block_id": "Id of the block to end."},
    "update_vehicle_group": {"id": "Id of the vehicle group to change."},
    "tariff_preview": {"id": "Id of the tariff that would be changed."},
    "update_tariff": {"id": "Id of the tariff to change."},
    "end_tariff": {
        "id": "Id of the tariff to end.",
        "valid_until": "The last day on which it can be booked; today ends it at once.",
    },
    "update_customer": {"id": "Id of the customer to change."},
    "resolve_customer_review": {
        "same_person": "True: it is the stored person. False: it is somebody else, who gets a customer of their own."
    },
    "tariffs": {"on": "Only tariffs with which a booking could be made on this day."},
    "availability": {
        "station_id": "Id of the station where the car would be picked up.",
        "period": "From pick-up to return: starts within 365 days, lasts up to 365 days.",
    },
    "contracts": {"order_by": "The order of the list, by start or by making."},
    "contract": {"id": "Id of the contract; not looked at if `number` is given."},
    "customers": {
        "search": (
            "Words of name, company or e-mail address in any order, or a phone number; in every spelling, at most 100"
            " characters. Where nothing fits, what is written much like it."
        )
    },
    "contract_changed": {"station_id": "Id of one of your stations, whose contracts you follow."},
    "vehicle_changed": {"station_id": "Id of one of your stations, whose cars you follow."},
    "search": {
        "text": "What is looked for, 2 to 100 characters: all words have to be there, in any order.",
        "station_id": "Only contracts picked up or to be returned there, cars that stand or belong there, documents"
        " and customers of it; all of your stations if not given.",
        "first": "How many hits at most, 1 to 100.",
    },
    "customer": {"id": "Id of the customer that is meant."},
    "add_driver": {"driver": "The person who may drive, too."},
    "reassign_vehicles": {
        "station_id": "Id of the station whose contracts are to be served.",
        "contract_ids": "Only these contracts of it; all that are at risk if not given.",
    },
    "change_period": {
        "period": "The whole period as it is to be; once the car is out, its start stays.",
        "force": "A manager takes the car from bookings that are in the way; they get another one or are AT_RISK.",
        "reason": "Why it is changed, for the history; required with `force`.",
        "vehicle_id": "The one car of its group that will do, and that it then keeps; any of them if not given.",
    },
    "see_licence": {"driver_id": "Id of the driver whose licence was shown."},
    "remove_driver": {"driver_id": "Id of the driver who may no longer drive; never the renter."},
    "add_note": {"text": "The remark, 1 to 4,000 characters."},
    "cancel_contract": {"reason": "Why, for the history; up to 500 characters. Customers do not see it."},
    "undo_no_show": {"reason": "Why the booking is taken up again, for the history; up to 500 characters."},
    "swap_vehicle": {
        "vehicle_id": "Id of the car that goes out instead.",
        "returned": "The protocol of the car that comes back, of this contract; it stays type SWAP_IN.",
        "handed_out": "The protocol of the car that goes out, of this contract; it stays type SWAP_OUT.",
        "waive_fuel": "Whether missing fuel or charge of the car that comes back is given away.",
    },
    "change_payer": {"payer": "Who pays from now on; null: the customer."},
    "correct_reading": {
        "protocol_id": "Id of the protocol that recorded something wrongly.",
        "reading": "What is right.",
        "reason": "Why, for the history; up to 500 characters.",
    },
    "undo_protocol": {
        "protocol_id": "Id of the contract's last protocol.",
        "reason": "Why, for the history; up to 500 characters.",
    },
    "change_preview": {"change": "The one change to look at."},
    "complete_customer": {"customer": "What the customer has corrected or added since the booking."},
    "upload_photo": {
        "sha256": "SHA-256 of the file's bytes, as 64 hexadecimal digits.",
        "file": "The file, at most 12 MB: JPEG up to 20 megapixels, PNG up to 12, WebP up to 5.",
    },
    "handover_day": {
        "station_id": "Id of the station whose day it is.",
        "date": "The day, in the station's time zone.",
    },
    "report_damage": {"damage": "The damage as somebody saw it, with an id that the device made."},
    "upload_document": {
        "sha256": "SHA-256 of the file's bytes, as 64 hexadecimal digits.",
        "file": "The PDF, at most 10 MB and 50 pages, without a password.",
    },
    "decide_damage": {
        "damage_id": "Id of the damage, found at the return of one of your contracts.",
        "liability": "What is decided: REJECTED, CONFIRMED or one of DECIDED_…",
        "estimate_net": "Estimated cost of the repair, net, above zero; left out, it stays as it was.",
        "final_net": "Final cost of the repair, net, above zero; it counts before the estimate.",
        "reason": "Why, for the history; up to 500 characters. Customers do not see it.",
    },
    "claim_damage": {
        "damage_id": "Id of the damage, whose state is DECIDED_CUSTOMER.",
        "evidence": "Up to ten uploaded PDFs (estimate, bill) by their sha256, 6 MB together: they go with the mail.",
        "override_reason": (
            "By a manager: why it is claimed after its deadline; or in time why the deductible does not limit it, such"
            " as gross negligence, which the document then says. Up to 500 characters."
        ),
    },
    "dispute_damage": {
        "damage_id": "Id of the damage, whose claim is CLAIMED or PAID.",
        "reason": "What the customer says against it, for the history; up to 500 characters.",
    },
    "write_off_damage": {
        "damage_id": "Id of the damage, whose claim is CLAIMED or DISPUTED and not wholly paid.",
        "reason": "Why it is given up, for the history; up to 500 characters.",
    },
    "repair_damage": {
        "damage_id": "Id of a damage of a car of yours.",
        "repair": "How far the repair is now.",
    },
    "document": {"id": "Id of the document; not looked at if `number` is given."},
    "station_report": {
        "station_id": "Id of the station that the report is about.",
        "period": "From when to when, 366 days at most; what lies ahead is not counted.",
    },
    "document_audit": {
        "station_id": "Id of the station whose documents are looked at.",
        "year": "The year in their numbers, for example 2026.",
    },
    "customer_export": {"id": "Id of the customer that a copy is wanted of."},
    "erase_customer": {
        "id": "Id of the customer who is to be erased.",
        "reason": "Why, 1 to 500 characters, for example when and how the customer has asked for it; it is kept.",
    },
    "open_items": {"station_id": "Only items of contracts that were picked up at this station."},
    "resend_email": {
        "email_id": "Id of the mail to send again.",
        "to": "Another address that it goes to, where the first one was wrong; without it, the same.",
    },
}
"""What the arguments of a field mean, by its name."""


def describe_arguments(*types: type) -> None:
    """Gives every argument that has no description of its own that of its field, else the common one."""
    for cls in types:
        for field in get_object_definition(cls, strict=True).fields:
            meanings = MEANINGS | OWN_MEANINGS.get(field.python_name, {})
            for argument in field.arguments:
                if argument.description is None:
                    argument.description = meanings.get(argument.python_name)


def forget_null_defaults(schema: GraphQLSchema) -> None:
    """Takes `= null` out of the schema: what may be left out is null anyway, and the contract does not say so."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for value in kind.fields.values():
                if value.default_value is None:
                    value.default_value = Undefined
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for argument in (argument for field in kind.fields.values() for argument in field.args.values()):
                if argument.default_value is None:
                    argument.default_value = Undefined
