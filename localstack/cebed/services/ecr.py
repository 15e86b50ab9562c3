"""ECR: own repositories and images, and the vendor's registry, which other accounts may read.

Source: Amazon ECR API reference (2015-09-21). The vendor's registry 709825985650 holds the repositories of the five images
that Cloud Exchange runs on Fargate; it exists in us-east-1 only, as in the vendor's template. An image is missing or
denied there as the test says over `/_ce/<account>/images`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field

from cebed.middleware import aws_error, override
from cebed.services.ecs import images, model

VENDOR, VENDOR_REGION = "709825985650", "us-east-1"
VENDOR_REPOSITORIES = {
    "netskope/cloudexchange": ["aws-cli-latest"],
    "netskope/core5": ["11062023"],
    "netskope/ui5": ["11062023"],
    "netskope/mongodb": ["5.0"],
    "netskope/rabbitmq": ["3.12.6-management"],
}
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass
class Image:
    digest: str
    manifest: str
    media_type: str
    pushed_at: float
    tags: list[str] = field(default_factory=list)


@dataclass
class Repository:
    name: str
    registry: str
    region: str
    created_at: float
    mutability: str = "MUTABLE"
    scan_on_push: bool = False
    encryption: dict = field(default_factory=lambda: {"encryptionType": "AES256"})
    tags: list[dict] = field(default_factory=list)
    images: dict[str, Image] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:ecr:{self.region}:{self.registry}:repository/{self.name}"

    def view(self) -> dict:
        return {
            "repositoryArn": self.arn,
            "registryId": self.registry,
            "repositoryName": self.name,
            "repositoryUri": f"{self.registry}.dkr.ecr.{self.region}.amazonaws.com/{self.name}",
            "createdAt": self.created_at,
            "imageTagMutability": self.mutability,
            "imageScanningConfiguration": {"scanOnPush": self.scan_on_push},
            "encryptionConfiguration": self.encryption,
        }


def _own(account, region: str) -> dict[str, Repository]:
    return account.state(f"ecr/{region}", dict)


def _vendor(account) -> dict[str, Repository]:
    """The vendor's registry as this account sees it."""

    def make() -> dict[str, Repository]:
        made = {}
        for name, tags in VENDOR_REPOSITORIES.items():
            repository = Repository(name, VENDOR, VENDOR_REGION, account.clock.now())
            for tag in tags:
                _put(repository, _manifest_of(name, tag), [tag], account.clock.now())
            made[name] = repository
        return made

    return account.state("ecr.vendor", make)


def _manifest_of(name: str, tag: str) -> str:
    layer = images.digest_of(f"{name}:{tag}")
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 7023, "digest": layer},
            "layers": [],
        }
    )


def _put(repository: Repository, manifest: str, tags: list[str], now: float, media_type: str = MANIFEST_TYPE) -> Image:
    digest = "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
    image = repository.images.setdefault(digest, Image(digest, manifest, media_type, now))
    for tag in tags:
        for other in repository.images.values():
            if tag in other.tags:
                other.tags.remove(tag)
        image.tags.append(tag)
    return image


def _registry(account, region: str, wanted: str | None) -> dict[str, Repository]:
    if wanted in (None, account.id):
        return _own(account, region)
    return _vendor(account) if wanted == VENDOR and region == VENDOR_REGION else {}


def _repository(account, region: str, request: dict) -> Repository:
    name, registry = request["repositoryName"], request.get("registryId")
    found = _registry(account, region, registry).get(name)
    if found is None:
        raise aws_error(
            "RepositoryNotFoundException",
            f"The repository with name '{name}' does not exist in the registry with id '{registry or account.id}'",
        )
    if registry == VENDOR and any(
        _behaviour(account, found, tag).kind == "denied" for image in found.images.values() for tag in image.tags
    ):
        raise aws_error(
            "AccessDeniedException",
            f"User: arn:aws:iam::{account.id}:root is not authorized to perform: ecr:BatchGetImage on resource: "
            f"{found.arn} because no resource-based policy allows the ecr:BatchGetImage action",
        )
    return found


def _behaviour(account, repository: Repository, tag: str) -> images.Behaviour:
    return images.behaviour_of(account, f"{repository.view()['repositoryUri']}:{tag}", "")


def _visible_tags(account, repository: Repository, image: Image) -> list[str]:
    return [t for t in image.tags if _behaviour(account, repository, t).kind != "missing"]


@override("ecr", "CreateRepository")
def create_repository(account, region, request, context, call_next):
    name = request["repositoryName"]
    if not re.fullmatch(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*", name) or not 2 <= len(name) <= 256:
        raise aws_error("InvalidParameterException", f"Invalid parameter at 'repositoryName': '{name}'")
    own = _own(account, region)
    if name in own:
        raise aws_error(
            "RepositoryAlreadyExistsException",
            f"The repository with name '{name}' already exists in the registry with id '{account.id}'",
        )
    own[name] = Repository(
        name,
        account.id,
        region,
        account.clock.now(),
        request.get("imageTagMutability") or "MUTABLE",
        bool((request.get("imageScanningConfiguration") or {}).get("scanOnPush")),
        request.get("encryptionConfiguration") or {"encryptionType": "AES256"},
        list(request.get("tags") or []),
    )
    return {"repository": own[name].view()}


@override("ecr", "DescribeRepositories")
def describe_repositories(account, region, request, context, call_next):
    registry = request.get("registryId")
    if names := request.get("repositoryNames"):
        found = [_repository(account, region, {"repositoryName": n, "registryId": registry}) for n in names]
    else:
        found = list(_registry(account, region, registry).values())
    return {"repositories": [r.view() for r in found]}


@override("ecr", "DeleteRepository")
def delete_repository(account, region, request, context, call_next):
    repository = _repository(account, region, request)
    if repository.images and not request.get("force"):
        raise aws_error(
            "RepositoryNotEmptyException",
            f"The repository with name '{repository.name}' in registry with id '{account.id}' cannot be deleted because "
            "it still contains images",
        )
    del _own(account, region)[repository.name]
    return {"repository": repository.view()}


@override("ecr", "PutImage")
def put_image(account, region, request, context, call_next):
    repository = _repository(account, region, request)
    if repository.registry != account.id:
        raise aws_error("AccessDeniedException", f"not authorized to perform: ecr:PutImage on resource: {repository.arn}")
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
        raise aws_error("ImageTagAlreadyExistsException", f"The image tag '{tag}' already exists and cannot be overwritten")
    media_type = request.get("imageManifestMediaType") or MANIFEST_TYPE
    image = _put(repository, manifest, [tag] if tag else [], account.clock.now(), media_type)
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
    for image in repository.images.values():
        if wanted.get("imageTag"):
            if wanted["imageTag"] in _visible_tags(account, repository, image):
                return image
        elif image.digest == wanted.get("imageDigest"):
            return image
    return None


def _tag_not_found(repository: Repository, wanted: dict):
    return aws_error(
        "ImageNotFoundException",
        f"The image with imageId {{imageDigest:'{wanted.get('imageDigest', 'null')}', imageTag:'{wanted.get('imageTag')}'}} does "
        f"not exist within the repository with name '{repository.name}' in the registry with id '{repository.registry}'",
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
