# shellcheck shell=bash
# Functions that the shell parts of .ci share. A part sources this file from the root of the
# repository.

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# use_scratch: makes the directory $scratch, and the list $processes. When the part ends, these
# processes are killed and the directory is removed.
use_scratch() {
    scratch=$(mktemp -d)
    out=$scratch/out
    processes=()
    trap 'kill "${processes[@]}" 2>/dev/null || true; rm -rf "$scratch"' EXIT
}

# from_sources SENTENCE: succeeds if the compiler that .ci/cross names in this sentence builds
# `core` itself. The committed figures are those of such programs; rustup ships a `core` that was
# compiled for speed.
from_sources() {
    case $1 in
    *"built from its sources") ;;
    *)
        echo "the figures are not compared with the committed ones, since core is not built from its sources"
        return 1
        ;;
    esac
}

# title_in_chromium PAGE: prints the page's title after its scripts have run, and writes the page to
# $out.
title_in_chromium() {
    timeout 90 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --user-data-dir="$scratch/profile" \
        --virtual-time-budget=30000 --dump-dom "$1" 2>/dev/null | tee "$out" | sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p'
}

# by_page DEVICE PORT PAGE TITLE: opens the page, which talks to the device at the port, and fails
# unless the page then has this title.
by_page() {
    local title
    title=$(title_in_chromium "$3#$2")
    [ "$title" = "$4" ] || { cat "$out" >&2; fail "in Chromium, \"$title\" instead of \"$4\""; }
    echo "$1, ${3##*page.html?} page in Chromium: $title"
}

# serve_page DIRECTORY: serves a page from two origins; sets $page_port, at 127.0.0.1, which the
# policy of the device lists, and $other_port, at 127.0.0.2, which it does not list.
serve_page() {
    page_port=$(free_port) other_port=$(free_port)
    python3 -m http.server "$page_port" --bind 127.0.0.1 --directory "$1" >/dev/null 2>&1 &
    processes+=($!)
    python3 -m http.server "$other_port" --bind 127.0.0.2 --directory "$1" >/dev/null 2>&1 &
    processes+=($!)
}

# start_device NAME COMMAND...: starts a command that builds and runs a device, and waits until the
# device listens.
start_device() {
    local name=$1
    shift
    "$@" >"$scratch/$name" 2>&1 </dev/null &
    processes+=($!)
    for _ in $(seq 3000); do
        grep -qs listening "$scratch/$name" && return
        kill -0 "${processes[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    cat "$scratch/$name" >&2
    fail "$name did not start"
}
