# shellcheck shell=bash disable=SC2154 # folder is of tools/services
postgres_ports() { echo port 5432; }
postgres_url() { echo "postgres://rookery@127.0.0.1:$1/rookery"; }
postgres_signal() { echo INT; } # does not wait for clients to leave
postgres_ready() { "$(postgres_programs)/pg_isready" -q -h 127.0.0.1 -p "$2"; }

postgres_programs() { compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1; }

# As root, which it refuses to be: the user of Debian's package then.
postgres_as=()
[ "$(id -u)" != 0 ] || postgres_as=(setpriv --reuid=postgres --regid=postgres --clear-groups)

# Where the root of all folders is closed to others, that user can do nothing.
postgres_missing() {
    "${postgres_as[@]}" true 2>/dev/null || echo 'a user postgres who may run programs'
}

postgres_start() {
    local data=$3/main programs as=(env -C "$3" "${postgres_as[@]}")
    programs=$(postgres_programs)
    if [ "$(id -u)" = 0 ]; then
        chmod o+x "$folder" "$folder/$1"
        chown postgres: "$3"
        "${as[@]}" test -w . || die "the user postgres cannot reach $3: name another folder by ROOKERY_SERVICES"
    fi
    if [ ! -e "$3/created" ]; then
        rm -rf "$data"
        {
            "${as[@]}" "$programs/initdb" -D "$data" -U rookery -A trust -E UTF8 --locale=C.UTF-8 --no-sync
            "${as[@]}" "$programs/postgres" --single -D "$data" postgres <<<'CREATE DATABASE rookery'
        } >"$3/initdb.log" 2>&1 || die "no database was made ($3/initdb.log)"
        touch "$3/created"
    fi
    # It takes a dead one whose parent has not looked yet for one that runs.
    if [ -e "$data/postmaster.pid" ] && [ -z "$(started "$(head -n 1 "$data/postmaster.pid")")" ]; then
        rm "$data/postmaster.pid"
    fi
    launch "$1" "${as[@]}" "$programs/postgres" -D "$data" -p "$2" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories=
}
