# The processes of tools/services: who they are, where they listen, how they end. Sourced by it, behind tools/lib.sh.
# shellcheck shell=bash disable=SC2154 # folder is of tools/services
#
# Each has a folder $folder/NODE: pid (with the time it was started at), log, data, and a file for each of its ports.

# When a process was started, in clock ticks since boot: with its pid, who it is. Nothing for one that is no more. The
# name in /proc/PID/stat may hold spaces and parentheses, so what counts begins behind the last one. Z is dead, once it is
# its last thread: until then the others hold its ports.
started() {
    local text fields
    text=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    read -r -a fields <<<"${text##*)}"
    [ "${fields[0]}${fields[17]}" = Z1 ] || echo "${fields[19]}"
}

# The pid of a node that was launched and that still runs.
pid_of() {
    local pid start
    read -r pid start 2>/dev/null <"$folder/$1/pid" || return 1
    [ -n "$start" ] && [ "$(started "$pid")" = "$start" ] && echo "$pid"
}

# A process and all that come from it, parents first.
family() {
    local child
    echo "$1"
    cat "/proc/$1/task/"*/children 2>/dev/null | tr ' ' '\n' | while read -r child; do
        family "$child"
    done
}

# family_signal SIGNAL PID...: what has ended meanwhile needs none.
family_signal() {
    local signal=$1 pid
    shift
    for pid; do
        # shellcheck disable=SC2046 # one word a process
        kill "-$signal" $(family "$pid") 2>/dev/null || true
    done
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below those that the kernel gives to connections, so that whoever is killed finds it free again.
free_port() {
    python3 - <<'PY'
import random
import socket
for port in random.sample(range(10240, 20000), 9760):
    with socket.socket() as s:
        if s.connect_ex(("127.0.0.1", port)) == 0:
            continue
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    break
PY
}

# choose_port NODE WHICH USUAL: the one it had, the usual one (`any`: there is none), or any that is free.
choose_port() {
    local port file=$folder/$1/$2
    for port in "$(cat "$file" 2>/dev/null || echo "$3")" "$3"; do
        [ "$port" = any ] || answers "$port" || break
        port=''
    done
    echo "${port:-$(free_port)}" >"$file"
}

port_of() { cat "$folder/$1/${2:-port}"; }

# launch NODE COMMAND...: in a session of its own, so that no Ctrl-C of a terminal reaches it.
launch() {
    local place=$folder/$1
    shift
    setsid "$@" >"$place/log" 2>&1 </dev/null &
    echo "$! $(started $!)" >"$place/pid"
}

# ended NODE SECONDS: waits until it has.
ended() {
    local tries=$(($2 * 20))
    while pid_of "$1" >/dev/null; do
        [ $((tries -= 1)) -gt 0 ] || return 1
        sleep 0.05
    done
}

# crash NODE...: as if their machine had lost its power, but for what is on its way to the disk.
crash() {
    local node pid members
    for node; do
        if pid=$(pid_of "$node"); then
            kill -STOP "$pid" # so that no child is born meanwhile
            members=$(family "$pid")
            # shellcheck disable=SC2086 # one word a process
            kill -KILL $members 2>/dev/null || true
            for pid in $members; do
                while [ -n "$(started "$pid")" ]; do sleep 0.01; done
            done
        fi
        rm -f "$folder/$node/pid"
    done
}
