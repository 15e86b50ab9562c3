"""A registry that everybody may pull from, on LocalStack's own port: `localhost:<port>/<account>/<repository>:<tag>`.

As much as it takes to learn a digest: the OCI distribution specification's "Determining Support" and "Pulling
manifests". The account is part of the repository's path, because nobody logs in.

    GET|POST /_emulator/<account>/registry  {"localhost:4566/<account>/core5:1": "any text", ...}

puts images there, into ECR or into the vendor's registry; another text under the same tag is a moved tag. The answer is
digest by image, of all registries. An image is `missing` or `denied` as for ECS, over `/_emulator/<account>/images`;
with the setting `registry.unavailable` the open registry answers 503.
"""

from __future__ import annotations

import json
import re
from typing import Any

from localstack_fargate import account as accounts
from localstack_fargate import registry
from localstack_fargate.account import setting
from localstack_fargate.control import body_of, route
from localstack_fargate.services.ecs import images

setting("registry.unavailable", False)

_VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}


def register() -> None:
    """Adds the routes to LocalStack."""
    from localstack.services.edge import ROUTER

    ROUTER.add("/v2/", lambda request: _answer(200, {}), methods=["GET"])
    ROUTER.add("/v2/<account_id>/<path:name>/manifests/<reference>", _manifest, methods=["GET", "HEAD"])


def _manifest(request: Any, account_id: str, name: str, reference: str):
    if not re.fullmatch(r"\d{12}", account_id):
        return _refused(404, "NAME_UNKNOWN", "repository name not known to registry")
    account = accounts.get(account_id)
    with account.lock:
        if account.settings["registry.unavailable"]:
            return _refused(503, "UNAVAILABLE", "service unavailable")
        repository = registry.open_to_all(account).get(name)
        if repository is None:
            return _refused(404, "NAME_UNKNOWN", "repository name not known to registry")
        by_digest = reference.startswith("sha256:")
        image = repository.find(None if by_digest else reference, reference)
        tags = image.tags if image and by_digest else [reference]
        kind = images.behaviour_of(account, [f"{request.host}/{account_id}/{name}:{tag}" for tag in tags], "").kind
        if kind == "denied":
            return _refused(401, "UNAUTHORIZED", "authentication required")
        if image is None or kind == "missing":
            return _refused(404, "MANIFEST_UNKNOWN", "manifest unknown")
    headers = {**_VERSION, "Docker-Content-Digest": image.digest, "Content-Type": image.media_type}
    return _response(200, image.manifest, headers)


def _refused(status: int, code: str, message: str):
    return _answer(status, {"errors": [{"code": code, "message": message}]})


def _answer(status: int, value: Any):
    return _response(status, json.dumps(value), {**_VERSION, "Content-Type": "application/json"})


def _response(status: int, text: str, headers: dict[str, str]):
    from localstack.http import Response

    return Response(text, status=status, headers=headers)


@route("registry", ("GET", "POST"))
def _images(account, request) -> dict:
    if request.method == "POST":
        for reference, content in body_of(request).items():
            registry.put_by_name(account, reference, content)
    return registry.digests(account, request.host)
