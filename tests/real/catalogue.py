"""The release files, as far as the containers of MongoDB and RabbitMQ and the data steps need them."""

import base64
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(os.environ.get("CE_REAL_CATALOGUE") or Path(__file__).resolve().parents[2] / "src/release/catalogue")

# Every kind of character that a password may have.
PASSWORD = "aZ0-._~Password"
SECRETS = {"maintenance_password": PASSWORD, "jwt_secret": "jwt"}
# The smallest memory that the package medium gives RabbitMQ (MiB).
SETTINGS = {"rabbitmq_memory": "3072", "debug": "false"}


@dataclass(frozen=True)
class Release:
    """One release file."""

    version: str
    data: dict

    @classmethod
    def load(cls, version):
        return cls(version, tomllib.loads((FOLDER / f"{version}.toml").read_text()))

    def container(self, name):
        return next(c for c in self.data["containers"] if c["name"] == name)

    def server_version(self, name):
        """What the image's tag says: `rabbitmq4-4.1.0` is 4.1.0, `mongodb:5.0` is 5.0."""
        return image_version(self.container(name)["image"])

    def environment(self, name):
        """All variables, secrets too, as ECS would set them."""
        container = self.container(name)
        values = {key: _value(value) for key, value in container.get("environment", {}).items()}
        return values | {key: SECRETS[secret] for key, secret in container.get("secrets", {}).items()}

    def mounts(self, name):
        return {mount["path"].rstrip("/"): mount["volume"] for mount in self.container(name).get("mounts", [])}

    def task_volumes(self):
        return {volume["name"] for volume in self.data.get("task_volumes", [])}

    def files(self, volume):
        return [file for file in self.data.get("files", []) if file["volume"] == volume]

    def arguments(self, name):
        container = self.container(name)
        return container["entry_point"] + container.get("command", [])

    def steps(self, container):
        """The data steps that run in this container's image or mounts."""
        return [s for s in self.data.get("data_steps", []) if s["container"]["name"] == container]


def image_version(image):
    return re.findall(r"\d+\.\d+(?:\.\d+)?", image.rsplit(":", 1)[1])[-1]


def _value(value):
    if isinstance(value, str):
        return value
    if "base64" in value:
        return base64.b64encode(value["base64"].encode()).decode()
    return SETTINGS[value["setting"]]
