"""Writes down, as TOML, what the vendor's own files say of one release of Cloud Exchange.

    python3 tests/vendor_facts.py compose CHECKOUT COMMIT VERSION > src/release/tests/vendor/VERSION.toml
    python3 tests/vendor_facts.py template CHECKOUT COMMIT VERSION > src/release/tests/vendor/VERSION-fargate.toml

CHECKOUT is a clone of netskopeoss/ta_cloud_exchange (compose) or of
netskopeoss/Netskope-CloudExchange-Amazon-ECS-Fargate (template), COMMIT a tag or commit of it. Needs git and PyYAML,
which the emulator's environment has. Facts only: names, values and paths, none of the vendor's text; what looks like a
token is left out.
"""

import ast
import json
import re
import subprocess
import sys

import yaml

# The vendor's medium profile, on which every share of the memory is computed.
MEMORY_MIB = 16384
# What the variables of the secrets hold, by the names that ce-aws uses.
SECRETS = {
    "MAINTENANCE_PASSWORD": "maintenance_password",
    "MAINTENANCE_PASSWORD_ESCAPED": "maintenance_password, percent-encoded",
    "RABBITMQ_DEFAULT_PASS": "maintenance_password",
    "MONGO_INITDB_ROOT_PASSWORD": "maintenance_password",
    "MONGODB_PASSWORD": "maintenance_password",
    "JWT_SECRET": "jwt_secret",
    "CE_SSL_CERTIFICATE_PASSWORD": "ce_ssl_certificate_password",
    # Parameters of the template.
    "MAINTENANCEPASSWORD": "maintenance_password",
    "MAINTENANCEPASSWORDESCAPED": "maintenance_password",
    "JWTSECRET": "jwt_secret",
}
PROXY = {"CORE_HTTP_PROXY", "CORE_HTTPS_PROXY", "HTTPPROXY", "HTTPSPROXY"}
REFERENCE = re.compile(r"(?<!\$)\$\{(\w+)(?::-([^}]*))?\}")
TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


class Checkout:
    def __init__(self, folder, commit):
        self.folder, self.commit = folder, commit

    def git(self, *words):
        return subprocess.run(["git", "-C", self.folder, *words], check=True, capture_output=True, text=True).stdout

    def read(self, path):
        try:
            return self.git("show", f"{self.commit}:{path}")
        except subprocess.CalledProcessError:
            return None

    def head(self, version, source):
        commit, date = self.git("log", "-1", "--date=short", "--format=%H %ad", self.commit).split()
        return {"version": version, "source": source, "commit": commit, "date": date}


class Setup:
    """The constants of the setup script, and what it writes into the two files of variables."""

    def __init__(self, checkout):
        tree = ast.parse(checkout.read("setup"))
        utilities = checkout.read("data/management_server/utils.py")
        trees = [tree, *([ast.parse(utilities)] if utilities else [])]
        self.constants = {}
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                try:
                    value = eval(compile(ast.Expression(node.value), "setup", "eval"), {}, dict(self.constants))
                except Exception:
                    continue
                self.constants[node.targets[0].id] = value
        self.values = {key: item["default"] for key, item in self.constants["DEFAULT_INPUTS"].items()}
        self.values |= dict(self.shares(tree))
        self.values |= self.constants.get("LATEST_TAG_AND_VERSION") or self.chosen(tree)
        # Before 6.0.0 the variable of the UI's TLS versions is a question; the answer "No" stands for the default.
        if "ENABLE_TLS_V_1_2" in self.values:
            self.values["ENABLE_TLS_V_1_2"] = "TLSv1.3"
        written = {name for tree in trees for name in assigned(tree, "AVAILABLE_INPUTS")}
        self.secrets = {
            name for tree in trees for name in assigned(tree, "passwords") | assigned(tree, "update_secrets")
        }
        # Names that setup takes out again, those of a cluster of several machines, and its own notes.
        popped = {"MONGO_COMPATIBILITY", "CURRENT_DATABASE_VERSION", "DESTINATION_PATH", "RABBITMQ_CUSTOM_CONF_PATH"}
        names = (written | set(self.values)) - self.secrets - popped
        self.names = {name for name in names if name == "HA_ENABLED" or not name.startswith("HA_")}

    @staticmethod
    def shares(tree):
        """The memory of each container: `round(memory * (6 / 32))`, or a number of MiB."""
        assignments = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
        plain = {ast.unparse(node.targets[0]): ast.unparse(node.value) for node in assignments}
        for node in assignments:
            name = key_of(node.targets[0], "AVAILABLE_INPUTS") or ""
            if name.endswith("_RAM_RESOURCES"):
                text = ast.unparse(node.value)
                share = re.search(r"\((\d+) / 32\)", plain.get(text, text))
                yield name, round(MEMORY_MIB * int(share[1]) / 32) if share else int(text)

    def chosen(self, tree):
        """Of the versions that an older setup offers, the one of its own release."""
        own = self.constants["CE_VERSION_1"]
        for value in self.constants.values():
            if isinstance(value, dict) and isinstance(value.get(own), dict):
                return value[own]
        for node in ast.walk(tree):
            body = node.body if isinstance(node, ast.If) else []
            assignments = [step for step in body if isinstance(step, ast.Assign)]
            pairs = [(key_of(step.targets[0], "AVAILABLE_INPUTS"), ast.unparse(step.value)) for step in assignments]
            if ("CORE_TAG", "CORE_VERSION_1_TAG") in pairs:
                return {key: self.constants.get(text, text.strip("'")) for key, text in pairs if key}
        raise SystemExit("setup: the tags of its own release were not found")


