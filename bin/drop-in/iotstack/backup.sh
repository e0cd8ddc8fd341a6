#!/bin/sh
# Holdfast in the place of IOTstack's scripts/backup.sh: the same arguments, and the same files in backups/.
#
# Usage: backup.sh [TYPE=3] [USER]
#   TYPE  1 = dated, 2 = rolling (one for each day of the week), 3 = both
#   USER  as root: whose the archives and logs are; by default the owner of the stack's folder
#
# Copy it over scripts/backup.sh, link it there, or let "holdfast drop-in install iotstack DIR" do that.
# For dash, busybox sh and bash.

# The program; "holdfast drop-in install" writes it here.
program=

usage() {
  echo "Usage: backup.sh [TYPE=3] [USER]   TYPE: 1 = dated, 2 = rolling, 3 = both" >&2
  exit 1
}

# Sets `program` to Holdfast: the one that is told, the one of the package that a link leads to, or one that is installed.
find_holdfast() {
  [ -n "${HOLDFAST:-}" ] && program=$HOLDFAST
  [ -n "$program" ] && [ -x "$program" ] && return
  self=$0
  case $self in */*) ;; *) self=./$self ;; esac
  while [ -L "$self" ]; do
    target=$(readlink -- "$self")
    case $target in
      /*) self=$target ;;
      *) self=${self%/*}/$target ;;
    esac
  done
  for program in "${self%/*}/../../holdfast" "$(command -v holdfast)" /usr/local/bin/holdfast /opt/holdfast/bin/holdfast "${HOME:-}/.local/bin/holdfast"; do
    [ -n "$program" ] && [ -f "$program" ] && [ -x "$program" ] && return
  done
  echo "backup.sh: Holdfast is not found. Install it, or set HOLDFAST to the path of its program." >&2
  exit 1
}

# Sets `stack` to the folder above scripts/: of this file, else of the folder that it is called in; else that folder itself.
find_stack() {
  case $0 in
    */*) stack=$(CDPATH='' cd -- "${0%/*}" && pwd) ;;
    *) stack=$PWD ;;
  esac
  [ "${stack##*/}" = scripts ] || stack=$PWD
  [ "${stack##*/}" = scripts ] && stack=${stack%/*}
  [ -n "$stack" ] || stack=/
}

case ${1:-3} in
  1) type=dated ;;
  2) type=rolling ;;
  3) type=both ;;
  *)
    echo "Unknown backup type '$1', can only be 1, 2 or 3" >&2
    usage
    ;;
esac
[ "$#" -le 2 ] || usage
find_holdfast
find_stack
cd -- "$stack" || exit 1
user=${2:-$(stat -c %U .)}
set -- backup . --type "$type" --no-ask
# Who is not root owns what he makes; the original passes over USER too.
[ "$(id -u)" = 0 ] && [ "$user" != UNKNOWN ] && set -- "$@" --user "$user"
exec "$program" "$@"
