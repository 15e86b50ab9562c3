"""ECR: own repositories and images, and the vendor's registry, which other accounts may read.

Source: Amazon ECR API reference (2015-09-21). What they hold is in `registry.py`. An image is missing or denied as the
test says over `/_emulator/<account>/images`.
"""

from __future__ import annotations

import base64
import hashlib
import re

from localstack_fargate.middleware import aws_error, override
from localstack_fargate.registry import MANIFEST_TYPE, Image, Repository, own, put, shared
from localstack_fargate.services.ecs import images, model

def _registry(account, region: str, wanted: str | None) -> dict[str, Repository]:
    if wanted in (None, account.id):
        return own(account, region)
    return shared(account, wanted, region)


def _repository(account, region: str, request: dict) -> Repository:
    name, registry = request["repositoryName"], request.get("registryId")
    found = _registry(account, region, registry).get(name)
    if found is None:
        raise aws_error(
            "RepositoryNotFoundException",
            f"The repository with name '{name}' does not exist in the registry with id '{registry or account.id}'",
        )
    if any(
        _behaviour(account, found, tag).kind == "denied" for image in found.images.values() for tag in image.tags
    ):
        raise aws_error(
            "AccessDeniedException",
            f"User: arn:aws:iam::{account.id}:root is not authorized to perform: ecr:BatchGetImage on resource: "
            f"{found.arn} because no resource-based policy allows the ecr:BatchGetImage action",
        )
    return found


def _behaviour(account, repository: Repository, tag: str) -> images.Behaviour:
    return images.behaviour_of(account, [f"{repository.uri}:{tag}"], "")


def _visible_tags(account, repository: Repository, image: Image) -> list[str]:
    return [t for t in image.tags if _behaviour(account, repository, t).kind != "missing"]


def _view(repository: Repository) -> dict:
    return {
        "repositoryArn": repository.arn,
        "registryId": repository.registry,
        "repositoryName": repository.name,
        "repositoryUri": repository.uri,
        "createdAt": repository.created_at,
        "imageTagMutability": repository.mutability,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": repository.encryption,
    }


