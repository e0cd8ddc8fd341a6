#!/bin/sh
# Holdfast in the place of IOTstack's scripts/restore.sh: the same arguments, and it reads its archives.
#
# Usage: restore.sh [FILE=backup.tar.gz] [noask]
#   FILE   an archive, relative to the stack's backups/ folder (or an absolute path)
#   noask  restore without asking; in any position
#
# Nothing is deleted before the whole archive was read; what is replaced is kept for a week ("holdfast restore --undo").
# Copy it over scripts/restore.sh, link it there, or let "holdfast drop-in install iotstack DIR" do that.
# For dash, busybox sh and bash.

# The program; "holdfast drop-in install" writes it here.
program=

usage() {
  echo "Usage: restore.sh [FILE=backup.tar.gz] [noask]   FILE: relative to backups/" >&2
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
  echo "restore.sh: Holdfast is not found. Install it, or set HOLDFAST to the path of its program." >&2
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

file=
ask=yes
for word; do
  case $word in
    noask) ask=no ;;
    '' | -*) usage ;;
    *)
      [ -z "$file" ] || usage
      file=$word
      ;;
  esac
done
find_holdfast
find_stack
cd -- "$stack" || exit 1
case ${file:=backup.tar.gz} in
  # Setuid bits come back only from archives of the stack's own; a post_restore.sh that an archive brings is never run unseen.
  /*) path=$file trust=no ;;
  *) path=$stack/backups/$file trust=yes ;;
esac
if [ ! -e "$path" ]; then
  echo "File: '$path' doesn't exist. Cancelling restore." >&2
  exit 2
fi
set -- restore "$path" --target "$stack"
[ "$trust" = yes ] && set -- "$@" --trust
user=$(stat -c %U .)
[ "$(id -u)" = 0 ] && [ "$user" != UNKNOWN ] && set -- "$@" --user "$user"
[ "$ask" = no ] && set -- "$@" --no-ask
exec "$program" "$@"
