# What tools/setup, run, test and check share. Sourced by them with `set -eu -o pipefail` on.
# shellcheck shell=bash
#
# Build folders, all git-ignored: build (what people run), build-asan, build-clang, build-tsan, build-fuzz, and
# build-npm, build-kafka and build-mongo, which are no meson folders, so that wiping a build never costs a download.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
npm_modules=$root/build-npm/node_modules
export ROOKERY_NPM=$npm_modules

if [ -t 1 ] && [ -z "${CI:-}" ] && [ -z "${NO_COLOR:-}" ]; then
    live=1 bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
    live='' bold='' green='' red='' plain=''
fi

heading() { printf '%s== %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '%s: %s\n' "${0##*/}" "$*"; }
complain() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
    complain "$@"
    exit 1
}

# The text at the top of a script, up to the first line that is no comment.
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

# guarded COMMAND...: runs it in a process group of its own, so that a Ctrl-C or SIGTERM that reaches this script ends
# all of it (meson by itself gives up one test for each Ctrl-C). Call guard_signals once before.
guarded_group=
guarded() {
    local status=0
    set -m
    "$@" </dev/null &
    guarded_group=$!
    set +m
    wait "$guarded_group" || status=$?
    guarded_group=
    return "$status"
}

guard_signals() {
    trap 'interrupted 130' INT
    trap 'interrupted 143' TERM HUP
}

interrupted() {
    trap '' INT TERM HUP
    if [ -n "$guarded_group" ]; then
        kill -TERM -- "-$guarded_group" 2>/dev/null || true
        for _ in {1..50}; do
            kill -0 -- "-$guarded_group" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL -- "-$guarded_group" 2>/dev/null || true
    fi
    echo
    record "${0##*/}" interrupted failed
    results_end || true
    exit "$1"
}

# What each build folder is: compiler and meson options. Asserts stay on everywhere. Warnings are errors but under TSan:
# some of gcc's depend on what its optimizer sees, and TSan's code makes it see ghosts.
build_options() {
    local common='buildtype=debugoptimized b_ndebug=false'
    case $1 in
    build) echo "gcc $common b_sanitize=none werror=true fuzz=false" ;;
    build-asan) echo "gcc $common b_sanitize=address,undefined werror=true fuzz=false" ;;
    build-clang) echo "clang-14 $common b_sanitize=none werror=true fuzz=false" ;;
    build-tsan) echo "gcc $common b_sanitize=thread werror=false fuzz=false" ;;
    build-fuzz) echo "clang-14 $common b_sanitize=address,undefined b_lundef=false werror=true fuzz=true" ;;
    esac
}

# configure FOLDER: makes it the meson build folder that build_options says, whatever it was before. Only a folder that
# meson made is ever removed.
configure() {
    local name=$1 folder=$root/$1 compiler options log
    read -r compiler options <<<"$(build_options "$name")"
    # shellcheck disable=SC2086 # one word an option
    set -- $options
    case $(python3 "$root/tools/build_info.py" state "$folder" "$compiler" "$@") in
    same) return 0 ;;
    foreign) die "$name/ exists and is no meson build folder: move it away" ;;
    other)
        say "$name/: setting $options"
        if meson setup --reconfigure "${@/#/-D}" "$folder" "$root" >"$folder/configure.log" 2>&1; then
            return 0
        fi
        ;;
    broken) say "$name/ is of another compiler or place, or was left half-made: making it again" ;;
    esac
    rm -rf "$folder"
    log=$(mktemp)
    say "$name/: configuring ($compiler $options)"
    if ! CC=$compiler meson setup "${@/#/-D}" "$folder" "$root" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        rm -f "$log"
        die "meson setup of $name/ failed"
    fi
    rm -f "$log"
}

# compile FOLDER: with ninja's progress on a terminal, else silent unless it fails.
compile() {
    local log status=0
    if [ -n "$live" ] && [ -t 1 ]; then
        ninja -C "$root/$1" -j "$(nproc)"
        return
    fi
    log=$(mktemp)
    ninja -C "$root/$1" -j "$(nproc)" --quiet >"$log" 2>&1 || status=$?
    [ "$status" = 0 ] || tail -n 100 "$log"
    rm -f "$log"
    return "$status"
}

