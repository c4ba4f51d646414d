#!/bin/sh
# Makes the standby of this machine the primary, as the account that PostgreSQL runs as (PGHOST and PGPORT name it):
#
#   promote.sh
#
# It refuses while the old primary still answers: two of them would each take bookings that the other never sees. Stop it,
# and see to it that it does not start by itself (systemctl disable --now postgresql), then come back.
set -eu

ask() { psql --no-psqlrc --quiet --tuples-only --no-align --dbname=postgres --command="$1"; }

if [ "$(ask 'select pg_is_in_recovery()')" != t ]; then
    echo "promote.sh: this is no standby" >&2
    exit 1
fi
if pg_isready --quiet --timeout=3 --dbname="$(ask 'show primary_conninfo')"; then
    echo "promote.sh: the old primary still answers: stop it first" >&2
    exit 1
fi
# Without a standby of its own the new primary would answer no commit.
ask "alter system set synchronous_standby_names = ''"
ask 'select pg_reload_conf()' > /dev/null
if [ "$(ask 'select pg_promote(true, 60)')" != t ]; then
    echo "promote.sh: it did not become the primary: look into its log" >&2
    exit 1
fi
echo "This is the primary now. Make a new standby (standby.sh), then: alter system reset synchronous_standby_names"
