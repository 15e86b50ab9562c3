"""Runs steps side by side, each as soon as what it needs is done: futures, and a pool of threads."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Callable


class Steps:
    def __init__(self) -> None:
        self._steps: dict[str, tuple[tuple[str, ...], Callable[[dict], Any]]] = {}

    def add(self, name: str, needs: tuple[str, ...], do: Callable[[dict], Any]) -> None:
        """`do` gets the results of all steps done so far, by name; its own result is kept under `name`."""
        self._steps[name] = (needs, do)

    def step(self, name: str, *needs: str):
        """`add` as a decorator."""

        def keep(do: Callable[[dict], Any]):
            self.add(name, needs, do)
            return do

        return keep

    def run(self, threads: int) -> dict[str, Any]:
        """The results by name; the first failure is raised when what runs has ended."""
        done: dict[str, Any] = {}
        running: dict[Future, str] = {}
        waiting = dict(self._steps)
        with ThreadPoolExecutor(threads) as pool:
            while waiting or running:
                for name, (needs, do) in list(waiting.items()):
                    if all(need in done for need in needs):
                        running[pool.submit(do, done)] = name
                        del waiting[name]
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    done[running.pop(future)] = future.result()
        return done