def key_of(target, mapping):
    if isinstance(target, ast.Subscript) and ast.unparse(target.value) == mapping:
        return target.slice.value if isinstance(target.slice, ast.Constant) else None
    return None


def assigned(tree, mapping):
    targets = (target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets)
    return {name for target in targets if (name := key_of(target, mapping))}


def text_of(value):
    """A value of a variable: a literal, or what it stands for."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return {"token": True} if TOKEN.search(text) else {"value": text}


class Compose:
    def __init__(self, checkout, version):
        self.checkout, self.setup = checkout, Setup(checkout)
        self.document = yaml.safe_load(checkout.read("docker-compose.yml"))
        self.version = version

    def resolve(self, text):
        """`${NAME:-default}` by what setup writes, else by the default."""

        def one(match):
            known = self.setup.values.get(match[1])
            return str(known if known not in (None, "") else match[2] or "")

        return REFERENCE.sub(one, str(text)).replace("$$", "$")

    def variable(self, text):
        names = [match[0] for match in REFERENCE.findall(text)]
        if any(name in PROXY for name in names):
            return {"proxy": True}
        for name in names:
            if name in SECRETS:
                gap = REFERENCE.sub(lambda match: "{password}" if match[1] in SECRETS else self.resolve(match[0]), text)
                return {"secret": SECRETS[name], **({"value": gap} if gap != "{password}" else {})}
        if names and all(self.setup.values.get(name) in (None, "") and not self.resolve(text) for name in names):
            return {"unset": True}
        return text_of(self.resolve(text))

    def from_file(self, name):
        if name in SECRETS:
            return {"secret": SECRETS[name]}
        if name in PROXY:
            return {"proxy": True}
        value = self.setup.values.get(name)
        return {"setup": True} if value in (None, "") else text_of(value)

    def mounts(self, service):
        devices = {name: volume["driver_opts"]["device"] for name, volume in self.document.get("volumes", {}).items()}
        for text in service.get("volumes", []):
            source, target = text.split(":")[:2]
            source = devices.get(source, source).removeprefix("./").rstrip("/")
            yield (target.rstrip("/"), {"source": source, "read_only": "ro" in text.split(":")[2:]})

    def service(self, name, service):
        own = dict(item.split("=", 1) for item in service.get("environment", []))
        limit = service.get("deploy", {}).get("resources", {}).get("limits", {}).get("memory")
        ports = [self.resolve(text).split(":") for text in service.get("ports", [])]
        check = service.get("healthcheck")
        entry_point = [self.resolve_words(word) for word in service.get("entrypoint", [])]
        return {
            "name": name,
            "image": self.resolve(service["image"]).replace("index.docker.io/", "docker.io/"),
            "user": service.get("user"),
            "entry_point": entry_point,
            "ports": [int(port[-1]) for port in ports],
            "published": [int(port[0]) for port in ports],
            "memory": int(self.resolve(limit).rstrip("M")) if limit else None,
            "depends_on": {other: "START" for other in service.get("depends_on", [])},
            "links": service.get("links", []),
            "extra_hosts": service.get("extra_hosts", []),
            "restart": service.get("restart"),
            "logging": [f"{key} {value}" for key, value in service.get("logging", {}).get("options", {}).items()],
            "health_check": check
            and {"command": check["test"][-1]}
            | {key: seconds(check[key]) for key in ("interval", "timeout", "start_period") if key in check}
            | {"retries": check["retries"]},
            "mounts": dict(self.mounts(service)),
            # The two files hold all that setup knows: every variable of `settings` and of `secrets`.
            "env_files": bool(service.get("env_file")),
            "environment": {key: self.variable(text) for key, text in own.items()},
        }

    @staticmethod
    def resolve_words(word):
        return " ".join(word.replace("$$", "$").split())

    def configuration(self):
        """RabbitMQ's settings, from the file that is mounted into its container."""
        lines = (self.checkout.read("data/rabbitmq/custom.conf") or "").splitlines()
        pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
        return {key.strip(): value.strip() for key, value in pairs}

    def connection_strings(self):
        """What load_env.sh exports on a single machine, from 5.1.1 on."""
        text = self.checkout.read("data/database-init/load_env.sh") or ""
        alone = text.rsplit("else", 1)[-1]
        for name, value in re.findall(r'export (\w+_CONNECTION_STRING)="([^"]+)"', alone):
            yield name, {"secret": "maintenance_password", "value": REFERENCE.sub("{password}", value)}

    def facts(self):
        services = [self.service(name, service) for name, service in self.document["services"].items()]
        strings = dict(self.connection_strings())
        for service in services:
            if service["name"] == "rabbitmq-stats":
                service["configuration"] = self.configuration()
            if service["name"] == "core":
                service["environment"] |= strings
        files = any(service["env_files"] for service in services)
        tables = {
            "settings": {name: self.from_file(name) for name in self.setup.names} if files else {},
            "secrets": {name: self.from_file(name) for name in self.setup.secrets} if files else {},
        }
        return self.checkout.head(self.version, "compose") | tables | {"services": services}


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)([hms])", str(text)).groups()
    return int(number) * {"h": 3600, "m": 60, "s": 1}[unit]


