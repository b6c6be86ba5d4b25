# SPDX-License-Identifier: MIT
"""The rows of the bench table: what is run, what is read from the result, what Rookery must reach."""
import dataclasses

MIB = 1 << 20


@dataclasses.dataclass(frozen=True)
class Metric:
    """A figure of a row. Of Rookery's it is demanded: at most/at least a number, or so many times the
    floor's, or so much above it."""
    title: str
    path: tuple            # into the generator's JSON
    scale: float = 1
    digits: int = 2
    more_is_better: bool = False
    limit: float = None    # a bound of its own
    of_floor: float = None
    above_floor: float = None

    def read(self, result):
        for key in self.path:
            result = result[key]
        return result * self.scale


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    args: tuple
    metrics: tuple
    servers: tuple = ("node", "rookery", "floor")
    stand_in: dict = dataclasses.field(default_factory=dict)    # server -> which program plays it here
    more_args: dict = dataclasses.field(default_factory=dict)   # server -> arguments it needs besides


def cpu_per_delivery(**demand):
    return Metric("CPU-s per 1M deliveries", ("server", "cpu_s_per_1m_deliveries"), **demand)


DELIVERIES = Metric("deliveries/s", ("per_s", "deliveries"), digits=0, more_is_better=True)
ECHO = ("ack", "--users", "100", "--rooms", "100", "--in-flight", "100", "--template", "echo")
ALONE = ("rooms", "--users", "100", "--rooms", "100", "--acks")


FOUR = ("--dialect", "realtime,chatroom,scalable,groups")
LOST = Metric("connections lost", ("lost_connection_count",), digits=0, limit=0)


def acks(**demand):
    return (Metric("acks/s", ("per_s", "acks"), digits=0, more_is_better=True),
            Metric("CPU-s per 1M acks", ("server", "cpu_s_per_1m_acks"), **demand))


def returning(name, title, *args):
    return Row(name, title, ("return", *args), (
        Metric("CPU-s", ("server", "cpu_s"), digits=3),
        Metric("events to each", ("notices", "per_user"), digits=0), LOST), servers=("rookery",))


def durable(name, title, args, acked_limit=None, p99_limit=None):
    return Row(name, title, (*ALONE, *args), (
        Metric("acked/s", ("per_s", "acks"), digits=0, more_is_better=True, limit=acked_limit),
        Metric("ack p99 ms", ("latency_ms", "ack", "p99"), limit=p99_limit),
    ), servers=("rookery",), stand_in={"rookery": "rookery-durable"})


