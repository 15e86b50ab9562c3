"""A deployment's whole life on an emulator that others have written: `tests/other_emulators/with moto|ministack sh -c
'...'`.

Every step must end with its exit code, and every second plan must be empty. What keeps an emulator from something is an
option below, and a row of docs/other-emulators.md.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3

NAME = os.environ["OTHER_EMULATOR"]
TARGET = os.environ.get("CARGO_TARGET_DIR") or Path(__file__).resolve().parents[2] / "target"
PROGRAM = str(Path(TARGET, "debug", "ce-aws"))
ACCOUNT = boto3.client("sts").get_caller_identity()["Account"]
MIRROR = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/mirror"
IMAGES = {
    "cloudexchange": ["aws-cli-latest"], "core4": ["05242023"], "ui4": ["05242023"], "core5": ["11062023"],
    "ui5": ["11062023"],
    "mongodb": ["5.0"], "rabbitmq": ["3.11.11-management", "3.12.6-management"],
}  # fmt: skip
PLAN = f"""name = "prod"
release = "4.2.0"
[tags]
Owner = "platform"
[service]
debug = false
[images]
registry = "{MIRROR}"
"""
WAYS = {
    # Its bucket policies deny what their conditions do not, some of what it stores comes back changed, and it has no
    # AWS Backup.
    "moto": {
        "plan": "[network]\nharden = false\n[load_balancer]\nenabled = false\n[storage]\nbackup = false\n",
        "writes": ["--no-lease"],
        "upgrade": ["--no-backup"],
        # A file system's policy cannot be deleted, so that the role it names stays.
        "destroy": [],
        "destroyed": 3,
        "left": ["ce-prod-us-east-1-task"],
    },
    # It forgets some of what it stores.
    "ministack": {
        "plan": (
            '[network]\nharden = false\nflow_logs = false\nnat = "none"\n[load_balancer]\nenabled = false\n'
            "[storage]\nbackup = false\n"
        ),
        "writes": [],
        "upgrade": [],
        "destroy": ["--delete-data"],
        "destroyed": 0,
        "left": [],
    },
}
"""By emulator: keys of the plan file, options of all commands that write, options of single commands, how the
destruction ends, and what it leaves."""


def take_ecs_into_use():
    """As every account has them that has ever had a cluster and a load balancer."""
    for service, name in (
        ("ecs", "AWSServiceRoleForECS"),
        ("elasticloadbalancing", "AWSServiceRoleForElasticLoadBalancing"),
    ):
        principal = f"{service}.amazonaws.com"
        trust = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        path = f"/aws-service-role/{principal}/"
        boto3.client("iam").create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document)


def push_images():
    ecr = boto3.client("ecr")
    for name, tags in IMAGES.items():
        ecr.create_repository(repositoryName=f"mirror/netskope/{name}")
        for tag in tags:
            layers = [
                {
                    "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                    "size": 1,
                    "digest": "sha256:" + "0" * 64,
                }
            ]
            manifest = {
                "schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1,
                    "digest": "sha256:" + hashlib.sha256(f"{name}:{tag}".encode()).hexdigest()},
                "layers": layers,
            }  # fmt: skip
            ecr.put_image(repositoryName=f"mirror/netskope/{name}", imageTag=tag, imageManifest=json.dumps(manifest))


class Life:
    def __init__(self, folder):
        self.file, self.failed = Path(folder, "plan.toml"), []
        self.file.write_text(PLAN + WAYS[NAME]["plan"])

    def step(self, wanted, *arguments, writes=True):
        """Runs the program on the plan file, and notes whether it ended as it should."""
        command = [PROGRAM, arguments[0], *arguments[1:]]
        command += [*WAYS[NAME]["writes"], "--yes"] if writes else []
        started = time.monotonic()
        ran = subprocess.run(command, capture_output=True, text=True, cwd=self.file.parent)
        verdict = "" if ran.returncode == wanted else f", and not with {wanted}"
        print(



            f"{NAME}: {' '.join(command[1:])}: ended with {ran.returncode}{verdict} after "
            f"{time.monotonic() - started:.0f} s",
            flush=True,
        )
        if verdict:
            self.failed.append(arguments)
            print(ran.stdout[-3000:], ran.stderr[-6000:], sep="\n", flush=True)
        return ran.stdout

    def is_settled(self):
        """A plan has nothing to do."""
        out = self.step(0, "plan", "plan.toml", "--output", "json", writes=False)
        steps = json.loads(out or "{}").get("steps", [])
        kinds = {step["address"].partition("/")[0] for step in steps if step["action"] not in ("await", "prove")}
        if kinds:
            self.failed.append("plan")
            print(f"{NAME}: the plan would change {sorted(kinds)}", out[:6000], sep="\n", flush=True)

    def edit(self, before, after):
        self.file.write_text(self.file.read_text().replace(before, after))


def live(life):
    life.step(0, "apply", "plan.toml")
    life.is_settled()
    life.step(0, "status", "plan.toml", writes=False)
    life.edit("debug = false", "debug = true")
    life.step(0, "apply", "plan.toml")
    life.is_settled()
    life.step(0, "upgrade", "plan.toml", "--to", "5.0.0", *WAYS[NAME]["upgrade"])
    life.is_settled()
    life.step(0, "stop", "plan.toml")
    life.step(0, "start", "plan.toml")
    life.is_settled()
    if "--no-backup" not in WAYS[NAME]["upgrade"]:
        life.step(0, "backup", "create", "plan.toml")
    life.step(WAYS[NAME]["destroyed"], "destroy", "plan.toml", "--unprotect", *WAYS[NAME]["destroy"])


def left():
    """What is there besides what there was: by tag, where tags can be looked for, and by name."""
    ours = [{"Name": "tag:ce-aws:deployment", "Values": ["prod"]}]
    ec2 = boto3.client("ec2")
    gone = ("deleted", "deleting")
    found = [one["VpcId"] for one in ec2.describe_vpcs(Filters=ours)["Vpcs"]]
    found += [one["SubnetId"] for one in ec2.describe_subnets(Filters=ours)["Subnets"]]
    found += [one["GroupId"] for one in ec2.describe_security_groups(Filters=ours)["SecurityGroups"]]
    found += [one["AllocationId"] for one in ec2.describe_addresses(Filters=ours)["Addresses"]]
    gateways = ec2.describe_nat_gateways()["NatGateways"]
    found += [one["NatGatewayId"] for one in gateways if one["State"] not in gone]
    kept = "--delete-data" not in WAYS[NAME]["destroy"]
    found += [] if kept else [one["FileSystemId"] for one in boto3.client("efs").describe_file_systems()["FileSystems"]]
    found += [one["LoadBalancerName"] for one in boto3.client("elbv2").describe_load_balancers()["LoadBalancers"]]
    found += [one["RoleName"] for one in boto3.client("iam").list_roles(PathPrefix="/ce-aws/")["Roles"]]
    return found


if __name__ == "__main__":
    take_ecs_into_use()
    push_images()
    with tempfile.TemporaryDirectory() as folder:
        life = Life(folder)
        live(life)
        remains = left()
        if remains != WAYS[NAME]["left"]:
            print(f"{NAME}: left over: {remains}")
        sys.exit(bool(life.failed or remains != WAYS[NAME]["left"]))
