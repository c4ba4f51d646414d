#!/bin/sh
# Makes the standby of this machine the primary, as the account that PostgreSQL runs as (PGHOST and PGPORT name it):
#
#   promote.sh ["host=db3 port=5432 user=replicator dbname=postgres" …]
#
# The arguments are all other standbys that live: it refuses if one of them has got more from the primary than this one.
# It refuses, too, unless nobody answers at the old primary's address: two of them would each take bookings that the other
# never sees. Stop it, and see to it that it does not start by itself (systemctl disable --now postgresql), then come back.
set -eu

ask() { psql --no-psqlrc --quiet --tuples-only --no-align "$@"; }
here() { ask --dbname=postgres --command="$1"; }
refuse() { echo "promote.sh: $1" >&2; exit 1; }

[ "$(here 'select pg_is_in_recovery()')" = t ] || refuse "this is no standby"

answers=0
pg_isready --quiet --timeout=3 --dbname="$(here 'show primary_conninfo')" || answers=$?
case $answers in
    0) refuse "the old primary still answers: stop it first" ;;
    1) refuse "the old primary is starting up or shutting down: stop it first, and wait until it has ended" ;;
    2) ;;
    *) refuse "nobody can tell whether the old primary lives: look at primary_conninfo" ;;
esac

received="select greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"
ours=$(here "$received")
since="select pg_postmaster_start_time()"
for other in "$@"; do
    [ -n "$other" ] || refuse "an argument is empty: name another standby, or none"
    [ "$(ask --dbname="$other" --command="$since")" != "$(here "$since")" ] || refuse "$other is this one"
    state=$(ask --dbname="$other" --command='select pg_is_in_recovery()') \
        || refuse "no answer from $other: leave it out if it is gone"
    [ "$state" = t ] || refuse "$other is a primary already"
    theirs=$(ask --dbname="$other" --command="$received") || refuse "no answer from $other"
    [ "$(here "select '$theirs'::pg_lsn <= '$ours'::pg_lsn")" = t ] || refuse "$other has more: promote that one"
done

# Without a standby of its own the new primary would answer no commit.
here "alter system set synchronous_standby_names = ''"
here 'select pg_reload_conf()' > /dev/null
[ "$(here 'select pg_promote(true, 60)')" = t ] || refuse "it did not become the primary: look into its log"
echo "This is the primary now. Make new standbys of it (standby.sh), then have commits wait for them again."
