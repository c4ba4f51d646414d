#!/bin/sh
# Goes back to a point in time: makes a copy of a base backup that comes up as of then, in a place of its own.
#
#   restore-to.sh BASE_BACKUP ARCHIVE DIRECTORY "2026-09-02 10:20:00+02"
#
# Afterwards start PostgreSQL on DIRECTORY: it reads the archive up to that instant, and is a primary then. Look whether it
# has what it should before anything else uses it; what came later is still in the archive.
set -eu

[ $# -eq 4 ] || { echo "restore-to.sh: BASE_BACKUP ARCHIVE DIRECTORY INSTANT" >&2; exit 2; }
base=$1 archive=$2 directory=$3 instant=$4
refuse() { echo "restore-to.sh: $1" >&2; exit 1; }

case $archive in /*) ;; *) refuse "write the archive's whole path, from / on" ;; esac
[ -d "$archive" ] || refuse "there is no $archive"
case $archive$instant in *[\'\"%\\]*) refuse "neither archive nor instant may hold quotes, % or \\" ;; esac
case $instant in
    [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]\ [0-9]*) ;;
    *) refuse "write the instant as 2026-09-02 10:20:00+02" ;;
esac
[ -e "$base/backup_label" ] || refuse "$base is no base backup"
[ ! -e "$directory" ] || refuse "there is something at $directory already"

cp -a "$base" "$directory"
cat >> "$directory/postgresql.auto.conf" <<END
restore_command = 'cp "$archive/%f" "%p"'
recovery_target_time = '$instant'
recovery_target_action = 'promote'
synchronous_standby_names = ''
archive_mode = off
END
touch "$directory/recovery.signal"
cat <<END
Start PostgreSQL on $directory: it comes up as of $instant. Once it is to stay, as its superuser:
  alter system reset recovery_target_time; alter system reset recovery_target_action;
  alter system reset restore_command; alter system reset archive_mode; alter system reset synchronous_standby_names;
and restart it: until then nothing is archived.
END
