"""Members of staff as rows, signed in already: all share one hash of one password, since each hash takes as long as ten
requests. How users are made and sign in through the API is what tests/access looks at.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID, uuid4

import psycopg

from server import security
from server.models.customer import email_key
from tests.driving import PASSWORD

LIFE = timedelta(days=1)
_USER = """insert into app_user (id, email, email_key, name, role, active, password_hash, created_at)
  values (%(id)s, %(email)s, %(key)s, %(name)s, %(role)s, true, %(hash)s, %(now)s)"""
_SESSION = """insert into session
  (id, family_id, user_id, access_hash, refresh_hash, access_expires_at, refresh_expires_at, created_at)
  values (%(session)s, %(session)s, %(id)s, %(access)s, %(refresh)s, %(end)s, %(end)s, %(now)s)"""


@cache
def password_hash() -> str:
    return security._HASHER.hash(PASSWORD)


def put_staff(owner: str, email: str, role: str, stations: list[str]) -> str:
    """A user of these stations in the database at `owner`; the access token of a session of theirs."""
    token, now = security.new_token(security.ACCESS), datetime.now(UTC)  # sessions live by the machine's clock
    values: dict[str, str | datetime | UUID] = {
        "id": uuid4(),
        "email": email,
        "key": email_key(email),
        "name": f"{role.title()} {email}",
        "role": role,
        "hash": password_hash(),
        "session": uuid4(),
        "access": security.token_hash(token),
        "refresh": security.token_hash(security.new_token(security.REFRESH)),
        "end": now + LIFE,
        "now": now,
    }
    with psycopg.connect(owner) as connection:
        connection.execute(_USER, values)
        connection.execute(_SESSION, values)
        for station in stations:
            connection.execute("insert into user_station values (%s, %s)", [values["id"], station])
    return token
