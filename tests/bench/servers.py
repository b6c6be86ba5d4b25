# SPDX-License-Identifier: MIT
"""The servers of the bench: how each is started, and what it needs to be there."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
READY_S = 15  # until a server listens
STOP_S = 10   # until it is gone after SIGTERM


class Unavailable(Exception):
    """A server cannot run here; the text says why."""


def program(path):
    if not os.access(path, os.X_OK):
        raise Unavailable(f"{path} is not built")
    return str(path)


def rookery(build, port, data, journal="none"):
    argv = [program(build / "src/rookery"), "--host", "127.0.0.1", "--port", str(port), "--loops", "1",
            "--journal", journal, "--data", str(data), "--rate-messages", "0", "--rate-sends", "0",
            "--rate-joins", "0", "--log-level", "error"]
    return argv, {}


def rookery_durable(build, port, data):
    return rookery(build, port, data, journal="direct")


def rookery_deflate(build, port, data):
    argv, env = rookery(build, port, data)
    return [*argv, "--ws-compression", "yes"], env


def million(build):
    """The folder of a database with a million messages in the room "big"; made once for a build: a minute."""
    data = build / "bench-million"
    made = data / "rookery.sqlite"
    if not (data / "whole").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        subprocess.run([program(build / "tests/bench/store_bench"), str(made), "1000000"], check=True,
                       stdout=subprocess.DEVNULL)
        (data / "whole").touch()
    return data


def rookery_million(build, port, data):
    return rookery(build, port, million(build), journal="direct")


def fixture(build, port, data):
    """The library's echo, for what the chat has no event for."""
    return [program(build / "tests/fixture/fixture")], {"CONF_PROFILE": "clients", "CONF_PORT": str(port),
                                                        "CONF_HOST": "127.0.0.1", "CONF_LOOPS": "1"}


def node_modules():
    """The folder that tools/setup installs npm packages into."""
    return os.environ.get("ROOKERY_NPM") or os.environ.get("NODE_PATH") or str(ROOT / "build-npm/node_modules")


def node(build, port, data):
    modules = node_modules()
    if not pathlib.Path(modules, "socket.io").is_dir():
        raise Unavailable(f"no socket.io in {modules} (tools/setup installs it)")
    if shutil.which("node") is None:
        raise Unavailable("no node")
    return ["node", str(HERE / "peers/node.js"), str(port)], {"NODE_PATH": modules}


def node_pinging(build, port, data):
    """Pings five times a second, for the tests of the generator."""
    argv, env = node(build, port, data)
    return [*argv, "200"], env


def floor(build, port, data):
    return [program(build / "tests/bench/floor"), str(port)], {}


COMMANDS = {"rookery": rookery, "rookery-durable": rookery_durable, "rookery-million": rookery_million,
            "rookery-deflate": rookery_deflate, "fixture": fixture, "node": node, "node-pinging": node_pinging, "floor": floor}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_ready(process, port, log):
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = log.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing"]
            raise Unavailable(f"ended with {process.returncode} before it listened, and said: {said[0]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Unavailable(f"does not listen after {READY_S} s")


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def redis():
    """A Redis of its own on a free port, without files; yields (pid, port)."""
    if shutil.which("redis-server") is None:
        raise Unavailable("no redis-server")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-redis-") as folder:
        log = pathlib.Path(folder, "log")
        with log.open("wb") as out:
            process = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                                        "--appendonly", "no", "--dir", folder], stdout=out, stderr=out)
        try:
            wait_ready(process, port, log)
            yield process.pid, port
        finally:
            stop(process)


def clustered(name, redis_port, prefix):
    """What makes that server one of those on that Redis with that prefix: (arguments, environment)."""
    url = f"redis://127.0.0.1:{redis_port}"
    if name == "node":
        return (), {"REDIS_URL": url, "PREFIX": prefix}
    return ("--redis-url", url, "--redis-prefix", prefix), {}


@contextlib.contextmanager
def started(command, build):
    """Starts what command(build, port, data) says on a free port: (arguments, environment); yields (pid, port);
    stops it by its pid."""
    port = free_port()
    build = pathlib.Path(build).resolve()
    data = pathlib.Path(tempfile.mkdtemp(prefix="bench-data-", dir=build))  # on the build's disk, not tmpfs
    try:
        argv, env = command(build, port, data)
        log = data / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(argv, env={**os.environ, **env}, stdout=out, stderr=out)
        try:
            wait_ready(process, port, log)
            yield process.pid, port
        finally:
            stop(process)
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextlib.contextmanager
def running(name, build, redis_port=None, prefix="socket.io"):
    """Starts a server of COMMANDS, with a Redis as one of several; yields (pid, port)."""
    def command(build, port, data):
        argv, env = COMMANDS[name](build, port, data)
        if redis_port is None:
            return argv, env
        more_args, more_env = clustered(name, redis_port, prefix)
        return [*argv, *more_args], {**env, **more_env}
    with started(command, build) as server:
        yield server
