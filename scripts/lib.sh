# shellcheck shell=bash
# What the scripts here share; sourced, not run.
#
# The contract with eoskeeper: exit 0 is done, 10 is refused with nothing changed, anything else is
# failed; the last line of output is shown to people. What a script is told comes in the variables
# EOSKEEPER_ACTION, _PRODUCER, _REASON, _INCIDENT, _CHAIN_ID, _ROLE, _NODE, _HTTP_URL and _STATE_DIR;
# where they are known, also in _TOKEN (the lease's fencing token), _KEY (this node's own public key),
# and for a handover _HANDOVER (its id), _FROM and _TO (names of nodes).
#
# A script that sources this defines usage(), $url and $seconds as far as it uses what needs them.
# For Linux: bash 4.4, curl, and GNU's date, sed and timeout.

finish() {
    printf '%s\n' "$*"
    exit 0
}

refuse() {
    printf '%s\n' "$*"
    exit 10
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Wrong arguments: the usage, and last the cause.
misuse() {
    usage >&2
    printf '%s\n' "$*" >&2
    exit 64
}

# value OPTION [VALUE]: sets $value, which every option but a switch needs.
value() {
    [[ $# -ge 2 && -n $2 ]] || misuse "$1 needs a value"
    # shellcheck disable=SC2034 # the script that sources this reads it
    value=$2
}

# whole OPTION NUMBER MIN MAX
whole() {
    if ! [[ $2 =~ ^[0-9]{1,6}$ ]] || ((10#$2 < $3 || 10#$2 > $4)); then
        misuse "$1 is a whole number from $3 to $4, not '$2'"
    fi
}

# load_conf FILE NAME…: reads lines NAME=value, nothing of which is run. Only the names given are
# taken, and only where the environment does not have them already.
load_conf() {
    local file=$1 line number=0
    shift
    [[ -r $file ]] || fail "$file cannot be read"
    while IFS= read -r line || [[ -n $line ]]; do
        number=$((number + 1))
        [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
        [[ $line =~ ^([A-Z_]+)=(.*)$ ]] || fail "$file:$number is not NAME=value"
        if [[ " $* " == *" ${BASH_REMATCH[1]} "* && ! -v ${BASH_REMATCH[1]} ]]; then
            printf -v "${BASH_REMATCH[1]}" '%s' "${BASH_REMATCH[2]}"
        fi
    done <"$file"
}

# target_or_port PREFIX: settles $unit, $container or $port from arguments, environment and file; the
# port of EOSKEEPER_HTTP_URL where nothing else is named.
target_or_port() {
    local name given=0
    [[ -n ${conf:-} || ! -e /etc/eoskeeper/scripts.conf ]] || conf=/etc/eoskeeper/scripts.conf
    [[ -z ${conf:-} ]] || load_conf "$conf" "$1_UNIT" "$1_CONTAINER" "$1_PORT"
    for name in "$unit" "$container" "$port"; do
        [[ -z $name ]] || given=$((given + 1))
    done
    ((given < 2)) || misuse "give one of --unit, --container and --pid-of-port"
    ((given == 0)) || return 0
    name=$1_UNIT unit=${!name:-}
    name=$1_CONTAINER container=${!name:-}
    name=$1_PORT port=${!name:-}
    [[ -z $unit && -z $container && -z $port ]] || {
        [[ -z $unit ]] || container='' port=''
        [[ -z $container ]] || port=''
        return 0
    }
    local url=${EOSKEEPER_HTTP_URL:-http://127.0.0.1:8888}
    [[ $url =~ ^http://[^/]*:([0-9]{1,5})/?$ ]] || return 0
    # shellcheck disable=SC2034 # the script that sources this reads it
    port=${BASH_REMATCH[1]}
}

# call METHOD PATH: asks nodeos at $url within $seconds; sets $status and $body. Returns what curl
# returns: 6 and 7 mean that nothing was reached, 28 that the time was up.
call() {
    local answer url=${url:?} data=()
    status=000 body=''
    # An empty body, so that there is a Content-Length.
    [[ $1 == POST ]] && data=(--data '')
    # head bounds what curl does not: an answer that does not announce its size.
    answer=$(curl --disable --silent --show-error --noproxy '*' --max-time "${seconds:?}" \
        --request "$1" "${data[@]}" --write-out '\n%{http_code}' "${url%/}$2" |
        head -c 1048576) || return
    status=${answer##*$'\n'} body=${answer%$'\n'*}
}

# Refuses when nodeos would not hear us under this name; it looks at that before the call itself.
check_host() {
    [[ $status != 400 ]] ||
        refuse "HTTP 400: name nodeos by the address it listens on, not $url, or add it as http-alias"
}

# order resume|pause: tells nodeos, or ends the script.
order() {
    local code=0 path=/v1/producer/$1
    call POST "$path" || code=$?
    case $code in
    0) ;;
    6 | 7) refuse "$path did not reach nodeos at $url; is it running?" ;;
    28) fail "$path was not answered in time; a nodeos that hangs obeys when it wakes" ;;
    *) fail "$path failed (curl $code); whether nodeos obeyed is not known" ;;
    esac
    [[ $status != 404 ]] ||
        refuse "$path is not there; load eosio::producer_api_plugin in nodeos at $url"
    check_host
    [[ $status == 2?? && $body == *'"ok"'* ]] ||
        fail "$path answered HTTP $status; whether nodeos obeyed is not known"
}

# confirm_paused true|false: whether nodeos says so; it is asked up to five times.
confirm_paused() {
    local try
    for try in 1 2 3 4 5; do
        call GET /v1/producer/paused || return
        [[ $status == 2?? && ${body//[[:space:]]/} == "$1" ]] && return
        [[ $try == 5 ]] || sleep 0.2
    done
    return 1
}

# field NAME: the text value of a field of $body.
field() {
    sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" <<<"$body" | head -n 1
}

# Asks get_info and refuses a node that does not answer or is on another chain than the keeper's.
check_node() {
    call GET /v1/chain/get_info || status=000
    check_host
    [[ $status == 2?? ]] ||
        refuse "nodeos at $url does not answer get_info (HTTP $status); nothing was done"
    local chain
    chain=$(field chain_id)
    [[ -z ${EOSKEEPER_CHAIN_ID:-} || $chain == "$EOSKEEPER_CHAIN_ID" ]] ||
        refuse "nodeos at $url is on chain ${chain:-unknown}, not on $EOSKEEPER_CHAIN_ID"
}
