"""How ui answers, in any release: with HTTPS if it finds a certificate and a key when it starts, else with HTTP.

Source: `netskopeoss/ta_cloud_exchange`, README and docker-compose.yml: the two files in `data/ssl_certs`, which is
mounted at /tmp/ssl_certs, make it HTTPS, on the container's one port; TLS_VERSION is what nginx calls `ssl_protocols`.
A key that is not the certificate's ends nginx (ngx_event_openssl). *Unverified* against the images.
"""

from __future__ import annotations

from localstack_fargate.services.ecs import images
from localstack_fargate.services.ecs.model import Container, Task

from cloud_exchange import containers
from cloud_exchange.certificates import pair_problem

FOLDER = "/tmp/ssl_certs"
PAIR = ("cte_cert.crt", "cte_cert_key.key")


def start(account, task: Task, container: Container) -> list[str]:
    """The container starts: what it will answer to."""
    if container.name != "ui" or container.behaviour.kind not in containers.HEALTHY:
        return []
    files = containers.files_at(account, task, container, FOLDER)
    if files is None:
        return []
    contents = [files[name].content if name in files else None for name in PAIR]
    if None in contents:
        container.scheme = "http"
        return []
    environment = {one["name"]: one["value"] for one in container.definition.get("environment") or []}
    container.scheme = "https"
    container.tls_versions = frozenset((environment.get("TLS_VERSION") or "TLSv1.2 TLSv1.3").split())
    if words := pair_problem(*contents):
        line = f'nginx: [emerg] SSL_CTX_use_PrivateKey("{FOLDER}/{PAIR[1]}") failed (SSL: {words})'
        container.flawed = True
        container.behaviour = images.Behaviour("exit", 1, 2.0, (line,))
    return []
