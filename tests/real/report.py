"""What a run has shown, and the page that is made of it."""

import time
from dataclasses import dataclass


@dataclass
class Result:
    """One thing that was tried and turned out as it should."""

    release: str
    what: str
    servers: str
    begin: float = 0.0
    seconds: float = 0.0

    def __post_init__(self):
        if self.begin:
            self.seconds = time.monotonic() - self.begin
