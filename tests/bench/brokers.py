# SPDX-License-Identifier: MIT
"""Servers of the bench that have Kafka and a store, and the services themselves (tools/services hold)."""
import contextlib
import itertools
import os
import pathlib
import subprocess

import servers as bench_servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools/services"
NODE_MODULES = ROOT / "build-bench/node_modules"
_topics = itertools.count(1)


class Services:
    """What `tools/services hold` runs: urls by name; orders such as kill, pause, up."""

    def __init__(self, names):
        self.process = subprocess.Popen([str(TOOL), "hold", *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, start_new_session=True,
                                        env=os.environ | {"ROOKERY_KAFKA_OPTIMIZES": "yes"})
        self.folder = pathlib.Path(self.process.stdout.readline().strip())
        self.urls = {}
        self.await_done("up")

    def await_done(self, what):
        for line in self.process.stdout:
            if line.strip() == "done":
                return
            if line.strip() == "failed":
                break
            name, *url = line.split()
            self.urls[name] = url[0] if url else None
        raise bench_servers.Unavailable(f"{what} of a service failed")

    def order(self, command, *names):
        self.process.stdin.write(f"{command} {' '.join(names)}\n")
        self.process.stdin.flush()
        self.await_done(command)

    def pid(self, name):
        return int((self.folder / name / "pid").read_text().split()[0])

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


@contextlib.contextmanager
def services(*names):
    """They run as long as the context lasts."""
    if not names:
        yield None
        return
    missing = subprocess.run([str(TOOL), "missing", *names], stdout=subprocess.PIPE, text=True, check=False).stdout
    if missing:
        raise bench_servers.Unavailable(f"{', '.join(missing.split())} is not installed (tools/setup bench)")
    held = Services(names)
    try:
        yield held
    finally:
        held.stop()


def new_topic():
    """A topic of its own for every measurement, so that one broker, warm by then, serves all of them."""
    return f"bench-{os.getpid()}-{next(_topics)}"


def store_words(store):
    """What names that store to Rookery: {name of the service: URL}."""
    options = {"mongo": "--mongo-uri", "postgres": "--database-url"}
    return [word for name, url in store.items() for word in (options[name], url)]


def kafka_words(brokers, topic):
    return ["--kafka-brokers", brokers, "--kafka-topic", topic, "--kafka-group", f"{topic}-group",
            "--kafka-presence-topic", f"{topic}-presence", "--kafka-push-topic", f"{topic}-push",
            "--kafka-reject-topic", f"{topic}-dlq"]


def rookery(build, port, data, brokers, topic, store, more=()):
    argv, env = bench_servers.rookery(build, port, data, journal="kafka" if brokers else "none")
    if brokers:
        argv = [*argv, *kafka_words(brokers, topic)]
    return [*argv, *store_words(store), *more], env


def persister(build, data, brokers, topic, store, more=()):
    """`rookery persist`, which says on SIGHUP how far it is."""
    return [bench_servers.program(build / "src/rookery"), "persist", "--data", str(data),
            *kafka_words(brokers, topic), *store_words(store), *more]


def node(build, port, data, brokers, topic, store, send=None):
    argv, env = bench_servers.node(build, port, data)
    if brokers is None:
        return argv, env
    needed = "node-rdkafka/build/Release/node-librdkafka.node" if send == "librdkafka" else "kafkajs"
    if not (NODE_MODULES / needed).exists():
        raise bench_servers.Unavailable(f"no {needed} in {NODE_MODULES} (tools/setup bench)")
    env |= {"KAFKA_BROKERS": brokers, "KAFKA_TOPIC": topic, "KAFKA_SEND": send,
            "NODE_PATH": f"{env['NODE_PATH']}:{NODE_MODULES}"}
    if "mongo" in store:
        env["MONGO_URI"] = store["mongo"]
    return argv, env
