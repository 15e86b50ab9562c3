"""Listeners: one a port, actions completed as AWS answers them, certificates and TLS policies of HTTPS.

Source: Elastic Load Balancing API reference (CreateListener, ModifyListener, DeleteListener, DescribeListeners,
data types Action, ForwardActionConfig, RedirectActionConfig). A listener may be made while the balancer is
provisioning.
"""

from __future__ import annotations

from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import elbv2, elbv2_attributes, elbv2_targets
from localstack_fargate.services.elbv2 import validation

DEFAULT_POLICY = "ELBSecurityPolicy-2016-08"
REDIRECT = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}


def _policies() -> set[str]:
    from moto.elbv2.responses import SSL_POLICIES

    newer = {"ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
             "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09"}
    return {p["name"] for p in SSL_POLICIES} | newer


def completed_actions(account, region, balancer: dict, actions: list[dict]) -> list[dict]:
    """The actions as AWS keeps them; refuses groups that do not exist, belong elsewhere or to another balancer."""
    if not actions:
        raise validation("A listener must have at least one default action")
    return [_completed(account, region, balancer, action) for action in actions]


def _completed(account, region, balancer: dict, action: dict) -> dict:
    kind = action.get("Type")
    answer = {"Type": kind} | ({"Order": action["Order"]} if action.get("Order") else {})
    if kind == "forward":
        return answer | _forward(account, region, balancer, action)
    if kind == "redirect":
        config = action.get("RedirectConfig") or {}
        if config.get("StatusCode") not in ("HTTP_301", "HTTP_302"):
            raise validation("A redirect must have a status code of HTTP_301 or HTTP_302")
        complete = REDIRECT | {k: v for k, v in config.items() if v}
        if all(complete[k] == v for k, v in REDIRECT.items() if k != "Query"):
            raise aws_error(
                "InvalidLoadBalancerAction",
                "The redirect configuration is not valid because it creates a loop.",
            )
        return answer | {"RedirectConfig": complete}
    if kind == "fixed-response":
        if not (action.get("FixedResponseConfig") or {}).get("StatusCode"):
            raise validation("A fixed response must have a status code")
        return answer | {"FixedResponseConfig": action["FixedResponseConfig"]}
    if kind in ("authenticate-oidc", "authenticate-cognito"):
        return dict(action)
    raise validation(f"Action type '{kind}' is not valid")


