#!/usr/bin/env bash
# Stops the local nodeos from producing, by its producer API.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
    cat <<'TEXT'
Usage: demote.sh [-u URL] [-t SECONDS]

Pauses production of a nodeos and looks whether it says so. nodeos forgets it when it restarts: set
pause-on-startup = true in its config.ini.

  -u, --url URL        nodeos's HTTP address (EOSKEEPER_HTTP_URL, else http://127.0.0.1:8888)
  -t, --timeout N      seconds for each call, 1 to 60 (2); there are up to six
  -h, --help           this text

Exit codes: 0 done, 10 refused and nothing changed, 64 wrong arguments, others failed.
TEXT
}

url=${EOSKEEPER_HTTP_URL:-http://127.0.0.1:8888}
seconds=2
while (($#)); do
    case $1 in
    -h | --help) usage && exit 0 ;;
    -u | --url) value "$@" && url=$value ;;
    -t | --timeout) value "$@" && whole "$1" "$value" 1 60 && seconds=$value ;;
    *) misuse "unknown argument '$1'" ;;
    esac
    shift 2
done

# No look at the chain first: a node that is to stop is stopped, whatever state it is in.
order pause
confirm_paused true ||
    fail "pause was answered, but nodeos does not say paused = true; look whether it produces"
finish "nodeos at $url says paused = true"
