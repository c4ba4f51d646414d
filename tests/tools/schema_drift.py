"""Compares the committed schema with the one that the code makes; `--write` brings the file up to date."""

import sys
from pathlib import Path

from server.resolvers.schema import create_schema

COMMITTED = Path(__file__).resolve().parents[2] / "server" / "schema" / "schema.graphql"


def main() -> int:
    made = create_schema().as_str() + "\n"
    if "--write" in sys.argv:
        COMMITTED.write_text(made, encoding="utf-8")
        return 0
    if not COMMITTED.exists() or COMMITTED.read_text(encoding="utf-8") != made:
        print("server/schema/schema.graphql is out of date: make schema")
        return 1
    print("the committed schema is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
