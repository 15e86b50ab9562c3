"""A task of Cloud Exchange 6.1.0 as a task definition, written by hand, and the certificates that its containers need.

`Deployment` is as it should be; a test changes one thing of it and starts the task.
"""

from __future__ import annotations

import datetime
import functools
import ipaddress
import json
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from efs_kit import access_point, admit_nfs

REPOSITORY = "docker.io/netskopetechnicalalliances/cloudexchange"
NAMES = ("localhost", "rabbitmq-stats", "mongodb-primary", "host.docker.internal", "core")
INITDB = "/docker-entrypoint-initdb.d"
CORE, UI, CONF = "/opt/certs/mongodb_rabbitmq_certs", "/data/ssl_certs/mongodb_rabbitmq_certs", "/etc/rabbitmq/conf.d"

CUSTOM_CONF = f"""
disk_free_limit.absolute = $(RABBITMQ_RAM_RESOURCES)MB
# only TLS
listeners.tcp = none
listeners.ssl.default = 5671
ssl_options.versions.1 = tlsv1.3
ssl_options.certfile = {CONF}/rabbitmq_cert.crt
ssl_options.keyfile = {CONF}/rabbitmq_cert_key.key
ssl_options.cacertfile = {CONF}/rabbitmq_cert_ca.crt
ssl_options.verify = verify_none
management.ssl.port = 15671
management.ssl.certfile = {CONF}/rabbitmq_cert.crt
management.ssl.keyfile = {CONF}/rabbitmq_cert_key.key
management.ssl.cacertfile = {CONF}/rabbitmq_cert_ca.crt
"""
MONGO_INIT = """#!/bin/sh
mongosh -- "$MONGO_INITDB_DATABASE" <<'EOF'
    db.createUser({user: process.env.MONGODB_USERNAME, pwd: process.env.MONGODB_PASSWORD, roles: ["dbOwner"]});
EOF
"""
MONGOD = ["mongod", "--tlsMode", "preferTLS", "--tlsCertificateKeyFile", f"{CORE}/tls_cert_key.pem"]
MONGOD += ["--tlsCAFile", f"{CORE}/tls_cert_ca.crt", "--tlsDisabledProtocols", "TLS1_0,TLS1_1"]
RABBITMQ = (
    "printf '%s\\n' \"$RABBITMQERLCOOKIE\" > /var/lib/rabbitmq/.erlang.cookie && "
    "chmod 600 /var/lib/rabbitmq/.erlang.cookie && exec docker-entrypoint.sh rabbitmq-server"
)
START_CORE = (
    f'tls="tls=true&tlsCertificateKeyFile={CORE}/tls_cert_key.pem&tlsCAFile={CORE}/tls_cert_ca.crt"\n'
    'export MONGO_CONNECTION_STRING="$MONGO_CONNECTION_STRING?$tls&tlsAllowInvalidHostnames=true"\n'
    'export RABBITMQ_CONNECTION_STRING="amqps:${RABBITMQ_CONNECTION_STRING#amqp:}"\n'
    "exec /opt/start.sh"
)
START_UI = (
    "echo '127.0.0.1 host.docker.internal core mongodb-primary rabbitmq-stats' >> /etc/hosts || "
    "echo 'cannot write /etc/hosts' >&2\nexec ./start.sh"
)
DELIVER = """set -eu
deliver() {
    cat > "$1.new"; chmod "$2" "$1.new"
    if [ -n "$3" ]; then chown "$3" "$1.new"; fi
    mv -f "$1.new" "$1"
}
"""


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _begin(subject: str, issuer: str, key, days: tuple[int, int]) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    begin, end = (now + datetime.timedelta(day) for day in days)
    return builder.not_valid_before(begin).not_valid_after(end)


