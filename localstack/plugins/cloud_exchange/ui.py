"""ui: nginx in front of core and of the management server, to which it shows the internal certificate.

Source: nginx's public source (words of `[emerg]`: ngx_http_upstream, ngx_event_openssl). That ui is an nginx with a
literal upstream, and which files it reads, is unverified: the vendor's compose file mounts them at a fixed place.
"""

from __future__ import annotations

from typing import Mapping
from urllib.parse import urlsplit

from cloud_exchange.certificates import MISMATCH, NO_START_LINE, belongs, certificates, private_key
from cloud_exchange.files import Files, Unreadable
from cloud_exchange.verdict import Problem

FOLDER = "/data/ssl_certs/mongodb_rabbitmq_certs"
HOSTS = "/etc/hosts"
PARTS = {"tls_cert.crt": "certificate", "tls_cert_key.key": "certificate key", "tls_cert_ca.crt": "CA"}
MANAGEMENT = "host.docker.internal"
TAKEN = {"3000": "ui", "5671": "rabbitmq-stats", "8000": "core", "15671": "rabbitmq-stats", "27017": "mongodb-primary"}


def names_of(files: Files) -> frozenset[str]:
    """The host names in /etc/hosts."""
    try:
        lines = files.read(HOSTS).decode(errors="replace").splitlines()
    except Unreadable:
        return frozenset()
    return frozenset(name for line in lines for name in line.partition("#")[0].split()[1:])


def judge(files: Files, environment: Mapping[str, str], arguments: list[str], now: float) -> Problem | None:
    for host in (urlsplit(environment.get("CE_API_URL", "http://core")).hostname or "", MANAGEMENT):
        if host not in names_of(files):
            return Problem((f'nginx: [emerg] host not found in upstream "{host}" in /etc/nginx/nginx.conf',))
    contents = {}
    for name, what in PARTS.items():
        path = f"{FOLDER}/{name}"
        try:
            contents[name] = files.read(path)
        except Unreadable as unreadable:
            failed = f"BIO_new_file() failed (SSL: {unreadable.of_openssl})"
            return Problem((f'nginx: [emerg] cannot load {what} "{path}": {failed}',))
    chain, key = certificates(contents["tls_cert.crt"]), private_key(contents["tls_cert_key.key"])
    no_start_line = f"(SSL: {NO_START_LINE})"
    if not chain or not certificates(contents["tls_cert_ca.crt"]):
        failed = "PEM_read_bio_X509_AUX() failed"
        return Problem((f"nginx: [emerg] cannot load certificate: {failed} {no_start_line}",))
    if key is None:
        failed = "PEM_read_bio_PrivateKey() failed"
        return Problem((f"nginx: [emerg] cannot load certificate key: {failed} {no_start_line}",))
    if not belongs(key, chain[0]):
        return Problem(
            (
                f'nginx: [emerg] SSL_CTX_use_PrivateKey("{FOLDER}/tls_cert_key.key") failed '
                f"(SSL: {MISMATCH})",
            )
        )
    port = environment.get("CE_MANAGEMENT_PORT") or "8000"
    if port in TAKEN:
        words = f"CE_MANAGEMENT_PORT is {port}, where {TAKEN[port]} listens, not the management server"
        return Problem((words,), exits=False)
    return None
