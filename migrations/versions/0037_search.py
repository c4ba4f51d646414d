"""Search: how text is folded, what of each row is searched, the indexes of trigrams, and the function that finds ids.

Row-level security keeps conditions that could tell something away from indexes: a search by trigrams would read every
row. So one function looks with the eyes of the system, in indexes, and by itself only at what is the caller's; it gives
ids, and who asked reads the rows by them under the policies as ever: a mistake in it shows nobody a foreign row.

Text is folded here and nowhere else: what is stored and what is asked for must be folded by the same rule, whoever
wrote it. Names inside of functions are qualified: indexes are made and restored without a search path.
"""

from alembic import op

from migrations.policies import CALLERS

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# Letters, digits and single blanks, lower case, without accents; not by classes of characters, which depend on the
# database's locale. The vowels of other scripts are marks, too, and stay.
FOLDED = r"""
declare
  folded text := lower(written);
begin
  if folded ~ '[^\u0001-\u007f]' then
    folded := regexp_replace(
      translate(
        replace(replace(replace(lower(normalize(folded, NFKD)), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'øłđı', 'oldi'
      ),
      '[\u0300-\u036f\u034f\u00ad\u200b-\u200f]', '', 'g'
    );
  end if;
  return trim(regexp_replace(
    folded, '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e\u0080-\u00bf\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f]+', ' ', 'g'
  ));
end"""
# Müller, Mueller and Muller are one.
ROUNDED = """
begin
  return replace(replace(replace(folded, 'ae', 'a'), 'oe', 'o'), 'ue', 'u');
end"""
# Words as they are and with umlauts as one letter, then each key in one piece: a plate, an order's number. It is all
# folded at once, and taken apart at a sign that nobody can write (DEL): each call costs more than what it folds.
LINE = """
declare
  parts text[] := string_to_array(
    public.search_folded(coalesce(words, '') || array_to_string(array[''] || keys, chr(127))), chr(127)
  );
  plain text := trim(parts[1]);
  rounded text := public.search_rounded(plain);
  line text := ' ' || plain || ' ';
begin
  if rounded <> plain then
    line := line || rounded || ' ';
  end if;
  for n in 2 .. cardinality(parts) loop
    line := line || replace(parts[n], ' ', '') || ' ';
  end loop;
  return line;
end"""
LINES = {
    "customer": "first_name, last_name, company, email, phone",
    "contract": "number, search_text, workshop_order_number, workshop_plate, customer_copy, payer",
    "vehicle": "plate, plate_key, vin_key",
    "document": "number, recipient",
}
"""Of each table the columns that are searched, which are the arguments of its function."""
OF = {
    "customer": (
        "first_name text, last_name text, company text, email text, phone text",
        "concat_ws(' ', first_name, last_name, company, email), array[email, phone]",
    ),
    "contract": (
        "number text, written text, order_number text, own_plate text, customer jsonb, payer jsonb",
        "concat_ws(' ', written, payer ->> 'name', payer ->> 'email'),"
        " array[number, order_number, own_plate, customer ->> 'email', customer ->> 'phone', payer ->> 'email']",
    ),
    "vehicle": ("plate text, plate_key text, vin_key text", "plate, array[plate_key, vin_key]"),
    "document": ("number text, recipient jsonb", "concat_ws(' ', number, recipient ->> 'name'), array[number]"),
}
# What is asked, as words and as keys: the whole in one piece, a plate as plates are recognised, a phone number with its
# country or as it is dialled at home.
KEYS = r"""
declare
  key text := replace(public.search_folded(asked), ' ', '');
  plate_key text := replace(public.search_folded(plate), ' ', '');
  digits text := regexp_replace(replace(asked, '(0)', ''), '[^0-9]', '', 'g');
  keys text[] := array[]::text[];
begin
  if length(key) > 1 then
    keys := keys || key;
  end if;
  if length(plate_key) > 1 and plate_key <> key then
    keys := keys || plate_key;
  end if;
  if asked !~ '[^0-9 +/().-]' and length(ltrim(digits, '0')) > 3 and ltrim(digits, '0') <> key then
    keys := keys || ltrim(digits, '0');
  end if;
  return keys;
end"""
# How near a line comes to what is asked: 0 a key is there as it is, 1 every word is, 2 a word or key begins so, 3 it is
# somewhere in them; null: not at all.
NEARNESS = """
begin
  if exists (select from unnest(keys) k where position(' ' || k || ' ' in line) > 0) then
    return 0;
  elsif not exists (select from unnest(words) w where position(' ' || w || ' ' in line) = 0) then
    return 1;
  elsif not exists (select from unnest(words) w where position(' ' || w in line) = 0)
        or exists (select from unnest(keys) k where position(' ' || k in line) > 0) then
    return 2;
  elsif not exists (select from unnest(words) w where position(case when length(w) < 3 then ' ' || w else w end in line) = 0)
        or exists (select from unnest(keys) k where length(k) > 3 and position(k in line) > 0) then
    return 3;
  end if;
  return null;
end"""
MINE = {
    "contract": "t.station_id = any ($3) or (t.checked_out_at is not null and t.return_station_id = any ($3))",
    "vehicle": "t.station_id = any ($3) or t.home_station_id = any ($3)",
    "customer": "exists (select from public.customer_station s where s.customer_id = t.id and s.station_id = any ($3))",
    "document": "t.station_id = any ($3) or t.contract_id in (select c.id from public.contract c"
    " where c.checked_out_at is not null and c.return_station_id <> c.station_id and c.return_station_id = any ($3))",
}
# A customer's record that was emptied, and the name on the documents of somebody who was erased, are found by nobody.
BESIDES = {
    "contract": "true",
    "vehicle": "true",
    "customer": "t.restricted_at is null",
    "document": "(exists (select from public.contract c where c.id = t.contract_id and c.person_erased_at is null)"
    " or public.search_nearness(public.search_of_document(t.number, '{}'), $1, $2) is not null)",
}
FITS = """
begin
  return public.search_nearness(
    public.search_line(written, array[written]),
    array_remove(string_to_array(public.search_rounded(public.search_folded(asked)), ' '), ''),
    public.search_keys(asked, plate)
  ) is not null;
end"""
FIRST = "t.state in ('HELD', 'RESERVED', 'CHECKED_OUT', 'RETURNED')"
# `most`: as many ids at least, where there are as many; without it all. What is like the question is found where
# nothing is that fits it, or with `most` where too little is.
FOUND = """
declare
  who text := current_user;
  own text := nullif(current_setting('app.client', true), '');
  here uuid[] := nullif(current_setting('app.stations', true), '')::uuid[];
  words text[] := array_remove(string_to_array(public.search_rounded(public.search_folded(asked)), ' '), '');
  keys text[] := public.search_keys(asked, plate);
  mine text := 'true';
  fits text[];
  alike text[];
  has_names boolean;
  already integer;
begin
  if cardinality(words) = 0 or cardinality(words) > 12 then
    return;
  end if;
  if who = '{website}' then
    mine := case kind when 'contract' then 't.client_id = $4' when 'document' then
      't.contract_id in (select c.id from public.contract c where c.client_id = $4)' else 'false' end;
  elsif who <> '{admin}' or station is not null then
    mine := '(' || case kind {mine} end || ')';
    here := case when station is null then here when who = '{admin}' or station = any (here) then array[station] end;
  end if;
  perform set_config('role', '{system}', true);
  select array_agg(f.fits),
         array_agg(case when length(w) < 4 or w ~ '[0-9]' then f.fits else format('@ %%>> ''%s''', w) end),
         bool_or(length(w) > 3 and w !~ '[0-9]')
  into fits, alike, has_names
  from unnest(words) w
  cross join lateral format(case when length(w) < 3 then '@ like ''%% %s%%''' else '@ like ''%%%s%%''' end, w) f (fits);
  return query execute public.search_statement(
    kind, '(' || array_to_string(fits, ' and ') || ')' || coalesce((
      select string_agg(format(' or @ like ''%%%s%s%%''', case when length(k) > 3 then '' else ' ' end, k), '')
      from unnest(keys) k
    ), ''), mine, most, false
  ) using words, keys, here, own::uuid, most;
  get diagnostics already = row_count;
  if has_names and (already = 0 or already < most) then
    return query execute public.search_statement(
      kind, '(' || array_to_string(alike, ' and ') || ') and public.search_nearness(@, $1, $2) is null', mine, most, true
    ) using words, keys, here, own::uuid, most;
  end if;
  perform set_config('role', who, true);
end"""
# How much a line has of what is asked, by the word of which it has least: 0 to 1.
LIKENESS = """
begin
  return (select min(public.strict_word_similarity(w, line)) from unnest(words) w);
end"""
# The words are letters and digits, by what folding leaves of them: nothing to quote. `@` stands for the line. Of what is
# only like the question the likest is told, and what is hardly less so. Who wants all of it wants no order.
STATEMENT = """
declare
  line text := case kind {line} end;
  besides text := case kind {besides} end;
  opened text := case kind when 'contract' then '{first}' else 'true' end;
  asked text := format('from public.%I t where (%s) and %s and (%s)', kind, replace(condition, '@', line), besides, mine);
  nearness text := format('select t.id, public.search_nearness(%s, $1, $2), %s %s', line, opened, asked);
begin
  if most is null and not alike then
    return format('select t.id, 0, true %s', asked);
  elsif alike then
    return format(
      'select a.id, 4, a.is_open from (select b.*, max(b.score) over () as best from ('
      'select t.id, %s as is_open, public.search_likeness(%s, $1) as score %s limit 1000) b) a'
      ' where a.score >= a.best * 0.9 limit $5', opened, line, asked
    );
  elsif kind = 'contract' then
    return format('(%s and {first} limit 200) union all (%s and not ({first}) limit 200)', nearness, nearness);
  end if;
  return nearness || ' limit 200';
end"""


