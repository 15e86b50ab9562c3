"""What container registries hold: the account's own in ECR, those that others share, and an open one on the emulator's
own port.

The open registry is `localhost:<port>/<account>/<repository>`. A manifest, and so a digest, follows from whatever text
the test calls an image's content.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field

SHARED: dict[tuple[str, str], dict[str, list[str]]] = {}
"""Tags by repository, of other accounts' registries that everybody may pull from, by account and region. Filled by
plugins."""
OPEN: dict[str, list[str]] = {}
"""Tags by repository, of what the open registry mirrors. Filled by plugins."""

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_HERE = re.compile(r"(?:localhost|127\.0\.0\.1)(?::\d+)?")
_REFERENCE = re.compile(r"(?P<host>[^/]+)/(?P<path>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>.+))?")


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

    @property
    def uri(self) -> str:
        return f"{self.registry}.dkr.ecr.{self.region}.amazonaws.com/{self.name}"

    def find(self, tag: str | None, digest: str | None) -> Image | None:
        """By tag if there is one, otherwise by digest."""
        if tag:
            return next((image for image in self.images.values() if tag in image.tags), None)
        return self.images.get(digest or "")


def own(account, region: str) -> dict[str, Repository]:
    account.state("ecr.regions", set).add(region)
    return account.state(f"ecr/{region}", dict)


def shared(account, registry: str, region: str) -> dict[str, Repository]:
    """A registry of somebody else that everybody may pull from, as this account sees it."""
    images = SHARED.get((registry, region), {})
    return account.state(f"ecr.shared/{registry}/{region}", lambda: _filled(account, images, registry, region))


def open_to_all(account) -> dict[str, Repository]:
    """The account's part of the open registry, by path below the account."""
    return account.state("registry.open", lambda: _filled(account, OPEN, "", ""))


def _filled(account, images: dict[str, list[str]], registry: str, region: str) -> dict[str, Repository]:
    made, now = {}, account.clock.now()
    for name, tags in images.items():
        made[name] = Repository(name, registry, region, now)
        for tag in tags:
            put(made[name], manifest_of(f"{name}:{tag}"), [tag], now)
    return made


def manifest_of(content: str) -> str:
    layer = "sha256:" + hashlib.sha256(content.encode()).hexdigest()
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 7023, "digest": layer},
            "layers": [],
        }
    )


def put(repository: Repository, manifest: str, tags: list[str], now: float, media_type: str = MANIFEST_TYPE) -> Image:
    """A tag moves to the image that is put last; the other stays, by its digest."""
    digest = "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
    image = repository.images.setdefault(digest, Image(digest, manifest, media_type, now))
    for tag in tags:
        for other in repository.images.values():
            if tag in other.tags:
                other.tags.remove(tag)
        image.tags.append(tag)
    return image


def put_by_name(account, reference: str, content: str) -> Image:
    """An image under `host/path:tag`, in a repository that is made if need be. ValueError for any other registry."""
    parts = _REFERENCE.fullmatch(reference)
    found = parts and _registry(account, parts["host"], parts["path"])
    if not found or not parts["tag"] or parts["digest"]:
        raise ValueError(f"{reference!r} is no image with a tag in a registry of the emulator")
    repositories, name = found
    if name not in repositories:
        ecr = _ECR.fullmatch(parts["host"])
        registry, region = (ecr[1], ecr[2]) if ecr else ("", "")
        repositories[name] = Repository(name, registry, region, account.clock.now())
    return put(repositories[name], manifest_of(content), [parts["tag"]], account.clock.now())


def _registry(account, host: str, path: str) -> tuple[dict[str, Repository], str] | None:
    """The repositories among which an image is, and the name of its own."""
    if ecr := _ECR.fullmatch(host):
        if (ecr[1], ecr[2]) in SHARED:
            return shared(account, ecr[1], ecr[2]), path
        return (own(account, ecr[2]), path) if ecr[1] == account.id else None
    owner, _, name = path.partition("/")
    return (open_to_all(account), name) if _HERE.fullmatch(host) and owner == account.id and name else None


def digests(account, host: str) -> dict[str, str]:
    """Digest by image with its tag, in all registries; `host` is what the open one is called."""
    held = [(f"{host}/{account.id}/{name}", repository) for name, repository in open_to_all(account).items()]
    others = (shared(account, registry, region) for registry, region in SHARED)
    for repositories in (*others, *(own(account, region) for region in sorted(account.state("ecr.regions", set)))):
        held += [(repository.uri, repository) for repository in repositories.values()]
    return {
        f"{uri}:{tag}": image.digest
        for uri, repository in held
        for image in repository.images.values()
        for tag in image.tags
    }


@dataclass(frozen=True)
class Place:
    """Where an image is that a registry of the emulator could hold."""

    uri: str
    digest: str | None
    image: Image | None

    @property
    def tagged(self) -> list[str]:
        return [f"{self.uri}:{tag}" for tag in (self.image.tags if self.image else ())]


def look_up(account, reference: str) -> Place | None:
    """None for an image of a repository that the emulator does not hold."""
    parts = _REFERENCE.fullmatch(reference)
    found = parts and _registry(account, parts["host"], parts["path"])
    repository = found and found[0].get(found[1])
    if not repository:
        return None
    digest = parts["digest"]
    image = repository.find(None if digest else parts["tag"] or "latest", digest)
    return Place(f"{parts['host']}/{parts['path']}", digest, image)
