# shellcheck shell=bash disable=SC2154 # folder is of tools/services
rabbitmq_ports() { printf '%s\n' 'port 5672' 'distribution 25672'; }
rabbitmq_url() { echo "amqp://guest:guest@127.0.0.1:$1"; }

# It answers the header of AMQP 0-9-1 by a method frame, whose first byte is 1.
rabbitmq_ready() {
    local first
    exec {amqp}<>"/dev/tcp/127.0.0.1/$2" || return 1
    printf 'AMQP\0\0\11\1' >&"$amqp"
    first=$(timeout 2 head -c 1 <&"$amqp" | od -An -tu1)
    exec {amqp}>&-
    [ "${first//[[:space:]]/}" = 1 ]
} 2>/dev/null

# By the script within Debian's, which does not ask for its user; that one replaces itself by Erlang if it may read
# from a terminal. A distribution that is already there is not registered anywhere, so there is no epmd.
rabbitmq_start() {
    local distribution
    distribution=$(port_of "$1" distribution)
    cat >"$3/rabbitmq.conf" <<CONF
listeners.tcp.local = 127.0.0.1:$2
loopback_users = none
log.console = true
log.file = false
CONF
    echo '[].' >"$3/plugins"
    launch "$1" env HOME="$3" RABBITMQ_ALLOW_INPUT=1 RABBITMQ_NODENAME="rookery@localhost" \
        RABBITMQ_CONFIG_FILE="$3/rabbitmq.conf" RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_DIST_PORT="$distribution" \
        RABBITMQ_MNESIA_BASE="$3/mnesia" RABBITMQ_LOG_BASE="$3/logs" RABBITMQ_ENABLED_PLUGINS_FILE="$3/plugins" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-noinput -sname rookery@localhost -start_epmd false -erl_epmd_port $distribution -kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none" \
        /usr/lib/rabbitmq/bin/rabbitmq-server
}
