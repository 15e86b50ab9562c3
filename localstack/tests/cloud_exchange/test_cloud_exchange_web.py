"""ui serves HTTPS if it finds a certificate and its key when it starts, and HTTP otherwise, on the same port."""

import json

import pytest
from cloud_exchange_kit import certificate
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from ecs_kit import REGISTRY, Kit

SCRIPT = """set -eu
printf '%s' "$SECRET_UI_CERTIFICATE" > /files/cte_cert.crt
printf '%s' "$SECRET_UI_KEY" > /files/cte_cert_key.key
"""


def pair(**instead) -> dict:
    made = certificate()
    return {"ui_certificate": made["internal_certificate"], "ui_key": made["internal_key"], **instead}


class Web:
    """A task with ui and what delivers its certificate."""

    def __init__(self, account) -> None:
        self.kit = Kit(account)
        self.secrets = account.client("secretsmanager")

    def definition(self, scheme: str, delivered: dict | None, tls_versions: str = "TLSv1.2 TLSv1.3") -> str:
        kit = self.kit
        mount = {"sourceVolume": "web", "containerPath": "/tmp/ssl_certs"}
        command = f"curl -fk {scheme}://localhost:3000 || exit 1"
        ui = kit.container(
            mountPoints=[mount],
            environment=[{"name": "TLS_VERSION", "value": tls_versions}],
            healthCheck={"command": ["CMD-SHELL", command], "interval": 10, "timeout": 5, "retries": 3},
        )
        if delivered is None:
            return kit.register(ui, volumes=[{"name": "web"}])
        secret = self.secrets.create_secret(Name="web", SecretString=json.dumps(delivered))["ARN"]
        deliverer = {
            "name": "deliver",
            "image": f"{REGISTRY}/ui5:11062023",
            "essential": False,
            "user": "0:0",
            "entryPoint": ["/bin/sh", "-c"],
            "command": [SCRIPT],
            "mountPoints": [{"sourceVolume": "web", "containerPath": "/files"}],
            "secrets": [{"name": f"SECRET_{key.upper()}", "valueFrom": f"{secret}:{key}::"} for key in delivered],
        }
        ui["dependsOn"] = [{"containerName": "deliver", "condition": "SUCCESS"}]
        return kit.register(deliverer, ui, volumes=[{"name": "web"}])

    def health(self, definition: str) -> str:
        arn = self.kit.run(definition)["taskArn"]
        self.kit.account.advance(240)
        return self.kit.task(arn)["healthStatus"]

    def target(self, definition: str, protocol: str) -> str:
        """State of the target of a service with that definition behind a target group of that protocol."""
        kit = self.kit
        elb = kit.account.client("elbv2")
        group = elb.create_target_group(
            Name=f"over-{protocol.lower()}", Protocol=protocol, HealthCheckProtocol=protocol, Port=3000,
            VpcId=kit.net["vpc"], TargetType="ip", HealthCheckIntervalSeconds=30, HealthCheckTimeoutSeconds=10,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        kit.attach(group)
        kit.create(
            definition=definition, loadBalancers=kit.balanced(group), healthCheckGracePeriodSeconds=3000
        )
        kit.account.advance(400)
        shown = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return shown[0]["TargetHealth"]["State"] if shown else "none"


@pytest.fixture
def web(account):
    return Web(account)


@pytest.mark.row("Cloud Exchange: ui serves HTTP without a certificate, and only HTTP", plain="absent")
def test_http(web):
    assert web.health(web.definition("http", None)) == "HEALTHY"
    assert web.health(web.definition("https", None)) == "UNHEALTHY"


@pytest.mark.row("Cloud Exchange: ui serves HTTPS with a certificate, and only HTTPS", plain="absent")
@pytest.mark.parametrize(("scheme", "health"), [("https", "HEALTHY"), ("http", "UNHEALTHY")])
def test_https(web, scheme, health):
    assert web.health(web.definition(scheme, pair())) == health


@pytest.mark.row("Cloud Exchange: ui does not start with a key that is another certificate's", plain="absent")
def test_another_key(web):
    arn = web.kit.run(web.definition("https", pair(ui_key=_other_key())))["taskArn"]
    web.kit.account.advance(120)
    task = web.kit.task(arn)
    assert task["stopCode"] == "EssentialContainerExited"
    assert next(one for one in task["containers"] if one["name"] == "ui")["exitCode"] == 1


def _other_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.mark.row("a target passes the health check of its own protocol only", plain="absent")
@pytest.mark.parametrize(
    ("delivered", "protocol", "state"),
    [
        (True, "HTTPS", "healthy"),
        (True, "HTTP", "unhealthy"),
        (False, "HTTP", "healthy"),
        (False, "HTTPS", "unhealthy"),
    ],
)
def test_target(web, delivered, protocol, state):
    definition = web.definition("https" if delivered else "http", pair() if delivered else None)
    assert web.target(definition, protocol) == state


@pytest.mark.row("elbv2: TLS 1.3 to targets only from a listener with a policy for TLS 1.3", plain="absent")
def test_tls_versions(web):
    definition = web.definition("https", pair(), "TLSv1.3")
    assert web.target(definition, "HTTPS") == "unhealthy"
