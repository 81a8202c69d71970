#!/usr/bin/env bash
# Makes the local nodeos produce, by its producer API.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
    cat <<'TEXT'
Usage: promote.sh [-u URL] [-t SECONDS] [-a SECONDS]

Resumes production of a nodeos and looks whether it says so. Refuses when the node does not answer,
is on another chain than EOSKEEPER_CHAIN_ID, or is behind.

  -u, --url URL        nodeos's HTTP address (EOSKEEPER_HTTP_URL, else http://127.0.0.1:8888)
  -t, --timeout N      seconds for each call, 1 to 60 (2); there are up to seven
  -a, --max-age N      oldest head block that counts as synced, seconds, 1 to 3600 (30)
  -h, --help           this text

Exit codes: 0 done, 10 refused and nothing changed, 64 wrong arguments, others failed.
TEXT
}

url=${EOSKEEPER_HTTP_URL:-http://127.0.0.1:8888}
seconds=2
max_age=30
while (($#)); do
    case $1 in
    -h | --help) usage && exit 0 ;;
    -u | --url) value "$@" && url=$value ;;
    -t | --timeout) value "$@" && whole "$1" "$value" 1 60 && seconds=$value ;;
    -a | --max-age) value "$@" && whole "$1" "$value" 1 3600 && max_age=$value ;;
    *) misuse "unknown argument '$1'" ;;
    esac
    shift 2
done

check_node
time=$(field head_block_time)
# nodeos prints UTC, most versions without saying so.
# Without a date, `date` would take today's.
[[ $time == ????-??-??T* ]] || refuse "head_block_time is no time: '$time'"
head=$(date -u -d "${time%Z}Z" +%s 2>/dev/null) || refuse "head_block_time is no time: '$time'"
age=$(($(date -u +%s) - head))
((age <= max_age)) || refuse "not synced: the head block is $age s old, more than $max_age s"
((age >= -10)) || refuse "the head block is $((-age)) s in the future: this host's clock is wrong"

order resume
confirm_paused false ||
    fail "resume was answered, but nodeos does not say paused = false; look whether it produces"
finish "nodeos at $url says paused = false, its head block is $((age < 0 ? 0 : age)) s old"
