"""docker/ says in its own words what the server, its build and conf/nginx.conf say too: nothing of it may drift.

usage: docker_test.py ROOKERY
"""
import copy
import functools
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap  # noqa: E402

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_DOCKER = _ROOT / "docker"
_NODES = ("node1", "node2")
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
_OVERRIDES = ([], ["compose.postgres.yml"], ["compose.rabbitmq.yml"], ["compose.postgres.yml", "compose.rabbitmq.yml"])


# ---- compose ----

@functools.cache
def _read(name):
    return yaml.safe_load((_DOCKER / name).read_text())


def _load(name):
    return copy.deepcopy(_read(name))


def _merge(base, other):
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = copy.deepcopy(value)
    return base


def _each_text(value):
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _each_text(item)
    elif isinstance(value, str):
        yield value


def _filled(value, given):
    """With the variables as they are given, by name."""
    if isinstance(value, dict):
        return {key: _filled(item, given) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, given) for item in value]
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda m: given.get(m[1]) or (m[3] if m[2] == "-" else ""), value)


def _try_env():
    lines = (_DOCKER / "try.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _composed(overrides=(), **given):
    """What Compose makes of these files: the services that run, with their variables filled in."""
    whole = _load("compose.yml")
    for name in overrides:
        _merge(whole, _load(name))
    whole["services"] = {name: service for name, service in whole["services"].items() if "profiles" not in service}
    return _filled(whole, {**_try_env(), **given})


def _variables(names):
    """(name, kind, text) of all ${name:kind text} in these files."""
    return [m.groups() for name in names for text in _each_text(_load(name)) for m in _VARIABLE.finditer(text)]


_ALL = ("compose.yml", "compose.postgres.yml", "compose.rabbitmq.yml")


# ---- the server ----

@functools.cache
def _rookery(*arguments, environment=()):
    done = subprocess.run([sys.argv[1], *arguments], env=dict(environment), capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def _known_variables():
    status, text = _rookery("--print-defaults")
    assert status == 0, text
    text = text.replace("\n# ", " ")
    named = {name for list_ in re.findall(r"Environment: ([\w ]+)\.", text) for name in list_.split()}
    options = re.findall(r"^#([a-z][a-z-]*)(?: .*)?$", text, re.M)
    assert len(options) > 50 and "JWT_SECRET" in named, text
    return named | {"ROOKERY_" + option.upper().replace("-", "_") for option in options}


def every_variable_of_a_node_is_one_of_the_server():
    known = _known_variables()
    for overrides in _OVERRIDES:
        for node in _NODES:
            unknown = set(_composed(overrides)["services"][node]["environment"]) - known
            assert not unknown, unknown


def a_node_takes_what_it_is_given():
    own = {name: "17" for name, kind, _ in _variables(_ALL) if kind == "-"}
    own.update({name: "17s" for name in own if re.search("INTERVAL|TIMEOUT", name)})
    own.update({name: "*" for name in own if "CORS" in name})
    own.update(ROOKERY_AUTH="required", LOG_LEVEL="warn", ROOKERY_NETWORK="10.1.2")
    for overrides in _OVERRIDES:
        for given in ({}, own):
            variables = _composed(overrides, **given)["services"]["node1"]["environment"]
            status, text = _rookery("--print-config", environment=tuple(variables.items()))
            assert status == 0, text
            in_force = set(re.findall(r"  # environment (\w+)$", text, re.M))
            assert in_force == {name for name, value in variables.items() if value}, text


def nodes_differ_by_name_and_address_only():
    one, two = (_composed()["services"][node] for node in _NODES)
    for node, service in zip(_NODES, (one, two)):
        assert service["environment"].pop("SERVICE_ID") == node
        port = service["environment"]["PORT"]
        assert service["environment"].pop("ROOKERY_CLUSTER_ADDRESS") == f"{node}:{port}"
        assert service.pop("volumes") == [f"{node}:/var/lib/rookery"]
        assert [p.rsplit(":", 1)[1] for p in service.pop("ports")] == [port]
    assert one == two


def what_is_secret_has_to_be_given():
    wanted = {name for name, kind, _ in _variables(_ALL) if kind == "?"}
    assert wanted == set(_try_env()) and {"JWT_SECRET", "ROOKERY_CLUSTER_SECRET"} <= wanted, wanted
    for name, kind, _ in _variables(_ALL):
        assert kind == "?" or not re.search("SECRET|PASS|TOKEN|KEY", name), name
    assert all("for-trying-out-only" in value for value in _try_env().values())


def whoever_is_waited_for_is_there_and_says_how_he_is():
    for overrides in _OVERRIDES:
        whole = _composed(overrides)
        for name, service in whole["services"].items():
            assert "healthcheck" in service or name in _NODES, name  # theirs is the Dockerfile's
            for other, how in service.get("depends_on", {}).items():
                assert how["condition"] == "service_healthy", (name, other)
                assert other in whole["services"] or how.get("required") is False, (name, other)
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                assert source in whole["volumes"] or (_DOCKER / source).is_file(), volume


def the_services_of_a_node_are_those_that_run():
    for overrides in _OVERRIDES:
        services = _composed(overrides)["services"]
        urls = " ".join(services["node1"]["environment"].values())
        hosts = set(re.findall(r"(?:^|[ /@])([a-z]+)(?::\d+|/rookery\b|(?= |$))", urls)) & {
            "redis", "kafka", "mongodb", "postgres", "rabbitmq"}
        assert hosts == set(services) - {"nginx", *_NODES}, (hosts, set(services))
        assert hosts == {name for name in services["node1"]["depends_on"] if name in services}


def kafka_is_the_one_that_tests_run_with():
    version = re.search(r"kafka_2\.13</artifactId>\s*<version>([\d.]+)<", (_ROOT / "tools/services.d/kafka.pom.xml").read_text())[1]
    assert _load("compose.yml")["services"]["kafka"]["image"] == f"apache/kafka:{version}"


# ---- nginx ----

def _nginx_configuration(site, *nodes):
    """What docker/nginx.sh lets nginx read."""
    with tempfile.TemporaryDirectory() as folder:
        stub = pathlib.Path(folder, "nginx")
        stub.write_text('#!/bin/sh\ncat "$2"\nrm "$2"\n')
        stub.chmod(0o755)
        return subprocess.run(["sh", _DOCKER / "nginx.sh", site, *nodes], check=True, capture_output=True, text=True, timeout=60,
                              env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]}).stdout


