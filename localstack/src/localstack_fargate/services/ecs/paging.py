"""Pages of ECS answers, at the sizes the API reference names. Smaller ones on demand: `localstack_fargate.pagination`.
"""

from __future__ import annotations

from typing import Any

from localstack_fargate.services.ecs.model import invalid


def page(items: list[Any], request: dict, most: int = 100) -> tuple[list[Any], dict]:
    """One page and `{"nextToken": ...}` or nothing."""
    wanted = request.get("maxResults")
    if wanted is not None and not 1 <= wanted <= most:
        raise invalid(f"maxResults must be between 1 and {most}.")
    size = wanted or most
    token = request.get("nextToken")
    if token is not None and not (token.isdigit() and int(token) <= len(items)):
        raise invalid("Invalid token.")
    start = int(token or 0)
    end = start + size
    return items[start:end], {"nextToken": str(end)} if end < len(items) else {}
