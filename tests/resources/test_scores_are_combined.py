"""`combine`: 0.6 of the dense score, min-max over the candidates, and 0.4 of the words' score."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.ranking import Hit, combine

dense = st.none() | st.floats(-1, 1)
hits = st.lists(st.tuples(dense, st.floats(0, 50)), max_size=30).map(
    lambda pairs: [Hit(n, n, None, f"t{n}", d, x) for n, (d, x) in enumerate(pairs)]
)


def scores(*pairs: tuple[float | None, float]) -> dict[int, float]:
    made = [Hit(n, n, None, f"t{n}", d, x) for n, (d, x) in enumerate(pairs)]
    return {h.resource_id: h.score for h in combine(made)}


@given(hits)
def test_scores_are_from_0_to_1_in_order_and_nobody_is_lost(found: list[Hit]) -> None:
    ranked = combine(found)
    assert all(-1e-9 <= h.score <= 1 + 1e-9 for h in ranked)
    assert [h.score for h in ranked] == sorted((h.score for h in ranked), reverse=True)
    assert sorted(h.resource_id for h in ranked) == sorted(h.resource_id for h in found)


@given(hits)
def test_the_order_of_the_candidates_changes_nothing(found: list[Hit]) -> None:
    assert combine(found) == combine(reversed(found))


def test_best_in_both_is_1_and_worst_in_both_is_0() -> None:
    assert scores((0.9, 8.0), (0.1, 0.0)) == pytest.approx({0: 1.0, 1: 0.0})


def test_meaning_weighs_six_tenths_words_four() -> None:
    assert scores((0.9, 0.0), (0.1, 8.0)) == pytest.approx({0: 0.6, 1: 0.4})
    assert scores((0.9, 0.0), (0.5, 4.0), (0.1, 8.0))[1] == pytest.approx(0.5)


def test_without_vectors_words_are_all() -> None:
    assert scores((None, 8.0), (None, 2.0)) == pytest.approx({0: 1.0, 1: 0.25})


def test_without_words_meaning_is_all_there_is() -> None:
    assert scores((0.9, 0.0), (0.1, 0.0)) == pytest.approx({0: 0.6, 1: 0.0})


@pytest.mark.parametrize("same", [[(0.5, 3.0)], [(0.5, 3.0)] * 3, [(0.5, 0.0)] * 2, [(None, 0.0)]])
def test_candidates_that_are_all_alike(same: list[tuple[float | None, float]]) -> None:
    found = scores(*same)
    assert len(set(found.values())) == 1
    assert list(found) == sorted(found), "then the older resource comes first"


def test_none_at_all() -> None:
    assert combine([]) == []