ROWS = (
    Row("rooms-100", "1000 users, 100 rooms, closed loop, 100 in flight",
        ("rooms", "--users", "1000", "--rooms", "100", "--in-flight", "100"),
        (cpu_per_delivery(of_floor=1.25), DELIVERIES)),
    Row("rooms-1000", "the same, 1000 in flight",
        ("rooms", "--users", "1000", "--rooms", "100", "--in-flight", "1000"),
        (cpu_per_delivery(of_floor=2), DELIVERIES)),
    Row("fanout", "1 room of 1000, 200 msg/s",
        ("fanout", "--users", "1000", "--rate", "200"),
        (DELIVERIES, Metric("p99 ms", ("latency_ms", "delivery", "p99"), digits=1, above_floor=5))),
    Row("fanout-loop", "1 room of 1000, closed loop, 8 in flight",
        ("fanout", "--users", "1000", "--in-flight", "8"),
        (cpu_per_delivery(of_floor=1.25), DELIVERIES)),
    Row("dialects", "the same in four dialects at once (floor: Rookery in one)",
        ("fanout", "--users", "1000", "--in-flight", "8"), (cpu_per_delivery(of_floor=1.25), DELIVERIES),
        servers=("rookery", "floor"), stand_in={"floor": "rookery"}, more_args={"rookery": FOUR}),
    Row("deflate", "1 room of 1000, texts of 2 KB, compressed (floor: Rookery, not compressed)",
        ("fanout", "--users", "1000", "--in-flight", "8", "--text-bytes", "2048"),
        (cpu_per_delivery(of_floor=1.3), DELIVERIES), servers=("rookery", "floor"),
        stand_in={"rookery": "rookery-deflate", "floor": "rookery"}, more_args={"rookery": ("--deflate",)}),
    Row("idle-deflate", "10,000 idle connections that have agreed on compression (floor: Rookery, not compressed)",
        ("idle", "--users", "10000", "--rooms", "1000"),
        (Metric("bytes per connection, RSS", ("server", "rss_bytes_per_connection"), digits=0, above_floor=16),),
        servers=("rookery", "floor"), stand_in={"rookery": "rookery-deflate", "floor": "rookery"},
        more_args={"rookery": ("--deflate",)}),
    Row("crowd", "19,500 users, 10,000 rooms, 1000 durable msg/s",
        ("rooms", "--users", "19500", "--rooms", "10000", "--rate", "1000"),
        (Metric("p99 ms", ("latency_ms", "delivery", "p99"), limit=25), LOST, cpu_per_delivery()),
        servers=("rookery",), stand_in={"rookery": "rookery-durable"}),
    returning("return", "1000 of one room lose their connection at once and are back after 1 s"),
    returning("return-stay", "the same, and 100 who stay", "--users", "1100", "--stay", "100"),
    returning("return-dialects", "the same in four dialects", "--users", "1100", "--stay", "100", *FOUR),
    Row("many", "16,000 users, 5000 rooms, 1000 msg/s",
        ("rooms", "--users", "16000", "--rooms", "5000", "--rate", "1000"),
        (cpu_per_delivery(), Metric("RSS MiB", ("server", "rss_bytes_end"), scale=1 / MIB, digits=1))),
    Row("ack", "100 clients alone in their rooms, send_message with ack", ALONE + ("--in-flight", "100"),
        acks(of_floor=1.3)),
    Row("echo", "100 clients, ack round trips of an echo (Rookery: its fixture)", ECHO, acks(of_floor=1.3),
        stand_in={"rookery": "fixture"}, more_args={"rookery": ("--set", "send=message-with-ack")}),
    Row("idle", "10,000 idle connections, each in a room of 10",
        ("idle", "--users", "10000", "--rooms", "1000"),
        (Metric("bytes per connection, RSS", ("server", "rss_bytes_per_connection"), digits=0, limit=1024),
         Metric("bytes per connection, PSS", ("server", "pss_bytes_per_connection"), digits=0))),
    Row("storm", "storm of 10,000 into rooms of 2",
        ("storm", "--users", "10000", "--rooms", "5000"),
        (Metric("joined/s", ("per_s", "joins"), digits=0, more_is_better=True, limit=12000),
         Metric("CPU-s per 10,000", ("server", "cpu_s_per_10k_joins"), limit=0.6))),
    Row("page", "pages of 50 among 1,000,000 messages, one at a time",
        ("ack", "--users", "1000", "--rooms", "1000", "--in-flight", "1", "--set", "send=history", "--set",
         'send_args={"roomId":"big","before":{random},"limit":50}'),
        (Metric("p50 ms", ("latency_ms", "ack", "p50")),
         Metric("p99 ms", ("latency_ms", "ack", "p99"), limit=2)),
        servers=("rookery",), stand_in={"rookery": "rookery-million"}),
    durable("durable-2k", "durable acks to 100 clients, 2000 msg/s", ("--rate", "2000"),
            acked_limit=2000 * 0.99, p99_limit=10),
    durable("durable-100", "durable acks to 100 clients, 100 in flight", ("--in-flight", "100")),
    durable("durable-200", "durable acks to 100 clients, 200 in flight", ("--in-flight", "200")),
    durable("durable-400", "durable acks to 100 clients, 400 in flight", ("--in-flight", "400")),
    durable("durable-800", "durable acks to 100 clients, 800 in flight", ("--in-flight", "800")),
    durable("durable-30k", "durable acks to 100 clients, 30,000 msg/s", ("--rate", "30000"),
            acked_limit=30000 * 0.99, p99_limit=20),  # 1 %: the window ends with some under way
)
