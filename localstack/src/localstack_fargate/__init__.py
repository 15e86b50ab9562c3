"""An emulator of AWS for deployments on Fargate: LocalStack's free edition, in one process, with what it lacks.

`python -m localstack_fargate run -- COMMAND` runs a command against it. Each account (the access key id, twelve digits)
has a virtual clock, faults, a journal and settings of its own: `control.py` is the HTTP interface, `middleware.py` says
how a behaviour is added.
"""
