"""Cloud Exchange 6.x: what its containers make of the files, variables and certificates that they are given.

No program of Cloud Exchange is here. The scripts of a task definition run for real, in a folder of their own, with
stand-ins that only note how they were called (`shell.py`, `volumes.py`, `play.py`); what they have left is then
judged as each program would judge it (`rabbitmq.py`, `mongodb.py`, `core.py`, `ui.py`): functions over files,
environment, arguments and the time, without any state. The words of a refusal are the program's own where a source is
named, else ours.
"""
