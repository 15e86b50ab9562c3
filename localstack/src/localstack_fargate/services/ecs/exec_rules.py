"""What commands print in containers, and the sessions that ExecuteCommand has opened.

    GET|POST|DELETE /_emulator/<account>/exec   one rule or a list of them; the last that fits a command answers it
        {"container": "rabbitmq-stats", "contains": "list_queues",     which commands: any, if left out
         "output": "[]\\n", "exit": 0, "chunks": 1,                      what it prints, its messages and exit code
         "pause": 0,                                                   seconds of the wall between two messages
         "shell": true,                                                or a shell on a terminal, see `exec_shell.py`
         "handshake": true,                                            whether the agent begins with one
         "fault": null,                                                see `exec_channel.py`
         "cut_after": [],                                              after how many messages of output each connection
                                                                       breaks; the session can be resumed
         "runs": false, "at": 0}                                       see `exec_terminal.py`

Without a rule `rabbitmqctl list_queues` finds no queue. Any other command is run if a plugin has a program for it
(`PROGRAMS`), else it prints nothing and ends with 0. A rule with `runs` only adds its fault to a command that is run.
"""

from __future__ import annotations

import re
import shlex
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any, Callable

from localstack_fargate.account import setting
from localstack_fargate.control import body_of, route
from localstack_fargate.services.ecs.exec_line import Line
from localstack_fargate.services.ecs.exec_terminal import Program
from localstack_fargate.services.ecs.session_encryption import Encryption

setting("ecs.exec_agent_stopped", False)

FAULTS = (None, "silent", "cut", "garbage", "reorder", "duplicate", "deaf", "deaf-input", "hangs")
FAULTS += ("corrupt", "altered", "other-key")

PROGRAMS: list[Callable[..., Program | None]] = []
"""fn(account, task, container, command): what a plugin runs for the command, if anything."""


@dataclass
class Rule:
    container: str = ""
    contains: str = ""
    output: str = ""
    exit: int = 0
    chunks: int = 1
    pause: float = 0
    shell: bool = False
    handshake: bool = True
    fault: str | None = None
    cut_after: list[int] = field(default_factory=list)
    runs: bool = False
    at: int = 0

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(f"fault is one of {FAULTS}")
        if self.chunks < 1:
            raise ValueError("chunks is at least 1")

    def fits(self, container: str, command: str) -> bool:
        return self.container in ("", container) and self.contains in command


@dataclass
class Session:
    token: str
    command: str
    rule: Rule
    region: str
    entry: Any
    """The journal's entry of the call that has opened it: what the channel needs is noted there."""
    program: Program | None = None
    encryption: Encryption | None = None
    """With the key of the cluster, where it has one."""
    line: Line | None = None
    """Of a session that outlives its connections, once it has begun."""

    def printed(self, ends: bool = True) -> list[bytes]:
        """What the command sends to its terminal, in as many parts as the rule says."""
        text = self.rule.output + (_epilogue(self.command, self.rule.exit) if ends else "")
        sent = text.replace("\n", "\r\n").encode()
        size = max(1, -(-len(sent) // self.rule.chunks))
        return [sent[at : at + size] for at in range(0, len(sent), size)]


_QUEUES = Rule(contains="list_queues", output="[\n]\n")


def open_session(account, task: Any, container: Any, command: str, context: Any) -> tuple[str, Session]:
    """A new session for the command, and its id."""
    fitting = [rule for rule in (_QUEUES, *_rules(account)) if rule.fits(container.name, command)]
    rule = fitting[-1] if fitting else Rule(runs=True)
    made = (make(account, task, container, command) for make in PROGRAMS) if rule.runs else ()
    program = next((one for one in made if one), None)
    name = f"ecs-execute-command-{uuid.uuid4().hex[:17]}"
    session = Session(uuid.uuid4().hex, command, rule, context.region, context.emulator_entry, program)
    exec_configuration = (task.cluster.configuration or {}).get("executeCommandConfiguration") or {}
    if key := exec_configuration.get("kmsKeyId"):
        target = f"ecs:{task.cluster.name}_{task.id}_{container.runtime_id}"
        session.encryption = Encryption(account, task, target, name, key, rule.fault)
    _sessions(account)[name] = session
    return name, session


def session_of(account, name: str) -> Session | None:
    return _sessions(account).get(name)


def with_agents(account, view: dict) -> dict:
    """The view of a task, whose agents do not run if the account's setting says so."""
    if account.settings["ecs.exec_agent_stopped"]:
        for agent in (agent for container in view["containers"] for agent in container.get("managedAgents", [])):
            agent["lastStatus"] = "STOPPED"
    return view


def _rules(account) -> list[Rule]:
    return account.state("ecs.exec.rules", list)


def _sessions(account) -> dict[str, Session]:
    return account.state("ecs.exec.sessions", dict)


def _epilogue(command: str, code: int) -> str:
    """All of a shell's language that the emulator knows: `sh -c '...; echo WORD $?'`. A command that is not in
    quotes, as the agent splits it, has lost its end to other words and does not print it."""
    try:
        words = shlex.split(command)
    except ValueError:
        return ""
    echo = re.search(r"; echo (\S+) \$\?$", words[2]) if len(words) == 3 and words[:2] == ["sh", "-c"] else None
    return f"{echo[1]} {code}\n" if echo else ""


@route("exec", ("GET", "POST", "DELETE"))
def _exec(account, request) -> list:
    rules = _rules(account)
    if request.method == "DELETE":
        rules.clear()
    elif request.method == "POST":
        wanted = body_of(request)
        rules += [Rule(**rule) for rule in (wanted if isinstance(wanted, list) else [wanted])]
    return [asdict(rule) for rule in rules]
