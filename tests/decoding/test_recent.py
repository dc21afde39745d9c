"""What was answered last is not asked again."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

from inkmath.decoding.recent import Recent


def test_only_what_is_not_known_is_asked_and_answers_come_in_the_order_of_the_keys() -> None:
    recent: Recent[str] = Recent(10)
    asked: list[list[int]] = []

    def answers(*keys: str) -> list[str]:
        def ask(places: list[int]) -> list[str]:
            asked.append(places)
            return [keys[place].upper() for place in places]

        return recent.answers(keys, ask)

    assert answers("a", "b") == ["A", "B"]
    assert answers("b", "c", "a", "d") == ["B", "C", "A", "D"]
    assert answers("d", "a") == ["D", "A"]
    assert asked == [[0, 1], [1, 3]]


def test_those_that_were_not_asked_for_longest_are_forgotten() -> None:
    recent: Recent[str] = Recent(2)
    for key in ("a", "b", "a", "c"):
        recent.answers([key], lambda _, key=key: [key])  # type: ignore[misc]
    assert recent.answers(["a", "c"], lambda _: []) == ["a", "c"]
    assert recent.answers(["b"], lambda places: ["anew"] * len(places)) == ["anew"]


def test_more_than_are_kept_are_answered() -> None:
    recent: Recent[int] = Recent(1)
    assert recent.answers([1, 2, 3], lambda places: [10 + place for place in places]) == [10, 11, 12]
    assert recent.answers([3], lambda _: []) == [12]


def test_threads_share_them() -> None:
    recent: Recent[int] = Recent(20)
    with ThreadPoolExecutor(4) as pool:
        some = range(200)
        found = pool.map(lambda number: recent.answers([number % 30], lambda _: [number % 30])[0], some)
        assert list(found) == [number % 30 for number in some]


def test_a_copy_begins_with_none() -> None:
    recent: Recent[str] = Recent(5)
    recent.answers(["a"], lambda _: ["kept"])
    copy = pickle.loads(pickle.dumps(recent))
    assert copy.answers(["a"], lambda _: ["anew"]) == ["anew"]
    assert recent.answers(["a"], lambda _: []) == ["kept"]
