"""Judgement of one tree: simulated days until one is not sound. Runs in the copy in which a mutant was applied."""

from __future__ import annotations

import json
import sys

from station.simulation.world import RUN_HOURS, RunSettings, run_world


def judge(seed: int, hours: float) -> dict[str, object]:
    """Return the first seed of which a day is not sound, with the hours until its end, or only the hours."""
    done = 0.0
    while done < hours:
        settings = RunSettings(seed, min(RUN_HOURS, hours - done), is_dense=True)
        try:
            wrong = run_world(settings).sentences()
        except Exception as error:
            wrong = [f"{type(error).__name__}: {error}"]
        done += settings.hours
        if wrong:
            return {"seed": seed, "hours": done, "why": wrong[0]}
        seed += 1
    return {"hours": done}


if __name__ == "__main__":
    json.dump(judge(int(sys.argv[1]), float(sys.argv[2])), sys.stdout)
