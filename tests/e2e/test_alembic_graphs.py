"""The Alembic reader and the graph engine against the real Alembic, on random histories."""

import random

import pytest
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from alembic_truth import History, State, Truth, random_history, states_of
from support.graph_driver import read_rows, run
from support.random_revisions import random_revisions

HISTORIES = 320
CHUNKS = 8


def readings(history, states):
    """What we make of each state, in order."""
    return read_rows(history.folders, [state.rows for state in states])


def plain(reading):
    """A reading in the form of a Judgement's fields."""
    return {
        "heads": frozenset(reading["heads"]),
        "missing": frozenset(reading["missing"]),
        "unknown": frozenset(reading["unknown"]),
        "heads_covered": reading["heads_covered"],
        "missing_is_certain": reading["missing_is_certain"],
    }


def is_oldest_first(history, missing):
    revisions = history.by_id()
    return all(not (revisions[id].parents & set(missing[i:])) for i, id in enumerate(missing))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_rows_mean_what_alembic_says(tmp_path, chunk):
    """Every field of a reading equals the truth, for rows of every kind; and for rows that Alembic
    itself left, what is missing is what was not run and what `upgrade heads` would run."""
    for seed in range(chunk, HISTORIES, CHUNKS):
        rng = random.Random(seed)
        history = random_history(rng, tmp_path / str(seed))
        truth = Truth(history.folders)
        states = states_of(rng, truth)
        top = truth.upgraded()
        assert top is None or top.rows == truth.heads, seed
        for state, reading in zip(states, readings(history, states)):
            where = f"seed {seed}, rows {sorted(state.rows)}, files in {tmp_path / str(seed)}"
            assert plain(reading) == vars(truth.judge(state.rows)), where
            assert is_oldest_first(history, reading["missing"]), where
            if state.applied is not None:
                assert set(reading["missing"]) == set(truth.ids) - state.applied, where
            if state.applied is not None and not truth.overlaps(state.rows):
                assert set(reading["missing"]) == set(truth.pending(state.rows)), where


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_an_older_release_is_never_told_a_lie(tmp_path, chunk):
    """A newer release migrates; what the older one's files make of its rows is compared with what
    was really run. Unknown ids may leave it in the dark, but what it does say is true."""
    for seed in range(1000 + chunk, 1000 + HISTORIES // 2, CHUNKS):
        rng = random.Random(seed)
        newer = random_history(rng, tmp_path / f"{seed}-newer", size=rng.randint(4, 16))
        older = newer.older(rng, tmp_path / f"{seed}-older")
        truth = Truth(newer.folders)
        states = [state for state in states_of(rng, truth)
                  if state.applied is not None and not truth.overlaps(state.rows)]
        for state, reading in zip(states, readings(older, states)):
            where = f"seed {seed}, rows {sorted(state.rows)}"
            all_applied = set(older.by_id()) <= state.applied
            if reading["heads_covered"]:
                assert all_applied, where
            if reading["missing_is_certain"] or not reading["unknown"]:
                assert all_applied == reading["heads_covered"], where


def has_cycle(revisions):
    """Whether following parents can lead back."""
    left = {revision.id: set(revision.parents) for revision in revisions}
    while True:
        bases = {id for id, parents in left.items() if not parents & left.keys()}
        if not bases:
            return bool(left)
        for id in bases:
            del left[id]


def damage(rng, revisions):
    """Takes a revision away, or makes one build on any other; gives whether the history still
    makes sense."""
    victim = rng.choice(revisions)
    if rng.random() < 0.4:
        revisions.remove(victim)
        gone = {victim.id, *victim.labels}
        return not any(gone & {*r.down, *r.depends} for r in revisions)
    other = rng.choice(revisions).id
    kind = rng.choice(["down", "depends"])
    setattr(victim, kind, (*getattr(victim, kind), other))
    victim.parents.add(other)
    return not has_cycle(revisions)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_damaged_histories_are_refused(tmp_path, chunk):
    """What makes no sense is refused, and so is all that Alembic refuses (it overlooks cycles that
    are reached from a base and lead to a head)."""
    for seed in range(2000 + chunk, 2000 + HISTORIES // 2, CHUNKS):
        rng = random.Random(seed)
        revisions = random_revisions(rng, rng.randint(2, 10))
        makes_sense = damage(rng, revisions)
        history = History(rng, tmp_path / str(seed), revisions)
        code, _, problems = run(*history.folders)
        where = f"seed {seed}, files in {tmp_path / str(seed)}: {problems}"
        assert (code == 0) == makes_sense, where
        if alembic_refuses(history.folders):
            assert code == 2 and problems, where
        elif makes_sense:
            rows = [State(frozenset())]
            assert plain(readings(history, rows)[0]) == vars(Truth(history.folders).judge(()))


def alembic_refuses(folders):
    try:
        Truth(folders)
    except (RevisionError, CommandError, KeyError, UserWarning, AttributeError, TypeError):
        return True
    return False


BASE = "revision = 'aaaa1111'\ndown_revision = None\n"

REFUSED = {
    "a part of an id": {"b": "revision = 'b'\ndown_revision = 'aaaa'"},
    "a part of an id as a dependency": {
        "b": "revision = 'b'\ndown_revision = None\ndepends_on = 'aaaa'"},
    "a label as what comes before": {
        "b": "revision = 'b'\ndown_revision = None\nbranch_labels = 'l'",
        "c": "revision = 'c'\ndown_revision = 'l'"},
    "an id that is there twice": {"b": BASE},
    "a label that is there twice": {
        "b": "revision = 'b'\ndown_revision = None\nbranch_labels = 'l'",
        "c": "revision = 'c'\ndown_revision = None\nbranch_labels = ['k', 'l']"},
    "a label that one file has twice": {
        "b": "revision = 'b'\ndown_revision = None\nbranch_labels = ('l', 'l')"},
    "a label that is an id": {
        "b": "revision = 'b'\ndown_revision = None\nbranch_labels = 'aaaa1111'"},
    "a label that is its own id": {
        "b": "revision = 'b'\ndown_revision = None\nbranch_labels = 'b'"},
    "a revision that follows itself": {"b": "revision = 'b'\ndown_revision = ('aaaa1111', 'b')"},
    "a revision that depends on itself": {
        "b": "revision = 'b'\ndown_revision = 'aaaa1111'\ndepends_on = 'b'"},
    "an @ in an id": {"b": "revision = 'b@c'\ndown_revision = None"},
    "a - in an id": {"b": "revision = 'b-c'\ndown_revision = None"},
    "a + in an id": {"b": "revision = 'b+c'\ndown_revision = None"},
    "no down_revision": {"b": "revision = 'b'"},
    "no revision": {"x": "down_revision = None"},
    "capital hex digits for a name": {"ABC": "down_revision = None"},
    "a None among ids": {"b": "revision = 'b'\ndown_revision = ('aaaa1111', None)"},
    "an empty id among others": {"b": "revision = 'b'\ndown_revision = ('aaaa1111', '')"},
    "a tuple in a tuple": {"b": "revision = 'b'\ndown_revision = (('aaaa1111',), 'x')"},
    "a number": {"b": "revision = 1\ndown_revision = None"},
    "None for an id": {"b": "revision = None\ndown_revision = None"},
    "deleted": {"b": "revision = 'b'\ndown_revision = None\ndel down_revision"},
}


@pytest.mark.parametrize("label", REFUSED)
def test_what_alembic_refuses_is_refused(tmp_path, label):
    (tmp_path / "a.py").write_text(BASE)
    assert not alembic_refuses([tmp_path])
    for name, text in REFUSED[label].items():
        (tmp_path / f"{name}.py").write_text(text)
    assert alembic_refuses([tmp_path])
    code, _, problems = run(tmp_path)
    assert code == 2 and problems.startswith(str(tmp_path)), problems


ACCEPTED = {
    "a colon in an id": {"b": "revision = 'b:c'\ndown_revision = 'aaaa1111'"},
    "an id longer than the usual column": {"b": f"revision = '{'b' * 99}'\ndown_revision = None"},
    "an id twice in one tuple": {"b": "revision = 'b'\ndown_revision = ('aaaa1111', 'aaaa1111')"},
    "an empty string for nothing": {"b": "revision = 'b'\ndown_revision = ''"},
    "a lone None in a tuple": {"b": "revision = 'b'\ndown_revision = (None,)"},
    "a file name for an id": {"0a1b": "down_revision = 'aaaa1111'"},
    "an unused label": {"b": "revision = 'b'\ndown_revision = None\nbranch_labels = ''"},
    "a label of its own branch": {
        "b": "revision = 'b'\ndown_revision = 'aaaa1111'\nbranch_labels = 'l'",
        "c": "revision = 'c'\ndown_revision = 'b'\ndepends_on = 'l'"},
}


@pytest.mark.parametrize("label", ACCEPTED)
def test_odd_things_that_alembic_accepts_are_accepted(tmp_path, label):
    (tmp_path / "a.py").write_text(BASE)
    for name, text in ACCEPTED[label].items():
        (tmp_path / f"{name}.py").write_text(text)
    truth = Truth([tmp_path])
    rows = [frozenset(), truth.heads, frozenset({"aaaa1111"})]
    code, answers, problems = run(tmp_path, lines=[" ".join(row) for row in rows])
    assert code == 0, problems
    assert [plain(answer) for answer in answers] == [vars(truth.judge(row)) for row in rows]
