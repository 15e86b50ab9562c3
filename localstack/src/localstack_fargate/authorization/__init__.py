"""Which IAM actions AWS authorises for each operation, on which resources and with which condition keys.

`rule.py` is the language of the tables; one table a service, after the Service Authorization Reference; `needs.py`
reads them.
"""
