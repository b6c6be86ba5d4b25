# shellcheck shell=bash disable=SC2154 # root and folder are of tools/services
# SecantusDB stands in for MongoDB, which Debian does not have: the same protocol, WiredTiger underneath.
mongo_ports() { echo port 27017; }
mongo_url() { echo "mongodb://127.0.0.1:$1"; }

mongo_start() {
    launch "$1" "$root/build-mongo/venv/bin/secantusd-py" --host 127.0.0.1 --port "$2" --storage-path "$3" \
        --cache-size 256M --log-level WARNING --sync-on-commit
}
