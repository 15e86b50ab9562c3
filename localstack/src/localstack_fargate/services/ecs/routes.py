"""Whether a task's subnet leads to the registries and the AWS APIs.

Source: ECS developer guide, "Fargate task networking": a private subnet needs a NAT gateway or endpoints, a public
one needs a public address for the task.
"""

from __future__ import annotations

from localstack_fargate.services import ec2_routes
from localstack_fargate.services.ec2_common import backend
from localstack_fargate.services.ecs.model import Task

NEEDED_ENDPOINTS = ("ecr.api", "ecr.dkr", "s3")


def way_out(account, task: Task) -> bool:
    store = backend(account, task.region)
    table = _table(store, task.subnet_id)
    if table is not None:
        for route in table.routes.values():
            if route.destination_cidr_block == "0.0.0.0/0" and _leads_out(store, table, route, task):
                return True
    return _has_endpoints(store, task)


def _table(store, subnet_id: str):
    vpc_id = store.get_subnet(subnet_id).vpc_id
    tables = [t for t in store.route_tables.values() if t.vpc_id == vpc_id]
    for table in tables:
        if subnet_id in table.associations.values():
            return table
    return next((t for t in tables if t.main_association_id is not None), None)


def _leads_out(store, table, route, task: Task) -> bool:
    if ec2_routes.state(store, table, route) != "active":
        return False
    if route.nat_gateway is not None:
        return getattr(route.nat_gateway, "state", None) == "available"
    if route.gateway is not None and route.gateway.id.startswith("igw-"):
        attached = route.gateway.id in store.internet_gateways and route.gateway.vpc
        return bool(attached) and task.public_ip
    return any((route.transit_gateway, route.instance, route.interface, route.vpc_pcx, route.vpc_endpoint_id))


def _has_endpoints(store, task: Task) -> bool:
    vpc_id = store.get_subnet(task.subnet_id).vpc_id
    names = {
        getattr(e, "service_name", "").split(f".{task.region}.")[-1]
        for e in store.vpc_end_points.values()
        if getattr(e, "vpc_id", None) == vpc_id and getattr(e, "state", "available") == "available"
    }
    return all(name in names for name in NEEDED_ENDPOINTS)
