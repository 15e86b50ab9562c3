"""Elastic Load Balancing v2: balancers, listeners, groups, attributes, tags. Source: ELB API reference and ALB user
guide."""

import gzip
import json
import re
import shlex
import subprocess

import pytest
from conftest import refused

row = pytest.mark.row


def balancer(account, net, name="probe", scheme="internal", **more):
    answer = account.client("elbv2").create_load_balancer(
        Name=name, Subnets=net["subnets"], SecurityGroups=[net["sg"]], Scheme=scheme, **more
    )
    return answer["LoadBalancers"][0]


def group(account, net, name="probe", **more):
    wanted = {"Protocol": "HTTP", "Port": 3000, "VpcId": net["vpc"], "TargetType": "ip"} | more
    return account.client("elbv2").create_target_group(Name=name, **wanted)["TargetGroups"][0]


def forward(group_arn):
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group_arn, "Weight": 1}]}}]


def listener(account, balancer_arn, group_arn, port=80, **more):
    answer = account.client("elbv2").create_listener(
        LoadBalancerArn=balancer_arn, Protocol="HTTP", Port=port, DefaultActions=forward(group_arn), **more
    )
    return answer["Listeners"][0]


def state(account, arn):
    found = account.client("elbv2").describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    return found[0]["State"]["Code"]


def interfaces(account, net):
    found = account.client("ec2").describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [net["vpc"]]}])
    return [i for i in found["NetworkInterfaces"] if i["Description"].startswith("ELB app/")]


def attributes(answer):
    return {a["Key"]: a["Value"] for a in answer["Attributes"]}


@row("elbv2:CreateLoadBalancer DNSName of an internal load balancer", plain="fails")
def test_an_internal_balancer_is_named_so(account):
    made = balancer(account, account.network())
    assert made["DNSName"].startswith("internal-probe-")
    assert made["DNSName"].endswith(".us-east-1.elb.amazonaws.com")
    assert made["CanonicalHostedZoneId"] == "Z35SXDOTRQ7X7K"
    assert {z["ZoneName"] for z in made["AvailabilityZones"]} == {"us-east-1a", "us-east-1b"}


@row("ALB provisioning -> active", plain="fails")
def test_a_balancer_is_provisioning_first(account):
    made = balancer(account, account.network())
    assert made["State"]["Code"] == "provisioning"
    account.advance(60)
    assert state(account, made["LoadBalancerArn"]) == "provisioning"
    account.advance(300)
    assert state(account, made["LoadBalancerArn"]) == "active"


@row("elbv2: a listener may be made while the balancer is provisioning", plain="fails")
def test_a_listener_does_not_wait(account):
    net = account.network()
    arn = balancer(account, net)["LoadBalancerArn"]
    listener(account, arn, group(account, net)["TargetGroupArn"])
    assert state(account, arn) == "provisioning"


@row("elbv2:CreateLoadBalancer same name, same settings -> the existing one", plain="fails")
def test_creating_twice_gives_one(account):
    net = account.network()
    assert balancer(account, net)["LoadBalancerArn"] == balancer(account, net)["LoadBalancerArn"]
    assert len(account.client("elbv2").describe_load_balancers()["LoadBalancers"]) == 1


@row("neg:CreateLoadBalancer same name other config -> DuplicateLoadBalancerName", plain="fails")
def test_a_name_with_other_settings_is_refused(account):
    net = account.network()
    balancer(account, net)
    refused(lambda: balancer(account, net, scheme="internet-facing"), "DuplicateLoadBalancerName")


@row("neg:CreateLoadBalancer one AZ -> InvalidConfigurationRequest", plain="fails")
def test_one_zone_is_refused(account):
    net = account.network()
    refused(lambda: balancer(account, net | {"subnets": net["subnets"][:1]}),
            "InvalidConfigurationRequest", "ValidationError")


