"""The internal certificates of 6.x, made by OpenSSL in the shapes that they come in."""

import subprocess
from pathlib import Path

NAMES = ["localhost", "rabbitmq-stats", "mongodb-primary", "host.docker.internal", "core"]

# What the vendor's setup script has in mongodb_rabbitmq_certs and in its commands (RSA 4096, SHA-256, 365 days); with
# `core` among the names and ten years it is what our generator makes.
AUTHORITY = """
[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = CloudExchangeCA
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
"""
LEAF = """
[req]
distinguished_name = name
prompt = no
req_extensions = leaf
[name]
CN = localhost
[leaf]
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = {names}, IP:127.0.0.1
"""


def make(folder, days, names):
    """CA, certificate and key as the release files' secrets name them."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca.conf").write_text(AUTHORITY)
    (folder / "leaf.conf").write_text(LEAF.format(names=", ".join(f"DNS:{name}" for name in names)))
    days = ["-days", str(days)]
    _openssl(folder, "genrsa", "-out", "ca.key", "4096")
    _openssl(folder, "req", "-x509", "-new", "-key", "ca.key", "-sha256", *days, "-out", "ca.crt", "-config", "ca.conf")
    request = ["-newkey", "rsa:4096", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr", "-config", "leaf.conf"]
    _openssl(folder, "req", *request)
    signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", "leaf.crt", "-sha256", *days]
    extensions = ["-extfile", "leaf.conf", "-extensions", "leaf"]
    _openssl(folder, "x509", "-req", "-in", "leaf.csr", *signed, *extensions)
    _openssl(folder, "verify", "-CAfile", "ca.crt", "leaf.crt")
    files = {"internal_ca": "ca.crt", "internal_certificate": "leaf.crt", "internal_key": "leaf.key"}
    return {secret: (folder / name).read_text() for secret, name in files.items()}


def vendor(folder):
    return make(folder, 365, NAMES[:-1])


def ours(folder):
    return make(folder, 3652, NAMES)


def _openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
