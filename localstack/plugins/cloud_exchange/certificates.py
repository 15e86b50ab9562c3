"""Certificates and keys as OpenSSL reads and verifies them. A problem is reported in OpenSSL's words."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timezone

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH

NO_START_LINE = "error:0480006C:PEM routines::no start line"
MISMATCH = "error:05800074:x509 certificate routines::key values mismatch"


def certificates(pem: bytes) -> list[x509.Certificate]:
    """All of a PEM file, the first first; none if there is none."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        return []


def private_key(pem: bytes):
    """The first private key of a PEM file, without a password; None if there is none."""
    begin = pem.find(b"-----BEGIN")
    while begin >= 0:
        end = pem.find(b"-----END", begin)
        line = pem.find(b"\n", end) if end >= 0 else -1
        block = pem[begin : line if line >= 0 else len(pem)]
        if b"PRIVATE KEY-----" in block.splitlines()[0]:
            try:
                return serialization.load_pem_private_key(block, None)
            except (ValueError, TypeError):
                return None
        begin = pem.find(b"-----BEGIN", begin + 1)
    return None


def belongs(key, certificate: x509.Certificate) -> bool:
    return _raw(key.public_key()) == _raw(certificate.public_key())


def _raw(public) -> bytes:
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def pair_problem(certificate_pem: bytes, key_pem: bytes) -> str | None:
    """What keeps a program from using the two together."""
    chain, key = certificates(certificate_pem), private_key(key_pem)
    if not chain or key is None:
        return NO_START_LINE
    return None if belongs(key, chain[0]) else MISMATCH


def date_problem(certificate: x509.Certificate, now: float) -> str | None:
    moment = datetime.fromtimestamp(now, timezone.utc)
    if moment < certificate.not_valid_before_utc:
        return "certificate is not yet valid"
    return "certificate has expired" if moment > certificate.not_valid_after_utc else None


def problem(certificate: x509.Certificate, trusted: list[x509.Certificate], now: float, usage) -> str | None:
    """Why a verifier who trusts these authorities does not accept the certificate for this use."""
    issuer = next((one for one in trusted if _has_signed(one, certificate)), None)
    if issuer is None:
        own = certificate.issuer == certificate.subject
        return "self-signed certificate" if own else "unable to get local issuer certificate"
    if not _is_authority(issuer):
        return "invalid CA certificate"
    for one in (certificate, issuer):
        if found := date_problem(one, now):
            return found
    try:
        allowed = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return None if usage in allowed else "unsuitable certificate purpose"


def _has_signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        return True
    except (ValueError, TypeError, InvalidSignature):
        return False


def _is_authority(certificate: x509.Certificate) -> bool:
    extensions = certificate.extensions
    try:
        if not extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as missing:
        return missing.oid == x509.KeyUsage.oid


def serves(certificate: x509.Certificate, host: str) -> bool:
    """Whether the certificate is for the host: by its subject alternative names, the common name no longer counts."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    try:
        return ipaddress.ip_address(host) in names.get_values_for_type(x509.IPAddress)
    except ValueError:
        return host.lower() in [name.lower() for name in names.get_values_for_type(x509.DNSName)]
