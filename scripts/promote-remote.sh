#!/usr/bin/env bash
# From the active node: runs the promotion script of the standby over ssh.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
    cat <<'TEXT'
Usage: promote-remote.sh [-H [USER@]HOST] [-p PORT] [-i FILE] [-c COMMAND] [-t SECONDS] [-f FILE]

Runs COMMAND on the standby and ends with its exit code. ssh must come in without a question: a key
for this user, and the standby's host key in known_hosts. COMMAND is told EOSKEEPER_ACTION=promote
and the producer, reason, incident and chain; the standby's own address of nodeos is its own matter.

  -H, --host HOST      the standby (REMOTE_HOST)
  -p, --port PORT      its ssh port (REMOTE_PORT, else 22)
  -i, --identity FILE  the key to use (REMOTE_IDENTITY, else what ssh finds)
  -c, --command CMD    what to run there (REMOTE_COMMAND, else /opt/eoskeeper/scripts/promote.sh)
  -t, --timeout N      seconds for all of it, 2 to 600 (8); keep it under the keeper's own deadline
  -f, --conf FILE      lines NAME=value of the names in parentheses
                       (/etc/eoskeeper/scripts.conf where it is there)
  -h, --help           this text

An argument goes before the environment, the environment before the file.
Exit codes: 0 done, 10 refused and nothing changed, 64 wrong arguments, others failed.
TEXT
}

conf='' host='' port='' identity='' command='' seconds=8
while (($#)); do
    case $1 in
    -h | --help) usage && exit 0 ;;
    -H | --host) value "$@" && host=$value ;;
    -p | --port) value "$@" && whole "$1" "$value" 1 65535 && port=$value ;;
    -i | --identity) value "$@" && identity=$value ;;
    -c | --command) value "$@" && command=$value ;;
    -t | --timeout) value "$@" && whole "$1" "$value" 2 600 && seconds=$value ;;
    -f | --conf) value "$@" && conf=$value ;;
    *) misuse "unknown argument '$1'" ;;
    esac
    shift 2
done
[[ -n $conf || ! -e /etc/eoskeeper/scripts.conf ]] || conf=/etc/eoskeeper/scripts.conf
[[ -z $conf ]] || load_conf "$conf" REMOTE_HOST REMOTE_PORT REMOTE_IDENTITY REMOTE_COMMAND
host=${host:-${REMOTE_HOST:-}}
port=${port:-${REMOTE_PORT:-22}}
identity=${identity:-${REMOTE_IDENTITY:-}}
command=${command:-${REMOTE_COMMAND:-/opt/eoskeeper/scripts/promote.sh}}
[[ -n $host ]] || misuse "no standby given: -H HOST, or REMOTE_HOST"
# A leading '-' would be an option to ssh.
[[ $host =~ ^[A-Za-z0-9_][A-Za-z0-9_.@:-]*$ ]] || misuse "'$host' is no host"
whole REMOTE_PORT "$port" 1 65535

# The far shell reads this once more, and it may not be bash. The reason can quote what strangers
# on the network call themselves; only what means nothing to any shell is left of it.
told() {
    printf " %s='%s'" "$1" "$(tr -cd 'A-Za-z0-9 .,:;_@/()=-' <<<"$2")"
}
line="env$(told EOSKEEPER_ACTION promote)"
line+=$(told EOSKEEPER_PRODUCER "${EOSKEEPER_PRODUCER:-}")
line+=$(told EOSKEEPER_REASON "${EOSKEEPER_REASON:-}")
line+=$(told EOSKEEPER_INCIDENT "${EOSKEEPER_INCIDENT:-}")
line+=$(told EOSKEEPER_CHAIN_ID "${EOSKEEPER_CHAIN_ID:-}")
line+=" $command"

options=(-n -T -p "$port" -o BatchMode=yes -o "ConnectTimeout=$(((seconds + 1) / 2))"
    -o ServerAliveInterval=2 -o ServerAliveCountMax=2 -o StrictHostKeyChecking=yes)
[[ -z $identity ]] || options+=(-i "$identity" -o IdentitiesOnly=yes)

code=0
# In our own process group, so that whoever ends us ends ssh too.
timeout --foreground -k 2 "$seconds" ssh "${options[@]}" -- "$host" "$line" || code=$?
case $code in
0) finish "$host: the promotion script says it is done" ;;
10) refuse "$host: the promotion script refused" ;;
124 | 137) fail "$host did not answer within the deadline of $seconds s; it may still be promoting" ;;
127) fail "ssh or $command is not there" ;;
255) fail "ssh to $host failed; try it by hand: ssh -o BatchMode=yes $host true" ;;
*) fail "$host: the promotion script failed with exit code $code" ;;
esac
