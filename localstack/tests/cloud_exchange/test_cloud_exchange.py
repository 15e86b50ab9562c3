"""Cloud Exchange 6.x: a task with the right files, variables and certificates gets healthy, and with one mistake does
not.

No program of Cloud Exchange is here: what they would say is from their public sources
(`localstack_fargate/cloud_exchange`).
"""

import pytest
from cloud_exchange_kit import CORE, CUSTOM_CONF, Deployment, certificate
from ecs_kit import Kit


@pytest.fixture
def deployment(account):
    return Deployment(Kit(account))


@pytest.mark.row("Cloud Exchange 6.x: files have owner and mode, and the task gets healthy", plain="absent")
def test_a_good_task_gets_healthy(deployment):
    arn = deployment.start()
    assert deployment.checked(arn)["init-container"]["exit_code"] == 0
    assert {name: one["problem"] for name, one in deployment.checked(arn).items()} == {
        name: None for name in ("init-container", "mongodb-primary", "rabbitmq-stats", "core", "ui")
    }
    assert deployment.health(arn) == "HEALTHY"
    files = deployment.checked(arn)["init-container"]["files"]
    assert files["/files/rabbitmq-conf/rabbitmq_cert_key.key"] == "1001:1001 0440"
    assert files["/files/certificate/cloud-exchange-internal.crt"] == "1001:1001 0444"
    assert deployment.checked(arn)["mongodb-primary"]["arguments"][-1] == "TLS1_0,TLS1_1"
    assert deployment.password not in str(deployment.kit.account.control("cloud-exchange"))


def _of_file(name, **facts):
    def change(it):
        for key, value in facts.items():
            setattr(it.files[name], key, value)

    return change


def _without(name):
    return lambda it: it.files.pop(name)


def _renamed(name, other):
    def change(it):
        it.files[other] = it.files.pop(name)

    return change


def _internal(**more):
    return lambda it: it.internal.update(more)


def _in_text(container, old, new):
    return lambda it: it.change(container, old, new)


def _in_conf(old, new):
    def change(it):
        assert old in it.contents["FILE_RABBITMQ_CONF_CUSTOM_CONF"]
        it.contents["FILE_RABBITMQ_CONF_CUSTOM_CONF"] = CUSTOM_CONF.replace(old, new)

    return change


def _user(container, user):
    return lambda it: it.containers[container].update(user=user)


def _in_script(old, new):
    def change(it):
        assert old in it.script
        it.script = it.script.replace(old, new)

    return change


OTHER = certificate(("localhost",), number=2)
UNKNOWN = "file does not exist or cannot be read by the node"
INVALID = '"codeName":"InvalidSSLConfiguration"'
BOTH = "mongodb-primary, rabbitmq-stats"
ONLY_CERTIFICATE = ["SECRET_INTERNAL_CERTIFICATE"]
NOT_VALID = "The provided SSL certificate is expired or not yet valid."
NO_ISSUER = "certificate verify failed: unable to get local issuer certificate"

