#!/bin/sh
# Runs nginx as SITE says (conf/nginx.conf), in front of these nodes, and reachable from other machines.
#
# usage: nginx.sh SITE NODE...     a node: host:port
set -eu
site=$1
shift
nodes=$(printf 'server %s; ' "$@")
config=$(mktemp)
{
    echo 'worker_processes auto; events { worker_connections 32768; }'
    echo 'error_log stderr warn; http { access_log off;'
    sed -e '/^    server 127/d' -e "s/^upstream .*/& $nodes/" -e 's/listen 127.0.0.1:/listen /' "$site"
    echo '}'
} >"$config"
exec nginx -c "$config" -g 'daemon off;'
