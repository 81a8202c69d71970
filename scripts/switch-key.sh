#!/usr/bin/env bash
# Takes over by key: registers this node's own signing key for the producer, and waits until the
# chain's schedule has it. The old node then signs with a key nobody accepts.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/lib.sh"

usage() {
    cat <<'TEXT'
Usage: switch-key.sh [-P NAME] [-k KEY] [-F KEY] [-w URL] [-l N] [-u URL] [-t SECONDS] [-f FILE]
                     [--dry-run]

Sends regproducer through cleos with this node's own public key, and with -F actfinkey with its
finalizer key, which must be registered (regfinkey) before. cleos needs an unlocked wallet with the
permission's key. A legacy chain takes some 6 minutes until the new key signs, a Savanna chain under
a minute. As key_script of eoskeeper (EOSKEEPER_KEY is set) it ends when the transaction is sent: the
keeper itself waits for the schedule.

  -P, --producer NAME    the producer (EOSKEEPER_PRODUCER)
  -k, --key KEY          this node's public signing key, as get_producer_schedule prints it
                         (SIGNING_KEY, else EOSKEEPER_KEY)
  -F, --finalizer-key K  this node's public finalizer key, PUB_BLS_… (FINALIZER_KEY)
  -w, --website URL      the producer's website (PRODUCER_URL)
  -l, --location N       the producer's location code, 0 to 65535 (PRODUCER_LOCATION, else 0)
  -a, --permission PERM  who signs the transaction (PRODUCER_PERMISSION, else NAME@active)
  -u, --url URL          nodeos's HTTP address (EOSKEEPER_HTTP_URL, else http://127.0.0.1:8888)
      --wallet URL       the wallet's address (WALLET_URL, else cleos's own default)
  -t, --timeout N        seconds until the schedule has the key, 1 to 3600 (600)
      --no-wait          end when the transaction is sent; so it is where EOSKEEPER_KEY is set
  -f, --conf FILE        lines NAME=value of the names in parentheses
                         (/etc/eoskeeper/scripts.conf where it is there)
  -n, --dry-run          print the command, do nothing
  -h, --help             this text

An argument goes before the environment, the environment before the file.
Exit codes: 0 done, 10 refused and nothing changed, 64 wrong arguments, others failed.
TEXT
}

# Whether the active schedule in $body has the producer; with a key, also the key. Before `pending`
# stands the active part, and before each producer's name nothing of another's. One key is printed as
# EOS… or as PUB_K1_…, which differ in the last six characters, the checksum.
scheduled() {
    local row body_of_key
    row=$(tr -d ' \n' <<<"$body" | sed 's/"pending":.*//; s/{"producer_name"/\n&/g' |
        grep -F "{\"producer_name\":\"$producer\"") || return 1
    [[ $# != 0 ]] || return 0
    body_of_key=${1#EOS} body_of_key=${body_of_key#PUB_K1_}
    case $1 in
    EOS* | PUB_K1_*) grep -qE "\"(EOS|PUB_K1_)${body_of_key:0:43}[1-9A-HJ-NP-Za-km-z]{1,9}\"" <<<"$row" ;;
    *) [[ $row == *"\"$1\""* ]] ;;
    esac
}

# Asks for the schedule; whether there was an answer.
ask_schedule() {
    call GET /v1/chain/get_producer_schedule && [[ $status == 2?? ]]
}

conf='' key='' website='' location='' permission='' wallet='' dry_run='' finalizer='' limit=600 seconds=5
no_wait=${EOSKEEPER_KEY:+yes}
producer=${EOSKEEPER_PRODUCER:-}
url=${EOSKEEPER_HTTP_URL:-http://127.0.0.1:8888}
while (($#)); do
    case $1 in
    -h | --help) usage && exit 0 ;;
    -n | --dry-run) dry_run=yes && shift && continue ;;
    --no-wait) no_wait=yes && shift && continue ;;
    -P | --producer) value "$@" && producer=$value ;;
    -k | --key) value "$@" && key=$value ;;
    -w | --website) value "$@" && website=$value ;;
    -l | --location) value "$@" && location=$value ;;
    -a | --permission) value "$@" && permission=$value ;;
    -u | --url) value "$@" && url=$value ;;
    --wallet) value "$@" && wallet=$value ;;
    -t | --timeout) value "$@" && whole "$1" "$value" 1 3600 && limit=$value ;;
    -F | --finalizer-key) value "$@" && finalizer=$value ;;
    -f | --conf) value "$@" && conf=$value ;;
    *) misuse "unknown argument '$1'" ;;
    esac
    shift 2
