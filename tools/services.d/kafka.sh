# shellcheck shell=bash disable=SC2154 # root and folder are of tools/services
# Kafka: broker and controller in one process, without ZooKeeper.
kafka_ports() { printf '%s\n' 'port 9092' 'controller 9093'; }
kafka_start() { kafka_archive && kafka_launch "$@" 1 1; }
kafka_url() { printf ',127.0.0.1:%s' "$@" | cut -c 2-; }
kafka_ready() { grep -qs 'Kafka Server started' "$folder/$1/log"; }

kafka3_nodes() { printf 'kafka3-%s\n' 1 2 3; }
kafka3_ports() { printf '%s\n' "port 9${1#kafka3-}92" "controller 9${1#kafka3-}93"; }
kafka3_start() { kafka_archive && kafka_launch "$@" 3 2; }
kafka3_url() { kafka_url "$@"; }
kafka3_ready() { kafka_ready "$@"; }
kafka3_group() { echo kafka; }

# kafka_java [OPTION]: what makes it start fast is little memory and no optimizing compiler, unless that is asked for.
kafka_java() {
    local compiler=-XX:TieredStopAtLevel=1
    [ "${ROOKERY_KAFKA_OPTIMIZES:-no}" = no ] || compiler=-XX:+TieredCompilation
    printf '%s\n' java -Xms64m -Xmx256m -XX:+UseSerialGC "$compiler" -XX:-UsePerfData "$@" \
        -Xlog:cds=off -Xlog:cds+dynamic=off -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
        -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info -cp "$root/build-kafka/jars/*"
}

kafka_id() { case $1 in kafka3-*) echo "${1#kafka3-}" ;; *) echo 1 ;; esac }

# Where the controllers of all nodes are.
kafka_voters() {
    local node
    for node in $(nodes_of "${1%%-*}"); do
        echo "$(kafka_id "$node")@127.0.0.1:$(port_of "$node" controller)"
    done | paste -sd ,
}

# kafka_properties NODE PORT DATA REPLICAS IN_SYNC
kafka_properties() {
    cat <<PROPERTIES
process.roles=broker,controller
node.id=$(kafka_id "$1")
controller.quorum.voters=$(kafka_voters "$1")
listeners=PLAINTEXT://127.0.0.1:$2,CONTROLLER://127.0.0.1:$(port_of "$1" controller)
advertised.listeners=PLAINTEXT://127.0.0.1:$2
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=$3/logs
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=4194304
auto.create.topics.enable=false
default.replication.factor=$4
min.insync.replicas=$5
offsets.topic.replication.factor=$4
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$4
transaction.state.log.min.isr=$5
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=$4
share.coordinator.state.topic.min.isr=$5
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
PROPERTIES
}

# kafka_launch NODE PORT DATA REPLICAS IN_SYNC [OPTION]: formats its folder first, when that is new.
kafka_launch() {
    local archive=$root/build-kafka/classes.jsa java
    mapfile -t java < <(kafka_java "${6:--XX:SharedArchiveFile=$archive}")
    kafka_properties "$@" >"$3/server.properties"
    # shellcheck disable=SC2016 # for the inner shell
    launch "$1" bash -eu -c '
        data=$1
        shift
        [ -e "$data/logs/meta.properties" ] ||
            "$@" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c "$data/server.properties"
        exec "$@" kafka.Kafka "$data/server.properties"' - "$3" "${java[@]}"
}

# A broker that is stopped again leaves its classes in an archive, and later ones take half the time to start.
kafka_archive() {
    local archive=$root/build-kafka/classes.jsa
    exec {lock}>"$root/build-kafka/.lock"
    flock "$lock"
    if [ ! -e "$archive" ]; then
        say "kafka: preparing build-kafka/classes.jsa"
        (
            folder=$(mktemp -d)
            trap 'crash kafka; rm -rf "$folder"' EXIT
            prepare kafka any
            kafka_launch kafka "$(port_of kafka)" "$folder/kafka/data" 1 1 "-XX:ArchiveClassesAtExit=$folder/classes.jsa"
            await kafka
            down kafka >/dev/null
            mv "$folder/classes.jsa" "$archive"
        ) || complain "kafka: no archive, so that starts are slow"
    fi
    exec {lock}>&-
}
