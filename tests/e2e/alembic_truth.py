"""What is true of an Alembic history, computed by the real Alembic: its script directory tells the
heads and what a row stands for, and its own steps are taken to reach the rows that a database can
hold."""

import io
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from alembic.runtime.migration import HeadMaintainer, MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from support.random_revisions import random_revisions, write_revisions

# Alembic itself cannot take every step that its script directory plans (a merge of revisions of
# which one is an ancestor of the other, say): then it raises one of these.
REFUSALS = (CommandError, RevisionError, AssertionError, KeyError)


class History:
    """Revision files in one or more folders."""

    def __init__(self, rng, folder, revisions):
        count = min(rng.choice([1, 1, 2, 3]), len(revisions))
        self.folders = [Path(folder) / f"versions{i}" for i in range(count)]
        self.revisions = revisions
        write_revisions(rng, revisions, self.folders)

    def older(self, rng, folder):
        """The files of an earlier release: some revisions, with all that they build on."""
        kept = set()
        for revision in rng.sample(self.revisions, rng.randint(1, len(self.revisions))):
            kept |= self.ancestors(revision.id)
        labels = {label for id in kept for label in self.by_id()[id].labels}
        assert all(name in kept | labels for id in kept for name in self.by_id()[id].depends)
        return History(rng, folder, [r for r in self.revisions if r.id in kept])

    def by_id(self):
        return {revision.id: revision for revision in self.revisions}

    def ancestors(self, id):
        """The id and all it builds on."""
        found, todo = set(), [id]
        while todo:
            id = todo.pop()
            if id not in found:
                found.add(id)
                todo.extend(self.by_id()[id].parents)
        return found


def random_history(rng, folder, size=None):
    """A random versions directory (or several) below folder."""
    return History(rng, folder, random_revisions(rng, size or rng.randint(1, 14)))


@dataclass(frozen=True)
class Judgement:
    """What rows of alembic_version mean for a history."""

    heads: frozenset
    missing: frozenset
    unknown: frozenset
    heads_covered: bool
    missing_is_certain: bool


def reason(judgement, rows):
    """The verdict's reason for these rows, where nothing else is known than files and table."""
    if not rows:
        return "empty"
    if judgement.heads_covered:
        return "ahead" if judgement.unknown else "ok"
    if not judgement.unknown:
        return "behind"
    return "diverged" if judgement.missing_is_certain else "unknown_revision"


@dataclass(frozen=True)
class State:
    """Rows that a database can hold, and what was really applied to it (None: hard to say)."""

    rows: frozenset
    applied: frozenset | None = None


class Truth:
    """Alembic's own view of the files in some folders."""

    def __init__(self, folders):
        self.script = ScriptDirectory(str(Path(folders[0]).parent),
                                      version_locations=[str(folder) for folder in folders])
        self.map = self.script.revision_map
        self.nodes = {name: node for name, node in self._load().items()
                      if node is not None and node.revision == name}
        self.heads = frozenset(self.map._real_heads)

    def _load(self):
        """Every warning is an error here: Alembic goes on after an id that is there twice."""
        sys.dont_write_bytecode = True
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            return self.map._revision_map

    @property
    def ids(self):
        return sorted(self.nodes)

    def covered_by(self, ids):
        """The ids and all they build on."""
        nodes = [self.nodes[id] for id in ids]
        return frozenset(node.revision for node in self.map._get_ancestor_nodes(nodes))

    def judge(self, rows):
        known = frozenset(row for row in rows if row in self.nodes)
        applied = self.covered_by(known)
        uncovered = self.heads - applied
        return Judgement(
            heads=self.heads,
            missing=frozenset(self.ids) - applied,
            unknown=frozenset(rows) - known,
            heads_covered=not uncovered,
            missing_is_certain=bool(self.covered_by(uncovered) & known),
        )

    def pending(self, rows):
        """What `alembic upgrade heads` would run for rows that it can have left itself."""
        return [script.revision for script in reversed(
            list(self.script.iterate_revisions("heads", tuple(sorted(rows)), implicit_base=True)))]

    def overlaps(self, rows):
        """A row is an ancestor of another. A downgrade leaves that behind where a revision has one
        parent above another of its own; Alembic then refuses every upgrade."""
        return any((self.covered_by([row]) - {row}) & rows for row in rows if row in self.nodes)

    def upgraded(self):
        """The state after `alembic upgrade heads` on an empty database; None where Alembic cannot
        take that way."""
        rows = _Rows()
        try:
            for step in self.script._upgrade_revs("heads", ()):
                rows.take(step)
        except REFUSALS:
            return None
        return rows.state()

    def walk(self, rng, length=6):
        """States on a random way: upgrades, downgrades and stamps, as transaction_per_migration
        shows them, one after each step."""
        rows = _Rows()
        for _ in range(length):
            try:
                for step in self._steps(rng, rows.ids()):
                    rows.take(step)
                    if step.migration_fn.__name__ == "stamp_revision":
                        rows.applied = set(self.covered_by(rows.ids()))
                    yield rows.state()
            except REFUSALS:
                return

    def _steps(self, rng, rows):
        target = rng.choice(self.ids)
        kind = rng.random()
        if kind < 0.3:
            steps = self.script._upgrade_revs("heads", rows)
        elif kind < 0.65:
            steps = self.script._upgrade_revs(target, rows)
        elif kind < 0.9:
            steps = self.script._downgrade_revs(rng.choice(["base", target, target]), rows)
        else:
            return self.script._stamp_revs(target, rows)
        return steps[:rng.randint(1, len(steps))] if steps and rng.random() < 0.3 else steps


class _Rows:
    """The version table as Alembic's own head maintainer keeps it, and the revisions applied."""

    def __init__(self):
        context = MigrationContext.configure(
            dialect_name="postgresql", opts={"as_sql": True, "output_buffer": io.StringIO()})
        self.maintainer = HeadMaintainer(context, ())
        self.applied = set()

    def ids(self):
        return tuple(sorted(self.maintainer.heads))

    def take(self, step):
        self.maintainer.update_to_step(step)
        if step.is_upgrade:
            self.applied.update(step.to_revisions)
        else:
            self.applied.difference_update(step.from_revisions)

    def state(self):
        return State(frozenset(self.maintainer.heads), frozenset(self.applied))


STRANGERS = ("ffffffffffff", "heads", "base", "head", "ae1", "x@head", "später", "0")


def states_of(rng, truth):
    """Plausible and implausible rows: none, all heads, on the way, beside the way, unknown ids,
    what only looks like an id of ours."""
    top = truth.upgraded()
    reached = [State(frozenset(), frozenset())] + ([top] if top is not None else [])
    for _ in range(2):
        reached.extend(truth.walk(rng))
    ids = truth.ids
    loose = [frozenset(rng.sample(ids, rng.randint(1, min(4, len(ids))))) for _ in range(3)]
    part = rng.choice(ids)[:-1] or "z"
    names = [name for name in truth.map._revision_map if isinstance(name, str)]
    loose += [frozenset({rng.choice(STRANGERS)}), frozenset({part}), frozenset({rng.choice(names)})]
    loose += [rng.choice(reached).rows | {rng.choice(STRANGERS)} for _ in range(2)]
    return reached + [State(rows) for rows in loose]
