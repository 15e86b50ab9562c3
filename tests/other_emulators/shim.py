"""Stands in front of an emulator that runs no ECS tasks, and answers for them: one task for each one that a service
wants, on Fargate, healthy at once, and tasks of RunTask that have done their work. Everything else is passed through,
byte for byte.

Source of the answers: ECS API reference (Task, Container, Deployment); Elastic Load Balancing API reference
(TargetHealth).
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ECS = "AmazonEC2ContainerServiceV20141113."
HEALTH = """<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">
<DescribeTargetHealthResult><TargetHealthDescriptions>{members}</TargetHealthDescriptions></DescribeTargetHealthResult>
<ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></DescribeTargetHealthResponse>"""
KEPT = (
    "deploymentConfiguration",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "propagateTags",
    "platformVersion",
)
MEMBER = """<member><Target><Id>{ip}</Id><Port>3000</Port></Target><HealthCheckPort>3000</HealthCheckPort>
<TargetHealth><State>healthy</State></TargetHealth></member>"""


class Tasks:
    """What the emulator would run, if it ran tasks."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.services: dict[str, dict] = {}
        self.tasks: dict[str, dict] = {}
        self.hosts = itertools.count(10)

    def remember(self, service: str, request: dict) -> None:
        """Repeats what a service was created with: not every emulator keeps it."""
        kept = {name: request[name] for name in KEPT if name in request}
        self.services.setdefault(service, {}).setdefault("kept", {}).update(kept)

    def settle(self, service: dict, definition: dict) -> None:
        """Makes the tasks of a service what it wants: another revision is another deployment, and another task."""
        with self.lock:
            known = self.services.setdefault(service["serviceArn"], {})
            fresh = known.get("definition") != service["taskDefinition"]
            if fresh:
                known |= {"deployment": f"ecs-svc/{uuid.uuid4().int % 10**19}", "since": time.time()}
            known |= {"definition": service["taskDefinition"], "wanted": service["desiredCount"]}
            known["groups"] = [one.get("targetGroupArn") for one in service.get("loadBalancers", [])]
            group = f"service:{service['serviceName']}"
            running = self.running(service["clusterArn"], group)
            for task in running if fresh else running[service["desiredCount"] :]:
                self.stop(task, "Scaling activity initiated by deployment")
            for _ in range(service["desiredCount"] - len(self.running(service["clusterArn"], group))):
                self.start(service["clusterArn"], definition, group, known["deployment"])

    def running(self, cluster: str, group: str) -> list[dict]:
        wanted = (cluster, group, "RUNNING")
        return [one for one in self.tasks.values() if (one["clusterArn"], one["group"], one["lastStatus"]) == wanted]

    def start(self, cluster: str, definition: dict, group: str, started_by: str) -> dict:
        now, ip = time.time(), f"172.16.1.{next(self.hosts)}"
        arn = f"{cluster.replace(':cluster/', ':task/')}/{uuid.uuid4().hex}"
        ends = {
            need["containerName"]
            for one in definition["containerDefinitions"]
            for need in one.get("dependsOn", [])
            if need["condition"] in ("COMPLETE", "SUCCESS")
        }
        card = {"privateIPv4Address": ip, "networkInterfaceId": f"eni-{uuid.uuid4().hex[:17]}"}
        attached = {"id": str(uuid.uuid4()), "type": "ElasticNetworkInterface", "status": "ATTACHED"}
        task = {
            "taskArn": arn, "clusterArn": cluster, "taskDefinitionArn": definition["taskDefinitionArn"], "group": group,
            "startedBy": started_by, "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "launchType": "FARGATE",
            "createdAt": now, "startedAt": now, "healthStatus": "HEALTHY", "cpu": definition.get("cpu"),
            "memory": definition.get("memory"), "enableExecuteCommand": False, "connectivity": "CONNECTED", "tags": [],
            "attachments": [attached | {"details": [{"name": name, "value": text} for name, text in card.items()]}],
            "containers": [self.container(one, arn, one["name"] in ends) for one in definition["containerDefinitions"]],
        }  # fmt: skip
        self.tasks[arn] = task
        return task

    def container(self, definition: dict, task: str, has_ended: bool) -> dict:
        state = {"lastStatus": "STOPPED", "exitCode": 0} if has_ended else {"lastStatus": "RUNNING"}
        health = "HEALTHY" if definition.get("healthCheck") and not has_ended else "UNKNOWN"
        return {
            "name": definition["name"],
            "image": definition["image"],
            "taskArn": task,
            "healthStatus": health,
        } | state

    def stop(self, task: dict, reason: str) -> None:
        task |= {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stoppedAt": time.time(), "stoppedReason": reason}
        for container in task["containers"]:
            container |= {"lastStatus": "STOPPED", "exitCode": container.get("exitCode", 0)}

    def described(self, service: dict) -> dict:
        """The service with its one deployment as it is."""
        known = self.services.get(service["serviceArn"])
        if known is None:
            return service
        count = len(self.running(service["clusterArn"], f"service:{service['serviceName']}"))
        counts = {"desiredCount": service["desiredCount"], "runningCount": count, "pendingCount": 0}
        deployment = counts | {
            "id": known["deployment"], "status": "PRIMARY", "taskDefinition": known["definition"], "failedTasks": 0,
            "createdAt": known["since"], "updatedAt": known["since"], "rolloutState": "COMPLETED",
            "launchType": "FARGATE",
        }  # fmt: skip
        return service | known["kept"] | counts | {"deployments": [deployment], "events": []}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    emulator, tasks = "", Tasks()

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target") or ""
        with self.tasks.lock:
            answer = getattr(self, target.removeprefix(ECS), None) if target.startswith(ECS) else None
            if answer is not None:
                status, kind, data = answer(json.loads(body or b"{}"), body)
            elif body.startswith(b"Action=DescribeTargetHealth"):
                status, kind, data = self.target_health(urllib.parse.parse_qs(body.decode()))
            else:
                return self.reply(*self.forward(self.command, self.path, dict(self.headers), body))
        self.reply(status, [("Content-Type", kind)], data)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    def forward(self, method: str, path: str, headers: dict, body: bytes) -> tuple[int, list, bytes]:
        connection = http.client.HTTPConnection(self.emulator, timeout=60)
        connection.request(method, path, body, {**headers, "Connection": "close"})
        answer = connection.getresponse()
        left_out = ("transfer-encoding", "connection", "content-length")
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in left_out]
        if method == "HEAD" and answer.getheader("Content-Length"):
            kept.append(("Content-Length", answer.getheader("Content-Length")))
        return answer.status, kept, answer.read()

    def reply(self, status: int, headers: list, body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        with contextlib.suppress(ConnectionError):  # it may have been killed meanwhile
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

    def ask(self, operation: str, body: bytes) -> tuple[int, Any]:
        given = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in ("x-amz-target", "content-length")
        }
        headers = given | {"X-Amz-Target": ECS + operation, "Content-Length": str(len(body))}
        status, _, data = self.forward("POST", "/", headers, body)
        return status, json.loads(data or b"{}")

    def json(self, status: int, value: Any) -> tuple[int, str, bytes]:
        return status, "application/x-amz-json-1.1", json.dumps(value).encode()

    def change(self, operation: str, body: bytes) -> tuple[int, str, bytes]:
        status, answer = self.ask(operation, body)
        if status == 200:
            service = answer["service"]
            if operation == "DeleteService":
                service = service | {"desiredCount": 0}
            self.tasks.remember(service["serviceArn"], json.loads(body))
            self.tasks.settle(service, self.definition(service["taskDefinition"]))
            answer["service"] = self.tasks.described(answer["service"])
        return self.json(status, answer)

    def definition(self, name: str) -> dict:
        return self.ask("DescribeTaskDefinition", json.dumps({"taskDefinition": name}).encode())[1]["taskDefinition"]

    def CreateService(self, request: dict, body: bytes):
        return self.change("CreateService", body)

    def UpdateService(self, request: dict, body: bytes):
        return self.change("UpdateService", body)

    def DeleteService(self, request: dict, body: bytes):
        return self.change("DeleteService", body)

    def DescribeServices(self, request: dict, body: bytes):
        status, answer = self.ask("DescribeServices", body)
        return self.json(
            status, answer | {"services": [self.tasks.described(one) for one in answer.get("services", [])]}
        )

    def ListTasks(self, request: dict, body: bytes):
        arns = []
        for task in self.tasks.tasks.values():
            fits = task["desiredStatus"] == request.get("desiredStatus", "RUNNING")
            if name := request.get("serviceName"):
                fits = fits and task["group"] == f"service:{name.rsplit('/', 1)[-1]}"
            if family := request.get("family"):
                fits = fits and task["taskDefinitionArn"].rsplit("/", 1)[-1].rsplit(":", 1)[0] == family
            if fits and task["clusterArn"].rsplit("/", 1)[-1] == request.get("cluster", "default").rsplit("/", 1)[-1]:
                arns.append(task["taskArn"])
        return self.json(200, {"taskArns": arns})

    def DescribeTasks(self, request: dict, body: bytes):
        known = self.tasks.tasks
        missing = [{"arn": arn, "reason": "MISSING"} for arn in request["tasks"] if arn not in known]
        return self.json(200, {"tasks": [known[arn] for arn in request["tasks"] if arn in known], "failures": missing})

    def RunTask(self, request: dict, body: bytes):
        definition = self.definition(request["taskDefinition"])
        region, account = definition["taskDefinitionArn"].split(":")[3:5]
        cluster = f"arn:aws:ecs:{region}:{account}:cluster/{request['cluster'].rsplit('/', 1)[-1]}"
        family = definition["taskDefinitionArn"].rsplit("/", 1)[-1].rsplit(":", 1)[0]
        task = self.tasks.start(cluster, definition, f"family:{family}", request.get("startedBy", ""))
        self.tasks.stop(task, "Essential container in task exited")
        return self.json(200, {"tasks": [task], "failures": []})

    def StopTask(self, request: dict, body: bytes):
        task = self.tasks.tasks[request["task"]]
        self.tasks.stop(task, request.get("reason", "Task stopped by user"))
        return self.json(200, {"task": task})

    def target_health(self, request: dict) -> tuple[int, str, bytes]:
        [group] = request["TargetGroupArn"]
        owners = [known["deployment"] for known in self.tasks.services.values() if group in known["groups"]]
        running = [
            one for one in self.tasks.tasks.values() if one["startedBy"] in owners and one["lastStatus"] == "RUNNING"
        ]
        details = [detail for task in running for detail in task["attachments"][0]["details"]]
        members = [MEMBER.format(ip=one["value"]) for one in details if one["name"] == "privateIPv4Address"]
        return 200, "text/xml", HEALTH.format(members="".join(members)).encode()

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def serving(emulator: str):
    """The shim on a free loopback port, as its URL."""
    handler = type("Bound", (Handler,), {"emulator": emulator.removeprefix("http://"), "tasks": Tasks()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
