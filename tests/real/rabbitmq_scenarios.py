"""What RabbitMQ has to show: one data directory through all releases, first starts, and the TLS of 6.x."""

import base64
import socket
import ssl
import subprocess
import time
import urllib.request

import broker
import certificates
from broker import Broker
from catalogue import PASSWORD, Release
from container import Ended
from report import Result

ROAD = ["4.2.0", "5.0.0", "5.0.1", "5.1.0", "5.1.1", "5.1.2", "6.0.0", "6.0.1", "6.1.0"]
FLAGS = "rabbitmq-feature-flags"


def road(work):
    """From 3.11 to 4.2 on one data directory, that starts with as few feature flags as a broker can have."""
    data = work / "volumes"
    pem = certificates.ours(work / "certificates")
    old = Release.load(ROAD[0])
    begin = time.monotonic()
    server = Broker(old, data, work, pem, {"RABBITMQ_FEATURE_FLAGS": ""})
    running = server.start()
    # Quorum queues and streams need theirs; the others stay off, as on a node that was upgraded to this version.
    for flag in ("quorum_queue", "stream_queue"):
        code, text = running.run(["rabbitmqctl", "-q", "enable_feature_flag", flag])
        assert code == 0, text
    broker.fill(server, running)
    broker.check(server, running)
    off = [name for name, (state, _) in broker.flags(running).items() if state != "enabled"]
    assert off
    assert running.stop()
    yield Result(old.version, f"filled; {len(off)} feature flags off", f"RabbitMQ {server.version} first start", begin)
    for version in ROAD[1:]:
        new = Release.load(version)
        yield from _hop(old, new, data, work, pem)
        old = new


def _hop(old, new, data, work, pem):
    before, after = Broker(old, data, work, pem), Broker(new, data, work, pem)
    steps = [step for step in new.steps(broker.NAME) if step["name"] == FLAGS]
    step_name = f"RabbitMQ {before.version} → {after.version}"
    for step in steps:
        begin = time.monotonic()
        copied = broker.copy(data, work, f"{new.version}-without")
        outcome = _without(Broker(new, copied, work, pem))
        yield Result(new.version, outcome, step_name, begin)
        begin = time.monotonic()
        code, text, first = before.step(step)
        assert code == 0, text[-3000:]
        code, text, second = before.step(step)
        assert code == 0, text[-3000:]
        rows = [line.split() for line in text.splitlines() if len(line.split()) == 3]
        experimental = [name for name, state, stability in rows if stability == "experimental" and state == "enabled"]
        assert not experimental, experimental
        khepri = next((f"khepri_db {row[1]} ({row[2]})" for row in rows if row[0] == "khepri_db"), None)
        finding = f"step `{step['name']}` twice ({first:.0f} s, {second:.0f} s)" + (f"; {khepri}" if khepri else "")
        yield Result(new.version, finding, f"RabbitMQ {before.version}", begin)
    if steps:
        begin = time.monotonic()
        running = before.start()
        broker.check(before, running)
        assert running.stop()
        finding = "the older release still reads what the step leaves"
        yield Result(new.version, finding, f"RabbitMQ {before.version}", begin)
    begin = time.monotonic()
    running = after.start()
    broker.check(after, running)
    khepri = broker.flags(running).get("khepri_db")
    assert running.stop()
    finding = "all read back" + (f"; khepri_db {khepri[0]} ({khepri[1]})" if khepri else "")
    yield Result(new.version, finding, step_name, begin)


def _without(server):
    """The newer server on data whose step was left out: refuses, or what else it does."""
    running = server.start(wait=False)
    try:
        running.wait_for(lambda: running.run(["rabbitmq-diagnostics", "-q", "check_running"])[0] == 0)
    except Ended:
        pass
    else:
        broker.check(server, running)
        assert running.stop()
        return "without the step it starts all the same, and all is read back"
    text = running.text() + "".join(p.read_text(errors="replace") for p in server.work.glob("broker-*/log/*.log"))
    assert "feature flag" in text.lower(), running.text()[-3000:]
    line = next(line for line in text.splitlines() if "feature flag" in line.lower() and "equired" in line)
    line = line.split("] ", 1)[-1].split("<0")[-1].split("> ", 1)[-1].strip()
    return f"without the step it ends with code {running.process.returncode}: “{line}”"


