"""Keys between the parts of a contract, which carry its station."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint


def of_contract(table: str, *more: object) -> tuple[object, ...]:
    """Table arguments of a row that belongs to a contract: the key carries the station, so that a row of one
    station cannot point at a contract of another (row-level security does not check references).
    """
    return (
        ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name=f"fk_{table}_contract"
        ),
        *more,
    )


def within_station(table: str, column: str, target: str) -> ForeignKeyConstraint:
    """A key from one part of a contract to another, which carries the station for the same reason."""
    return ForeignKeyConstraint(
        ["station_id", column], [f"{target}.station_id", f"{target}.id"], name=f"fk_{table}_{column}"
    )