MISTAKES = {
    # what RabbitMQ has
    "file missing": (
        _without("rabbitmq_cert_key.key"),
        "rabbitmq-stats",
        f"ssl_options.keyfile invalid, {UNKNOWN}",
    ),
    "wrong name": (
        _renamed("rabbitmq_cert.crt", "server.crt"),
        "rabbitmq-stats",
        f"ssl_options.certfile invalid, {UNKNOWN}",
    ),
    "wrong mode": (_of_file("rabbitmq_cert_key.key", mode="0000"), "rabbitmq-stats", "{error,eacces}"),
    "wrong owner": (_of_file("rabbitmq_cert_key.key", owner="0:0"), "rabbitmq-stats", "{error,eacces}"),
    "owner of the configuration": (_of_file("custom.conf", owner=""), "rabbitmq-stats", "custom.conf: eacces"),
    "no TLS listener": (_in_conf("listeners.ssl.default = 5671", ""), "core", "Connection refused: localhost:5671"),
    "plain listener": (
        _in_conf("listeners.tcp = none", ""),
        "rabbitmq-stats",
        "listener without TLS is open on port 5672",
    ),
    "syntax": (_in_conf("# only TLS", "only TLS"), "rabbitmq-stats", "phase parsing: Syntax error in"),
    "variable of the configuration": (
        _in_conf("RAM_", "ROM_"),
        "rabbitmq-stats",
        "RABBITMQ_ROM_RESOURCES is not set",
    ),
    "cookie for all": (
        _in_text("rabbitmq-stats", "600", "644"),
        "rabbitmq-stats",
        "must be accessible by owner only",
    ),
    "broker not started": (
        _in_text("rabbitmq-stats", "exec docker", ": docker"),
        "rabbitmq-stats",
        "ended without rabbitmq-server",
    ),
    # what MongoDB has
    "key of another": (_internal(internal_key=OTHER["internal_key"]), BOTH, INVALID),
    "key file without key": (_of_file("tls_cert_key.pem", variables=ONLY_CERTIFICATE), "mongodb-primary", INVALID),
    "key file missing": (
        _without("tls_cert_key.pem"),
        "mongodb-primary",
        "system library::No such file or directory",
    ),
    "key file of root": (
        _of_file("tls_cert_key.pem", mode="0400", owner=""),
        "mongodb-primary",
        "Permission denied",
    ),
    "expired": (_internal(**certificate(days=(-20, -1))), "mongodb-primary", NOT_VALID),
    "not yet valid": (_internal(**certificate(days=(1, 20))), "mongodb-primary", NOT_VALID),
    "expired on the account's clock": (
        lambda it: it.kit.account.advance(4000 * 86_400),
        "mongodb-primary",
        NOT_VALID,
    ),
    "no CA for mongod": (
        _in_text("mongodb-primary", "--tlsCAFile", "--tlsClusterFile"),
        "mongodb-primary",
        "chain of trust",
    ),
    "no such option": (
        _in_text("mongodb-primary", "--tlsMode", "--tlsMod"),
        "mongodb-primary",
        "unrecognised option '--tlsMod'",
    ),
    "no user": (_without("mongo-init.sh"), "core", "Authentication failed."),
    # what core has
    "CA of another": (_internal(internal_ca=OTHER["internal_ca"]), "core", NO_ISSUER),
    "server certificate only": (
        _internal(**certificate(client=False)),
        "core",
        "SSL peer certificate validation failed",
    ),
    "names without localhost": (
        _internal(**certificate(("core",))),
        "core",
        "certificate is not valid for 'localhost'",
    ),
    "CA unknown to core": (_without("cloud-exchange-internal.crt"), "core", NO_ISSUER),
    "amqp": (_in_text("core", '"amqps:', '"amqp:'), "core", "Connection refused: localhost:5672"),
    "no tls": (_in_text("core", "tls=true", "ssl_=true"), "core", "does not ask for TLS"),
    "wrong path": (
        _in_text("core", f"{CORE}/tls_cert_ca.crt", "/opt/certs/tls_cert_ca.crt"),
        "core",
        "FileNotFoundError",
    ),
    "key that only MongoDB reads": (_of_file("tls_cert_key.pem", mode="0440"), "core", "PermissionError"),
    "other host": (
        _in_text("core", "exec", 'MONGO_CONNECTION_STRING="${MONGO_CONNECTION_STRING/localhost/db}"\nexec'),
        "core",
        "not known: db",
    ),
    "no JWT secret": (lambda it: it.dropped.add("JWT_SECRET"), "core", "KeyError: 'JWT_SECRET'"),
    "no password": (lambda it: it.dropped.add("MONGODB_PASSWORD"), "core", "Authentication failed."),
    # what ui has
    "no hosts": (
        _in_text("ui", "/etc/hosts", "/tmp/hosts"),
        "ui",
        'host not found in upstream "host.docker.internal"',
    ),
    "ui not root": (_user("ui", "1001:1001"), "ui", 'host not found in upstream "host.docker.internal"'),
    "management on core's port": (_in_text("ui", "8443", "8000"), "ui", "CE_MANAGEMENT_PORT is 8000"),
    "no certificate": (_without("tls_cert.crt"), "ui", "cannot load certificate"),
    # what delivers
    "secret missing": (lambda it: it.dropped.add("SECRET_INTERNAL_KEY"), BOTH, "no start line"),
    "not delivered by root": (
        lambda it: setattr(it, "delivers_as", "1001:1001"),
        "init-container",
        "Permission denied",
    ),
    "script that fails": (
        _in_script("set -eu", "set -eu; cd /files/nowhere"),
        "init-container",
        "failed with exit code",
    ),
    "read-only volume": (
        _in_text("core", "exec", "touch /opt/certs/mongodb_rabbitmq_certs/x\nexec"),
        "core",
        "Read-only file system",
    ),
    "owner on an access point": (
        _of_file("cloud-exchange-internal.crt", owner="0:0"),
        "init-container",
        "Operation not permitted",
    ),
}


