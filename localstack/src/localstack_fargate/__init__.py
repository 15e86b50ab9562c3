"""What AWS does and LocalStack's free edition does not, taught to LocalStack inside its own process.

`python -m localstack_fargate` starts LocalStack with this package loaded. Every account (the 12-digit access key id)
is a world of its own, with its own virtual clock, faults, journal and settings; see `control.py` for
the HTTP interface and `middleware.py` for how a behaviour is added.
"""
