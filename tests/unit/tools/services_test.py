"""Services of a developer's machine: nothing that somebody else runs may be taken for ours, or stopped."""
import contextlib
import http.client
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tap  # noqa: E402

_SERVICES = pathlib.Path(__file__).resolve().parents[3] / "tools" / "services"


def _run(folder, *arguments, **environment):
    return subprocess.run([_SERVICES, *arguments], env={**os.environ, "ROOKERY_SERVICES": folder, **environment},
                          capture_output=True, text=True, timeout=60)


@contextlib.contextmanager
def _up(*names, **environment):
    """The folder of these services and their ports, while they run."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = _run(folder, "up", *names, **environment)
            assert done.returncode == 0, done.stderr
            lines = [line.split() for line in done.stdout.splitlines()]
            assert [name for name, _ in lines] == list(names), done.stdout
            yield folder, [int(address.rsplit(":", 1)[1]) for _, address in lines]
        finally:
            _run(folder, "down")


def _pid(folder, name):
    return int(pathlib.Path(folder, name, "pid").read_text().split()[0])


def _ping(port):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
        s.sendall(b"PING\r\n")
        return s.recv(16)


def _answers(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def a_service_runs_until_it_is_stopped():
    with _up("redis") as (folder, [port]):
        assert _ping(port) == b"+PONG\r\n"
        _run(folder, "down", "redis")
        assert not _answers(port)
        assert not pathlib.Path(folder, "redis", "pid").exists()


def up_twice_is_up_once():
    with _up("redis") as (folder, [port]):
        pid = _pid(folder, "redis")
        again = _run(folder, "up", "redis")
        assert again.stdout.split() == ["redis", f"redis://127.0.0.1:{port}"], again.stdout
        assert _pid(folder, "redis") == pid


def two_folders_share_nothing():
    with _up("redis") as (_, [one]), _up("redis") as (folder, [other]):
        assert one != other
        _run(folder, "down")
        assert _ping(one) == b"+PONG\r\n"


def a_pid_of_somebody_else_is_left_alone():
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(["sleep", "60"]) as other:
        try:
            place = pathlib.Path(folder, "redis")
            place.mkdir()
            (place / "pid").write_text(f"{other.pid} 1\n")  # once a service's, started at another time
            assert _run(folder, "down", "redis").stdout == ""
            assert other.poll() is None
            assert not (place / "pid").exists()
        finally:
            other.kill()


def one_that_was_killed_is_started_again():
    with _up("redis") as (folder, [port]):
        pid = _pid(folder, "redis")
        os.kill(pid, 9)
        while pathlib.Path(f"/proc/{pid}").exists() and " Z " not in pathlib.Path(f"/proc/{pid}/stat").read_text():
            pass
        assert _run(folder, "up", "redis").returncode == 0
        assert _pid(folder, "redis") != pid
        assert _ping(port) == b"+PONG\r\n"


def one_that_is_killed_is_no_more():
    with _up("redis") as (folder, [port]):
        assert _run(folder, "kill", "redis").returncode == 0
        assert not _answers(port)
        again = _run(folder, "up", "redis")
        assert again.stdout.split() == ["redis", f"redis://127.0.0.1:{port}"], again.stdout


def one_that_is_paused_answers_when_it_goes_on():
    with _up("redis") as (folder, [port]), socket.create_connection(("127.0.0.1", port), timeout=0.2) as s:
        _run(folder, "pause", "redis")
        s.sendall(b"PING\r\n")
        try:
            assert False, s.recv(16)
        except TimeoutError:
            pass
        _run(folder, "resume", "redis")
        s.settimeout(10)
        assert s.recv(16) == b"+PONG\r\n"
        _run(folder, "kill", "redis")
        assert _run(folder, "pause", "redis").returncode == 1


def one_that_is_paused_can_be_stopped():
    with _up("redis") as (folder, [port]):
        _run(folder, "pause", "redis")
        assert _run(folder, "down").stdout == "services: redis has stopped\n"
        assert not _answers(port)


def _hold(*names):
    return subprocess.Popen([_SERVICES, "hold", *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, start_new_session=True)


def what_is_held_takes_orders_and_ends_with_its_input():
    with _hold("redis") as held:
        folder = held.stdout.readline().strip()
        name, address = held.stdout.readline().split()
        assert held.stdout.readline() == "done\n"
        port = int(address.rsplit(":", 1)[1])
        assert port < 20000 and _ping(port) == b"+PONG\r\n"
        for order, answer in (("kill redis", ["done"]), ("pause redis", ["failed"]), ("sideways", ["failed"]),
                              ("up redis", [f"{name}    {address}", "done"])):
            print(order, file=held.stdin, flush=True)
            assert [held.stdout.readline().rstrip("\n") for _ in answer] == answer, order
        assert _ping(port) == b"+PONG\r\n"
    assert not _answers(port)
    assert not pathlib.Path(folder).exists()


def what_is_held_ends_when_it_is_told_to():
    with _hold("redis") as held:
        folder, _, done = (held.stdout.readline() for _ in range(3))
        assert done == "done\n"
        held.terminate()
        held.wait(timeout=20)
        assert not pathlib.Path(folder.strip()).exists()


def nginx_stands_before_the_nodes_that_are_named():
    with _up("redis") as (_, [other]), socket.create_server(("127.0.0.1", 0)) as node:
        nodes = f"127.0.0.1:{node.getsockname()[1]},127.0.0.1:{other}"
        with _up("nginx", ROOKERY_NODES=nodes) as (folder, [port]):
            text = pathlib.Path(folder, "nginx", "data", "nginx.conf").read_text()
            assert re.findall(r"server (1[^;]*);", text) == nodes.split(","), text
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            client.request("GET", "/health")
            server, _ = node.accept()
            with server:
                asked = server.recv(4096)
                assert asked.startswith(b"GET /health HTTP/1.1\r\n"), asked
                server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            assert client.getresponse().read() == b"ok"


def names_that_are_not_known_are_refused():
    with tempfile.TemporaryDirectory() as folder:
        for arguments in (["up", "mongod"], ["down", "mongod"], ["up"], [], ["sideways"], ["kill"],
                          ["up", "kafka3-1"], ["kill", "kafka3-4"], ["missing", "x"]):
            assert _run(folder, *arguments).returncode == 1, arguments
        assert not list(pathlib.Path(folder).iterdir())


def what_is_installed_and_cannot_run_is_missing():
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() != 0 or _run(folder, "missing", "postgres").returncode != 0:
            return
        setpriv = pathlib.Path(folder, "setpriv")
        setpriv.write_text("#!/bin/sh\nexit 126\n")
        setpriv.chmod(0o755)
        done = _run(folder, "missing", "redis", "postgres", PATH=f"{folder}:{os.environ['PATH']}")
        assert (done.returncode, done.stdout) == (1, "a user postgres who may run programs\n"), done


if __name__ == "__main__":
    folders = os.environ["PATH"] + ":/usr/sbin"
    absent = [name for name in ("redis-server", "nginx") if shutil.which(name, path=folders) is None]
    if absent:
        print(f"1..0 # SKIP {absent[0]} is not installed (tools/setup test)")
    else:
        tap.run(globals())
