#!/bin/sh
# Keeps a finished segment: archive_command = '/etc/ersatzwagen/archive.sh %p %f /srv/rental-archive' (both.conf).
#
# PostgreSQL asks again for what it is not sure of: the same content a second time is well, another one is not.
set -eu

[ $# -eq 3 ] || { echo "archive.sh: PATH NAME ARCHIVE" >&2; exit 2; }
path=$1 name=$2 archive=$3

if [ -e "$archive/$name" ]; then
    cmp -s "$path" "$archive/$name" && exit 0
    echo "archive.sh: another $name is in $archive already" >&2
    exit 1
fi
cp "$path" "$archive/$name.part"
sync "$archive/$name.part"
mv "$archive/$name.part" "$archive/$name"
sync "$archive"
