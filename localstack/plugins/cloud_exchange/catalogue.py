"""The images that registries hold without anybody's doing: those of all releases of Cloud Exchange, by repository.

Source: the vendor's template, CE 4.0.0 to 5.0.0 (commits bf71b9d, c4bef75, 4e08792, 2b98fee) for its part of ECR; the
product's docker-compose.yml and `setup`, CE 5.0.0 to 6.1.0, for Docker Hub. Whether the vendor still keeps the older
ones is unverified.
"""

VENDOR_ACCOUNT, VENDOR_REGION = "709825985650", "us-east-1"
"""The vendor's registry exists in one region only, as in the vendor's template."""

VENDOR = {
    "netskope/cloudexchange": ["aws-cli-latest"],
    "netskope/core3": ["11012022"],
    "netskope/ui3": ["11012022"],
    "netskope/core4": ["02232023", "05242023"],
    "netskope/ui4": ["02232023", "05242023"],
    "netskope/core5": ["11062023"],
    "netskope/ui5": ["11062023"],
    "netskope/mongodb": ["05252022", "5.0"],
    "netskope/rabbitmq": ["05252022", "3.9-management", "3.11.11-management", "3.12.6-management"],
}

_RELEASES_5 = ("5.0.0", "5.0.1", "5.1.0", "5.1.1", "5.1.2")
_RELEASES_6 = ("6.0.0", "6.0.1", "6.1.0")

HUB = {
    "library/bash": ["latest"],
    "library/mongo": ["4.4", "5.0", "5.0.21", "6.0.12", "7.0.16", "8.0.6", "8.0.12", "8.0.17", "8.0.18"],
    "library/rabbitmq": [
        f"{version}-management" for version in ("3.9", "3.11.11", "3.12.6", "3.12.10", "3.13.1", "4.0.7", "4.1.0")
    ],
    "netskopetechnicalalliances/cloudexchange": [
        *(f"{part}5-{release}" for part in ("core", "ui") for release in _RELEASES_5),
        *(f"{part}6-{release}" for part in ("core", "ui") for release in _RELEASES_6),
        *("mongo8-8.0.6", "mongo8-8.0.12", "mongo8-8.0.17", "mongo6-6.1.0-8.0.18"),
        *("rabbitmq4-4.1.0", "rabbitmq4-4.1.3", "rabbitmq4-4.2.2", "rabbitmq6-6.1.0-4.2.2"),
    ],
}
"""By their path on Docker Hub."""
