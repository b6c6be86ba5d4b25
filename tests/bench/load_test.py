#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""rookery-load against the floor, Rookery and stock Node socket.io: does it count right?

usage: load_test.py BUILD_DIR      prints TAP; Node's cases are skipped where socket.io is not installed
"""
import http.server
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

import servers

BUILD = pathlib.Path(sys.argv[1])
RUN_S = 60
TRAFFIC_CPU_NS = 30_000_000
SHORT = ("--seconds", "0.5", "--warmup", "0.1", "--settle", "0.05", "--drain", "5")


def command(port, *args):
    return [str(BUILD / "tools/load/rookery-load"), *args, "--json", f"127.0.0.1:{port}"]


def load(port, *args):
    """Runs the generator; returns its result and exit status."""
    done = subprocess.run(command(port, *args), stdout=subprocess.PIPE, timeout=RUN_S, check=False)
    return json.loads(done.stdout), done.returncode


def expect(got, want):
    assert got == want, f"got {got}, want {want}"


def check_clean(result, status):
    bad = {k: v for k, v in result["count"].items()
           if k in ("lost", "duplicated", "out_of_order", "stray", "unacked", "acks_unexpected",
                    "acks_refusing", "unsent") and v}
    expect((bad, sum(result["lost_connections"].values()), result["clean"], status), ({}, 0, True, 0))


def check_rooms(server, *more, receivers=5):
    with servers.running(server, BUILD) as (pid, port):
        result, status = load(port, "rooms", "--users", "50", "--rooms", "10", "--in-flight", "20",
                              "--pid", str(pid), *SHORT, *more)
    check_clean(result, status)
    count = result["count"]
    expect((result["joined"], result["standing"]), (50, 50))
    assert count["sent"] > 20, count
    expect((count["due"], count["delivered"]), (count["sent"] * receivers,) * 2)
    assert 0 < result["latency_ms"]["delivery"]["p50"] <= result["latency_ms"]["delivery"]["max"]
    assert result["server"]["cpu_s"] > 0 and result["server"]["rss_bytes_joined"] > 0
    assert result["generator"]["cpu_s"] > 0
    return result


def floor_delivers_every_message_of_a_closed_loop_once_and_in_order():
    check_rooms("floor")


def floor_acknowledges_as_often_as_it_is_asked():
    result = check_rooms("floor", "--acks")
    expect(result["count"]["acked"], result["count"]["sent"])
    assert result["latency_ms"]["ack"]["count"] > 0


def long_texts_come_whole():
    check_rooms("floor", "--text-bytes", "200000", "--in-flight", "4")


def an_open_loop_sends_what_its_rate_says():
    with servers.running("floor", BUILD) as (_, port):
        result, status = load(port, "fanout", "--users", "20", "--rate", "400", *SHORT)
    check_clean(result, status)
    assert 120 <= result["count"]["sent"] <= 250, result["count"]  # 240 in 0.6 s; a busy machine falls behind
    expect(result["count"]["delivered"], result["count"]["sent"] * 20)


def a_number_of_messages_ends_a_run():
    with servers.running("floor", BUILD) as (_, port):
        result, status = load(port, "fanout", "--users", "5", "--rate", "1000", "--messages", "100",
                              "--warmup", "0", "--seconds", "50")
    check_clean(result, status)
    assert 100 <= result["count"]["sent"] <= 120, result["count"]


def a_storm_comes_up_as_often_as_told():
    with servers.running("floor", BUILD) as (_, port):
        result, status = load(port, "storm", "--users", "200", "--rooms", "100", "--cycles", "3",
                              "--parallel", "50")
    check_clean(result, status)
    expect((result["joined"], result["standing"]), (600, 200))
    assert result["per_s"]["joins"] > 0 and result["latency_ms"]["join"]["count"] == 600


def an_interrupted_run_tells_what_it_has():
    with servers.running("floor", BUILD) as (pid, port):
        with subprocess.Popen(command(port, "rooms", "--users", "10", "--rooms", "2", "--in-flight", "2",
                                      "--seconds", "50", "--warmup", "0", "--settle", "0"),
                              stdout=subprocess.PIPE) as process:
            wait_for_traffic(pid)
            process.send_signal(signal.SIGINT)
            result = json.loads(process.communicate(timeout=RUN_S)[0])
    expect((result["interrupted"], result["count"]["lost"], process.returncode), (True, 0, 0))
    assert result["count"]["sent"] > 0


def rooms_take_turns_with_servers_or_their_members_do():
    args = ("rooms", "--users", "12", "--rooms", "2", "--rate", "100", *SHORT)
    with servers.running("floor", BUILD) as (_, port), servers.running("floor", BUILD) as (_, other):
        check_clean(*load(port, *args, f"127.0.0.1:{other}"))
        # The floor knows no others: half of each room hears nothing.
        result, status = load(port, *args, "--drain", "0.3", "--spread", f"127.0.0.1:{other}")
    expect((result["clean"], status, result["joined"]), (False, 1, 12))
    expect(result["count"]["delivered"], result["count"]["sent"] * 3)


def wait_for_traffic(pid):
    """Returns when the server has used far more CPU than letting ten users join takes."""
    deadline = time.monotonic() + RUN_S
    while int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) < TRAFFIC_CPU_NS:
        assert time.monotonic() < deadline, "no traffic"
        time.sleep(0.01)


def a_server_that_dies_is_noticed():
    with servers.running("floor", BUILD) as (pid, port):
        with subprocess.Popen(command(port, "rooms", "--users", "10", "--rooms", "2", "--in-flight", "2",
                                      "--seconds", "4", "--drain", "1"), stdout=subprocess.PIPE) as process:
            wait_for_traffic(pid)
            os.kill(pid, signal.SIGKILL)
            result = json.loads(process.communicate(timeout=RUN_S)[0])
    expect((result["clean"], process.returncode, result["standing"]), (False, 1, 0))
    expect(result["lost_connections"]["dropped"], 10)
    assert result["count"]["lost"] > 0


def a_refused_connection_is_counted():
    result, status = load(servers.free_port(), "connect", "--users", "7")
    expect((status, result["joined"], result["lost_connections"]["refused"]), (1, 0, 7))


def a_server_that_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result, status = load(silent.getsockname()[1], "connect", "--users", "3", "--connect-timeout", "0.3")
    expect((status, result["lost_connections"]["timeout"]), (1, 3))


def a_server_without_socket_io_is_seen_by_its_status():
    class NotFound(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_error(404)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), NotFound) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for transport in ("websocket", "polling"):
            result, status = load(server.server_port, "connect", "--users", "5", "--transport", transport)
            expect((status, result["lost_connections"]["http_status"], result["joined"]), (1, 5, 0))
        server.shutdown()


def rookery_delivers_in_each_dialect():
    for dialect in ("realtime", "chatroom", "scalable", "groups", "native"):
        result = check_rooms("rookery", "--acks", "--dialect", dialect)
        expect(result["count"]["acked"], result["count"]["sent"])


def rookery_delivers_in_all_dialects_of_one_room():
    result = check_rooms("rookery", "--acks", "--dialect", "realtime,chatroom,scalable,groups,native")
    expect(result["template"], "realtime,chatroom,scalable,groups,native")
    expect(result["count"]["acked"], result["count"]["sent"])


def compressed_messages_are_counted_as_others_are():
    result = check_rooms("rookery-deflate", "--acks", "--deflate", "--text-bytes", "2048")
    expect(result["count"]["acked"], result["count"]["sent"])
    with servers.running("rookery", BUILD) as (_, port):  # it declines, which is not what was asked for
        result, status = load(port, "connect", "--users", "3", "--deflate")
    expect((status, result["joined"], result["lost_connections"]["protocol"]), (1, 0, 3))


def those_who_return_are_counted_and_what_the_others_are_told():
    with servers.running("rookery", BUILD) as (_, port):
        result, status = load(port, "return", "--users", "10", "--stay", "4", "--away", "0.2", "--seconds", "0.5")
    check_clean(result, status)
    expect((result["joined"], result["standing"]), (16, 10))
    # Who stays is told of six that went (user_left, presence_update) or came, who returns of those after him.
    assert result["notices"]["count"] >= 4 * 6, result["notices"]


def node_delivers_over_websocket():
    check_rooms("node", "--acks")


def node_delivers_over_polling():
    check_rooms("node", "--acks", "--transport", "polling")


def node_acknowledges_an_echo():
    with servers.running("node", BUILD) as (_, port):
        result, status = load(port, "ack", "--users", "10", "--rooms", "10", "--in-flight", "10",
                              "--template", "echo", *SHORT)
    check_clean(result, status)
    expect((result["count"]["acked"], result["count"]["due"]), (result["count"]["sent"], 0))


def node_keeps_those_who_answer_its_pings():
    for transport in ("websocket", "polling"):
        with servers.running("node-pinging", BUILD) as (_, port):
            result, status = load(port, "idle", "--users", "20", "--rooms", "2", "--seconds", "1.5",
                                  "--transport", transport)
        check_clean(result, status)
        expect(result["standing"], 20)


def node_refuses_an_unknown_namespace():
    with servers.running("node", BUILD) as (_, port):
        result, status = load(port, "connect", "--users", "5", "--set", "nsp=/nowhere")
    expect((status, result["lost_connections"]["connect_error"]), (1, 5))


CASES = (
    floor_delivers_every_message_of_a_closed_loop_once_and_in_order,
    floor_acknowledges_as_often_as_it_is_asked,
    long_texts_come_whole,
    an_open_loop_sends_what_its_rate_says,
    a_number_of_messages_ends_a_run,
    a_storm_comes_up_as_often_as_told,
    an_interrupted_run_tells_what_it_has,
    rooms_take_turns_with_servers_or_their_members_do,
    a_server_that_dies_is_noticed,
    a_refused_connection_is_counted,
    a_server_that_never_answers_is_given_up,
    a_server_without_socket_io_is_seen_by_its_status,
    rookery_delivers_in_each_dialect,
    rookery_delivers_in_all_dialects_of_one_room,
    compressed_messages_are_counted_as_others_are,
    those_who_return_are_counted_and_what_the_others_are_told,
    node_delivers_over_websocket,
    node_delivers_over_polling,
    node_acknowledges_an_echo,
    node_keeps_those_who_answer_its_pings,
    node_refuses_an_unknown_namespace,
)


def main():
    failed = 0
    for number, case in enumerate(CASES, 1):
        try:
            case()
            print(f"ok {number} - {case.__name__}", flush=True)
        except servers.Unavailable as why:
            print(f"ok {number} - {case.__name__} # SKIP {why}", flush=True)
        except Exception:  # whatever it is, it fails this case and not the others
            failed += 1
            print("\n".join("# " + line for line in traceback.format_exc().splitlines()))
            print(f"not ok {number} - {case.__name__}", flush=True)
    print(f"1..{len(CASES)}")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
