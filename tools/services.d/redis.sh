# shellcheck shell=bash
redis_ports() { echo port 6379; }
redis_url() { echo "redis://127.0.0.1:$1"; }

redis_start() {
    launch "$1" redis-server --bind 127.0.0.1 --port "$2" --dir "$3" --save '' --appendonly no
}