@functools.cache
def authority(number: int):
    """Certificate and key of a certificate authority; another number is another one, of the same name."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = _begin("CloudExchangeCA", "CloudExchangeCA", key, (-1, 3650))
    builder = builder.add_extension(x509.BasicConstraints(True, None), True).add_extension(usage, True)
    return builder.sign(key, hashes.SHA256()), key


@functools.cache
def certificate(names: tuple = NAMES, days: tuple = (-1, 3650), client: bool = True, number: int = 1) -> dict:
    """The values of the secret: one certificate, its key and the authority `number`."""
    ca, ca_key = authority(number)
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = [*map(x509.DNSName, names), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, *([ExtendedKeyUsageOID.CLIENT_AUTH] if client else [])]
    builder = _begin("localhost", "CloudExchangeCA", key, days)
    builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), False)
    builder = builder.add_extension(x509.ExtendedKeyUsage(usage), False)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return {
        "internal_ca": ca.public_bytes(pem).decode(),
        "internal_certificate": builder.sign(ca_key, hashes.SHA256()).public_bytes(pem).decode(),
        "internal_key": key.private_bytes(pem, form, serialization.NoEncryption()).decode(),
    }


@dataclass
class Delivered:
    """A file; `variables` hold its parts."""

    volume: str
    variables: list[str]
    mode: str = "0444"
    owner: str = "1001:1001"


def _files() -> dict[str, Delivered]:
    ca, cert, key = "SECRET_INTERNAL_CA", "SECRET_INTERNAL_CERTIFICATE", "SECRET_INTERNAL_KEY"
    return {
        "tls_cert.crt": Delivered("certs", [cert]),
        "tls_cert_key.key": Delivered("certs", [key]),
        "tls_cert_key.pem": Delivered("certs", [cert, key]),
        "tls_cert_ca.crt": Delivered("certs", [ca]),
        "custom.conf": Delivered("rabbitmq-conf", ["FILE_RABBITMQ_CONF_CUSTOM_CONF"], "0440"),
        "rabbitmq_cert.crt": Delivered("rabbitmq-conf", [cert]),
        "rabbitmq_cert_key.key": Delivered("rabbitmq-conf", [key], "0440"),
        "rabbitmq_cert_ca.crt": Delivered("rabbitmq-conf", [ca]),
        "mongo-init.sh": Delivered("mongo-init", ["FILE_MONGO_INIT_MONGO_INIT_SH"]),
        "cloud-exchange-internal.crt": Delivered("certificate", [ca], owner=""),
    }


@dataclass
class Deployment:
    """A 6.1.0 task; `kit` is an `ecs_kit.Kit`."""

    kit: object
    files: dict[str, Delivered] = field(default_factory=_files)
    contents: dict[str, str] = field(
        default_factory=lambda: {
            "FILE_RABBITMQ_CONF_CUSTOM_CONF": CUSTOM_CONF,
            "FILE_MONGO_INIT_MONGO_INIT_SH": MONGO_INIT,
        }
    )
    internal: dict[str, str] = field(default_factory=lambda: dict(certificate()))
    password: str = "p$a:s/s`w\"o'rd"
    containers: dict[str, dict] = field(init=False)
    system: str = field(init=False)
    points: dict[str, str] = field(init=False)
    script: str = DELIVER
    starts: int = 0
    delivers_as: str = "0:0"
    dropped: set[str] = field(default_factory=set)
    """Secret variables that no container gets."""

    def __post_init__(self) -> None:
        self._make_network()
        self.containers = {one["name"]: one for one in self._containers()}

    def _make_network(self) -> None:
        kit, efs = self.kit, self.kit.account.client("efs")
        admit_nfs(kit)
        self.system = efs.create_file_system(CreationToken="data", Encrypted=True)["FileSystemId"]
        kit.account.advance(20)
        for subnet in kit.net["subnets"]:
            efs.create_mount_target(FileSystemId=self.system, SubnetId=subnet, SecurityGroups=[kit.net["sg"]])
        user = {"PosixUser": {"Uid": 1001, "Gid": 1001}}
        self.points = {
            name: access_point(kit, self.system, f"/data/{name}", **user)
            for name in ("mongo-data", "certificate", "rabbitmq-data")
        }
        kit.account.client("logs").create_log_group(logGroupName="/ce")
        kit.account.advance(120)

    def _containers(self) -> list[dict]:
        success = {"containerName": "init-container", "condition": "SUCCESS"}

        def healthy(*names):
            return [{"containerName": name, "condition": "HEALTHY"} for name in names]

        def container(name, tag, entry_point, mounts, environment, **more):
            options = {"awslogs-group": "/ce", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ce"}
            return {
                "name": name,
                "image": f"{REPOSITORY}:{tag}",
                "entryPoint": entry_point,
                "essential": True,
                "mountPoints": [{"sourceVolume": v, "containerPath": p, "readOnly": r} for v, p, r in mounts],
                "environment": [{"name": k, "value": v} for k, v in environment.items()],
                "logConfiguration": {"logDriver": "awslogs", "options": options},
                "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 10, "retries": 2, "startPeriod": 10},
                "dependsOn": [success],
                **more,
            }

        mongodb = {"MONGODB_USERNAME": "cteadmin", "MONGO_INITDB_DATABASE": "cte"}
        mongodb |= {"MONGO_INITDB_ROOT_USERNAME": "root"}
        return [
            container(
                "mongodb-primary",
                "mongo6-6.1.0-8.0.18",
                ["docker-entrypoint.sh"],
                [("certs", CORE, True), ("mongo-init", INITDB, True), ("mongo-data", "/data/db", False)],
                mongodb,
                command=MONGOD,
                user="1001:1001",
                portMappings=[{"containerPort": 27017}],
            ),
            container(
                "rabbitmq-stats",
                "rabbitmq6-6.1.0-4.2.2",
                ["/bin/bash", "-c", RABBITMQ],
                [("rabbitmq-conf", CONF, True), ("rabbitmq-data", "/var/lib/rabbitmq/mnesia/", False)],
                {"RABBITMQ_RAM_RESOURCES": "3072", "RABBITMQ_DEFAULT_USER": "user"},
                user="1001:1001",
                portMappings=[{"containerPort": 5671}],
            ),
            container(
                "core",
                "core6-6.1.0",
                ["/bin/bash", "-c", START_CORE],
                [("certs", CORE, True), ("certificate", "/usr/local/share/ca-certificates", True)],
                {},
                dependsOn=[success, *healthy("mongodb-primary", "rabbitmq-stats")],
            ),
            container(
                "ui",
                "ui6-6.1.0",
                ["/bin/bash", "-c", START_UI],
                [("certs", UI, True)],
                {"CE_API_URL": "http://localhost", "CE_API_PORT": "8000", "CE_MANAGEMENT_PORT": "8443"},
                dependsOn=[{"containerName": "core", "condition": "START"}],
                portMappings=[{"containerPort": 3000}],
            ),
        ]

    def _delivering(self) -> dict:
        lines = []
        for path, file in self.files.items():
            parts = " ".join(f'"${variable}"' for variable in file.variables)
            lines.append(f"printf '%s\\n' {parts} | deliver /files/{file.volume}/{path} {file.mode} '{file.owner}'")
        volumes = ("certs", "rabbitmq-conf", "mongo-init", "certificate")
        return {
            "name": "init-container",
            "image": f"{REPOSITORY}:mongo6-6.1.0-8.0.18",
            "essential": False,
            "user": self.delivers_as,
            "entryPoint": ["/bin/sh", "-c"],
            "command": [self.script + "\n".join(lines)],
            "mountPoints": [{"sourceVolume": v, "containerPath": f"/files/{v}"} for v in volumes],
            "environment": [{"name": k, "value": v} for k, v in self.contents.items()],
            "logConfiguration": self.containers["core"]["logConfiguration"],
        }

    def start(self, **more) -> str:
        """ARN of a task that has had the time to become healthy."""
        self.starts += 1
        kit, quoted = self.kit, self.password.translate(str.maketrans({c: f"%{ord(c):02X}" for c in "$:/`\"' "}))
        secrets = kit.account.client("secretsmanager")
        credentials = {
            "maintenance_password": self.password,
            "jwt_secret": "s" * 32,
            "mongo_connection_string": f"mongodb://cteadmin:{quoted}@localhost:27017/cte",
            "rabbitmq_connection_string": f"amqp://user:{quoted}@localhost",
        }
        arns = {
            key: secrets.create_secret(Name=f"{name}-{self.starts}", SecretString=json.dumps(values))["ARN"]
            for key, name, values in (("c", "credentials", credentials), ("i", "internal", self.internal))
        }

        def give(container, key, **variables):
            given = [{"name": k, "valueFrom": f"{arns[key]}:{v}::"} for k, v in variables.items()]
            kept = [one for one in given if one["name"] not in self.dropped]
            container["secrets"] = container.get("secrets", []) + kept

        first = self._delivering()
        give(first, "i", **{f"SECRET_{key.upper()}": key for key in self.internal})
        rest = {name: dict(one) for name, one in self.containers.items()}
        word = "maintenance_password"
        give(rest["mongodb-primary"], "c", MONGODB_PASSWORD=word, MONGO_INITDB_ROOT_PASSWORD=word)
        give(rest["rabbitmq-stats"], "c", RABBITMQ_DEFAULT_PASS=word, RABBITMQERLCOOKIE=word)
        strings = {f"{what}_CONNECTION_STRING": f"{what.lower()}_connection_string" for what in ("MONGO", "RABBITMQ")}
        give(rest["core"], "c", JWT_SECRET="jwt_secret", **strings)
        volumes = [{"name": name} for name in ("certs", "rabbitmq-conf", "mongo-init")]
        for name, point in self.points.items():
            authorization = {"accessPointId": point, "iam": "ENABLED"}
            configuration = {"fileSystemId": self.system, "transitEncryption": "ENABLED"}
            configuration["authorizationConfig"] = authorization
            volumes.append({"name": name, "efsVolumeConfiguration": configuration})
        arn = kit.run(kit.register(first, *rest.values(), volumes=volumes), **more)["taskArn"]
        kit.account.advance(240)
        return arn

    def change(self, container: str, old: str, new: str) -> None:
        """Replaces text in a container's entry point, command and values."""
        listed = self.containers[container]
        assert old in str([listed.get(key) for key in ("entryPoint", "command", "environment")])
        for key in ("entryPoint", "command"):
            listed[key] = [text.replace(old, new) for text in listed.get(key, [])]
        listed["environment"] = [{**one, "value": one["value"].replace(old, new)} for one in listed["environment"]]

    def health(self, arn: str) -> str:
        return self.kit.task(arn)["healthStatus"]

    def checked(self, arn: str) -> dict[str, dict]:
        """What the plugin found in the containers that it has started, by name."""
        listed = self.kit.account.control("cloud-exchange") or []
        return {one["container"]: one for one in listed if one["task"] == arn}

    def log(self, arn: str, container: str) -> list[str]:
        stream = f"ce/{container}/{arn.rsplit('/', 1)[-1]}"
        events = self.kit.account.client("logs").get_log_events(logGroupName="/ce", logStreamName=stream)["events"]
        return [event["message"] for event in events]
