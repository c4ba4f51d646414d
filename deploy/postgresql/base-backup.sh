#!/bin/sh
# A copy of the whole cluster that a point in time after it can be reached from, with the archive (both.conf):
#
#   base-backup.sh "host=db1 port=5432 user=replicator" DIRECTORY
#
# DIRECTORY is new each time, for example one a week; the archive is kept as far back as the oldest of them.
set -eu

[ $# -eq 2 ] || { echo "base-backup.sh: PRIMARY DIRECTORY" >&2; exit 2; }
pg_basebackup --dbname="$1" --pgdata="$2" --wal-method=stream --checkpoint=fast
pg_verifybackup --quiet "$2"
echo "$2 is whole."
