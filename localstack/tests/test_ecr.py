"""ECR. Source: Amazon ECR API reference."""

import base64
import json

import pytest
from conftest import refused

VENDOR = "709825985650"
MANIFEST = json.dumps({"schemaVersion": 2, "config": {"digest": "sha256:" + "0" * 64}, "layers": []})
VENDOR_IMAGES = [
    ("netskope/core3", "11012022"),
    ("netskope/ui3", "11012022"),
    ("netskope/core4", "02232023"),
    ("netskope/ui4", "02232023"),
    ("netskope/core4", "05242023"),
    ("netskope/ui4", "05242023"),
    ("netskope/mongodb", "05252022"),
    ("netskope/rabbitmq", "05252022"),
    ("netskope/rabbitmq", "3.9-management"),
    ("netskope/rabbitmq", "3.11.11-management"),
    ("netskope/cloudexchange", "aws-cli-latest"),
    ("netskope/core5", "11062023"),
    ("netskope/ui5", "11062023"),
    ("netskope/mongodb", "5.0"),
    ("netskope/rabbitmq", "3.12.6-management"),
]


@pytest.mark.row("ecr:CreateRepository/DescribeRepositories", plain="passes")
def test_repositories(account):
    ecr = account.client("ecr")
    made = ecr.create_repository(repositoryName="ce/core", tags=[{"Key": "a", "Value": "b"}])["repository"]
    assert made["repositoryUri"] == f"{account.id}.dkr.ecr.us-east-1.amazonaws.com/ce/core"
    assert (
        ecr.describe_repositories(repositoryNames=["ce/core"])["repositories"][0]["repositoryArn"]
        == made["repositoryArn"]
    )
    assert ecr.list_tags_for_resource(resourceArn=made["repositoryArn"])["tags"] == [{"Key": "a", "Value": "b"}]
    refused(lambda: ecr.create_repository(repositoryName="ce/core"), "RepositoryAlreadyExistsException")
    refused(lambda: ecr.describe_repositories(repositoryNames=["ghost"]), "RepositoryNotFoundException")


@pytest.mark.row("ecr:PutImage/DescribeImages/BatchGetImage", plain="fails")
def test_images(account):
    ecr = account.client("ecr")
    ecr.create_repository(repositoryName="ce/core")
    put = ecr.put_image(repositoryName="ce/core", imageManifest=MANIFEST, imageTag="1")["image"]
    detail = ecr.describe_images(repositoryName="ce/core", imageIds=[{"imageTag": "1"}])["imageDetails"][0]
    assert detail["imageDigest"] == put["imageId"]["imageDigest"] and detail["imageTags"] == ["1"]
    got = ecr.batch_get_image(repositoryName="ce/core", imageIds=[{"imageTag": "1"}, {"imageTag": "2"}])
    assert got["images"][0]["imageManifest"] == MANIFEST
    assert [f["failureCode"] for f in got["failures"]] == ["ImageNotFound"]
    refused(
        lambda: ecr.describe_images(repositoryName="ce/core", imageIds=[{"imageTag": "2"}]), "ImageNotFoundException"
    )


@pytest.mark.row("ecr:cross-account registryId (vendor 709825985650)", plain="fails")
@pytest.mark.parametrize("repository, tag", VENDOR_IMAGES)
def test_vendor_registry(account, repository, tag):
    ecr = account.client("ecr")
    wanted = {"registryId": VENDOR, "repositoryName": repository}
    got = ecr.batch_get_image(**wanted, imageIds=[{"imageTag": tag}, {"imageTag": "ghost"}])
    assert got["images"][0]["registryId"] == VENDOR
    assert [f["imageId"]["imageTag"] for f in got["failures"]] == ["ghost"]
    account.control("images", {f"*{repository}:*": {"behaviour": "denied"}})
    refused(lambda: ecr.batch_get_image(**wanted, imageIds=[{"imageTag": tag}]), "AccessDeniedException")
    account.control("images", {f"*{repository}:*": {"behaviour": "missing"}})
    assert ecr.batch_get_image(**wanted, imageIds=[{"imageTag": tag}])["images"] == []


@pytest.mark.row("ecr:GetAuthorizationToken", plain="passes")
def test_authorization_token(account):
    data = account.client("ecr").get_authorization_token(registryIds=[VENDOR])["authorizationData"][0]
    assert base64.b64decode(data["authorizationToken"]).startswith(b"AWS:")
    assert data["proxyEndpoint"] == f"https://{VENDOR}.dkr.ecr.us-east-1.amazonaws.com"


def _tagged(account, tag: str) -> dict:
    return {"imageIds": [{"imageTag": tag}], "repositoryName": "netskope/core5", "registryId": VENDOR}


@pytest.mark.row("ecr:BatchGetImage: a tag or repository that is not there, or not for this account", plain="fails")
def test_images_that_are_not_there(account):
    ecr = account.client("ecr")
    [failure] = ecr.batch_get_image(**_tagged(account, "ghost"))["failures"]
    assert failure == {
        "imageId": {"imageTag": "ghost"},
        "failureCode": "ImageNotFound",
        "failureReason": "Requested image not found",
    }
    ghost = {"registryId": VENDOR, "repositoryName": "netskope/ghost", "imageIds": [{"imageTag": "1"}]}
    refused(lambda: ecr.batch_get_image(**ghost), "RepositoryNotFoundException")
    ecr.create_repository(repositoryName="ce/core")
    ecr.put_image(repositoryName="ce/core", imageManifest=MANIFEST, imageTag="1")
    account.control("images", {"*ce/core:*": {"behaviour": "denied"}})
    mine = {"repositoryName": "ce/core", "imageIds": [{"imageTag": "1"}]}
    refused(lambda: ecr.batch_get_image(**mine), "AccessDeniedException")


@pytest.mark.row("an image of the vendor's is retagged", plain="absent")
def test_a_tag_moves_and_the_digest_stays(account):
    ecr = account.client("ecr")

    def digest() -> str:
        return ecr.batch_get_image(**_tagged(account, "11062023"))["images"][0]["imageId"]["imageDigest"]

    name, before = f"{VENDOR}.dkr.ecr.us-east-1.amazonaws.com/netskope/core5:11062023", digest()
    after = account.control("registry", {name: "another build"})[name]
    assert digest() == after != before
    by_digest = {**_tagged(account, ""), "imageIds": [{"imageDigest": before}]}
    assert ecr.batch_get_image(**by_digest)["images"][0]["imageId"] == {"imageDigest": before}