@row("neg:CreateLoadBalancer unknown SG -> InvalidSecurityGroup", plain="fails")
def test_an_unknown_group_is_refused(account):
    net = account.network() | {"sg": "sg-0123456789abcdef0"}
    refused(lambda: balancer(account, net), "InvalidSecurityGroup")


@row("neg:CreateLoadBalancer unknown subnet -> SubnetNotFound", plain="fails")
def test_an_unknown_subnet_is_refused(account):
    net = account.network()
    refused(lambda: balancer(account, net | {"subnets": [net["subnets"][0], "subnet-0123456789abcdef0"]}),
            "SubnetNotFound", "InvalidSubnet")


@row("life:ALB ENIs visible in EC2", plain="fails")
def test_a_balancer_has_an_interface_in_each_subnet(account):
    net = account.network()
    arn = balancer(account, net)["LoadBalancerArn"]
    found = interfaces(account, net)
    assert {i["SubnetId"] for i in found} == set(net["subnets"])
    assert {i["Description"] for i in found} == {"ELB " + arn.split(":loadbalancer/")[1]}
    assert all(i["RequesterManaged"] and i["RequesterId"] == "amazon-elb" for i in found)
    assert all(i["Attachment"]["InstanceOwnerId"] == "amazon-elb" for i in found)


@row("life:ALB ENIs linger after delete", plain="fails")
def test_interfaces_outlive_the_balancer(account):
    net = account.network()
    elbv2, ec2 = account.client("elbv2"), account.client("ec2")
    arn = balancer(account, net)["LoadBalancerArn"]
    account.advance(300)
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    refused(lambda: state(account, arn), "LoadBalancerNotFound")
    assert len(interfaces(account, net)) == 2
    refused(lambda: ec2.delete_security_group(GroupId=net["sg"]), "DependencyViolation")
    refused(lambda: ec2.delete_subnet(SubnetId=net["subnets"][0]), "DependencyViolation")
    account.advance(600)
    assert interfaces(account, net) == []
    ec2.delete_security_group(GroupId=net["sg"])
    ec2.delete_subnet(SubnetId=net["subnets"][0])


@row("neg:DeleteSecurityGroup used by ALB -> DependencyViolation", plain="fails")
def test_a_group_of_a_balancer_cannot_be_deleted(account):
    net = account.network()
    balancer(account, net)
    refused(lambda: account.client("ec2").delete_security_group(GroupId=net["sg"]), "DependencyViolation")


@row("neg:DeleteLoadBalancer with deletion protection -> OperationNotPermitted", plain="fails")
def test_deletion_protection_protects(account):
    elbv2 = account.client("elbv2")
    arn = balancer(account, account.network())["LoadBalancerArn"]
    protect = lambda value: elbv2.modify_load_balancer_attributes(  # noqa: E731
        LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": value}]
    )
    protect("true")
    refused(lambda: elbv2.delete_load_balancer(LoadBalancerArn=arn), "OperationNotPermitted")
    protect("false")
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    elbv2.delete_load_balancer(LoadBalancerArn=arn)  # "If the load balancer does not exist ... the call succeeds"


@row("default load-balancer attributes", plain="fails")
def test_a_balancer_has_all_attributes(account):
    elbv2 = account.client("elbv2")
    arn = balancer(account, account.network())["LoadBalancerArn"]
    found = attributes(elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn))
    assert found == {
        "access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": "",
        "client_keep_alive.seconds": "3600",
        "connection_logs.s3.enabled": "false", "connection_logs.s3.bucket": "", "connection_logs.s3.prefix": "",
        "deletion_protection.enabled": "false",
        "health_check_logs.s3.enabled": "false", "health_check_logs.s3.bucket": "",
        "health_check_logs.s3.prefix": "",
        "idle_timeout.timeout_seconds": "60", "ipv6.deny_all_igw_traffic": "true",
        "load_balancing.cross_zone.enabled": "true",
        "routing.http.desync_mitigation_mode": "defensive",
        "routing.http.drop_invalid_header_fields.enabled": "false",
        "routing.http.preserve_host_header.enabled": "false",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
        "routing.http.xff_client_port.enabled": "false", "routing.http.xff_header_processing.mode": "append",
        "routing.http2.enabled": "true", "waf.fail_open.enabled": "false", "zonal_shift.config.enabled": "false",
    }
    wanted = {"idle_timeout.timeout_seconds": "300", "routing.http.drop_invalid_header_fields.enabled": "true"}
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": k, "Value": v} for k, v in wanted.items()]
    )
    assert attributes(elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)) == found | wanted


