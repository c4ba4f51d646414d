-- What PostGraphile needs beside the tables: the same questions as functions. Without policies, which is less than ours do.
create or replace function bench_offers(station uuid, starts timestamptz, ends timestamptz)
returns table (code text, name text, free bigint, deposit_cents integer, day_cents integer)
language sql stable as $$
  select g.code, g.name, coalesce(f.free, 0), g.deposit_cents, (t.bundles -> 0 ->> 'price_cents')::integer
  from vehicle_group g
  join tariff t on t.group_id = g.id and t.valid_from <= current_date and t.ended_at is null
  left join (
    select v.group_id, count(*) as free from vehicle v
    where v.station_id = station and v.status = 'ACTIVE'
      and (v.out_until is null or (v.out_until > now() and v.out_until <= starts))
      and (v.leaves_at is null or v.leaves_at >= ends or v.leaves_until <= now())
      and (v.inspection_due is null or v.inspection_due >= ends::date)
      and v.id not in (select o.vehicle_id from occupancy o
        where o.station_id = station and o.active and o.busy_until > starts
          and o.busy_until < ends + interval '61 days' and o.starts_at < ends + interval '1 hour'
          and (o.held_until is null or o.held_until > now()))
    group by v.group_id
  ) f on f.group_id = g.id
  order by g.code
$$;

create or replace function vehicle_uses(car vehicle, starts timestamptz, ends timestamptz) returns setof occupancy
language sql stable as $$
  select * from occupancy o
  where o.vehicle_id = car.id and o.active and o.starts_at < ends and o.ends_at > starts order by o.starts_at
$$;

create or replace function bench_going(station uuid, until timestamptz) returns setof contract
language sql stable as $$
  select * from contract where station_id = station and state = 'RESERVED' and starts_at < until order by starts_at, id
$$;

create or replace function bench_coming(station uuid, until timestamptz) returns setof contract
language sql stable as $$
  select * from contract where return_station_id = station and state = 'CHECKED_OUT' and ends_at < until
  order by ends_at, id
$$;

create or replace function bench_spare(station uuid, starts timestamptz, ends timestamptz) returns setof vehicle
language sql stable as $$
  select v.* from vehicle v
  where v.station_id = station and v.status = 'ACTIVE' and v.out_contract_id is null
    and v.id not in (select o.vehicle_id from occupancy o
      where o.station_id = station and o.active and o.busy_until > starts
        and o.busy_until < ends + interval '61 days' and o.starts_at < ends)
  order by v.plate
$$;
