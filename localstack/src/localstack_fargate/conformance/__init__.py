"""Whether a request is one that AWS's own description of its APIs allows.

Independent of what the emulator makes of a request: the raw HTTP request is read again, by botocore's service models
(those that `pyproject.toml` pins, not LocalStack's patched ones), and the IAM documents in it by the Service
Authorization Reference. `ledger.py` counts, and keeps what is wrong with the requests of each account.
"""