@row("neg:ModifyLoadBalancerAttributes value out of range -> ValidationError", plain="fails")
def test_an_attribute_has_its_range(account):
    arn = balancer(account, account.network())["LoadBalancerArn"]
    refused(lambda: account.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "4001"}]), "ValidationError")


@row("default target-group attributes", plain="fails")
def test_a_group_has_all_attributes(account):
    elbv2 = account.client("elbv2")
    arn = group(account, account.network())["TargetGroupArn"]
    found = attributes(elbv2.describe_target_group_attributes(TargetGroupArn=arn))
    healthy = "target_group_health."
    assert found == {
        "deregistration_delay.timeout_seconds": "300", "load_balancing.algorithm.anomaly_mitigation": "off",
        "load_balancing.algorithm.type": "round_robin",
        "load_balancing.cross_zone.enabled": "use_load_balancer_configuration", "slow_start.duration_seconds": "0",
        "stickiness.app_cookie.cookie_name": "", "stickiness.app_cookie.duration_seconds": "86400",
        "stickiness.enabled": "false", "stickiness.lb_cookie.duration_seconds": "86400",
        "stickiness.type": "lb_cookie",
        f"{healthy}dns_failover.minimum_healthy_targets.count": "1",
        f"{healthy}dns_failover.minimum_healthy_targets.percentage": "off",
        f"{healthy}unhealthy_state_routing.minimum_healthy_targets.count": "1",
        f"{healthy}unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
    }


@row("elbv2:CreateTargetGroup default health check", plain="fails")
def test_a_group_has_the_default_health_check(account):
    made = group(account, account.network())
    expected = {
        "HealthCheckEnabled": True, "HealthCheckIntervalSeconds": 30, "HealthCheckPath": "/",
        "HealthCheckPort": "traffic-port", "HealthCheckProtocol": "HTTP", "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2, "Matcher": {"HttpCode": "200"},
        "ProtocolVersion": "HTTP1", "IpAddressType": "ipv4", "LoadBalancerArns": [],
    }
    assert {k: made.get(k) for k in expected} == expected


@row(
    "elbv2:CreateTargetGroup same settings -> the existing one; other settings -> DuplicateTargetGroupName",
    plain="fails",
)
def test_a_group_is_made_once(account):
    net = account.network()
    first = group(account, net)
    assert group(account, net)["TargetGroupArn"] == first["TargetGroupArn"]
    refused(lambda: group(account, net, Port=3001), "DuplicateTargetGroupName")


@row("elbv2:ModifyTargetGroup", plain="passes")
def test_a_health_check_can_be_changed(account):
    elbv2 = account.client("elbv2")
    arn = group(account, account.network())["TargetGroupArn"]
    elbv2.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/up", HealthyThresholdCount=2)
    (found,) = elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    assert (found["HealthCheckPath"], found["HealthyThresholdCount"]) == ("/up", 2)


@row("neg:DeleteTargetGroup in use -> ResourceInUse", plain="passes")
def test_a_group_in_use_cannot_be_deleted(account):
    net = account.network()
    elbv2 = account.client("elbv2")
    arn = group(account, net)["TargetGroupArn"]
    made = listener(account, balancer(account, net)["LoadBalancerArn"], arn)
    refused(lambda: elbv2.delete_target_group(TargetGroupArn=arn), "ResourceInUse")
    elbv2.delete_listener(ListenerArn=made["ListenerArn"])
    elbv2.delete_target_group(TargetGroupArn=arn)
    refused(lambda: elbv2.describe_target_groups(TargetGroupArns=[arn]), "TargetGroupNotFound")


