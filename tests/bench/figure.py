"""What a benchmark gives: figures, each beside its counterpart of the same run."""

import math
import statistics
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Goal:
    """For the ratio measured ÷ counterpart: at most limit, or at least."""
    limit: float
    at_least: bool = False

    def is_reached(self, ratio):
        return ratio >= self.limit if self.at_least else ratio <= self.limit

    def __str__(self):
        return f"{'≥' if self.at_least else '≤'} {ratio_text(self.limit)}"


def at_most(limit):
    return Goal(limit)


def at_least(limit):
    return Goal(limit, at_least=True)


@dataclass(frozen=True)
class Unit:
    """steps: how a number is shown, as (size in the unit, name), the greatest first."""
    name: str
    steps: tuple

    def show(self, value):
        size, name = next((s for s in self.steps if abs(value) >= s[0]), self.steps[-1])
        return f"{significant(value / size)} {name}"


SECONDS = Unit("s", ((1, "s"), (1e-3, "ms"), (1e-6, "µs")))
BYTES = Unit("B", ((2**20, "MiB"), (2**10, "KiB"), (1, "B")))
PER_SECOND = Unit("1/s", ((1, "/s"),))
TIMES = Unit("1", ((1, "×"),))


@dataclass(frozen=True)
class Figure:
    """One line of the table. details: further numbers that tell how it came about, for the JSON."""
    name: str
    measured: float
    counterpart: float
    unit: Unit
    goal: Goal
    details: dict = field(default_factory=dict)

    @property
    def ratio(self):
        return self.measured / self.counterpart

    @property
    def is_reached(self):
        return self.goal.is_reached(self.ratio)

    def cells(self):
        return (self.name, self.unit.show(self.measured), self.unit.show(self.counterpart),
                ratio_text(self.ratio), str(self.goal), "yes" if self.is_reached else "NO")

    def document(self):
        return {"figure": self.name, "measured": self.measured, "counterpart": self.counterpart,
                "unit": self.unit.name, "ratio": self.ratio, "goal": str(self.goal),
                "reached": self.is_reached, "details": self.details}


HEADING = ("figure", "measured", "counterpart", "ratio", "goal", "reached")


def significant(value, digits=3):
    """value with at least that many digits and no power of ten: 0.0123, 1.23, 123, 12345."""
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.{max(0, digits - 1 - magnitude)}f}"


def ratio_text(ratio):
    """1/20 where that says more than 0.05."""
    if 0 < ratio < 0.15:
        return f"1/{1 / ratio:.{0 if ratio < 0.01 else 1}f}".removesuffix(".0")
    return f"{ratio:.3f}".rstrip("0").rstrip(".")


# --- of many samples, one number ----------------------------------------------------------------

def percentile(samples, per_cent):
    """The least sample that is not exceeded by that many per cent of them."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * per_cent / 100) - 1)]


def median(samples):
    return statistics.median(samples)


def spread(samples):
    """For the details: what the table's one number was taken from."""
    return {"samples": len(samples), "least": min(samples), "median": median(samples),
            "p99": percentile(samples, 99), "most": max(samples)}
