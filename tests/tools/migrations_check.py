"""Applies all migrations to an empty private cluster and compares the tables with the models."""

import sys
import tempfile
from pathlib import Path

from server import migrate
from server.database.embedded import DATABASE, SUPERUSER, Cluster


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder), durable=False)
        cluster.start()
        try:
            migrate.create_database(cluster.url(SUPERUSER, "postgres"), DATABASE)
            migrate.upgrade(cluster.url(SUPERUSER))
            differences = migrate.differences(cluster.url(SUPERUSER))
        finally:
            cluster.stop()
    for difference in differences:
        print(difference)
    print(f"migrations against models: {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
