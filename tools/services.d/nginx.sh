# shellcheck shell=bash disable=SC2154 # root and folder are of tools/services
nginx_ports() { echo port 8080; }
nginx_url() { echo "http://127.0.0.1:$1"; }

nginx_start() {
    local nodes=''
    PATH=$PATH:/usr/sbin # where Debian has it
    if [ -n "${ROOKERY_NODES:-}" ]; then
        nodes=$(sed 's/,/; server /g; s/^/server /; s/$/;/' <<<"$ROOKERY_NODES")
    fi
    {
        echo "daemon off; pid $3/nginx.pid; events { worker_connections 4096; }"
        [ "$(id -u)" != 0 ] || echo 'user root;' # its folders are this user's
        echo "http { access_log off;"
        printf "%s_temp_path $3/%s;\n" client_body b proxy p fastcgi f uwsgi u scgi s
        sed -e "s/listen .*;/listen 127.0.0.1:$2;/" "$root/conf/nginx.conf" | if [ -n "$nodes" ]; then
            sed -e '/^upstream/a\    '"$nodes" -e '/^    server 127/d'
        else
            cat
        fi
        echo '}'
    } >"$3/nginx.conf"
    launch "$1" nginx -p "$3" -e stderr -c "$3/nginx.conf"
}
