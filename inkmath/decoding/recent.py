"""What was answered last, for ink of which a part changes at a time: a page of rows is read anew after every stroke."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

Answer = TypeVar("Answer")


class Recent(Generic[Answer]):
    """The answers asked for last. Threads may share them; a copy, as in another process, begins with none.

    Args:
        most: so many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, Answer] = OrderedDict()
        self._changing = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._most,)

    def answers(self, keys: Sequence[Hashable], ask: Callable[[list[int]], Sequence[Answer]]) -> list[Answer]:
        """What belongs to each key: the answer that is known, else what ``ask`` gives.

        Args:
            keys: what the answers depend on. ask: is given the places of the keys that have none, and answers each.
        """
        with self._changing:
            found = {key: self._known[key] for key in keys if key in self._known}
        asked = [place for place, key in enumerate(keys) if key not in found]
        if asked:
            found |= zip([keys[place] for place in asked], ask(asked), strict=True)
        with self._changing:
            for key in keys:
                self._known[key] = found[key]
                self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return [found[key] for key in keys]
