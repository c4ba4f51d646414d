"""What each role may do to each table. A row of a table is narrowed by its policies besides (test_grants.py)."""

GRANTS: dict[str, dict[str, str]] = {
    "alembic_version": {
        "ersatzwagen_app": "select",
        "system": "select",
    },
    "api_client": {
        "admin": "select, insert, update (active, key_prefix, name, policy)",
        "staff": "select (active, created_at, id, key_prefix, last_used_at, name, policy)",
        "system": "select, update (last_used_at)",
        "website": "select (active, created_at, id, key_prefix, last_used_at, name, policy)",
    },
    "api_key": {
        "admin": (
            "select (client_id, created_at, expires_at, id, last_used_at, prefix), insert, update (expires_at), delete"
        ),
        "staff": "select (client_id, created_at, expires_at, id, last_used_at, prefix)",
        "system": "select, update (last_used_at)",
        "website": "select (client_id, created_at, expires_at, id, last_used_at, prefix)",
    },
    "app_user": {
        "admin": "select, insert, update (active, name, password_hash, role)",
        "staff": "select (active, created_at, email, email_key, id, last_sign_in_at, name, role)",
        "system": "select, update (last_sign_in_at, password_hash)",
    },
    "client_station": {
        "admin": "select, insert, delete",
        "staff": "select",
        "system": "select",
        "website": "select",
    },
    "company": {
        "admin": "select, insert, update",
        "staff": "select",
        "system": "select",
    },
    "contract": {
        "admin": "select, update",
        "retention": (
            "select, update (billing_block_detail, created_by, customer_copy, letters_erased_at, payer, "
            "person_erased_at, search_text, tariff_edits, version, vouchers_erased_at, waiver_reason, "
            "workshop_appointment_at, workshop_order_number, workshop_plate, workshop_vin), delete"
        ),
        "staff": "select, update",
        "system": "select, insert, update",
        "website": "select",
    },
    "customer": {
        "admin": "select, update",
        "retention": (
            "select, update (birth_date, buyer_reference, city, company, country, email, email_key, "
            "first_name, last_name, phone, postcode, restricted_at, restricted_by, restricted_reason, "
            "review_needed, salutation, street, vat_id, version), delete"
        ),
        "staff": "select, update",
        "system": "select, insert, update",
        "website": "select",
    },
    "customer_station": {
        "admin": "select",
        "retention": "select, delete",
        "staff": "select",
        "system": "select, insert",
        "website": "select",
    },
    "customer_version": {
        "admin": "select, insert",
        "retention": "select, delete",
        "staff": "select, insert",
        "system": "select, insert",
        "website": "select",
    },
    "damage": {
        "admin": "select, insert",
        "retention": "select, update (contract_id, protocol_id)",
        "staff": "select, insert",
        "system": "select, update (claim_document_id, estimate_net_cents, final_net_cents, liability, repair, version)",
        "website": "select",
    },
    "damage_evidence": {
        "admin": "select",
        "retention": "select, delete",
        "staff": "select",
        "system": "select, insert",
    },
    "damage_photo": {
        "admin": "select, insert",
        "retention": "select, delete",
        "staff": "select, insert",
        "system": "select",
        "website": "select",
    },
    "deposit": {
        "admin": "select",
        "retention": "select, delete",
        "staff": "select",
        "system": "select, insert, update (authorised_at, due_at, expires_at, hold_id, state, used_cents)",
        "website": "select",
    },
    "device": {
        "admin": "select, update (revoked_at)",
        "staff": "select, update (revoked_at)",
        "system": "select, insert, update (app_version, last_seen_at, name, user_id), delete",
    },
    "document": {
        "admin": "select",
        "retention": "select, update (advances, erased_at, lines, pdf_key, recipient, view, xml_key)",
        "staff": "select",
        "system": "select, insert, update (sha256, xml_sha256)",
        "website": "select",
    },
    "document_series": {
        "system": "select, insert, update (last_hash, last_number)",
    },
    "driver": {
        "admin": "select, insert, update",
        "retention": (
            "select, update (birth_date, first_name, last_name, licence_class, licence_issued, "
            "licence_number, licence_valid_until), delete"
        ),
        "staff": "select, insert, update",
        "system": "select, insert, delete",
        "website": "select",
    },
    "email": {
        "admin": "select",
        "retention": "select, delete",
        "staff": "select",
        "system": "select, insert, update (last_error, sent_at, state, tries)",
        "website": "select",
    },
    "erased_file": {
        "retention": "select, insert, delete",
    },
    "evidence_file": {
        "admin": "select, insert",
        "retention": "select, delete",
        "staff": "select, insert",
        "system": "select",
    },
    "history_entry": {
        "admin": "select, insert",
        "retention": "select, insert, update (after, before), delete",
        "staff": "select, insert",
        "system": "select, insert",
        "website": "select",
    },
    "hosted_payment": {
        "retention": "select (contract_id), delete",
        "system": "select, insert",
    },
    "idempotency_record": {
        "system": "select, insert, update, delete",
    },
    "job": {
        "admin": "select (key, state, tries), insert, update (due_at)",
        "retention": "select (key, state), insert, update (due_at)",
        "staff": "select (key, state, tries), insert, update (due_at)",
        "system": "select, insert, update, delete",
    },
    "last_change": {
        "admin": "select",
        "retention": "select (contract_id), delete",
        "staff": "select",
        "system": "select",
        "website": "select",
    },
    "note": {
        "admin": "select",
        "retention": "select, delete",
        "staff": "select",
        "system": "select, insert",
        "website": "select",
    },
    "occupancy": {
        "admin": "select, insert, update (active, busy_until, during, ends_at, held_until, kind)",
        "retention": "select, delete",
        "staff": "select, insert, update (active, busy_until, during, ends_at, held_until, kind)",
        "system": "select, insert, update (active, busy_until, during, ends_at, held_until, kind)",
        "website": "select",
    },
    "open_item": {
        "admin": "select, update (open_cents)",
        "retention": "select, delete",
        "staff": "select, update (open_cents)",
        "system": "select, insert, update (for_clerk, open_cents, reminders, written_off_cents)",
        "website": "select",
    },
    "payment": {
        "admin": "select",
        "retention": "select, update (gateway_reference, network_reference, order_reference, reason), delete",
        "staff": "select",
        "system": (
            "select, insert, update (gateway_reference, inquiries, network_reference, reason, resends, "
            "resolved_at, sent_at, state)"
        ),
        "website": "select",
    },
    "payment_share": {
        "admin": "select",
        "retention": "select, delete",
        "staff": "select",
        "system": "select, insert",
    },
    "photo": {
        "admin": "select, insert",
        "retention": "select, delete",
        "staff": "select, insert",
        "system": "select",
        "website": "select",
    },
    "protocol": {
        "admin": "select, insert",
        "retention": "select, delete",
        "staff": "select, insert",
        "system": "select, update (pdf_key, sha256, voided)",
        "website": "select",
    },
    "protocol_photo": {
        "admin": "select, insert",
        "retention": "select, delete",
        "staff": "select, insert",
        "system": "select",
        "website": "select",
    },
    "reading_correction": {
        "admin": "select",
        "retention": "select, delete",
        "staff": "select",
        "system": "select, insert",
        "website": "select",
    },
    "session": {
        "admin": "select (id, revoked_at, user_id), update (revoked_at)",
        "system": "select, insert, update, delete",
    },
    "sign_in_bucket": {
        "system": "select, insert, update, delete",
    },
    "station": {
        "admin": "select, insert, update",
        "retention": "select",
        "staff": "select, update",
        "system": "select",
        "website": "select",
    },
    "stored_card": {
        "admin": "select (contract_id, station_id)",
        "retention": "select, delete",
        "staff": "select (contract_id, station_id)",
        "system": "select, insert, update (consent_at, network_reference, token)",
    },
    "tariff": {
        "admin": "select, insert",
        "staff": "select",
        "system": (
            "select, insert, update (bundles, cancellation_fee_cents, charging_service_cents, "
            "cleaning_heavy_cents, cleaning_special_cents, early_return, ended_at, energy_per_kwh_cents, "
            "extra_km_cents, extras, free_cancellation_hours, fuel_per_litre_cents, fuel_service_cents, "
            "grace_minutes, name, no_show_fee_cents, valid_from, valid_until, vat_rate_bp, version)"
        ),
        "website": "select",
    },
    "tariff_change": {
        "admin": "select",
        "staff": "select",
        "system": "select, insert",
    },
    "user_station": {
        "admin": "select, insert, delete",
        "staff": "select",
        "system": "select",
    },
    "vehicle": {
        "admin": "select, insert, update",
        "retention": "select",
        "staff": "select, insert, update",
        "system": (
            "select, update (fuel_eighths, leaves_at, leaves_until, odometer_km, out_contract_id, out_until, "
            "state_of_charge_percent, station_id)"
        ),
        "website": "select",
    },
    "vehicle_block": {
        "admin": "select, insert, update (removed_at)",
        "staff": "select, insert, update (removed_at)",
        "system": "select",
        "website": "select",
    },
    "vehicle_group": {
        "admin": (
            "select, insert, update (acriss, deductible_cents, deposit_cents, minimum_age, "
            "minimum_licence_months, name, version)"
        ),
        "staff": "select",
        "system": "select",
        "website": "select",
    },
    "vehicle_leg": {
        "admin": "select, insert, update (check_in_id, fuel_waived, to_at)",
        "retention": "select, delete",
        "staff": "select, insert, update (check_in_id, fuel_waived, to_at)",
        "system": "select, update (check_in_id, to_at)",
        "website": "select",
    },
    "worker_beat": {
        "system": "select, insert, update, delete",
    },
}
