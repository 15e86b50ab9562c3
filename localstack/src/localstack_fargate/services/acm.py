"""AWS Certificate Manager: public certificates that are validated through DNS.

Source: ACM API reference (RequestCertificate, DescribeCertificate, DeleteCertificate, DomainValidation), ACM user
guide, "DNS validation", "Configure a CAA record", "Quotas"; RFC 8659, section 3 (which CAA records count).

- The validation record is told `acm.record` AWS seconds after the request: until then an entry of
  DomainValidationOptions has neither ResourceRecord nor status (dylburger/create-and-validate-acm-certificate#11). All
  certificates of an account for one name have the same, in all regions (aws/aws-cdk#18311).
- A certificate is issued `acm.issue` seconds after that record can be seen in a public hosted zone of the account, or
  fails where CAA records forbid it; after 72 hours it is VALIDATION_TIMED_OUT. With `acm.delegated` false nobody sees
  the zones: the registrar names other servers.
- It is valid for 198 days (ACM user guide, "ACM certificate characteristics"). From `acm.renews` before its end on it is
  renewed while it is in use and its record can be seen; after its end it is EXPIRED, for good ("Managed certificate
  renewal"). The number of days is an assumption.
- A token makes one certificate for an hour, whatever else the request says (hashicorp/terraform-provider-aws#6666).
  That it still answers the ARN of a certificate that is gone is an assumption, the worse of two.
- A certificate is in use for another `acm.lingers` seconds after the last listener has let it go
  (aws/aws-cdk#4179, hashicorp/terraform-provider-aws#3868).
- DescribeCertificate has RSA-2048 where ListCertificates has RSA_2048 (AWS CLI reference, example of
  describe-certificate).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from moto import settings as moto_settings

from localstack_fargate.account import setting
from localstack_fargate.middleware import after, aws_error, guard, override
from localstack_fargate.services import elbv2, route53
from localstack_fargate.services.acm_import import certificates

setting("acm.record", 5)
setting("acm.issue", 60)
setting("acm.valid", 198 * 86400)
setting("acm.renews", 45 * 86400)
setting("acm.lingers", 20)
setting("acm.delegated", True)
setting("quota.certificates", 2500)
setting("acm.certificates_a_year", 5000)

_HOUR, _DAY = 3600, 86400
_GIVES_UP = 72 * _HOUR
_AMAZON = {"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"}


@dataclass
class Requested:
    name: str
    asked: float
    seen: float | None = None
    """When the record was first seen."""
    end: float | None = None
    """When it ends, once it is issued."""
    reason: str = ""


@dataclass
class State:
    requested: dict[str, Requested] = field(default_factory=dict)
    """By ARN."""
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    count: int = 0
    released: dict[str, float] = field(default_factory=dict)
    """When a certificate was last seen in use by a listener that has let it go since, by ARN."""


def _state(account, region: str) -> State:
    return account.state(f"acm:{region}", State)


def _hash(account, *parts: str) -> str:
    return hashlib.md5("/".join((account.id, *parts)).encode(), usedforsecurity=False).hexdigest()


def record_of(account, name: str) -> dict:
    """Name and value of the record that validates a name in an account."""
    name = name.removeprefix("*.").lower()
    value = f"_{_hash(account, name, 'value')}.{_hash(account, 'zone')[:10]}.acm-validations.aws."
    return {"Name": f"_{_hash(account, name)}.{name}.", "Type": "CNAME", "Value": value}


@override("acm", "RequestCertificate")
def request_certificate(account, region, request, context, call_next):
    state, now, token = _state(account, region), account.clock.now(), request.get("IdempotencyToken")
    if token in state.tokens and now - state.tokens[token][1] < _HOUR:
        return {"CertificateArn": state.tokens[token][0]}
    if len(request["DomainName"]) > 64:
        raise aws_error("InvalidDomainValidationOptionsException", "The first domain name can be no longer than 64 characters.")
    if len(certificates(account, region)) >= account.settings["quota.certificates"]:
        raise aws_error("LimitExceededException", "Cannot request more certificates in this account. Contact Customer Service for details.")
    if state.count >= account.settings["acm.certificates_a_year"]:
        raise aws_error("LimitExceededException", "Error: you have reached your limit of certificates in the last year.")
    moto_settings.ACM_VALIDATION_WAIT = float("inf")  # the emulator decides
    answer = call_next({key: value for key, value in request.items() if key != "IdempotencyToken"})
    arn = answer["CertificateArn"]
    state.count += 1
    if token:
        state.tokens[token] = (arn, now)
    if request.get("ValidationMethod") == "DNS":
        state.requested[arn] = Requested(request["DomainName"], now)
        _look_later(account, region, arn)
    return answer


def _look_later(account, region: str, arn: str) -> None:
    waited = account.clock.now() - _state(account, region).requested[arn].asked
    account.schedule(max(5.0, waited * 0.02), lambda account: _look(account, region, arn))


def _look(account, region: str, arn: str) -> None:
    asked, bundle = _state(account, region).requested.get(arn), certificates(account, region).get(arn)
    if asked is None or bundle is None or bundle.status != "PENDING_VALIDATION":
        return
    now = account.clock.now()
    is_seen = account.settings["acm.delegated"] and now - asked.asked >= account.settings["acm.record"]
    asked.seen = (asked.seen or now) if is_seen and _is_there(account, record_of(account, asked.name)) else None
    if asked.seen is not None and now - asked.seen >= account.settings["acm.issue"]:
        forbidden = _caa_forbids(account, asked.name)
        bundle.status, asked.reason = ("FAILED", "CAA_ERROR") if forbidden else ("ISSUED", "")
        if not forbidden:
            _valid_from_now(account, region, arn, asked)
    elif now - asked.asked >= _GIVES_UP:
        bundle.status = "VALIDATION_TIMED_OUT"
    else:
        _look_later(account, region, arn)


def _valid_from_now(account, region: str, arn: str, asked: Requested) -> None:
    valid, early = account.settings["acm.valid"], account.settings["acm.renews"]
    asked.end = account.clock.now() + valid
    account.schedule(max(0.0, valid - early), lambda account: _renew(account, region, arn, asked))


def _renew(account, region: str, arn: str, asked: Requested) -> None:
    bundle, now = certificates(account, region).get(arn), account.clock.now()
    if bundle is None or asked.end is None:
        return
    can = account.settings["acm.delegated"] and _is_there(account, record_of(account, asked.name))
    if now >= asked.end:
        bundle.status = "EXPIRED"
    elif can and _users(account, region, arn) and not _caa_forbids(account, asked.name):
        _valid_from_now(account, region, arn, asked)
    else:
        account.schedule(min(_DAY, asked.end - now), lambda account: _renew(account, region, arn, asked))


def _records(account, name: str, kind: str) -> list[str]:
    """The values in public zones."""
    zones = [zone for zone in route53.state_of(account).zones.values() if not zone.private]
    found = [zone.records.get((route53.normal(name), kind, "")) for zone in zones]
    return [one["Value"] for record in found if record for one in record.get("ResourceRecords") or []]


def _is_there(account, record: dict) -> bool:
    return any(route53.normal(value) == record["Value"] for value in _records(account, record["Name"], "CNAME"))


def _caa_forbids(account, name: str) -> bool:
    labels = name.split(".")
    for start in range(len(labels)):
        if values := _records(account, ".".join(labels[start:]), "CAA"):
            parts = [value.split(" ", 2) for value in values]
            issuers = {part[2].strip('"').split(";")[0].strip() for part in parts if part[1] == "issue"}
            return bool(issuers) and not issuers & _AMAZON
    return False


@after("acm", "DescribeCertificate")
def describe_certificate(account, region, request, response, context):
    shown = response["Certificate"]
    shown["InUseBy"] = _users(account, region, shown["CertificateArn"])
    shown["KeyAlgorithm"] = _key_algorithm(account, region, shown).replace("RSA_", "RSA-")
    asked = _state(account, region).requested.get(shown["CertificateArn"])
    if asked is None:
        return response
    option = {"DomainName": asked.name, "ValidationMethod": "DNS"}
    if account.clock.now() - asked.asked >= account.settings["acm.record"]:
        status = {"ISSUED": "SUCCESS", "PENDING_VALIDATION": "PENDING_VALIDATION"}.get(shown["Status"], "FAILED")
        option |= {"ValidationStatus": status, "ResourceRecord": record_of(account, asked.name)}
    shown["DomainValidationOptions"] = [option]
    if asked.end is not None:
        shown["NotAfter"] = asked.end
    if asked.reason:
        shown["FailureReason"] = asked.reason
    return response


@after("acm", "ListCertificates")
def list_certificates(account, region, request, response, context):
    for shown in response["CertificateSummaryList"]:
        shown["KeyAlgorithm"] = _key_algorithm(account, region, shown)
    return response


def _key_algorithm(account, region: str, shown: dict) -> str:
    """moto takes RSA keys of more than 2048 bits for elliptic curves."""
    key = certificates(account, region)[shown["CertificateArn"]]._key
    return f"RSA_{key.key_size}" if isinstance(key, RSAPrivateKey) else shown["KeyAlgorithm"]


def _users(account, region: str, arn: str) -> list[str]:
    """The load balancers with a listener that has the certificate."""
    listeners = elbv2.region_of(account, region).listeners.values()
    has = [one for one in listeners if any(c["CertificateArn"] == arn for c in one.get("Certificates") or [])]
    return list(dict.fromkeys(one["LoadBalancerArn"] for one in has))


@guard("elbv2", "DeleteListener", "ModifyListener", "DeleteLoadBalancer")
def note_release(account, region, request, context):
    for one in elbv2.region_of(account, region).listeners.values():
        if request.get("ListenerArn") in (None, one["ListenerArn"]):
            for certificate in one.get("Certificates") or []:
                _state(account, region).released[certificate["CertificateArn"]] = account.clock.now()


@override("acm", "DeleteCertificate")
def delete_certificate(account, region, request, context, call_next):
    arn, state = request["CertificateArn"], _state(account, region)
    lingers = account.clock.now() - state.released.get(arn, float("-inf")) < account.settings["acm.lingers"]
    if certificates(account, region).get(arn) and (lingers or _users(account, region, arn)):
        raise aws_error("ResourceInUseException", f"Certificate {arn} in account {account.id} is in use.")
    answer = call_next(request)
    state.requested.pop(arn, None)
    return answer