class Tags(yaml.SafeLoader):
    """CloudFormation's short forms, as the long ones."""


def tag(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix: value}


Tags.add_multi_constructor("!", tag)


class Template:
    def __init__(self, checkout, version):
        self.checkout, self.version = checkout, version
        self.document = yaml.load(checkout.read("CloudExchangeTemplate.yaml"), Tags)
        resources = self.document["Resources"]
        self.task = next(r for r in resources.values() if r["Type"] == "AWS::ECS::TaskDefinition")["Properties"]
        self.folders = {
            name: resource["Properties"]["RootDirectory"]["Path"].strip("/")
            for name, resource in resources.items()
            if resource["Type"] == "AWS::EFS::AccessPoint"
        }

    def scalar(self, value, raw=False):
        """A value with the template's functions taken away, for the medium package."""
        if not isinstance(value, dict):
            return str(value).lower() if isinstance(value, bool) else str(value)
        (function, argument), = value.items()
        if function == "Ref":
            parameter = self.document["Parameters"].get(argument, {})
            return (
                "{" + argument + "}" if argument in SECRETS or argument in PROXY else str(parameter.get("Default", ""))
            )
        if function in ("Join", "Fn::Join"):
            return argument[0].join(self.scalar(part) for part in argument[1])
        if function in ("FindInMap", "Fn::FindInMap"):
            rows = self.document["Mappings"][argument[0]]
            return str(next(row for name, row in rows.items() if name.lower() == "medium")[argument[2]])
        if function in ("Sub", "Fn::Sub", "Fn::Base64"):
            return self.scalar(argument)
        if function == "Fn::If":
            return self.scalar(argument[2])
        raise SystemExit(f"template: {function} is not understood")

    def variable(self, value):
        text = self.scalar(value).strip()
        for name in sorted(set(re.findall(r"\{([A-Z]+)\}", text)) & (set(SECRETS) | PROXY), key=len, reverse=True):
            if name in PROXY:
                return {"proxy": True}
            gap = text.replace("{" + name + "}", "{password}")
            return {"secret": SECRETS[name], **({"value": gap} if gap != "{password}" else {})}
        if isinstance(value, dict) and "Fn::Base64" in value:
            return {"script": True}
        return text_of(text) if text else {"unset": True}

    def volume(self, name):
        volume = next(volume for volume in self.task["Volumes"] if volume["Name"] == name)
        found = volume.get("EFSVolumeConfiguration", {}).get("AuthorizationConfig", {}).get("AccessPointId")
        return self.folders[found["Ref"]] if found else name

    def container(self, item):
        check = item.get("HealthCheck")
        words = lambda key: [" ".join(self.scalar(word).split()) for word in item.get(key) or []]
        mounts = {
            point["ContainerPath"].rstrip("/"): {
                "source": self.volume(point["SourceVolume"]),
                "read_only": point.get("ReadOnly", False) in (True, "true"),
            }
            for point in item.get("MountPoints") or []
        }
        return {
            "name": item["Name"],
            "image": self.scalar(item["Image"]),
            "user": item.get("User"),
            "essential": item.get("Essential", True) in (True, "true"),
            "entry_point": words("EntryPoint"),
            "command": words("Command"),
            "ports": [int(port["ContainerPort"]) for port in item.get("PortMappings") or []],
            "depends_on": {other["ContainerName"]: other["Condition"] for other in item.get("DependsOn") or []},
            "health_check": check
            and {
                "command": " ".join(check["Command"][-1].split()),
                "interval": int(check["Interval"]),
                "timeout": int(check["Timeout"]),
                "retries": int(check["Retries"]),
                "start_period": int(check["StartPeriod"]),
            },
            "mounts": mounts,
            "environment": {pair["Name"]: self.variable(pair["Value"]) for pair in item.get("Environment") or []},
        }

    def facts(self):
        services = [self.container(item) for item in self.task["ContainerDefinitions"]]
        for service in services:
            pairs = re.findall(r"([\w.]+) = ([^\\'\s]+)", " ".join(service["entry_point"]))
            if pairs:
                service["configuration"] = dict(pairs)
        return self.checkout.head(self.version, "template") | {"services": services}