def first_starts(work):
    """A new node of 6.x, with and without the vendor's list of feature flags."""
    pem = certificates.ours(work / "certificates")
    for version, environment, wanted, finding in (
        ("6.0.1", None, "disabled", "new node with RABBITMQ_FEATURE_FLAGS of the release"),
        ("6.1.0", None, "disabled", "new node with RABBITMQ_FEATURE_FLAGS of the release"),
        ("6.0.1", {}, "enabled", "new node without RABBITMQ_FEATURE_FLAGS"),
        ("6.0.0", None, "disabled", "new node (the release has no RABBITMQ_FEATURE_FLAGS)"),
    ):
        begin = time.monotonic()
        release = Release.load(version)
        data = work / f"volumes-{time.monotonic_ns()}"
        server = Broker(release, data, work, pem)
        if environment is not None:
            del release.container(broker.NAME)["environment"]["RABBITMQ_FEATURE_FLAGS"]
        running = server.start()
        broker.fill(server, running)
        broker.check(server, running)
        flags = broker.flags(running)
        state, stability = flags["khepri_db"]
        assert state == wanted, (version, flags)
        off = sorted(name for name, (state, stability) in flags.items() if state != "enabled" and stability == "stable")
        listed = server.release.environment(broker.NAME).get("RABBITMQ_FEATURE_FLAGS", "").split(",")
        unknown = sorted(name for name in listed if name and name not in flags)
        assert running.stop()
        finding += f": khepri_db {state} ({stability}); stable flags off: {', '.join(off) or 'none'}"
        finding += f"; names in the list that the server does not know: {', '.join(unknown)}" if unknown else ""
        yield Result(version, finding, f"RabbitMQ {server.version}", begin)
        if version in ("6.0.0", "6.1.0"):
            yield _all_flags(server)


def _all_flags(server):
    """What `enable_feature_flag all`, in the script of the step to 6.0.1, does to Khepri on 4.1 and on 4.2."""
    step = next(step for step in Release.load("6.0.1").steps(broker.NAME) if step["name"] == FLAGS)
    code, text, seconds = server.step(step)
    assert code == 0, text[-3000:]
    state = next(line.split()[1] for line in text.splitlines() if line.startswith("khepri_db"))
    if server.version.startswith("4.1"):
        assert state == "disabled", text
        finding = "`enable_feature_flag all` leaves khepri_db disabled"
    else:
        assert state == "enabled", text
        finding = "`enable_feature_flag all` would enable khepri_db: no step may do that from here on"
    return Result(server.release.version, finding, f"RabbitMQ {server.version}", seconds=seconds)


def tls(work):
    """6.x: AMQPS and the management plug-in with both shapes of certificates; nothing without TLS."""
    import pika

    for version in ("6.0.0", "6.1.0"):
        for shape, made in (("vendor's", certificates.vendor), ("our shape of", certificates.ours)):
            begin = time.monotonic()
            release = Release.load(version)
            folder = work / f"{version}-{shape[0]}"
            pem = made(folder / "certificates")
            server = Broker(release, folder / "volumes", folder, pem)
            running = server.start()
            authority = str(folder / "certificates" / "ca.crt")
            server.connect(authority=authority).close()  # verifies chain and name
            for port in (5672, 15672):
                with socket.socket() as probe:
                    assert probe.connect_ex(("127.0.0.1", port)) != 0, f"something listens on {port}"
            try:
                server.connect(tls=False, port=5671)
                raise AssertionError("AMQP without TLS is answered on 5671")
            except (pika.exceptions.AMQPConnectionError, pika.exceptions.AMQPError):
                pass
            try:
                server.connect(authority=authority, password="wrong")
                raise AssertionError("a wrong password is accepted")
            except pika.exceptions.ProbableAuthenticationError:
                pass
            offers = [f"{name}: {_offer(5671, authority, option)}" for name, option in PROTOCOLS.items()]
            assert "management" in _management(authority)
            for name, value in (("max_message_size", "134217728"), ("consumer_timeout", "2592000000")):
                assert _setting(running, name) == f"{{ok,{value}}}", name
            memory = release.environment(broker.NAME)["RABBITMQ_RAM_RESOURCES"]
            assert f'"{memory}MB"' in _setting(running, "total_memory_available_override_value")
            assert running.stop()
            finding = f"{shape} certificates: AMQPS verified against the CA, 15671 answers over TLS, "
            finding += "5672 and 15672 closed, wrong password refused; "
            yield Result(version, finding + "; ".join(offers), f"RabbitMQ {server.version}", begin)


PROTOCOLS = {"TLS 1.3": "-tls1_3", "TLS 1.2": "-tls1_2", "TLS 1.1": "-tls1_1"}


def _offer(port, authority, option):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", authority, "-brief"]
    command += [option, "-cipher", "DEFAULT@SECLEVEL=0"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    if "Verification: OK" not in text:
        assert option == "-tls1_1", text
        return "refused"
    assert option != "-tls1_1", text
    return next(line.split(": ", 1)[1] for line in text.splitlines() if line.startswith("Ciphersuite"))


def _management(authority):
    login = base64.b64encode(f"{broker.USER}:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {login}"}
    request = urllib.request.Request("https://127.0.0.1:15671/api/overview", headers=headers)
    with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=authority), timeout=20) as answer:
        return answer.read().decode()


def _setting(container, name):
    """A setting of the application `rabbit`, as the running broker has it."""
    code, text = container.run(["rabbitmqctl", "-q", "eval", f"application:get_env(rabbit, {name})."])
    assert code == 0, text
    return text.strip()


SCENARIOS = {"rabbitmq-road": road, "rabbitmq-first-start": first_starts, "rabbitmq-tls": tls}