def nginx_stands_before_both_nodes():
    services = _composed()["services"]
    shell, script, site, *nodes = services["nginx"]["command"]
    mounted = {inside: _DOCKER / outside for outside, inside, _ in (v.split(":") for v in services["nginx"]["volumes"])}
    assert shell == "sh" and mounted[script].samefile(_DOCKER / "nginx.sh")
    assert mounted[site].samefile(_ROOT / "conf/nginx.conf")
    assert nodes == [services[node]["environment"]["ROOKERY_CLUSTER_ADDRESS"] for node in _NODES]
    assert set(services["nginx"]["depends_on"]) == set(_NODES)
    text = _nginx_configuration(mounted[site], *nodes)
    assert re.findall(r"server (\S+:\d+);", text) == nodes, text
    port = re.search(r"listen (\S+);", text)[1]
    assert services["nginx"]["ports"] == [f"{port}:{port}"], text
    assert f"http://127.0.0.1:{port}/health/ready" in services["nginx"]["healthcheck"]["test"]


def nginx_takes_its_configuration():
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        return
    text = _nginx_configuration(_ROOT / "conf/nginx.conf", "127.0.0.1:3000", "127.0.0.1:3001")
    with tempfile.TemporaryDirectory() as folder:
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        file = pathlib.Path(folder, "nginx.conf")
        file.write_text(f"pid {folder}/pid;" + text.replace("http {", "http {" + temporary))
        done = subprocess.run([program, "-t", "-q", "-p", folder, "-c", file], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


def nodes_trust_nginx_and_nobody_else():
    whole = _composed(ROOKERY_NETWORK="10.1.2")
    address = whole["services"]["nginx"]["networks"]["default"]["ipv4_address"]
    assert whole["networks"]["default"]["ipam"]["config"] == [{"subnet": "10.1.2.0/24"}] and address.startswith("10.1.2.")
    assert whole["services"]["node1"]["environment"]["ROOKERY_TRUSTED_PROXIES"] == address


# ---- the image ----

def _stages():
    """The instructions of the Dockerfile, (name, arguments), a list for each stage; first what is before them."""
    text = re.sub(r"^\s*#.*\n", "", (_DOCKER / "Dockerfile").read_text(), flags=re.M)
    stages = [[]]
    for line in re.sub(r"\\\n", "", text).splitlines():
        name, _, arguments = line.strip().partition(" ")
        if name == "FROM":
            stages.append([])
        if name:
            stages[-1].append((name, arguments))
    return stages


def _of_image(name):
    return [arguments for instruction, arguments in _stages()[-1] if instruction == name]


def _image_environment():
    return dict(pair.split("=", 1) for arguments in _of_image("ENV") for pair in shlex.split(arguments))


def _installed_in_image():
    return set(re.search(r"install -y --no-install-recommends ([\w.+ -]+?)&&", " ".join(_of_image("RUN")))[1].split())


def _linked_packages():
    """Of what the program itself asks for; the rest they bring. Nor of sanitizers, and what each image has."""
    dynamic = subprocess.run(["readelf", "-d", sys.argv[1]], check=True, capture_output=True, text=True).stdout
    found = subprocess.run(["ldd", sys.argv[1]], check=True, capture_output=True, text=True).stdout
    paths = [re.search(rf"^\s*(?:{re.escape(library)} => )?(/\S*{re.escape(library)})\s", found, re.M)[1].removeprefix("/usr")
             for library in re.findall(r"NEEDED.*\[(.*)\]", dynamic)]
    # Of /lib and /usr/lib, which are one, dpkg knows each file by one.
    owned = subprocess.run(["dpkg", "-S", *paths, *("/usr" + path for path in paths)], capture_output=True, text=True).stdout
    owners = {path.removeprefix("/usr"): package for package, path in re.findall(r"^([^:\n]+).*: (/.*)$", owned, re.M)}
    packages = {owners.get(path, path) for path in paths}
    return {p for p in packages if not re.fullmatch(r"libc6|lib(gcc-s1|asan\d+|ubsan\d+|tsan\d+|lsan\d+)", p)}


def the_image_has_the_libraries_that_the_program_is_linked_with():
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    if (release.get("ID"), release.get("VERSION_ID", "").strip('"')) != ("debian", "12"):
        return
    want, have = _linked_packages(), _installed_in_image() - {"ca-certificates", "curl"}
    assert want == have, f"missing {want - have}, too many {have - want}"


def the_image_is_of_what_setup_installs_on():
    (arg,), builder, image = _stages()
    assert arg == ("ARG", "BASE=debian:12-slim")
    assert [stage[0][1].split()[0] for stage in (builder, image)] == ["${BASE}"] * 2
    assert "!= 'debian 12'" in (_ROOT / "tools/setup").read_text()
    assert ("RUN", "tools/setup --no-build") in builder
    version = re.search(r"version: '([\d.]+)'", (_ROOT / "meson.build").read_text())[1]
    assert f"VERSION={version}" in _of_image("ARG")


def the_image_runs_as_somebody_who_owns_its_data_only():
    run = " ".join(_of_image("RUN"))
    uid, gid = (re.search(rf"--{what} (\d+)", run)[1] for what in ("uid", "gid"))
    assert _of_image("USER") == [f"{uid}:{gid}"] and int(uid) > 0
    folder = _image_environment()["ROOKERY_DATA"]
    assert _of_image("VOLUME") == _of_image("WORKDIR") == [folder]
    assert f"install -d -o rookery -g rookery -m 0700 {folder}" in run
    assert f":{folder}" in _composed()["services"]["node1"]["volumes"][0]
    assert set(_image_environment()) <= _known_variables()


def the_image_asks_for_its_health_where_it_listens():
    port = _image_environment()["PORT"]
    assert _of_image("EXPOSE") == [port]
    command = json.loads(_of_image("HEALTHCHECK")[0].partition("CMD ")[2])
    with tempfile.TemporaryDirectory() as folder:
        stub = pathlib.Path(folder, "curl")
        stub.write_text('#!/bin/sh\nfor last; do :; done\necho "$last"\n')
        stub.chmod(0o755)
        for given, want in (({}, port), ({"PORT": "3001,3002"}, "3001"), ({"ROOKERY_PORT": "17"}, "17")):
            environment = {**_image_environment(), **given, "PATH": folder + ":" + os.environ["PATH"]}
            asked = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60).stdout
            assert asked == f"http://127.0.0.1:{want}/health/ready\n", asked


def what_is_built_gets_what_it_reads_and_no_more():
    rules = (_ROOT / ".dockerignore").read_text().splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    assert rules[0] == "*" and allowed == {rule for rule in allowed if (_ROOT / rule).exists()}
    read = {folder.split("/")[0] for folder in re.findall(r"^subdir\('(.*?)'\)", (_ROOT / "meson.build").read_text(), re.M)}
    assert allowed == read | {"conf", "meson.build", "meson_options.txt"}, allowed
    for name, arguments in _stages()[1]:
        for source in arguments.split()[:-1] if name == "COPY" else []:
            assert (_ROOT / source).exists() and (source == "." or source.split("/")[0] in allowed), source


if __name__ == "__main__":
    try:
        import yaml
    except ImportError:
        print("1..0 # SKIP python3-yaml is not installed (tools/setup lint)")
    else:
        tap.run(globals())
