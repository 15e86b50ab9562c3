"""RabbitMQ: containers of the release files on real brokers, and the data that is put into them."""

import hashlib
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import install
from catalogue import PASSWORD
from container import Container

NAME = "rabbitmq-stats"
USER = "user"
CLASSIC = "cloudexchange_classic"
QUORUM = ["cloudexchange_3", "cloudexchange_6", "cloudexchange_9"]
STREAM = "cloudexchange_log"
# What a queue holds: small and large ones, as tasks and their arguments are.
BODIES = [hashlib.sha256(str(n).encode()).hexdigest().encode() * (1 + (n % 7) * 300) for n in range(60)]


class Broker:
    """The container `rabbitmq-stats` of a release on folders of this test."""

    def __init__(self, release, data, work, pem=None, environment=None):
        self.release = release
        self.version = release.server_version(NAME)
        self.work = Path(work)
        self.pem = pem
        self.data = Path(data)
        self.more = environment or {}
        self.tls = not any(port == 5672 for port in release.container(NAME)["ports"])
        self.port = 5671 if self.tls else 5672

    def container(self, deliver=True):
        """A new container: only its volumes are kept. A data step's has no task volumes (`deliver=False`)."""
        folder = self.work / f"broker-{time.monotonic_ns()}"
        home, etc, log, temporary = (folder / name for name in ("home", "etc", "log", "tmp"))
        for path in (home, etc, log, temporary):
            path.mkdir(parents=True)
            path.chmod(0o1777)
        (etc / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (etc / "conf.d").mkdir()
        (etc / "conf.d" / "10-defaults.conf").write_text("log.console = true\n")
        program, root = install.rabbitmq(self.version)
        mounts = {"/opt/rabbitmq": program, "/var/lib/rabbitmq": home, "/etc/rabbitmq": etc}
        mounts |= {"/var/log/rabbitmq": log, "/tmp": temporary, "/usr/local/bin": install.entry_points() / "rabbitmq"}
        for path, volume in self.release.mounts(NAME).items():
            if deliver or volume not in self.release.task_volumes():
                mounts[path] = self._volume(volume, folder)
        # The variables that the official image sets.
        environment = {"HOME": "/var/lib/rabbitmq", "RABBITMQ_HOME": "/opt/rabbitmq", "RUNNING_UNDER_SYSTEMD": "true"}
        return Container(root, mounts, environment | self.release.environment(NAME) | self.more)

    def _volume(self, volume, folder):
        if volume not in self.release.task_volumes():
            place = self.data / volume
            place.mkdir(parents=True, exist_ok=True)
            own(place, 1001, 1001)
            place.chmod(0o777)
            return place
        place = folder / f"volume-{volume}"
        place.mkdir()
        deliver_files(self.release, volume, place, self.pem)
        return place

    def start(self, wait=True):
        container = self.container()
        running = container.start(self.release.arguments(NAME), self.work / f"{self.version}-{time.monotonic_ns()}.log")
        if wait:
            health = ["/bin/sh", "-c", self.release.container(NAME)["health_check"]["command"]]
            running.wait_for(lambda: self.healthy(running, health))
        return running

    def healthy(self, running, health):
        """The release's own health check, and that the application is up, which the check does not ask."""
        return (
            running.run(health)[0] == 0
            and running.run(["rabbitmq-diagnostics", "-q", "check_running"])[0] == 0
            and running.run(["rabbitmq-diagnostics", "-q", "check_port_connectivity"])[0] == 0
        )

    def step(self, step):
        """Runs a data step's script as its one-shot task does: exit code, output, seconds."""
        begin = time.monotonic()
        code, text = self.container(deliver=False).run(["/bin/bash", "-c", step["script"]], step["timeout"])
        return code, text, time.monotonic() - begin

    def connect(self, tls=None, user=USER, password=PASSWORD, authority=None, **options):
        import pika

        tls = self.tls if tls is None else tls
        secure = None
        if tls:
            context = ssl.create_default_context(cafile=authority) if authority else ssl._create_unverified_context()
            secure = pika.SSLOptions(context, "localhost")
        options = {"port": 5671 if tls else 5672, "blocked_connection_timeout": 60, "socket_timeout": 10} | options
        credentials = pika.PlainCredentials(user, password)
        return pika.BlockingConnection(
            pika.ConnectionParameters("127.0.0.1", credentials=credentials, ssl_options=secure, **options)
        )


def fill(broker, container):
    """Queues of the kinds that there are, messages, an exchange with a binding, a policy and a second user."""
    import pika

    for command in (
        ["add_user", "second", "other"],
        ["set_permissions", "second", ".*", ".*", ".*"],
        ["set_policy", "limit", "^cloudexchange_classic$", '{"max-length": 100000}', "--apply-to", "queues"],
    ):
        code, text = container.run(["rabbitmqctl", "-q", *command])
        assert code == 0, text
    connection = broker.connect()
    channel = connection.channel()
    channel.confirm_delivery()
    channel.exchange_declare("cloudexchange", "topic", durable=True)
    channel.queue_declare(CLASSIC, durable=True)
    channel.queue_bind(CLASSIC, "cloudexchange", "task.#")
    for queue in QUORUM:
        channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
    channel.queue_declare(STREAM, durable=True, arguments={"x-queue-type": "stream"})
    persistent = pika.BasicProperties(delivery_mode=2, headers={"task": "run", "number": 7})
    for body in BODIES:
        channel.basic_publish("cloudexchange", "task.classic", body, persistent, mandatory=True)
        for queue in [*QUORUM, STREAM]:
            channel.basic_publish("", queue, body, persistent, mandatory=True)
    connection.close()


def check(broker, container):
    """Reads everything back without taking it away, and writes and reads one message more."""
    connection = broker.connect()
    channel = connection.channel()
    for queue in [CLASSIC, *QUORUM]:
        count = channel.queue_declare(queue, passive=True).method.message_count
        assert count == len(BODIES), f"{queue} holds {count} messages, not {len(BODIES)}"
        bodies, headers = [], None
        while True:
            method, properties, body = channel.basic_get(queue, auto_ack=False)
            if method is None:
                break
            bodies.append(body)
            headers = properties.headers
        # The order is not kept by those that go back into a quorum queue.
        assert sorted(bodies) == sorted(BODIES), f"{queue} returns other messages"
        assert headers["task"] == "run" and headers["number"] == 7, headers
    channel.close()  # all go back into their queues
    channel = connection.channel()
    channel.basic_qos(prefetch_count=100)
    stream = []
    offset = {"x-stream-offset": "first"}
    for method, _, body in channel.consume(STREAM, arguments=offset, inactivity_timeout=20):
        assert method is not None, f"the stream ends after {len(stream)} messages"
        stream.append(body)
        channel.basic_ack(method.delivery_tag)
        if len(stream) == len(BODIES):
            break
    assert stream == BODIES, "the stream returns other messages"
    connection.close()
    broker.connect(user="second", password="other").close()
    code, text = container.run(["rabbitmqctl", "-q", "list_policies"])
    assert code == 0 and "limit" in text, text
    connection = broker.connect()
    channel = connection.channel()
    channel.confirm_delivery()
    for arguments in ({}, {"x-queue-type": "quorum"}):
        channel.queue_declare("probe", durable=True, arguments=arguments)
        channel.basic_publish("", "probe", b"new", mandatory=True)
        method, _, body = channel.basic_get("probe", auto_ack=True)
        assert body == b"new"
        channel.queue_delete("probe")
    connection.close()
    # The requeued messages are written back before the broker is stopped.
    time.sleep(1)


def flags(container):
    """Every feature flag: its state and stability."""
    command = ["rabbitmqctl", "-q", "list_feature_flags", "name", "state", "stability"]
    code, text = container.run(command)
    assert code == 0, text
    rows = [line.split() for line in text.splitlines() if len(line.split()) == 3]
    return {name: (state, stability) for name, state, stability in rows if name != "name"}


def deliver_files(release, volume, place, pem):
    """What the delivering container writes: the files of a volume, with their owners and modes."""
    for file in release.files(volume):
        target = place / file["path"]
        if "content" in file:
            target.write_text(file["content"])
        elif "secrets" in file:
            target.write_text("".join(pem[secret] for secret in file["secrets"]))
        else:
            continue
        own(target, *(int(part) for part in file["owner"].split(":")))
        target.chmod(int(file.get("mode", "0444"), 8))


def own(path, uid, gid):
    shutil.chown(path, uid, gid)


def copy(data, work, name):
    """A copy of the volumes, to try something on."""
    target = Path(work) / name
    shutil.rmtree(target, ignore_errors=True)
    # shutil does not keep owners.
    subprocess.run(["cp", "-a", str(data), str(target)], check=True)
    return target
