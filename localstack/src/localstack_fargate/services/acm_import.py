"""ACM's ImportCertificate: what it refuses, and what an import under an ARN keeps.

Source: AWS Certificate Manager API reference, ImportCertificate (errors; no tags with an ARN); user guide, "Prerequisites
for importing ACM certificates" (the key must be that of the certificate) and "Reimporting a certificate" (key type and
size cannot change, the tags stay). LocalStack checks the form only, forgets the tags, and adds a root of Amazon's to
every chain.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import aws_error, override


def certificates(account, region: str) -> dict[str, Any]:
    """moto's certificates by ARN."""
    return moto_backend("acm", account.id, region)._certificates


def _invalid(message: str):
    return aws_error("ValidationException", message)


def _text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value or b"")


def _public(key) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _check_pair(request: dict) -> None:
    try:
        certificate = x509.load_pem_x509_certificate(_text(request.get("Certificate")))
        key = serialization.load_pem_private_key(_text(request.get("PrivateKey")), password=None)
    except ValueError:
        return  # LocalStack says which of them is no PEM
    if _public(certificate.public_key()) != _public(key.public_key()):
        raise _invalid("The certificate field contains more than one certificate or the private key does not match.")
    chain = _text(request.get("CertificateChain"))
    if chain:
        try:
            issuer = x509.load_pem_x509_certificates(chain)[0]
            certificate.verify_directly_issued_by(issuer)
        except Exception:
            raise _invalid(
                "Could not validate the certificate with the certificate chain."
            ) from None


@override("acm", "ImportCertificate")
def import_certificate(account, region, request, context, call_next):
    arn, known = request.get("CertificateArn"), certificates(account, region)
    before = known.get(arn)
    if arn and request.get("Tags"):
        raise aws_error(
            "InvalidParameterException", "Tags cannot be specified when reimporting a certificate.",
        )
    _check_pair(request)
    if before is not None:
        key = serialization.load_pem_private_key(_text(request.get("PrivateKey")), password=None)
        if (type(key), key.key_size) != (type(before._key), before._key.key_size):
            raise _invalid("The key type and size of the certificate cannot be changed.")
    response = call_next(request)
    made = known[response["CertificateArn"]]
    made.chain = _text(request.get("CertificateChain"))
    if before is not None:
        made.tags = before.tags
    return response
