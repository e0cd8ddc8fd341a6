/**
 * Loads an RDB file from the input into a running server: a second server of the same program reads it, and the first one becomes its
 * replica for a moment. That replaces the whole content at once, however the server keeps it (RDB, AOF or not at all), without
 * a restart. The second one has a password of its own: in a network that is shared anybody may reach it.
 * `$1`: a folder that it makes for that, and removes. Until the replica is in sync nothing has changed that a failure would not leave as it was, or the safety dump bring back.
 */
export const redisRestore = `server=$(command -v redis-server || command -v valkey-server) || { echo "there is no redis-server in this container" >&2; exit 1; }
folder=$1
mkdir -m 700 "$folder" || exit 1
port=
word=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \\n')
[ "\${#word}" -eq 64 ] || { echo "no password could be made for a second server" >&2; exit 1; }
( umask 077; echo "requirepass $word" > "$folder/conf" ) || exit 1
second() { ( REDISCLI_AUTH=$word; export REDISCLI_AUTH; exec "$client" -h 127.0.0.1 -p "$@" ); }
login_of_master() { { [ -z "$masteruser" ] || call CONFIG SET masteruser "$1" >/dev/null; } && printf '%s' "$2" | call -x CONFIG SET masterauth >/dev/null; }
stop() {
  if [ -n "$port" ]; then second "$port" SHUTDOWN NOSAVE >/dev/null 2>&1; fi
  if [ -n "$replica" ]; then call REPLICAOF NO ONE >/dev/null; login_of_master "$masteruser" "$masterauth"; fi
  rm -rf "$folder"
}
replica=
trap stop EXIT
trap 'exit 1' TERM INT
cat > "$folder/dump.rdb" || exit 1
for try in 1 2 3 4 5 6 7 8; do
  number=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
  candidate=$((20000 + number % 30000))
  "$server" "$folder/conf" --port "$candidate" --bind 127.0.0.1 --dir "$folder" --dbfilename dump.rdb --save "" --appendonly no --repl-diskless-sync-delay 0 --daemonize yes --pidfile "$folder/pid" --logfile "$folder/log" >/dev/null || continue
  waited=0
  while [ "$waited" -lt 3000 ]; do
    said=$(second "$candidate" --no-auth-warning --raw INFO persistence 2>&1)
    case $said in
      *loading:0*) port=$candidate; break 2 ;;
      *loading:1*) ;;
      *) [ "$waited" -lt 100 ] || break ;;
    esac
    sleep 0.1
    waited=$((waited + 1))
  done
done
if [ -z "$port" ]; then tail -n 3 "$folder/log" >&2; echo "a second server could not read the dump" >&2; exit 1; fi
masterauth=$(call CONFIG GET masterauth | sed -n 2p)
masteruser=$(call CONFIG GET masteruser | sed -n 2p)
replica=yes
login_of_master "" "$word" || exit 1
call REPLICAOF 127.0.0.1 "$port" >/dev/null || exit 1
waited=0
until call INFO replication | grep -q '^master_link_status:up'; do
  [ "$waited" -lt 6000 ] || { echo "the server did not take the dump in time" >&2; exit 1; }
  sleep 0.1
  waited=$((waited + 1))
done
call REPLICAOF NO ONE >/dev/null || exit 1
login_of_master "$masteruser" "$masterauth"
replica=
# Durable before the restore goes on, unless the server keeps nothing at all.
case $(call CONFIG GET save | sed -n 2p) in
  "") ;;
  *) call SAVE >/dev/null || exit 1 ;;
esac`