def literal(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(f"{key(name)} = {literal(item)}" for name, item in value.items() if item is not False)
            + " }"
        )
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return str(value) if isinstance(value, (int, float)) else json.dumps(value, ensure_ascii=False)


def key(name):
    return name if re.fullmatch(r"[\w-]+", name) else json.dumps(name)


def toml(facts):
    yield "# Made by tests/vendor_facts.py from the vendor's own files. Do not edit."
    for name, value in facts.items():
        if not isinstance(value, (dict, list)):
            yield f"{name} = {value if name == 'date' else literal(value)}"
    for name, table in facts.items():
        if isinstance(table, dict) and table:
            yield f"\n[{name}]"
            yield from (f"{key(item)} = {literal(value)}" for item, value in sorted(table.items()))
    for service in facts["services"]:
        yield "\n[[services]]"
        tables = ("mounts", "environment", "configuration")
        for name, value in service.items():
            if name not in tables and value not in (None, False, [], {}) or name == "essential":
                yield f"{name} = {literal(value)}"
        for name in tables:
            if service.get(name):
                yield f"\n[services.{name}]"
                yield from (f"{key(item)} = {literal(value)}" for item, value in sorted(service[name].items()))


def main():
    try:
        kind, folder, commit, version = sys.argv[1:]
        reader = {"compose": Compose, "template": Template}[kind]
    except (KeyError, ValueError):
        raise SystemExit(__doc__) from None
    print("\n".join(toml(reader(Checkout(folder, commit), version).facts())))


if __name__ == "__main__":
    main()