# Results. Whoever calls results_begin first (tools/test, or tools/check by hand) prints the closing line; a script that
# it starts adds to the same file.
results_begin() {
    if [ -n "${ROOKERY_RESULTS:-}" ]; then
        results_mine=
    else
        results_mine=1
        ROOKERY_RESULTS=$(mktemp)
        export ROOKERY_RESULTS
        trap 'rm -f "$ROOKERY_RESULTS"' EXIT
    fi
}

# record LABEL NAME passed|failed|skipped [REASON]
record() { python3 "$root/tools/test_summary.py" add "$ROOKERY_RESULTS" "$@"; }

# The table and the closing line; status 1 if anything failed.
results_end() {
    [ -n "$results_mine" ] || return 0
    python3 "$root/tools/test_summary.py" total "$ROOKERY_RESULTS"
}

# checked LABEL NAME COMMAND...: one check in one line; its output is shown when it fails, and its warnings always.
checked() {
    local label=$1 name=$2 log status=0 start=$SECONDS
    shift 2
    log=$(mktemp)
    [ -z "$live" ] || printf '...   %s\r' "$name"
    guarded "$@" >"$log" 2>&1 || status=$?
    if [ "$status" = 0 ]; then
        printf '%sok%s    %s (%d s)\n' "$green" "$plain" "$name" $((SECONDS - start))
        cat "$log"
        record "$label" "$name" passed
    else
        printf '%sFAIL%s  %s (%d s)\n' "$red" "$plain" "$name" $((SECONDS - start))
        tail -n 100 "$log"
        record "$label" "$name" failed
    fi
    rm -f "$log"
    return "$status"
}

# built FOLDER: configures and compiles it, counted as one check.
built() {
    local what
    what=$(build_options "$1")
    if ! (configure "$1"); then
        record check "$1 configures" failed
        return 1
    fi
    checked check "$1 compiles (${what%% *})" compile "$1"
}

# suites FOLDER: the test suites of a build folder, one a line.
suites() { python3 "$root/tools/build_info.py" suites "$root/$1" | cut -d ' ' -f 1; }

# run_suites FOLDER SUITE... [--no-suite SUITE...]: those of the suites that the build folder has. Counts their cases
# and shows what the failed ones said (meson itself hides the diagnostics of a TAP program). Each test has its own time limit (doubled: a sanitizer on a busy machine is slow), so this ends.
run_suites() {
    local folder=$1 status=0 arguments=() some='' log=$root/$1/meson-logs/testlog.json have
    shift
    have=$(suites "$folder")
    while [ $# -gt 0 ]; do
        if [ "$1" = --no-suite ]; then
            arguments+=("$1" "$2")
            shift
        elif grep -qFx -- "$1" <<<"$have"; then
            arguments+=(--suite "$1")
            some=1
        fi
        shift
    done
    [ -n "$some" ] || return 0
    rm -f "$log"
    guarded meson_test "$root/$folder" "${arguments[@]}" || status=$?
    if [ ! -s "$log" ]; then # all of them were excluded, or meson itself failed
        [ "$status" != 0 ] || return 0
    else
        python3 "$root/tools/test_summary.py" meson "$ROOKERY_RESULTS" "$folder" "$log" || return 1
        [ "$status" != 0 ] || return 0
    fi
    record "$folder" "meson test ended with status $status" failed
    return 1
}

meson_wrapper=()
meson_test() {
    local args=(--no-rebuild --timeout-multiplier 2 --num-processes "$(nproc)")
    if [ -n "$live" ]; then
        "${meson_wrapper[@]}" meson test -C "$@" "${args[@]}"
    else
        # Its tally is not ours, and subtests in TAP, which it does not know, are no mistake.
        "${meson_wrapper[@]}" meson test -C "$@" "${args[@]}" | sed -u -e '/UNKNOWN: /d; /Unknown TAP output lines/,+1d' -e '/^Summary of Failures:/,/^Timeout: /d; /^Ok: /,/^Timeout: /d; /^Full log written/d; /^ninja: /d; /^$/d'
    fi
}
