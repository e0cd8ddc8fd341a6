#!/bin/sh
# with-runtime.sh SCRIPT.ts ARG…: runs a script of this folder with Node ≥ 26 in a clone that may be fresh.
# Needs only Node ≥ 20 and npm; installs what the lockfile names where that is missing or older than the lockfile.
project=$(CDPATH='' cd -P -- "${0%/*}/.." && pwd -P) || exit 1
. "$project/bin/runtime.sh"

# npm writes this file last, so that an install that was interrupted is done again.
installed=$project/node_modules/.package-lock.json
if [ ! -f "$installed" ] || [ "$project/package-lock.json" -nt "$installed" ]; then
  echo 'Installing what package-lock.json names (npm ci --ignore-scripts) …'
  (cd "$project" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) || exit 1
fi

holdfast_runtime "$project"
# As bin/holdfast does it: tests start many processes.
export NODE_COMPILE_CACHE="$project/node_modules/.cache/holdfast"
script=$1
shift
exec "$runtime" --disable-warning=ExperimentalWarning "$project/scripts/$script" "$@"
