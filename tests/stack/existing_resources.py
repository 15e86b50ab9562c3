# Existing resources in the account of a test: everything that a deployment can use, and as the vendor's best practices
# ask for it, so that no check has anything to say. Runs after the prelude of `Account::by_hand`; prints what it made as
# JSON.

import datetime
import json
import os
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

account, region = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_REGION"]
secrets, kms, acm, s3 = map(client, ["secretsmanager", "kms", "acm", "s3"])
ANYWHERE, RANGE = "0.0.0.0/0", "10.40.0.0/16"


def named(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}, {"Key": "Owner", "Value": "network"}]}]


def advance(seconds):
    url = f"{os.environ['AWS_ENDPOINT_URL']}/_emulator/{account}/clock"
    body = json.dumps({"advance": seconds}).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})).read()


def allow(action, resource="*"):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


# The network: two public and two private subnets, one NAT gateway.
vpc = ec2.create_vpc(CidrBlock=RANGE, TagSpecifications=named("vpc", "corp"))["Vpc"]["VpcId"]
ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})


def subnet(number, zone, name):
    made = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock=f"10.40.{number}.0/24",
        AvailabilityZone=region + zone,
        TagSpecifications=named("subnet", name),
    )
    return made["Subnet"]["SubnetId"]


private = [subnet(1, "a", "corp-private-a"), subnet(2, "b", "corp-private-b")]
public = [subnet(3, "a", "corp-public-a"), subnet(4, "b", "corp-public-b")]
igw = ec2.create_internet_gateway(TagSpecifications=named("internet-gateway", "corp"))["InternetGateway"][
    "InternetGatewayId"
]
ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
address = ec2.allocate_address(Domain="vpc", TagSpecifications=named("elastic-ip", "corp"))["AllocationId"]
nat = ec2.create_nat_gateway(
    SubnetId=public[0], AllocationId=address, TagSpecifications=named("natgateway", "corp")
)["NatGateway"]["NatGatewayId"]
for name, subnets, way in (("public", public, {"GatewayId": igw}), ("private", private, {"NatGatewayId": nat})):
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=named("route-table", f"corp-{name}"))["RouteTable"][
        "RouteTableId"
    ]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, **way)
    for one in subnets:
        ec2.associate_route_table(RouteTableId=table, SubnetId=one)

# Its hardening: an empty default group, SSH and RDP closed, flow logs.
mine = [{"Name": "vpc-id", "Values": [vpc]}]
default = ec2.describe_security_groups(Filters=[*mine, {"Name": "group-name", "Values": ["default"]}])[
    "SecurityGroups"
][0]
ec2.revoke_security_group_ingress(GroupId=default["GroupId"], IpPermissions=default["IpPermissions"])
ec2.revoke_security_group_egress(GroupId=default["GroupId"], IpPermissions=default["IpPermissionsEgress"])
acl = ec2.describe_network_acls(Filters=mine)["NetworkAcls"][0]["NetworkAclId"]
for number, port in ((10, 22), (20, 3389)):
    ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=number, Protocol="6", RuleAction="deny", Egress=False, CidrBlock=ANYWHERE,
        PortRange={"From": port, "To": port},
    )


def role(name, service, *statements):
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=policy(trust), Tags=[{"Key": "Owner", "Value": "identity"}]
    )
    iam.put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=policy(*statements))
    return made["Role"]["Arn"]


group = "/corp/flow-logs"
logs.create_log_group(logGroupName=group, tags={"Owner": "network"})
ec2.create_flow_logs(
    ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName=group,
    DeliverLogsPermissionArn=role("corp-flow-logs", "vpc-flow-logs.amazonaws.com", allow("logs:*")),
)

