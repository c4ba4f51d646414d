#!/bin/sh
# Makes a standby of a running primary, on the standby's machine and as the account that PostgreSQL runs as:
#
#   standby.sh "host=db1 port=5432 user=replicator" DIRECTORY rental_standby_1
#
# The login needs REPLICATION, a line in the primary's pg_hba.conf (hostssl replication …), and its password in ~/.pgpass.
# DIRECTORY must not have data yet: what was a primary before is moved away first. Afterwards start PostgreSQL there.
set -eu

[ $# -eq 3 ] || { echo "standby.sh: PRIMARY DIRECTORY NAME" >&2; exit 2; }
primary=$1 directory=$2 name=$3

refuse() { echo "standby.sh: $1" >&2; exit 1; }

case $primary in *://*) refuse "write the primary as host=… port=… user=…" ;; esac
case $name in ''|*[!a-z0-9_]*) refuse "the name may have small letters, digits and _ only" ;; esac
[ ! -e "$directory/PG_VERSION" ] || refuse "there are data in $directory: move them away first"
pg_basebackup --dbname="$primary application_name=$name" --pgdata="$directory" \
    --wal-method=stream --checkpoint=fast --write-recovery-conf
# A primary that was once restored to an instant still names it: a standby that stopped there would be a second primary.
cat >> "$directory/postgresql.auto.conf" <<END
recovery_target_time = ''
recovery_target_action = 'pause'
restore_command = ''
synchronous_standby_names = ''
END
echo "$directory follows the primary as $name once PostgreSQL is started there."
