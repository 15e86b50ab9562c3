"""Tags of file systems and access points: the current calls and the older ones.

Source: Amazon EFS API reference (TagResource, UntagResource, ListTagsForResource, CreateTags, DeleteTags,
DescribeTags).
"""

from __future__ import annotations

from localstack_fargate.middleware import override
from localstack_fargate.services import efs
from localstack_fargate.services.efs import error

LIMIT = 50


def _tags(account, region, resource: str) -> dict[str, str]:
    """The tags of a resource by id or ARN; NotFound of its kind otherwise."""
    here = efs.region_of(account, region)
    plain = (resource or "").rsplit("/", 1)[-1]
    if plain in here.file_systems or plain in here.access_points:
        return here.tags.setdefault(plain, {})
    if plain.startswith("fsap-"):
        raise error("AccessPointNotFound", f"Access point {plain} does not exist.", 404)
    raise error("FileSystemNotFound", f"File system '{plain}' does not exist.", 404)


def put(account, region, resource: str, tags: dict[str, str]) -> None:
    known = _tags(account, region, resource)
    own = {k for k in known | tags if not k.startswith("aws:")}
    if len(own) > LIMIT:
        raise error("BadRequest", f"One resource cannot have more than {LIMIT} tags")
    known.update(tags)


def remove(account, region, resource: str, keys) -> None:
    known = _tags(account, region, resource)
    for key in keys:
        known.pop(key, None)


@override("efs", "TagResource")
def tag_resource(account, region, request, context, call_next):
    put(account, region, request.get("ResourceId"), efs.tags_in(request))
    return {}


@override("efs", "UntagResource")
def untag_resource(account, region, request, context, call_next):
    remove(account, region, request.get("ResourceId"), request.get("TagKeys") or [])
    return {}


@override("efs", "ListTagsForResource")
def list_tags(account, region, request, context, call_next):
    tags = efs.tags_out(_tags(account, region, request.get("ResourceId")))
    page, following = efs.paged(tags, request, "MaxResults", "NextToken")
    return {"Tags": page, **({"NextToken": following} if following else {})}


@override("efs", "CreateTags")
def create_tags(account, region, request, context, call_next):
    efs.file_system(account, region, request.get("FileSystemId"))
    put(account, region, request["FileSystemId"], efs.tags_in(request))
    return {}


@override("efs", "DeleteTags")
def delete_tags(account, region, request, context, call_next):
    efs.file_system(account, region, request.get("FileSystemId"))
    remove(account, region, request["FileSystemId"], request.get("TagKeys") or [])
    return {}


@override("efs", "DescribeTags")
def describe_tags(account, region, request, context, call_next):
    efs.file_system(account, region, request.get("FileSystemId"))
    tags = efs.tags_out(_tags(account, region, request["FileSystemId"]))
    page, following = efs.paged(tags, request, "MaxItems", "Marker")
    return {"Tags": page, **({"NextMarker": following} if following else {})}