done
[[ -n $conf || ! -e /etc/eoskeeper/scripts.conf ]] || conf=/etc/eoskeeper/scripts.conf
[[ -z $conf ]] || load_conf "$conf" \
    SIGNING_KEY FINALIZER_KEY PRODUCER_URL PRODUCER_LOCATION PRODUCER_PERMISSION WALLET_URL
key=${key:-${SIGNING_KEY:-${EOSKEEPER_KEY:-}}}
finalizer=${finalizer:-${FINALIZER_KEY:-}}
website=${website:-${PRODUCER_URL:-}}
location=${location:-${PRODUCER_LOCATION:-0}}
permission=${permission:-${PRODUCER_PERMISSION:-$producer@active}}
wallet=${wallet:-${WALLET_URL:-}}
[[ $producer =~ ^[a-z1-5.]{1,13}$ ]] || misuse "'$producer' is no producer's name: -P NAME"
[[ $key =~ ^(EOS|PUB_(K1|R1|WA)_)[1-9A-HJ-NP-Za-km-z]{40,200}$ ]] ||
    misuse "there is no public key: -k KEY, or SIGNING_KEY" # Not shown: it may be a private one.
[[ -z $finalizer || $finalizer =~ ^PUB_BLS_[0-9A-Za-z_=+/-]{100,200}$ ]] ||
    misuse "-F is no public finalizer key PUB_BLS_…" # Not shown: it may be a private one.
[[ $permission =~ ^[a-z1-5.]{1,13}@[a-z1-5.]{1,13}$ ]] || misuse "'$permission' is no permission"
whole --location "$location" 0 65535

command=(cleos --url "$url")
[[ -z $wallet ]] || command+=(--wallet-url "$wallet")
finalize=("${command[@]}" push action eosio actfinkey
    "[\"$producer\",\"$finalizer\"]" -p "$permission")
command+=(system regproducer "$producer" "$key" "$website" "$location" -p "$permission")
if [[ -n $dry_run ]]; then
    printf '%q ' "${command[@]}"
    [[ -z $finalizer ]] || printf '\n'
    [[ -z $finalizer ]] || printf '%q ' "${finalize[@]}"
    finish
fi

check_node
ask_schedule || refuse "nodeos at $url does not give its schedule (HTTP $status)"
scheduled || refuse "$producer is not in the active schedule; a key alone does not make it produce"
scheduled "$key" && finish "the schedule already has this key for $producer"

# In our own process group, so that whoever ends us ends cleos too.
timeout --foreground -k 2 30 "${command[@]}" ||
    fail "cleos failed with $?; whether the transaction is on the chain is not known"
if [[ -n $finalizer ]]; then
    timeout --foreground -k 2 30 "${finalize[@]}" ||
        fail "regproducer is sent, but actfinkey failed with $?: no finalizer of ours may vote"
fi
[[ -z $no_wait ]] || finish "regproducer is sent; the schedule has the key when the chain has taken it up"
echo "regproducer is sent; waiting for the schedule"
until ask_schedule && scheduled "$key"; do
    ((SECONDS < limit)) ||
        fail "the schedule does not have the key after $limit s; the transaction may still count"
    sleep 2
done
finish "the schedule has this key for $producer after $SECONDS s"
