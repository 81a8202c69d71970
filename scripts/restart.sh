#!/usr/bin/env bash
# Restarts the local nodeos: its systemd unit or its container.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
    cat <<'TEXT'
Usage: restart.sh [--unit UNIT | --container NAME] [-t SECONDS] [-f FILE]

Restarts nodeos and looks whether another process of it runs. Whether it then gets back into sync is
the keeper's to see. nodeos must start paused (pause-on-startup = true in its config.ini), or the
restart of a standby makes two nodes sign.

      --unit UNIT          the systemd unit (FENCE_UNIT)
      --container NAME     the Docker container (FENCE_CONTAINER)
  -t, --timeout N          seconds for all of it, 2 to 300 (8); keep it under the keeper's own
                           deadline (act_timeout_seconds)
  -f, --conf FILE          lines NAME=value of the names in parentheses
                           (/etc/eoskeeper/scripts.conf where it is there)
  -h, --help               this text

An argument goes before the environment, the environment before the file.
Exit codes: 0 done, 10 refused and nothing changed, 64 wrong arguments, others failed.
TEXT
}

conf='' unit='' container='' port='' limit=8
while (($#)); do
    case $1 in
    -h | --help) usage && exit 0 ;;
    --unit) value "$@" && unit=$value ;;
    --container) value "$@" && container=$value ;;
    -t | --timeout) value "$@" && whole "$1" "$value" 2 300 && limit=$value ;;
    -f | --conf) value "$@" && conf=$value ;;
    *) misuse "unknown argument '$1'" ;;
    esac
    shift 2
done
target_or_port FENCE

# run COMMAND…: with what is left of the time; its words are kept for when it fails.
run() {
    local left=$((limit - SECONDS))
    words=$(timeout --foreground -k 1 "$((left > 1 ? left : 1))" "$@" 2>&1 </dev/null)
}

# life: names the life that runs now, and nothing when none does.
life() {
    if [[ -n $unit ]]; then
        run systemctl show --property=MainPID --value -- "$unit" || return
        [[ $words == 0 ]] && words=''
    else
        run docker inspect --type container \
            --format '{{if .State.Running}}{{.State.Pid}} {{.State.StartedAt}}{{end}}' \
            -- "$container" || return
        [[ $words == "0 "* ]] && words=''
    fi
    return 0
}

[[ -n $unit || -n $container ]] ||
    refuse "what is to be restarted is not known: --unit, --container, or FENCE_UNIT"
what=${unit:+unit $unit}${container:+container $container}
life || refuse "nothing is known of the $what: ${words##*$'\n'}"
before=$words
if [[ -n $unit ]]; then
    run systemctl restart -- "$unit" || fail "the $what did not restart: ${words##*$'\n'}"
else
    # Half of the time for a stop in good order; then Docker kills it.
    run docker restart --time "$((limit / 2))" -- "$container" ||
        fail "the $what did not restart: ${words##*$'\n'}"
fi
while life && [[ -z $words || $words == "$before" ]]; do
    ((SECONDS < limit)) || fail "the $what is not seen to run again within $limit s"
    sleep 0.2
done
[[ -n $words && $words != "$before" ]] || fail "the $what was restarted, but is not seen to run"
finish "the $what runs again after $SECONDS s"