# The load balancer, with a listener that leads to the target group, and its logs.
front = ec2.create_security_group(
    GroupName="corp-front", Description="corp", VpcId=vpc, TagSpecifications=named("security-group", "corp-front")
)["GroupId"]
ec2.authorize_security_group_ingress(GroupId=front, IpPermissions=[
    {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, "IpRanges": [{"CidrIp": RANGE}]}
    for low, high in ((80, 80), (443, 443), (8080, 8443))
])
balancer = elb.create_load_balancer(
    Name="corp", Subnets=private, SecurityGroups=[front], Scheme="internal", Type="application",
    Tags=[{"Key": "Owner", "Value": "network"}],
)["LoadBalancers"][0]["LoadBalancerArn"]
target = elb.create_target_group(
    Name="corp-ce",
    Protocol="HTTP",
    Port=3000,
    VpcId=vpc,
    TargetType="ip",
    HealthCheckPath="/",
    Matcher={"HttpCode": "200"},
    Tags=[{"Key": "Owner", "Value": "network"}],
)["TargetGroups"][0]["TargetGroupArn"]
elb.create_listener(
    LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": target}],
    Tags=[{"Key": "Owner", "Value": "network"}],
)
bucket, access = f"corp-{account}-front", f"corp-{account}-access"
for name in (bucket, access):
    s3.create_bucket(Bucket=name)
grant = {"Effect": "Allow", "Action": "s3:PutObject"}
s3.put_bucket_policy(Bucket=access, Policy=policy(
    {**grant, "Principal": {"Service": "logging.s3.amazonaws.com"}, "Resource": f"arn:aws:s3:::{access}/*"}
))
s3.put_bucket_logging(
    Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": access, "TargetPrefix": "front/"}}
)
s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
s3.put_bucket_policy(Bucket=bucket, Policy=policy({
    **grant, "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
    "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{account}/*",
}))
advance(10)
elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[
    {"Key": "access_logs.s3.enabled", "Value": "true"}, {"Key": "access_logs.s3.bucket", "Value": bucket},
])

# Cluster, roles, key, certificates, secrets.
cluster = ecs.create_cluster(
    clusterName="corp",
    settings=[{"name": "containerInsights", "value": "enabled"}],
    tags=[{"key": "Owner", "value": "apps"}],
)["cluster"]["clusterArn"]
runs = [
    allow(["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]),
    allow(["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel"]),
    allow(["ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"]),
]
starts = [
    allow(
        [
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
        ]
    ),
    allow(["logs:CreateLogStream", "logs:PutLogEvents"]),
    allow(["secretsmanager:GetSecretValue"], f"arn:aws:secretsmanager:{region}:{account}:secret:*"),
    allow(["kms:Decrypt"]),
]
tasks = "ecs-tasks.amazonaws.com"
roles = {
    "task_role": role("corp-task", tasks, *runs),
    "execution_role": role("corp-execution", tasks, *starts),
    "shared_role": role("corp-both", tasks, *runs, *starts),
}
boundary = iam.create_policy(PolicyName="corp-boundary", PolicyDocument=policy(allow("*")))["Policy"]["Arn"]
key = kms.create_key(Description="corp", Tags=[{"TagKey": "Owner", "TagValue": "security"}])["KeyMetadata"]
kms.create_alias(AliasName="alias/corp", TargetKeyId=key["KeyId"])

PEM, START = serialization.Encoding.PEM, datetime.datetime(2020, 1, 1)
private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signed(common_name, authority):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private_key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(START).not_valid_after(START.replace(year=2090))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    return builder.sign(private_key, hashes.SHA256()).public_bytes(PEM).decode()


unlocked = private_key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
certificate = acm.import_certificate(Certificate=signed("ce.example.com", False).encode(), PrivateKey=unlocked)[
    "CertificateArn"
]
authorities = [signed(f"Corp CA {number}", True) for number in (1, 2)]
proxy = json.dumps({"http_proxy": "http://user:word@10.40.9.9:3128", "https_proxy": "http://user:word@10.40.9.9:3128"})


def secret(name, value):
    return secrets.create_secret(Name=name, SecretString=value, Tags=[{"Key": "Owner", "Value": "security"}])["ARN"]


made = {
    "vpc": vpc, "subnets": private, "cluster": cluster, "load_balancer": balancer,
    "target_group": target, **roles, "boundary": boundary, "key": key["Arn"], "certificate": certificate,
    "authorities": authorities, "ca_secret": secret("corp/ca", authorities[0]),
    "proxy_secret": secret("corp/proxy", proxy),
}  # fmt: skip
advance(300)
print(json.dumps(made))