@pytest.mark.row("Cloud Exchange 6.x: with one mistake a task is not healthy, and its log says why", plain="absent")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_one_mistake(deployment, mistake):
    change, containers, words = MISTAKES[mistake]
    containers = containers.split(", ")
    change(deployment)
    arn = deployment.start()
    checked = deployment.checked(arn)
    assert {name for name, one in checked.items() if one["problem"]} == {*containers}, checked
    assert words in "\n".join(checked[containers[0]]["problem"])
    assert any(words in line for line in deployment.log(arn, containers[0]))
    assert deployment.health(arn) != "HEALTHY"
    assert deployment.password not in str(checked)


@pytest.mark.row(
    "Cloud Exchange 6.x: task volumes are empty at each start, access points keep what they have", plain="absent"
)
def test_what_a_second_task_finds(deployment):
    deployment.start()
    del deployment.files["tls_cert_ca.crt"], deployment.files["cloud-exchange-internal.crt"]
    second = deployment.checked(deployment.start())
    assert "/files/certs/tls_cert_ca.crt" not in second["init-container"]["files"]
    assert second["init-container"]["files"]["/files/certificate/cloud-exchange-internal.crt"] == "1001:1001 0444"
    assert "No such file or directory" in second["mongodb-primary"]["problem"][0]


@pytest.mark.row("Cloud Exchange 6.x: MongoDB and RabbitMQ keep the password of their first start", plain="absent")
def test_another_password_later(deployment):
    assert deployment.health(deployment.start()) == "HEALTHY"
    del deployment.files["mongo-init.sh"]
    assert deployment.health(deployment.start()) == "HEALTHY"
    deployment.password = "another"
    assert "Authentication failed." in deployment.checked(deployment.start())["core"]["problem"][0]


@pytest.mark.row("Cloud Exchange 6.x: a renewed certificate replaces the files of the old one", plain="absent")
def test_a_renewed_certificate(deployment):
    deployment.start()
    deployment.internal = dict(OTHER)
    arn = deployment.start()
    assert deployment.health(arn) == "HEALTHY", deployment.checked(arn)
    deployment.script = deployment.script.replace(' "$1.new" "$1"', "").replace("$1.new", "$1").replace("mv -f", "true")
    arn = deployment.start()
    # Written in place, as nobody but root could; whoever runs the emulator makes a difference to who says so first.
    assert deployment.checked(arn)["init-container"]["problem"]
    [words] = [line for line in deployment.log(arn, "init-container") if "Permission denied" in line][:1]
    assert "/files/certificate/cloud-exchange-internal.crt" in words


@pytest.mark.row(
    "Cloud Exchange 6.x: its scripts run only if asked for, and never against a test's choice", plain="absent"
)
@pytest.mark.parametrize("case", ["switched off", "5.x", "image"])
def test_what_is_not_run(deployment, case):
    del deployment.files["tls_cert_key.pem"]
    if case == "switched off":
        deployment.kit.account.settings(**{"cloud_exchange.run_scripts": False})
    elif case == "5.x":
        core = deployment.containers["core"]
        core["image"] = core["image"].replace("core6-6.1.0", "core5-5.1.2")
    else:
        deployment.kit.images(**{"*mongo6-*": {"behaviour": "exit", "exit_code": 7}, "*#init-container": {}})
    arn = deployment.start()
    assert "mongodb-primary" not in deployment.checked(arn)
    assert (deployment.health(arn) == "HEALTHY") == (case != "image")
    if case == "image":
        codes = {one["name"]: one.get("exitCode") for one in deployment.kit.task(arn)["containers"]}
        assert codes["mongodb-primary"] == 7