def _by_kind(values: dict[str, str]) -> str:
    return " ".join(f"when '{kind}' then '{value.replace(chr(39), chr(39) * 2)}'" for kind, value in values.items())


def _line(table: str) -> str:
    columns = ", ".join(f"t.{column}" for column in LINES[table].split(", "))
    return f"public.search_of_{table}({columns})"


def _pure(name: str, arguments: str, kind: str, body: str) -> None:
    """A function of its arguments alone. Its price keeps the planner from asking it of every row."""
    op.execute(
        f"create function {name}({arguments}) returns {kind} language plpgsql immutable parallel safe cost 1000"
        f" as $${body}$$"
    )


def upgrade() -> None:
    op.execute("create extension if not exists pg_trgm")
    _pure("search_folded", "written text", "text", FOLDED)
    _pure("search_rounded", "folded text", "text", ROUNDED)
    _pure("search_line", "words text, keys text[]", "text", LINE)
    _pure("search_keys", "asked text, plate text", "text[]", KEYS)
    _pure("search_nearness", "line text, words text[], keys text[]", "integer", NEARNESS)
    _pure("search_fits", "written text, asked text, plate text", "boolean", FITS)
    for table, (arguments, line) in OF.items():
        _pure(f"search_of_{table}", arguments, "text", f"begin return public.search_line({line}); end")
        op.execute(
            f"create index ix_{table}_search on {table} using gin (search_of_{table}({LINES[table]}) gin_trgm_ops)"
        )
    first = FIRST.replace("'", "''")
    lines = {table: _line(table) for table in LINES}
    statement = STATEMENT.format(line=_by_kind(lines), besides=_by_kind(BESIDES), first=first)
    _pure("search_statement", "kind text, condition text, mine text, most integer, alike boolean", "text", statement)
    _pure("search_likeness", "line text, words text[]", "real", LIKENESS)
    found = FOUND.format(mine=_by_kind(MINE), **CALLERS)
    op.execute(
        "create function search_found(kind text, asked text, plate text, station uuid, most integer)"
        " returns table (id uuid, nearness integer, is_open boolean) language plpgsql"
        " rows 20 set pg_trgm.strict_word_similarity_threshold = 0.3 set search_path = public, pg_temp"
        f" as $${found}$$"
    )
    op.execute("revoke execute on function search_found(text, text, text, uuid, integer) from public")
    callers = ", ".join(CALLERS[kind] for kind in ("staff", "admin", "website"))
    op.execute(f"grant execute on function search_found(text, text, text, uuid, integer) to {callers}")


def downgrade() -> None:
    op.execute("drop function search_found(text, text, text, uuid, integer)")
    op.execute("drop function search_statement(text, text, text, integer, boolean)")
    for table in OF:
        op.drop_index(f"ix_{table}_search", table)
        op.execute(f"drop function search_of_{table}")
    for name in ("search_likeness", "search_fits", "search_nearness", "search_keys", "search_line", "search_rounded", "search_folded"):
        op.execute(f"drop function {name}")
    op.execute("drop extension pg_trgm")