@row("elbv2:CreateListener (HTTP forward ForwardConfig) echoes TargetGroupArn", plain="fails")
def test_a_forward_to_one_group_is_completed(account):
    net = account.network()
    arn = group(account, net)["TargetGroupArn"]
    made = listener(account, balancer(account, net)["LoadBalancerArn"], arn)
    config = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": False}}
    expected = [{"Type": "forward", "TargetGroupArn": arn, "ForwardConfig": config}]
    assert made["DefaultActions"] == expected
    (found,) = account.client("elbv2").describe_listeners(ListenerArns=[made["ListenerArn"]])["Listeners"]
    assert found["DefaultActions"] == expected


@row("neg:CreateListener duplicate port -> DuplicateListener", plain="fails")
def test_one_listener_a_port(account):
    net = account.network()
    arn = balancer(account, net)["LoadBalancerArn"]
    listener(account, arn, group(account, net)["TargetGroupArn"])
    other = group(account, net, name="other")["TargetGroupArn"]
    refused(lambda: listener(account, arn, other), "DuplicateListener")
    listener(account, arn, other, port=81)


@row("elbv2:CreateListener same settings -> the existing one", plain="fails")
def test_a_listener_is_made_once(account):
    net = account.network()
    arns = balancer(account, net)["LoadBalancerArn"], group(account, net)["TargetGroupArn"]
    assert listener(account, *arns)["ListenerArn"] == listener(account, *arns)["ListenerArn"]


@row("elbv2:ModifyListener changes the default action, DeleteListener", plain="fails")
def test_a_listener_can_be_changed(account):
    net = account.network()
    elbv2 = account.client("elbv2")
    arn = balancer(account, net)["LoadBalancerArn"]
    first, second = (group(account, net, name=n)["TargetGroupArn"] for n in ("one", "two"))
    made = listener(account, arn, first)["ListenerArn"]
    elbv2.modify_listener(ListenerArn=made, DefaultActions=forward(second))
    (found,) = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    assert found["DefaultActions"][0]["TargetGroupArn"] == second
    assert elbv2.describe_target_groups(TargetGroupArns=[first])["TargetGroups"][0]["LoadBalancerArns"] == []
    elbv2.delete_listener(ListenerArn=made)
    assert elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"] == []


@row("neg:CreateListener group of another load balancer -> TargetGroupAssociationLimit", plain="fails")
def test_a_group_has_one_balancer(account):
    net = account.network()
    arn = group(account, net)["TargetGroupArn"]
    listener(account, balancer(account, net)["LoadBalancerArn"], arn)
    other = balancer(account, net, name="other")["LoadBalancerArn"]
    refused(lambda: listener(account, other, arn), "TargetGroupAssociationLimit")


