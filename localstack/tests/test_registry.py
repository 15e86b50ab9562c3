"""The open registry, and images that ECS pulls by their digest. Source: OCI distribution specification, "Determining
Support" and "Pulling manifests"; ECS API reference, ContainerDefinition and Container."""

import hashlib
import http.client
import json
from urllib.parse import urlparse

import pytest
from conftest import URL
from ecs_kit import REGISTRY, Kit

HOST = urlparse(URL).netloc


def _ask(path: str, method: str = "GET") -> tuple[int, dict, bytes]:
    connection = http.client.HTTPConnection(HOST, timeout=20)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def _code(path: str) -> tuple[int, str]:
    status, _, body = _ask(path)
    return status, json.loads(body)["errors"][0]["code"]


@pytest.mark.row("open registry: manifests and digests by tag", plain="absent")
def test_a_manifest_is_pulled_without_credentials(account):
    image, path = f"{HOST}/{account.id}/team/core5", f"/v2/{account.id}/team/core5/manifests"
    digest = account.control("registry", {f"{image}:1": "first"})[f"{image}:1"]
    assert _ask("/v2/")[0] == 200
    status, headers, manifest = _ask(f"{path}/1")
    assert status == 200 and headers["docker-content-digest"] == digest
    assert "sha256:" + hashlib.sha256(manifest).hexdigest() == digest
    status, headers, body = _ask(f"{path}/1", "HEAD")
    assert (status, headers["docker-content-digest"], body) == (200, digest, b"")
    moved = account.control("registry", {f"{image}:1": "second"})[f"{image}:1"]
    assert moved != digest and _ask(f"{path}/1")[1]["docker-content-digest"] == moved
    assert _ask(f"{path}/{digest}")[2] == manifest


@pytest.mark.row("open registry: missing, denied, unavailable", plain="absent")
def test_what_a_registry_refuses(account):
    image, path = f"{HOST}/{account.id}/core5", f"/v2/{account.id}/core5/manifests"
    assert _code(f"{path}/1") == (404, "NAME_UNKNOWN")
    account.control("registry", {f"{image}:1": "first"})
    assert _code(f"{path}/2") == (404, "MANIFEST_UNKNOWN")
    account.control("images", {"*core5:*": {"behaviour": "denied"}})
    assert _code(f"{path}/1") == (401, "UNAUTHORIZED")
    account.control("images", {"*core5:*": {"behaviour": "missing"}})
    assert _code(f"{path}/1") == (404, "MANIFEST_UNKNOWN")
    account.control("images", method="DELETE")
    account.settings(**{"registry.unavailable": True})
    assert _ask(f"{path}/1")[0] == 503


@pytest.mark.row("open registry: each account its own images", plain="absent")
def test_accounts_do_not_share_images(account, other_account):
    account.control("registry", {f"{HOST}/{account.id}/core5:1": "first"})
    assert _code(f"/v2/{other_account.id}/core5/manifests/1") == (404, "NAME_UNKNOWN")


@pytest.mark.row("open registry: the images of all releases are there", plain="absent")
@pytest.mark.parametrize(
    "image",
    [
        "library/bash:latest",
        "library/mongo:6.0.12",
        "library/rabbitmq:4.0.7-management",
        "netskopetechnicalalliances/cloudexchange:core5-5.0.1",
        "netskopetechnicalalliances/cloudexchange:ui6-6.1.0",
        "netskopetechnicalalliances/cloudexchange:mongo6-6.1.0-8.0.18",
        "netskope/core4:05242023",
    ],
)
def test_images_of_the_releases(account, image):
    name, tag = image.split(":")
    status, headers, manifest = _ask(f"/v2/{account.id}/{name}/manifests/{tag}")
    assert status == 200 and headers["docker-content-digest"] == "sha256:" + hashlib.sha256(manifest).hexdigest()
    kit = Kit(account)
    task = kit.run(kit.register(kit.container(image=f"{HOST}/{account.id}/{name}@{headers['docker-content-digest']}")))
    account.advance(60)
    assert kit.task(task["taskArn"])["lastStatus"] == "RUNNING"


def _stopped(kit: Kit, definition: str) -> str:
    task = kit.run(definition)["taskArn"]
    kit.account.advance(150)
    return kit.task(task).get("stoppedReason", "")


@pytest.mark.row("ecs: an image by its digest", plain="fails")
def test_an_image_is_pulled_by_its_digest(account):
    kit = Kit(account)
    wanted = {
        "registryId": REGISTRY.split(".")[0],
        "repositoryName": "netskope/ui5",
        "imageIds": [{"imageTag": "11062023"}],
    }
    digest = account.client("ecr").batch_get_image(**wanted)["images"][0]["imageId"]["imageDigest"]
    task = kit.run(kit.register(kit.container(image=f"{REGISTRY}/ui5@{digest}")))["taskArn"]
    account.advance(60)
    [container] = kit.task(task)["containers"]
    assert (container["lastStatus"], container["imageDigest"]) == ("RUNNING", digest)
    ghost = f"{REGISTRY}/ui5@sha256:{'0' * 64}"
    assert f"{ghost}: not found" in _stopped(kit, kit.register(kit.container(image=ghost)))


@pytest.mark.row("an image by its digest behaves as by its tag", plain="absent")
@pytest.mark.parametrize("label", [{}, {"ce-aws.image": f"{REGISTRY}/ui5:11062023"}])
def test_globs_reach_an_image_pulled_by_its_digest(account, label):
    kit = Kit(account)
    name = f"{REGISTRY}/ui5:11062023"
    digest = account.control("registry")[name]
    if label:
        account.control("registry", {name: "another build"})  # only the label knows the tag now
    definition = kit.register(kit.container(image=f"{REGISTRY}/ui5@{digest}", dockerLabels=label))
    assert kit.ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"][0][
        "dockerLabels"
    ] == label
    kit.images(**{"*/ui5:*": {"behaviour": "missing"}})
    assert "not found" in _stopped(kit, definition)
