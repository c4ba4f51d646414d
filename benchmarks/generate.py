"""Fills a database with a dealer group of a given size: 40 stations, 5,000 vehicles, some years of contracts.

Every size has the same density (a rental every 5.5 days for each car) and the same horizon of bookings; more contracts
are a longer history. Made by SQL as the owner, with triggers off: it is data to search in, not a history to believe.
"""

from __future__ import annotations

import time

import psycopg

STATIONS, VEHICLES, CUSTOMERS = 40, 5_000, 200_000
AHEAD = 11

_ID = "md5({0})::uuid"
STEPS = [
    (
        "stations",
        """
        insert into station (id, code, name, street, postcode, city, country, time_zone, turnaround_minutes,
          after_hours_return, opening_hours, opening_exceptions, version, created_at)
        select md5('s' || i)::uuid, 'B' || i, 'Station ' || i, 'Am Markt 1', '10115', 'Berlin', 'DE', 'Europe/Berlin', 60,
          false, '[]', '[]', 1, now() from generate_series(1, %(stations)s) i
        """,
    ),
    (
        "groups",
        """
        insert into vehicle_group (id, code, name, minimum_age, minimum_licence_months, deposit_cents, deductible_cents, energy,
          version)
        select md5('g' || i)::uuid, 'G' || i, 'Group ' || i, 18, 0, 30000, 100000, 'COMBUSTION', 1 from generate_series(1, 4) i
        """,
    ),
    (
        "tariffs",
        """
        insert into tariff (id, code, name, group_id, valid_from, currency, vat_rate_bp, bundles, grace_minutes,
          extra_km_cents, fuel_per_litre_cents, fuel_service_cents, energy_per_kwh_cents, charging_service_cents,
          cleaning_heavy_cents, cleaning_special_cents, extras, early_return, version,
          free_cancellation_hours)
        select md5('t' || i)::uuid, 'T' || i, 'Tariff ' || i, md5('g' || i)::uuid, '2020-01-01', 'EUR', 1900,
          '[{"unit":"DAY","days":1,"price_cents":5900,"included_km":150,"window_start":null,"window_end":null},
            {"unit":"WEEK","days":7,"price_cents":31900,"included_km":1050,"window_start":null,"window_end":null}]',
          60, 25, 210, 1500, 69, 0, 4900, 14900, '[]', 'RECALCULATE', 1, 24 from generate_series(1, 4) i
        """,
    ),
    (
        "vehicles",
        """
        insert into vehicle (id, station_id, home_station_id, group_id, plate, plate_key, make, model, odometer_km, fuel_eighths,
          tank_litres, cleanliness, registered_as_rental, status, accessories, version, created_at)
        select md5('v' || i)::uuid, md5('s' || (i %% %(stations)s + 1))::uuid, md5('s' || (i %% %(stations)s + 1))::uuid,
          md5('g' || (i %% 4 + 1))::uuid, 'B-EW ' || i, 'BEW' || i, 'VW', 'Golf', 10000, 8, 50, 'CLEAN', true, 'ACTIVE', '[]', 1, now()
        from generate_series(1, %(vehicles)s) i
        """,
    ),
    (
        "customers",
        """
        insert into customer (id, kind, first_name, last_name, email, email_key, street, postcode, city, country, language,
          status, review_needed, shares_email, version, created_at)
        select md5('c' || i)::uuid, 'PERSON', 'Anna', 'Muster ' || i, 'c' || i || '@example.com', 'c' || i || '@example.com',
          'Weg 1', '10115', 'Berlin', 'DE', 'DE', 'NORMAL', false, false, 1, now() from generate_series(1, %(customers)s) i
        """,
    ),
    (
        "contracts",
        """
        insert into contract (id, number, kind, state, settlement_state, version, language, station_id, station_code,
          station_name, return_station_id, return_station_code, return_station_name, group_id, vehicle_id, vehicle_fixed,
          starts_at, ends_at, customer_id, customer_copy, customer_review, extras, tariff_id, tariff_snapshot, tariff_hash,
          tariff_edits, price, total_cents, prepay_cents, paid_cents, deductible_cents, payment_method, source, created_by,
          created_at, state_since, checked_out_at, protocol_conflict, agreed_after_hours,
          search_text)
        select md5('k' || v || '-' || k)::uuid, 'B-' || v || '-' || k, 'RENTAL',
          case when k < 0 then 'BILLED' else 'RESERVED' end, case when k < 0 then 'PAID' else 'NONE' end, 1, 'DE',
          s.id, s.code, s.name, s.id, s.code, s.name, md5('g' || (v %% 4 + 1))::uuid, md5('v' || v)::uuid, false,
          p.starts, p.ends, c.id, jsonb_build_object('kind', 'PERSON', 'language', 'DE', 'last_name', 'Muster', 'email', 'x@example.com'),
          false, '[]', t.id, to_jsonb(t) - array['id', 'name', 'group_id', 'valid_from', 'valid_until', 'currency', 'version'], 'x', '[]',
          '{"lines":[],"total_cents":5900,"net_cents":4958,"vat_cents":942,"days":1,"included_km":150}', 5900, 5900, 5900,
          100000, 'STORED_CARD', 'WEBSITE', 'generator', p.starts - interval '5 days',
          case when k < 0 then p.ends else p.starts - interval '5 days' end,
          case when k < 0 then p.starts end, false, false, 'muster ' || v
        from generate_series(1, %(vehicles)s) v
        cross join generate_series(%(first)s, %(ahead)s - 1) k
        cross join lateral (select %(anchor)s::timestamptz + k * interval '131 hours' + (v %% 100) * interval '1 hour' as starts) b
        cross join lateral (select b.starts, b.starts + (1 + (v + k + 1000) %% 4) * interval '1 day' as ends) p
        join station s on s.id = md5('s' || (v %% %(stations)s + 1))::uuid
        join tariff t on t.id = md5('t' || (v %% 4 + 1))::uuid
        join customer c on c.id = md5('c' || ((v * 37 + (k + 1000) * 101) %% %(customers)s + 1))::uuid
        """,
    ),
    (
        "changes",
        """
        insert into last_change (contract_id, station_id, client_id, updated_at)
        select id, station_id, client_id,
          %(anchor)s::timestamptz - row_number() over (order by created_at desc, id) * interval '1 second'
        from contract
        """,
    ),
    (
        "occupancy",
        """
        insert into occupancy (id, vehicle_id, station_id, contract_id, kind, during, starts_at, ends_at, busy_until, active)
        select md5('o' || c.id)::uuid, c.vehicle_id, c.station_id, c.id, 'RESERVED',
          tstzrange(c.starts_at, c.ends_at + interval '1 hour', '[)'), c.starts_at, c.ends_at, c.ends_at + interval '1 hour', true
        from contract c
        """,
    ),
    (
        "customer scopes",
        "insert into customer_station select distinct customer_id, station_id from contract",
    ),
    (
        "documents",
        """
        insert into document (id, contract_id, station_id, number, year, running_number, type, language, issued_at, service_from,
          service_until, issuer, recipient, lines, vat_rate_bp, total_cents, net_cents, vat_cents, advances, payable_cents,
          tariff_hash, pdf_key, sha256, chain_hash)
        select md5('d' || c.id || n)::uuid, c.id, c.station_id, c.number || '-' || n, 2026, row_number() over (),
          case n when 1 then 'ADVANCE_INVOICE' else 'FINAL_INVOICE' end, 'DE', c.starts_at, c.starts_at, c.ends_at, '{}',
          '{"name":"Muster"}', '[]', 1900, 5900, 4958, 942, '[]', 0, 'x', 'x', 'x', 'x'
        from contract c cross join generate_series(1, 2) n where n = 1 or c.state = 'BILLED'
        """,
    ),
]  # fmt: skip


def fill(url: str, contracts: int, anchor: str) -> None:
    """Makes the data and the statistics of the planner. `anchor` is the present, as PostgreSQL writes instants."""
    parameters = {
        "stations": STATIONS,
        "vehicles": VEHICLES,
        "customers": CUSTOMERS,
        "ahead": AHEAD,
        "first": AHEAD - contracts // VEHICLES,
        "anchor": anchor,
    }
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("set maintenance_work_mem = '512MB'")
        connection.execute("set synchronous_commit = off")
        for name, statement in STEPS:
            begun = time.perf_counter()
            rows = connection.execute(statement, parameters).rowcount
            print(f"  {name:<16} {rows:>9,} rows  {time.perf_counter() - begun:6.1f} s", flush=True)
        connection.execute("vacuum (analyze)")