@override("ecr", "CreateRepository")
def create_repository(account, region, request, context, call_next):
    name = request["repositoryName"]
    if (
        not re.fullmatch(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*", name)
        or not 2 <= len(name) <= 256
    ):
        raise aws_error("InvalidParameterException", f"Invalid parameter at 'repositoryName': '{name}'")
    mine = own(account, region)
    if name in mine:
        raise aws_error(
            "RepositoryAlreadyExistsException",
            f"The repository with name '{name}' already exists in the registry with id '{account.id}'",
        )
    mine[name] = Repository(
        name,
        account.id,
        region,
        account.clock.now(),
        request.get("imageTagMutability") or "MUTABLE",
        bool((request.get("imageScanningConfiguration") or {}).get("scanOnPush")),
        request.get("encryptionConfiguration") or {"encryptionType": "AES256"},
        list(request.get("tags") or []),
    )
    return {"repository": _view(mine[name])}


@override("ecr", "DescribeRepositories")
def describe_repositories(account, region, request, context, call_next):
    registry = request.get("registryId")
    if names := request.get("repositoryNames"):
        found = [_repository(account, region, {"repositoryName": n, "registryId": registry}) for n in names]
    else:
        found = list(_registry(account, region, registry).values())
    return {"repositories": [_view(r) for r in found]}


@override("ecr", "DeleteRepository")
def delete_repository(account, region, request, context, call_next):
    repository = _repository(account, region, request)
    if repository.images and not request.get("force"):
        raise aws_error(
            "RepositoryNotEmptyException",
            f"The repository with name '{repository.name}' in registry with id '{account.id}' cannot be deleted "
            "because "
            "it still contains images",
        )
    del own(account, region)[repository.name]
    return {"repository": _view(repository)}


@override("ecr", "PutImage")
def put_image(account, region, request, context, call_next):
    repository = _repository(account, region, request)
    if repository.registry != account.id:
        raise aws_error(
            "AccessDeniedException", f"not authorized to perform: ecr:PutImage on resource: {repository.arn}"
        )
    tag, manifest = request.get("imageTag"), request["imageManifest"]
    digest = "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
    present = repository.images.get(digest)
    if present and (tag is None or tag in present.tags):
        raise aws_error(
            "ImageAlreadyExistsException",
            f"Image with digest '{digest}' and tag '{tag}' already exists in the repository with name "
            f"'{repository.name}' in registry with id '{account.id}'",
        )
    if tag and repository.mutability == "IMMUTABLE" and any(tag in i.tags for i in repository.images.values()):
        raise aws_error(
            "ImageTagAlreadyExistsException", f"The image tag '{tag}' already exists and cannot be overwritten"
        )
    media_type = request.get("imageManifestMediaType") or MANIFEST_TYPE
    image = put(repository, manifest, [tag] if tag else [], account.clock.now(), media_type)
    return {"image": _image_view(repository, image, tag)}


def _image_view(repository: Repository, image: Image, tag: str | None) -> dict:
    identity = {"imageDigest": image.digest, **({"imageTag": tag} if tag else {})}
    return {
        "registryId": repository.registry,
        "repositoryName": repository.name,
        "imageId": identity,
        "imageManifest": image.manifest,
        "imageManifestMediaType": image.media_type,
    }


def _find(account, repository: Repository, wanted: dict) -> Image | None:
    tag = wanted.get("imageTag")
    image = repository.find(tag, wanted.get("imageDigest"))
    return None if image and tag and tag not in _visible_tags(account, repository, image) else image


def _tag_not_found(repository: Repository, wanted: dict):
    return aws_error(
        "ImageNotFoundException",
        "The image with imageId "
        f"{{imageDigest:'{wanted.get('imageDigest', 'null')}', imageTag:'{wanted.get('imageTag')}'}} does "



        f"not exist within the repository with name '{repository.name}' in the registry with id "
        f"'{repository.registry}'",
    )


@override("ecr", "DescribeImages")
def describe_images(account, region, request, context, call_next):
    repository = _repository(account, region, request)
    if wanted := request.get("imageIds"):
        found = []
        for identity in wanted:
            image = _find(account, repository, identity)
            if image is None:
                raise _tag_not_found(repository, identity)
            found.append(image)
    else:
        found = list(repository.images.values())
    details = []
    for image in dict.fromkeys(i.digest for i in found):
        held = repository.images[image]
        detail = {
            "registryId": repository.registry,
            "repositoryName": repository.name,
            "imageDigest": held.digest,
            "imageSizeInBytes": 100_000_000,
            "imagePushedAt": held.pushed_at,
            "imageManifestMediaType": held.media_type,
            "artifactMediaType": "application/vnd.docker.container.image.v1+json",
        }
        if tags := _visible_tags(account, repository, held):
            detail["imageTags"] = tags
        details.append(detail)
    return {"imageDetails": details}


@override("ecr", "BatchGetImage")
def batch_get_image(account, region, request, context, call_next):
    repository = _repository(account, region, request)
    found, failures = [], []
    for identity in request.get("imageIds") or []:
        image = _find(account, repository, identity)
        if image is None:
            failures.append(
                {"imageId": identity, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
            )
        else:
            found.append(_image_view(repository, image, identity.get("imageTag")))
    return {"images": found, "failures": failures}


@override("ecr", "ListImages")
def list_images(account, region, request, context, call_next):
    repository = _repository(account, region, request)
    ids = []
    for image in repository.images.values():
        tags = _visible_tags(account, repository, image)
        ids += [{"imageDigest": image.digest, "imageTag": t} for t in tags] or [{"imageDigest": image.digest}]
    return {"imageIds": ids}


@override("ecr", "GetAuthorizationToken")
def get_authorization_token(account, region, request, context, call_next):
    """Valid for twelve hours (API reference)."""
    token = base64.b64encode(f"AWS:{model.hex_id()}".encode()).decode()
    return {
        "authorizationData": [
            {
                "authorizationToken": token,
                "expiresAt": account.clock.now() + 12 * 3600,
                "proxyEndpoint": f"https://{registry}.dkr.ecr.{region}.amazonaws.com",
            }
            for registry in request.get("registryIds") or [account.id]
        ]
    }


def _by_arn(account, region: str, arn: str) -> Repository:
    return _repository(account, region, {"repositoryName": arn.split(":repository/", 1)[-1]})


@override("ecr", "TagResource")
def tag_resource(account, region, request, context, call_next):
    repository = _by_arn(account, region, request["resourceArn"])
    keys = {t["Key"] for t in request["tags"]}
    repository.tags = [t for t in repository.tags if t["Key"] not in keys] + list(request["tags"])
    return {}


@override("ecr", "UntagResource")
def untag_resource(account, region, request, context, call_next):
    repository = _by_arn(account, region, request["resourceArn"])
    repository.tags = [t for t in repository.tags if t["Key"] not in request["tagKeys"]]
    return {}


@override("ecr", "ListTagsForResource")
def list_tags_for_resource(account, region, request, context, call_next):
    return {"tags": list(_by_arn(account, region, request["resourceArn"]).tags)}
