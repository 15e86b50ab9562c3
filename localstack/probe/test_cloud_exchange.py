"""Cloud Exchange 6.x: a task with the right files, variables and certificates gets healthy, and with one mistake does not.

No program of Cloud Exchange is here: what they would say is from their public sources (`cebed/cloud_exchange`).
"""

import pytest
from cloud_exchange_kit import CORE, CUSTOM_CONF, Deployment, certificate
from ecs_kit import Kit


@pytest.fixture
def deployment(world):
    return Deployment(Kit(world))


@pytest.mark.row("Cloud Exchange 6.x: files are delivered with owner and mode, and the task gets healthy", bare="absent")
def test_a_good_task_gets_healthy(deployment):
    arn = deployment.start()
    assert deployment.played(arn)["init-container"]["exit_code"] == 0
    assert {name: one["problem"] for name, one in deployment.played(arn).items()} == {
        name: None for name in ("init-container", "mongodb-primary", "rabbitmq-stats", "core", "ui")
    }
    assert deployment.health(arn) == "HEALTHY"
    files = deployment.played(arn)["init-container"]["files"]
    assert files["/files/rabbitmq-conf/rabbitmq_cert_key.key"] == "1001:1001 0440"
    assert files["/files/certificate/cloud-exchange-internal.crt"] == "1001:1001 0444"
    assert deployment.played(arn)["mongodb-primary"]["arguments"][-1] == "TLS1_0,TLS1_1"
    assert deployment.password not in str(deployment.kit.world.control("cloud-exchange"))
