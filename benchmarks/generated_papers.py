"""What lies with the generated contracts: documents and their series, drivers, deposits, protocols, notes, damages, mails.

Invoices belong to every contract. The rest is made for the last twenty rentals of each car: nothing that is measured
reads more of it, and a longer history of it would only take longer to make.
"""

from __future__ import annotations

RECENT = "c.starts_at > %(anchor)s::timestamptz - interval '110 days'"

STEPS = [
    (
        "documents",
        """
        insert into document (id, contract_id, station_id, number, year, running_number, type, language, issued_at, service_from,
          service_until, issuer, recipient, lines, vat_rate_bp, total_cents, net_cents, vat_cents, advances, payable_cents,
          tariff_hash, pdf_key, sha256, chain_hash)
        select d.id, d.contract_id, d.station_id, d.station_code || '-' || d.year || '-' || lpad(d.running::text, 6, '0'),
          d.year, d.running, d.type, 'DE', d.issued_at, d.starts_at, d.ends_at, '{}', '{"name":"Muster"}', '[]', 1900, 5900,
          4958, 942, '[]', 0, 'x', 'x', 'x', 'x'
        from (
          select md5('d' || c.id || n)::uuid as id, c.id as contract_id, c.station_id, c.station_code, y.year,
            row_number() over (partition by c.station_id, y.year order by i.issued_at, c.id, n) as running,
            case n when 1 then 'ADVANCE_INVOICE' else 'FINAL_INVOICE' end as type, i.issued_at, c.starts_at, c.ends_at
          from contract c cross join generate_series(1, 2) n
          cross join lateral (select case n when 1 then least(c.created_at, %(anchor)s::timestamptz) else c.ends_at end as issued_at) i
          cross join lateral (select extract(year from i.issued_at at time zone 'Europe/Berlin')::int as year) y
          where n = 1 or c.state = 'BILLED'
        ) d
        """,
    ),
    (
        "series",
        """
        insert into document_series (station_id, year, last_number, last_hash)
        select station_id, year, max(running_number), 'x' from document group by station_id, year
        """,
    ),
    (
        "drivers",
        f"""
        insert into driver (id, contract_id, station_id, role, first_name, last_name, birth_date, licence_number,
          licence_class, licence_issued, licence_valid_until, checked_at, checked_by)
        select md5('r' || c.id)::uuid, c.id, c.station_id, 'RENTER', 'Anna', 'Muster', '1985-05-17', 'B072RRE2I55', 'B',
          '2005-06-01', '2033-01-18', c.checked_out_at, case when c.checked_out_at is not null then 'Yard' end
        from contract c where {RECENT}
        """,
    ),
    (
        "deposits",
        f"""
        insert into deposit (contract_id, station_id, state, amount_cents, used_cents, due_at, authorised_at, expires_at, hold_id)
        select c.id, c.station_id, case c.state when 'BILLED' then 'RELEASED' when 'CHECKED_OUT' then 'ACTIVE' else 'NONE' end,
          30000, 0, c.starts_at - interval '1 day', c.checked_out_at, c.checked_out_at + interval '30 days', null
        from contract c where {RECENT}
        """,
    ),
    (
        "protocols",
        f"""
        insert into protocol (id, contract_id, station_id, at_station_id, vehicle_id, type, occurred_at, received_at,
          odometer_km, fuel_eighths, cleanliness_inside, cleanliness_outside, accessories, signature_missing_reason,
          staff, staff_id, complete, voided, request_hash, content_hash)
        select md5('p' || c.id || n)::uuid, c.id, c.station_id, c.station_id, c.vehicle_id,
          case n when 1 then 'CHECK_OUT' else 'CHECK_IN' end,
          case n when 1 then c.checked_out_at else c.ends_at end, case n when 1 then c.checked_out_at else c.ends_at end,
          10000, 8, 'CLEAN', 'CLEAN', '[]', 'generated', 'Yard', md5('yard')::uuid, true, false, 'x', 'x'
        from contract c cross join generate_series(1, 2) n
        where c.checked_out_at is not null and (n = 1 or c.state = 'BILLED') and {RECENT}
        """,
    ),
    (
        "notes",
        f"""
        insert into note (id, contract_id, station_id, text, author, created_at)
        select md5('n' || c.id)::uuid, c.id, c.station_id, 'Rings before coming.', 'Clerk', c.created_at
        from contract c where substr(c.id::text, 1, 1) in ('0', '1', '2', '3') and {RECENT}
        """,
    ),
    (
        "damages",
        """
        insert into damage (id, vehicle_id, view, x, y, kind, size_mm, description, seen_at, liability, repair, request_hash,
          version)
        select md5('x' || v.id || n)::uuid, v.id, case n when 1 then 'FRONT' else 'REAR' end, 0.4, 0.3 * n, 'SCRATCH', 40 * n,
          'Scratch in the paint', %(anchor)s::timestamptz - n * interval '30 days', 'KNOWN',
          case n when 3 then 'REPAIRED' else 'OPEN' end, 'x', 1
        from vehicle v cross join generate_series(1, 3) n
        """,
    ),
    (
        "mails",
        f"""
        insert into email (id, contract_id, station_id, template, cause_id, state, "to", subject, html, text, language,
          attachments, queued_at, sent_at, tries)
        select md5('e' || c.id)::uuid, c.id, c.station_id, 'BOOKING_CONFIRMATION', c.id, 'SENT', 'x@example.com', 'Your booking',
          '<p>' || repeat('Your booking is confirmed. ', 20) || '</p>', repeat('Your booking is confirmed. ', 20), 'DE', '[]',
          c.created_at, c.created_at, 1
        from contract c where {RECENT}
        """,
    ),
]  # fmt: skip
"""Name and statement, in this order, after the contracts."""
