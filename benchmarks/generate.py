"""Fills a database with a dealer group of a given size: 40 stations, 5,000 vehicles, some years of contracts.

Every size has the same density (a rental every 5.5 days for each car) and the same horizon of bookings; more contracts
are a longer history. At stations of even numbers every customer has chosen a car, at the others bookings may be moved
to another car of their group. Station B1 has 500 vehicles, the others about 115 each; all four groups stand at every station,
about 1,500 cars are out, and every series of documents is filled, so that the next booking and the next invoice find
what they find at work. Made by SQL as the owner, with triggers off: it is data to search in, not a history to believe.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import psycopg

from benchmarks import generated_papers

AHEAD = 11
"""How many rentals of each car lie ahead: sixty days. Of a small number of rentals, half."""


@dataclass(frozen=True)
class Fleet:
    """What the dealer group has, whatever its history."""

    stations: int = 40
    vehicles: int = 5_000
    large: int = 500
    """How many of the vehicles stand at station B1."""
    customers: int = 200_000


STEPS = [
    (
        "stations",
        """
        insert into station (id, code, name, street, postcode, city, country, time_zone, turnaround_minutes,
          after_hours_return, opening_hours, opening_exceptions, version, created_at)
        select md5('s' || i)::uuid, 'B' || i, 'Station ' || i, 'Am Markt 1', '10115', 'Berlin', 'DE', 'Europe/Berlin', 60,
          false,
          (select jsonb_agg(jsonb_build_object('weekday', day, 'opens', '06:00', 'closes', '22:00') order by nr)
            from unnest(array['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'])
              with ordinality as week(day, nr)),
          '[]', 1, now() from generate_series(1, %(stations)s) i
        """,
    ),
    (
        "company",
        """
        insert into company (id, name, street, postcode, city, country, tax_number, vat_id, register_entry, seat,
          managing_directors, email, version)
        select 1, 'Autohaus Muster GmbH', 'Am Markt 1', '10115', 'Berlin', 'DE', '29/123/45678',
          'DE136695976', 'HRB 1', 'Berlin', 'Anna Muster', 'info@example.com', 1
        where not exists (select 1 from company)
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
        select md5('v' || i)::uuid, md5('s' || at)::uuid, md5('s' || at)::uuid,
          md5('g' || (i / (%(stations)s - 1) %% 4 + 1))::uuid, 'B-EW ' || i, 'BEW' || i, 'VW', 'Golf', 10000, 8, 50, 'CLEAN', true, 'ACTIVE', '[]', 1, now()
        from generate_series(1, %(vehicles)s) i
        cross join lateral (select case when i <= %(large)s then 1 else 2 + i %% (%(stations)s - 1) end as at) p
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
          created_at, confirmed_at, state_since, checked_out_at, returned_at, billed_at, protocol_conflict, agreed_after_hours,
          search_text)
        select md5('k' || v.n || '-' || k)::uuid, 'B-' || v.n || '-' || k, 'RENTAL', st.state,
          case st.state when 'BILLED' then 'PAID' else 'NONE' end, 1, 'DE',
          s.id, s.code, s.name, s.id, s.code, s.name, v.group_id, v.id, substr(s.code, 2)::int %% 2 = 0,
          p.starts, p.ends, c.id, jsonb_build_object('kind', 'PERSON', 'language', 'DE', 'first_name', 'Anna',
            'last_name', 'Muster', 'email', 'x@example.com', 'street', 'Weg 1', 'postcode', '10115', 'city', 'Berlin',
            'country', 'DE'),
          false, '[]', t.id, to_jsonb(t) - array['id', 'name', 'group_id', 'valid_from', 'valid_until', 'currency', 'version'], 'x', '[]',
          '{"lines":[],"total_cents":5900,"net_cents":4958,"vat_cents":942,"days":1,"included_km":150}', 5900, 5900, 5900,
          100000, 'STORED_CARD', 'WEBSITE', 'generator', p.starts - interval '5 days', p.starts - interval '5 days',
          case st.state when 'BILLED' then p.ends when 'CHECKED_OUT' then p.starts else p.starts - interval '5 days' end,
          case when st.state <> 'RESERVED' then p.starts end, case when st.state = 'BILLED' then p.ends end,
          case when st.state = 'BILLED' then p.ends end, false, false, 'muster ' || v.n
        from (select *, substr(plate, 6)::int as n from vehicle) v
        cross join generate_series(%(first)s, %(ahead)s - 1) k
        cross join lateral (select %(anchor)s::timestamptz + k * interval '131 hours' + (v.n %% 100) * interval '1 hour' as starts) b
        -- Not by the same remainder as the group: each group has short and long rentals at all times.
        cross join lateral (select b.starts, b.starts + (1 + (v.n / 157 + k + 1000) %% 4) * interval '1 day' as ends) p
        cross join lateral (select case when p.ends <= %(anchor)s::timestamptz then 'BILLED'
          when p.starts < %(anchor)s::timestamptz then 'CHECKED_OUT' else 'RESERVED' end as state) st
        join station s on s.id = v.station_id
        join tariff t on t.group_id = v.group_id
        join customer c on c.id = md5('c' || ((v.n * 37 + (k + 1000) * 101) %% %(customers)s + 1))::uuid
        """,
    ),
    (
        "cars out",
        """
        update vehicle v set out_contract_id = c.id, out_until = c.ends_at
        from contract c where c.vehicle_id = v.id and c.state = 'CHECKED_OUT'
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
        insert into occupancy (id, vehicle_id, station_id, contract_id, kind, during, starts_at, ends_at, busy_until,
          active, movable)
        select md5('o' || c.id)::uuid, c.vehicle_id, c.station_id, c.id,
          case c.state when 'RESERVED' then 'RESERVED' else 'CHECKED_OUT' end,
          tstzrange(c.starts_at, c.ends_at + interval '1 hour', '[)'), c.starts_at, c.ends_at, c.ends_at + interval '1 hour', true,
          c.state = 'RESERVED' and not c.vehicle_fixed
        from contract c
        """,
    ),
    (
        "customer scopes",
        "insert into customer_station select distinct customer_id, station_id from contract",
    ),
    *generated_papers.STEPS,
]  # fmt: skip


def fill(url: str, contracts: int, anchor: str, fleet: Fleet | None = None) -> None:
    """Makes the data and the statistics of the planner. `anchor` is the present, as PostgreSQL writes instants."""
    fleet = fleet or Fleet()
    of_each = contracts // fleet.vehicles
    ahead = min(AHEAD, (of_each + 2) // 2)
    parameters = {**asdict(fleet), "ahead": ahead, "first": ahead - of_each, "anchor": anchor}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("set maintenance_work_mem = '512MB'")
        connection.execute("set synchronous_commit = off")
        for name, statement in STEPS:
            begun = time.perf_counter()
            rows = connection.execute(statement.encode(), parameters).rowcount
            print(f"  {name:<16} {rows:>9,} rows  {time.perf_counter() - begun:6.1f} s", flush=True)
        connection.execute("vacuum (analyze)")