def _forward(account, region, balancer: dict, action: dict) -> dict:
    config = action.get("ForwardConfig") or {}
    groups = [{"Weight": 1, **g} for g in config.get("TargetGroups") or []]
    single = action.get("TargetGroupArn")
    if single and groups and [g["TargetGroupArn"] for g in groups] != [single]:
        raise validation("The target group in TargetGroupArn and in ForwardConfig must be the same")
    groups = groups or ([{"TargetGroupArn": single, "Weight": 1}] if single else [])
    if not groups:
        raise validation("A forward action must specify a target group")
    for entry in groups:
        group = elbv2.group(account, region, entry["TargetGroupArn"])
        if group.get("VpcId") not in (None, balancer["VpcId"]):
            raise aws_error(
                "InvalidConfigurationRequest", "One or more target groups are not in the load balancer's VPC"
            )
        others = elbv2.balancers_of_group(account, region, group["TargetGroupArn"])
        if any(arn != balancer["LoadBalancerArn"] for arn in others):
            raise aws_error(
                "TargetGroupAssociationLimit",
                "The following target groups cannot be associated with more than one load balancer: "
                f"{group['TargetGroupArn']}",
            )
    sticky = config.get("TargetGroupStickinessConfig") or {"Enabled": False}
    answer = {"ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky}}
    return answer | ({"TargetGroupArn": groups[0]["TargetGroupArn"]} if len(groups) == 1 else {})


def _check_certificate(account, region: str, arn: str) -> None:
    for certificate in moto_backend("acm", account.id, region)._certificates.values():
        if certificate.arn == arn:
            if certificate.status != "ISSUED":
                raise aws_error(
                    "UnsupportedCertificate",
                    f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a "
                    "supported key size.",
                )
            return
    if any(c.arn == arn for c in moto_backend("iam", account.id, region).certificates.values()):
        return
    raise aws_error("CertificateNotFound", f"Certificate '{arn}' not found")


def _protocol_fields(account, region, request: dict, protocol: str, before: dict) -> dict:
    """Certificates and policy, which HTTPS must have and HTTP must not."""
    certificates = request.get("Certificates")
    if protocol not in ("HTTP", "HTTPS"):
        raise validation(f"Listener protocol '{protocol}' must be one of 'HTTP, HTTPS'")
    if protocol == "HTTP":
        if certificates:
            raise aws_error("InvalidConfigurationRequest", "Certificates cannot be specified for HTTP listeners")
        return {}
    if certificates is None:
        certificates = before.get("Certificates")
    if not certificates:
        raise validation("A certificate must be specified for HTTPS listeners")
    if len(certificates) > 1:
        raise aws_error("TooManyCertificates", "Exactly one certificate can be specified as the default")
    policy = request.get("SslPolicy") or before.get("SslPolicy") or DEFAULT_POLICY
    if policy not in _policies():
        raise aws_error("SSLPolicyNotFound", f"SSL policy '{policy}' not found")
    _check_certificate(account, region, certificates[0]["CertificateArn"])
    return {
        "Certificates": [{"CertificateArn": certificates[0]["CertificateArn"]}],
        "SslPolicy": policy,
        "MutualAuthentication": request.get("MutualAuthentication") or {"Mode": "off"},
    }


def _require_port(port) -> int:
    if not port or not 1 <= int(port) <= 65535:
        raise validation("A port between 1 and 65535 must be specified")
    return int(port)


@override("elbv2", "CreateListener")
def create_listener(account, region, request, context, call_next):
    here = elbv2.region_of(account, region)
    balancer = elbv2.balancer(account, region, request.get("LoadBalancerArn"))
    arn = balancer["LoadBalancerArn"]
    protocol, port = request.get("Protocol"), _require_port(request.get("Port"))
    record = {
        "LoadBalancerArn": arn,
        "Port": port,
        "Protocol": protocol,
        **_protocol_fields(account, region, request, protocol, {}),
        "DefaultActions": completed_actions(account, region, balancer, request.get("DefaultActions")),
    }
    for known in here.listeners.values():
        if known["LoadBalancerArn"] == arn and known["Port"] == port:
            if {k: known.get(k) for k in record} == record:
                return {"Listeners": [elbv2.shown(known)]}
            raise aws_error(
                "DuplicateListener", f"A listener already exists on this port for this load balancer '{arn}'"
            )
    path = arn.split(":loadbalancer/")[1]
    record["ListenerArn"] = elbv2.new_arn(account, region, f"listener/{path}")
    record["_attributes"] = elbv2_attributes.of_new_listener(protocol)
    record["_extra_certificates"] = []
    here.listeners[record["ListenerArn"]] = record
    here.tags[record["ListenerArn"]] = {t["Key"]: t.get("Value") or "" for t in request.get("Tags") or []}
    elbv2_targets.refresh(account, region)
    return {"Listeners": [elbv2.shown(record)]}


@override("elbv2", "ModifyListener")
def modify_listener(account, region, request, context, call_next):
    here = elbv2.region_of(account, region)
    record = elbv2.listener(account, region, request.get("ListenerArn"))
    balancer = elbv2.balancer(account, region, record["LoadBalancerArn"])
    protocol = request.get("Protocol") or record["Protocol"]
    port = _require_port(request.get("Port") or record["Port"])
    if any(o is not record and o["LoadBalancerArn"] == record["LoadBalancerArn"] and o["Port"] == port
           for o in here.listeners.values()):
        raise aws_error("DuplicateListener", "A listener already exists on this port for this load balancer "
                                             f"'{record['LoadBalancerArn']}'")
    fields = _protocol_fields(account, region, request, protocol, record)
    actions = record["DefaultActions"]
    if request.get("DefaultActions"):
        actions = completed_actions(account, region, balancer, request["DefaultActions"])
    for key in ("Certificates", "SslPolicy", "MutualAuthentication"):
        record.pop(key, None)
    if protocol != record["Protocol"]:
        record["_attributes"] = elbv2_attributes.of_new_listener(protocol)
    record |= {"Protocol": protocol, "Port": port, "DefaultActions": actions, **fields}
    elbv2_targets.refresh(account, region)
    return {"Listeners": [elbv2.shown(record)]}


@override("elbv2", "DescribeListeners")
def describe_listeners(account, region, request, context, call_next):
    arns, balancer_arn = request.get("ListenerArns"), request.get("LoadBalancerArn")
    if not arns and not balancer_arn:
        raise validation("You must specify either listener ARNs or a load balancer ARN")
    if arns:
        listed = [elbv2.listener(account, region, arn) for arn in arns]
    else:
        elbv2.balancer(account, region, balancer_arn)
        listed = [li for li in elbv2.region_of(account, region).listeners.values()
                  if li["LoadBalancerArn"] == balancer_arn]
    return elbv2.paged([elbv2.shown(li) for li in listed], request, "Listeners")


def forget(here: elbv2.Region, listener_arn: str) -> None:
    """Takes a listener and its rules away."""
    here.listeners.pop(listener_arn, None)
    here.tags.pop(listener_arn, None)
    for rule_arn in [a for a, r in here.rules.items() if r["_listener"] == listener_arn]:
        del here.rules[rule_arn]
        here.tags.pop(rule_arn, None)


@override("elbv2", "DeleteListener")
def delete_listener(account, region, request, context, call_next):
    record = elbv2.listener(account, region, request.get("ListenerArn"))
    forget(elbv2.region_of(account, region), record["ListenerArn"])
    elbv2_targets.refresh(account, region)
    return {}


@override("elbv2", "AddListenerCertificates")
def add_certificates(account, region, request, context, call_next):
    record = elbv2.listener(account, region, request.get("ListenerArn"))
    for certificate in request.get("Certificates") or []:
        _check_certificate(account, region, certificate["CertificateArn"])
        if certificate["CertificateArn"] not in record["_extra_certificates"]:
            record["_extra_certificates"].append(certificate["CertificateArn"])
    return {"Certificates": [{"CertificateArn": a, "IsDefault": False} for a in record["_extra_certificates"]]}


@override("elbv2", "RemoveListenerCertificates")
def remove_certificates(account, region, request, context, call_next):
    record = elbv2.listener(account, region, request.get("ListenerArn"))
    gone = {c["CertificateArn"] for c in request.get("Certificates") or []}
    record["_extra_certificates"] = [a for a in record["_extra_certificates"] if a not in gone]
    return {}


@override("elbv2", "DescribeListenerCertificates")
def describe_certificates(account, region, request, context, call_next):
    record = elbv2.listener(account, region, request.get("ListenerArn"))
    listed = [{**c, "IsDefault": True} for c in record.get("Certificates") or []]
    listed += [{"CertificateArn": a, "IsDefault": False} for a in record["_extra_certificates"]]
    return elbv2.paged(listed, request, "Certificates")
