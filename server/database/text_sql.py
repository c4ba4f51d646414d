"""SQL as text, on its way to the driver without a layer between: what is read most is read by it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NewType

DriverSql = NewType("DriverSql", str)
"""SQL with the driver's own parameters, `%(name)s`, and `%%` for a per cent sign."""
# As SQLAlchemy's text() reads them: not a cast (`x::int`), not a time of day (12:30).
_PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


@lru_cache(maxsize=2_000)
def for_driver(sql: str) -> DriverSql:
    """SQL with parameters of the form `:name`, as the driver takes it. Any other colon stands behind a backslash."""
    return DriverSql(_PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%")).replace("\\:", ":"))