@row("elbv2:CreateListener redirect", plain="fails")
def test_a_redirect_is_completed(account):
    arn = balancer(account, account.network())["LoadBalancerArn"]
    action = {"Type": "redirect",
              "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    made = account.client("elbv2").create_listener(
        LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[action]
    )["Listeners"][0]
    assert made["DefaultActions"][0]["RedirectConfig"] == {
        "Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }


@row("elbv2: listener attributes", plain="fails")
def test_a_listener_has_attributes(account):
    net = account.network()
    elbv2 = account.client("elbv2")
    made = listener(account, balancer(account, net)["LoadBalancerArn"], group(account, net)["TargetGroupArn"])
    arn = made["ListenerArn"]
    found = attributes(elbv2.describe_listener_attributes(ListenerArn=arn))
    assert found["routing.http.response.server.enabled"] == "true"
    key = "routing.http.response.x_frame_options.header_value"
    elbv2.modify_listener_attributes(ListenerArn=arn, Attributes=[{"Key": key, "Value": "DENY"}])
    assert attributes(elbv2.describe_listener_attributes(ListenerArn=arn)) == found | {key: "DENY"}


@pytest.fixture(scope="session")
def key_pair(tmp_path_factory):
    """A self-signed certificate and its key, as PEM bytes."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=ce.example.com",
         "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True,
    )
    return (folder / "cert.pem").read_bytes(), (folder / "key.pem").read_bytes()


def https(account, balancer_arn, group_arn, certificate, **more):
    return account.client("elbv2").create_listener(
        LoadBalancerArn=balancer_arn, Protocol="HTTPS", Port=443, DefaultActions=forward(group_arn),
        Certificates=[{"CertificateArn": certificate}], **more,
    )["Listeners"][0]


@row("elbv2:CreateListener HTTPS with an imported certificate", plain="passes")
def test_an_imported_certificate_is_accepted(account, key_pair):
    net = account.network()
    certificate, key = key_pair
    arn = account.client("acm").import_certificate(Certificate=certificate, PrivateKey=key)["CertificateArn"]
    made = https(account, balancer(account, net)["LoadBalancerArn"], group(account, net)["TargetGroupArn"], arn,
                 SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06")
    assert made["Certificates"] == [{"CertificateArn": arn}]
    assert made["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"


@row("neg:CreateListener HTTPS unknown certificate -> CertificateNotFound", plain="passes")
def test_an_unknown_certificate_is_refused(account):
    net = account.network()
    absent = f"arn:aws:acm:us-east-1:{account.id}:certificate/00000000-0000-0000-0000-000000000000"
    arns = balancer(account, net)["LoadBalancerArn"], group(account, net)["TargetGroupArn"]
    refused(lambda: https(account, *arns, absent), "CertificateNotFound")


@row("neg:CreateListener HTTPS certificate not yet issued -> UnsupportedCertificate", plain="fails")
def test_a_pending_certificate_is_refused(account):
    net = account.network()
    arn = account.client("acm").request_certificate(DomainName="ce.example.com", ValidationMethod="DNS")[
        "CertificateArn"
    ]
    arns = balancer(account, net)["LoadBalancerArn"], group(account, net)["TargetGroupArn"]
    refused(lambda: https(account, *arns, arn), "UnsupportedCertificate")


@row("elbv2:ModifyListener HTTP to HTTPS with a certificate, to another one, and back", plain="fails")
def test_a_listener_gets_a_certificate(account, key_pair):
    net, elbv2 = account.network(), account.client("elbv2")
    certificate, key = key_pair
    arns = [
        account.client("acm").import_certificate(Certificate=certificate, PrivateKey=key)["CertificateArn"]
        for _ in range(2)
    ]
    arn = listener(account, balancer(account, net)["LoadBalancerArn"], group(account, net)["TargetGroupArn"])[
        "ListenerArn"
    ]
    change = lambda **wanted: elbv2.modify_listener(ListenerArn=arn, **wanted)["Listeners"][0]  # noqa: E731
    refused(lambda: change(Protocol="HTTPS"), "ValidationError")
    for one in arns:
        changed = change(Protocol="HTTPS", Certificates=[{"CertificateArn": one}])
        assert (changed["Protocol"], changed["Certificates"]) == ("HTTPS", [{"CertificateArn": one}])
    refused(lambda: change(Certificates=[{"CertificateArn": arns[0] + "0"}]), "CertificateNotFound")
    changed = change(Protocol="HTTP")
    assert changed["Protocol"] == "HTTP" and "SslPolicy" not in changed and not changed.get("Certificates")


@row("neg:CreateListener unknown TLS policy -> SSLPolicyNotFound", plain="fails")
def test_an_unknown_tls_policy_is_refused(account, key_pair):
    net = account.network()
    certificate, key = key_pair
    arn = account.client("acm").import_certificate(Certificate=certificate, PrivateKey=key)["CertificateArn"]
    arns = balancer(account, net)["LoadBalancerArn"], group(account, net)["TargetGroupArn"]
    refused(lambda: https(account, *arns, arn, SslPolicy="ELBSecurityPolicy-Absent"), "SSLPolicyNotFound")


def logs_to(account, arn, bucket, prefix=""):
    wanted = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": bucket, "access_logs.s3.prefix": prefix}
    return account.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": k, "Value": v} for k, v in wanted.items()]
    )


def grant(account, bucket, path, principal="logdelivery.elasticloadbalancing.amazonaws.com"):
    account.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "s3:PutObject",
             "Resource": f"arn:aws:s3:::{bucket}/{path}"},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*",
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ],
    }))


@row("neg:access logs to bucket without policy -> InvalidConfigurationRequest", plain="fails")
def test_access_logs_need_a_grant(account):
    arn = balancer(account, account.network())["LoadBalancerArn"]
    bucket = f"logs-{account.id}"
    refused(lambda: logs_to(account, arn, bucket), "InvalidConfigurationRequest")
    account.client("s3").create_bucket(Bucket=bucket)
    refused(lambda: logs_to(account, arn, bucket), "InvalidConfigurationRequest")
    grant(account, bucket, f"other/AWSLogs/{account.id}/*")
    refused(lambda: logs_to(account, arn, bucket), "InvalidConfigurationRequest")
    grant(account, bucket, f"AWSLogs/{account.id}/*", principal="logs.amazonaws.com")
    refused(lambda: logs_to(account, arn, bucket), "InvalidConfigurationRequest")


@row("neg:access logs right after the bucket's policy -> InvalidConfigurationRequest", plain="fails")
def test_a_grant_takes_seconds_to_count(account):
    arn = balancer(account, account.network())["LoadBalancerArn"]
    bucket = f"logs-{account.id}"
    account.client("s3").create_bucket(Bucket=bucket)
    grant(account, bucket, f"AWSLogs/{account.id}/*")
    assert "transient issue" in str(refused(lambda: logs_to(account, arn, bucket), "InvalidConfigurationRequest"))
    account.advance(6)
    assert "Access Denied" in str(refused(lambda: logs_to(account, arn, bucket), "InvalidConfigurationRequest"))
    account.advance(4)
    logs_to(account, arn, bucket)


@row("access logs to a bucket with the grant: accepted, a test object is written", plain="fails")
@pytest.mark.parametrize("prefix", ["", "alb"])
def test_access_logs_with_a_grant(account, prefix):
    arn = balancer(account, account.network())["LoadBalancerArn"]
    s3, bucket = account.client("s3"), f"logs-{account.id}"
    s3.create_bucket(Bucket=bucket)
    folder = f"{prefix}/" if prefix else ""
    grant(account, bucket, f"{folder}AWSLogs/{account.id}/*")
    account.advance(10)
    logs_to(account, arn, bucket, prefix)
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    assert keys == [f"{folder}AWSLogs/{account.id}/ELBAccessLogTestFile"]


@row("access logs keep arriving, once more after the load balancer is deleted", plain="fails")
def test_a_log_arrives_after_deletion(account):
    account.settings(**{"elb.log_interval": 300})
    arn = balancer(account, account.network())["LoadBalancerArn"]
    s3, bucket = account.client("s3"), f"logs-{account.id}"
    s3.create_bucket(Bucket=bucket)
    grant(account, bucket, f"AWSLogs/{account.id}/*")
    account.advance(10)
    logs_to(account, arn, bucket)
    count = lambda: len(s3.list_objects_v2(Bucket=bucket)["Contents"])  # noqa: E731
    assert count() == 1
    account.advance(700)
    assert count() == 3
    account.client("elbv2").delete_load_balancer(LoadBalancerArn=arn)
    account.advance(3600)
    assert count() == 4


@row("access logs: key and entries in AWS's form", plain="fails")
def test_requests_are_delivered_in_the_form_of_access_logs(account):
    made = balancer(account, account.network())
    s3, bucket = account.client("s3"), f"logs-{account.id}"
    s3.create_bucket(Bucket=bucket)
    grant(account, bucket, f"alb/AWSLogs/{account.id}/*")
    account.advance(10)
    logs_to(account, made["LoadBalancerArn"], bucket, "alb")
    request = {"at": -5, "request": 'GET http://x:80/?q="a" HTTP/1.1', "status": 404}
    wanted = {"balancer": made["LoadBalancerName"], "ended": -60, "requests": [request]}
    key = (account.control("access-logs", wanted) or {}).get("key", "")
    full_name = made["LoadBalancerArn"].split(":loadbalancer/")[1]
    assert re.fullmatch(
        rf"alb/AWSLogs/{account.id}/elasticloadbalancing/us-east-1/\d{{4}}/\d\d/\d\d/{account.id}_elasticloadbalancing_"
        rf"us-east-1_{full_name.replace('/', '.')}_\d{{8}}T\d{{4}}Z_[\d.]+_[0-9a-f]+\.log\.gz",
        key,
    )
    [line] = gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).decode().splitlines()
    assert len(shlex.split(line)) == 30
    assert shlex.split(line)[2] == full_name and " 404 404 " in line
    assert r'"GET http://x:80/?q=\x22a\x22 HTTP/1.1"' in line


@row("elbv2: tags of load balancer, target group and listener", plain="passes")
def test_everything_is_tagged(account):
    net = account.network()
    elbv2 = account.client("elbv2")
    tags = [{"Key": "a", "Value": "1"}]
    arns = [balancer(account, net, Tags=tags)["LoadBalancerArn"], group(account, net, Tags=tags)["TargetGroupArn"]]
    arns.append(listener(account, *arns, Tags=tags)["ListenerArn"])
    found = elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert {d["ResourceArn"]: d["Tags"] for d in found} == {arn: tags for arn in arns}
    elbv2.add_tags(ResourceArns=arns, Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(49)])
    refused(lambda: elbv2.add_tags(ResourceArns=arns, Tags=[{"Key": "one", "Value": "more"}]), "TooManyTags")
    elbv2.remove_tags(ResourceArns=arns, TagKeys=["a"])
    found = elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert all(len(d["Tags"]) == 49 for d in found)


@row("neg:DescribeTags over 20 resources -> ValidationError", plain="fails")
def test_tags_of_twenty_resources_a_call(account):
    arn = group(account, account.network())["TargetGroupArn"]
    refused(lambda: account.client("elbv2").describe_tags(ResourceArns=[arn] * 21), "ValidationError")


@row("elbv2:SetSecurityGroups changes the interfaces too", plain="fails")
def test_groups_of_a_balancer_follow(account):
    net = account.network()
    arn = balancer(account, net)["LoadBalancerArn"]
    other = account.client("ec2").create_security_group(GroupName="o", Description="o", VpcId=net["vpc"])["GroupId"]
    account.client("elbv2").set_security_groups(LoadBalancerArn=arn, SecurityGroups=[other])
    assert {g["GroupId"] for i in interfaces(account, net) for g in i["Groups"]} == {other}
    account.client("ec2").delete_security_group(GroupId=net["sg"])


@row("small pages on demand: ELBv2", plain="fails")
def test_listings_come_in_pages(account):
    net = account.network()
    for n in range(3):
        group(account, net, name=f"g{n}")
    account.settings(**{"page.size": 2})
    first = account.client("elbv2").describe_target_groups()
    assert len(first["TargetGroups"]) == 2
    assert len(account.client("elbv2").describe_target_groups(Marker=first["NextMarker"])["TargetGroups"]) == 1


# ---- targets ----


def serving(account, **checks):
    """An active load balancer with a group: (network, group ARN)."""
    net = account.network()
    wanted = {"HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 10, "HealthyThresholdCount": 2} | checks
    arn = group(account, net, **wanted)["TargetGroupArn"]
    listener(account, balancer(account, net)["LoadBalancerArn"], arn)
    account.advance(300)
    return net, arn


def health(account, arn):
    found = account.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return [(d["TargetHealth"]["State"], d["TargetHealth"].get("Reason")) for d in found]


def register(account, arn, ip="10.0.0.200"):
    account.client("elbv2").register_targets(TargetGroupArn=arn, Targets=[{"Id": ip, "Port": 3000}])


@row("elbv2:DescribeTargetHealth states initial (with a reason) -> healthy", plain="fails")
def test_a_target_is_initial_first(account):
    account.settings(**{"elb.every_target_responds": True})
    _, arn = serving(account)
    register(account, arn)
    assert health(account, arn) == [("initial", "Elb.RegistrationInProgress")]
    account.advance(120)
    assert health(account, arn) == [("healthy", None)]


@row("elbv2:DescribeTargetHealth nobody answers -> unhealthy with a reason", plain="fails")
def test_a_target_that_does_not_answer_is_unhealthy(account):
    _, arn = serving(account, UnhealthyThresholdCount=3)
    register(account, arn)
    account.advance(30)
    assert health(account, arn) == [("initial", "Elb.InitialHealthChecking")]
    account.advance(120)
    assert health(account, arn) == [("unhealthy", "Target.FailedHealthChecks")]


@row("elbv2: a healthy target that stops answering is unhealthy after the threshold, then recovers", plain="fails")
def test_health_follows_the_thresholds(account):
    account.settings(**{"elb.every_target_responds": True})
    _, arn = serving(account, UnhealthyThresholdCount=3, HealthyThresholdCount=2)
    register(account, arn)
    account.advance(60)
    account.settings(**{"elb.every_target_responds": False})
    account.advance(60)
    assert health(account, arn)[0][0] == "healthy"
    account.advance(60)
    assert health(account, arn)[0][0] == "unhealthy"
    account.settings(**{"elb.every_target_responds": True})
    account.advance(30)
    assert health(account, arn)[0][0] == "unhealthy"
    account.advance(60)
    assert health(account, arn)[0][0] == "healthy"


@row("elbv2:DescribeTargetHealth group without load balancer -> unused", plain="fails")
def test_a_target_without_listener_is_unused(account):
    arn = group(account, account.network())["TargetGroupArn"]
    register(account, arn)
    account.advance(600)
    assert health(account, arn) == [("unused", "Target.NotInUse")]


@row("targets become healthy only when the load balancer is active", plain="fails")
def test_a_target_waits_for_the_balancer(account):
    account.settings(**{"elb.every_target_responds": True})
    net = account.network()
    arn = group(account, net)["TargetGroupArn"]
    listener(account, balancer(account, net)["LoadBalancerArn"], arn)
    register(account, arn)
    account.advance(100)
    assert health(account, arn)[0][0] == "initial"
    account.advance(300)
    assert health(account, arn) == [("healthy", None)]


@row("elbv2:DeregisterTargets -> draining for the deregistration delay", plain="fails")
def test_a_target_drains(account):
    _, arn = serving(account)
    elbv2 = account.client("elbv2")
    elbv2.modify_target_group_attributes(
        TargetGroupArn=arn, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
    )
    register(account, arn)
    account.advance(120)
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.200", "Port": 3000}])
    assert health(account, arn) == [("draining", "Target.DeregistrationInProgress")]
    account.advance(20)
    assert health(account, arn)[0][0] == "draining"
    account.advance(20)
    assert health(account, arn) == []


@row("neg:RegisterTargets outside the VPC -> InvalidTarget", plain="fails")
def test_a_target_is_in_the_vpc(account):
    _, arn = serving(account)
    refused(lambda: register(account, arn, ip="10.9.0.1"), "InvalidTarget")
