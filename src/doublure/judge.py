"""Decides which comments are answered: moderates, merges like ones, scores, lets the best through.

Like comments are found by their words alone: a sentence encoder takes 4 ms a comment, which a rush
of two hundred a second has not got.
"""

from __future__ import annotations

import enum
import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from doublure import metrics
from doublure.catalog import Catalog
from doublure.clock import Clock
from doublure.cue import Comment, EventKind
from doublure.moderate import banned
from doublure.settings import JudgeSettings
from doublure.snapshot import CommentView
from doublure.wording import Intent, asks, fold, gives_contact, intents, key, units

REMEMBERED_IDS = 4096
"""Ids kept to know a comment that is delivered twice."""
REMEMBERED_TEXTS = 512
"""Recent texts kept to know like comments."""
SHOWN_COMMENTS = 60
SHOWN_UNKNOWN = 50
LONGEST_COMMENT = 200
"""Characters; platforms cut off at 50 to 150, longer ones are pasted advertising."""
LIKENESS = 0.8
"""Dice coefficient of the letter pairs of two like comments."""
GREETING_GAP_SECONDS: dict[EventKind, float] = {"enter": 45.0, "follow": 20.0, "gift": 0.0}
"""Shortest time between two welcomes or thanks of a kind; gifts are always thanked for."""
GREETING_EXPIRES_SECONDS = 15.0
"""A welcome that comes later than this is odd."""

_IDENTITY = 100.0
_OPERATOR = 50.0
_QUESTION = 10.0
_ON_AIR = 5.0
_OTHER_PRODUCT = 2.0
_BUYING = 4.0
_GIFT = 8.0
_FOLLOW = 2.0
_AGE = 6.0
_AGAIN = 4.0


class Verdict(enum.StrEnum):
    """What became of a comment when it came in."""

    ACCEPTED = "accepted"
    MERGED = "merged"
    MODERATED = "moderated"
    DUPLICATE = "duplicate"
    DROPPED = "dropped"
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class _Waiting:
    comment: Comment
    key: str
    intents: frozenset[Intent]
    units: frozenset[str]
    question: bool


@dataclass(frozen=True, slots=True)
class _Recent:
    """A comment like ones are merged with."""

    comment: str
    at: float
    pairs: frozenset[str]


class Judge:
    """Owns the comments that wait. Bounded in everything it keeps."""

    def __init__(self, settings: JudgeSettings, catalog: Catalog, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._banned = banned(settings.words)
        self._units = {product.id: _product_units(product.id, catalog) for product in catalog.products}
        self._topics = frozenset(
            unit for product in catalog.products for fact in product.facts for unit in units(fact.label)
        )
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._recent: OrderedDict[str, _Recent] = OrderedDict()
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        self._views: OrderedDict[str, tuple[Comment, str, str]] = OrderedDict()
        self._unknown: OrderedDict[str, None] = OrderedDict()
        self._greeted: dict[str, float] = {}
        self._answered_authors: deque[str] = deque(maxlen=8)

    def take(self, comment: Comment) -> Verdict:
        """Judge one comment; well under a millisecond."""
        verdict = self._judge(comment)
        metrics.COMMENTS.labels(verdict.value).inc()
        return verdict

    def next(self, product: str) -> Comment | None:
        """The best waiting comment while `product` is on air; it waits no longer."""
        self._expire()
        if not self._waiting:
            return None
        best = max(self._waiting.values(), key=lambda waiting: self._score(waiting, product))
        del self._waiting[best.comment.id]
        self._answered_authors.append(best.comment.author)
        return best.comment

    def waiting(self) -> int:
        """How many comments wait."""
        return len(self._waiting)

    def settle(self, comment_id: str, fate: str, answer: str) -> None:
        """Note what became of a comment that `next` gave out."""
        seen = self._views.get(comment_id)
        if seen is None:
            return
        comment = seen[0]
        self._views[comment_id] = (comment, fate, answer)
        if fate == "asked_colleagues":
            self._unknown[comment.text] = None
            while len(self._unknown) > SHOWN_UNKNOWN:
                self._unknown.popitem(last=False)

    def views(self) -> tuple[CommentView, ...]:
        """The latest comments and their fates, newest first."""
        now = self._clock.now()
        return tuple(
            CommentView(comment.id, comment.author, _shown(comment), fate, max(0, int(now - comment.at)), answer)
            for comment, fate, answer in reversed(self._views.values())
        )

    def unknown(self) -> tuple[str, ...]:
        """Questions the catalogue could not answer, oldest first."""
        return tuple(self._unknown)

    # ---- what comes in ------------------------------------------------------------------

    def _judge(self, comment: Comment) -> Verdict:
        if comment.id in self._ids:
            return Verdict.DUPLICATE
        self._ids[comment.id] = None
        while len(self._ids) > REMEMBERED_IDS:
            self._ids.popitem(last=False)
        if comment.kind != "comment":
            return self._greet(comment)
        words = key(comment.text)
        if not words and "?" not in fold(comment.text):
            return self._note(comment, Verdict.NOTED if comment.text.strip() else Verdict.DROPPED)
        if not comment.operator and self._offends(comment):
            self._show(comment, "moderated")
            return Verdict.MODERATED
        if self._merge(comment, words):
            self._show(comment, "merged")
            return Verdict.MERGED
        wants = intents(comment.text)
        meaning = units(comment.text)
        question = asks(comment.text) or (len(meaning) <= 6 and bool(meaning & self._topics))
        if not (question or wants or comment.operator):
            return self._note(comment, Verdict.NOTED)
        self._remember(comment, words)
        return self._admit(_Waiting(comment, words, wants, meaning, question))

    def _greet(self, comment: Comment) -> Verdict:
        gap = GREETING_GAP_SECONDS.get(comment.kind)
        now = self._clock.now()
        if gap is None or now - self._greeted.get(comment.kind, -math.inf) < gap:
            return Verdict.NOTED
        self._greeted[comment.kind] = now
        if self._banned.find(comment.author):
            comment = replace(comment, author="")
        return self._admit(_Waiting(comment, "", frozenset(), frozenset(), question=False))

    def _offends(self, comment: Comment) -> bool:
        text = comment.text
        return len(text) > LONGEST_COMMENT or bool(self._banned.find(text)) or gives_contact(text)

    def _note(self, comment: Comment, verdict: Verdict) -> Verdict:
        if verdict is Verdict.NOTED:
            self._show(comment, "noted")
        return verdict

    def _merge(self, comment: Comment, words: str) -> bool:
        """Merge with a like comment that waits or was answered just now."""
        now = self._clock.now()
        while self._recent:
            oldest = next(iter(self._recent))
            if now - self._recent[oldest].at < self._settings.repeat_seconds:
                break
            del self._recent[oldest]
        like = self._recent.get(words) or self._like(words)
        if like is None:
            return False
        waiting = self._waiting.get(like.comment)
        if waiting is not None:
            whole = replace(waiting.comment, count=waiting.comment.count + comment.count)
            self._waiting[like.comment] = replace(waiting, comment=whole)
        return True

    def _like(self, words: str) -> _Recent | None:
        pairs = _pairs(words)
        if len(pairs) < 4:
            return None
        likest = max(self._recent.values(), key=lambda recent: _dice(pairs, recent.pairs), default=None)
        return likest if likest is not None and _dice(pairs, likest.pairs) >= LIKENESS else None

    def _remember(self, comment: Comment, words: str) -> None:
        self._recent[words] = _Recent(comment.id, self._clock.now(), _pairs(words))
        while len(self._recent) > REMEMBERED_TEXTS:
            self._recent.popitem(last=False)

    def _admit(self, waiting: _Waiting) -> Verdict:
        self._expire()
        self._show(waiting.comment, "waiting")
        self._waiting[waiting.comment.id] = waiting
        if len(self._waiting) <= self._settings.waiting_comments:
            return Verdict.ACCEPTED
        # the question "are you real?" outlives a rush, for it is always answered
        lost = self._oldest(lambda one: "identity" not in one.intents) or next(iter(self._waiting))
        self._lose(lost)
        metrics.COMMENTS.labels(Verdict.DROPPED.value).inc()
        return Verdict.DROPPED if lost == waiting.comment.id else Verdict.ACCEPTED

    # ---- who is next ------------------------------------------------------------------------

    def _score(self, waiting: _Waiting, product: str) -> float:
        comment = waiting.comment
        score = 2.0 * math.log2(max(1, comment.count))
        score += _IDENTITY * ("identity" in waiting.intents) + _OPERATOR * comment.operator
        score += _QUESTION * waiting.question + _BUYING * ("buying" in waiting.intents)
        score += _GIFT * (comment.kind == "gift") + _FOLLOW * (comment.kind == "follow")
        if waiting.units & self._units.get(product, frozenset()):
            score += _ON_AIR
        elif any(waiting.units & known for known in self._units.values()):
            score += _OTHER_PRODUCT
        age = self._clock.now() - comment.at
        score -= _AGE * age / self._settings.expire_seconds
        return score - _AGAIN * (comment.author in self._answered_authors)

    def _expire(self) -> None:
        now = self._clock.now()
        for id, waiting in list(self._waiting.items()):
            patience = self._settings.expire_seconds
            if waiting.comment.kind in ("enter", "follow") or waiting.intents == {"greeting"}:
                patience = min(patience, GREETING_EXPIRES_SECONDS)
            if now - waiting.comment.at > patience:
                self._lose(id)

    def _lose(self, id: str) -> None:
        waiting = self._waiting.pop(id)
        self._show(waiting.comment, "expired")

    def _oldest(self, may: Callable[[_Waiting], bool]) -> str | None:
        return next((id for id, waiting in self._waiting.items() if may(waiting)), None)

    def _show(self, comment: Comment, fate: str) -> None:
        self._views[comment.id] = (comment, fate, "")
        while len(self._views) > SHOWN_COMMENTS:
            self._views.popitem(last=False)


def _product_units(id: str, catalog: Catalog) -> frozenset[str]:
    product = catalog.product(id)
    if product is None:
        return frozenset()
    texts = [product.name, product.id, *(fact.label for fact in product.facts)]
    texts += [ask for question in product.questions for ask in question.asks]
    return frozenset().union(*(units(text) for text in texts))


def _shown(comment: Comment) -> str:
    if comment.kind == "comment":
        return comment.text
    return " ".join(part for part in (f"[{comment.kind}]", comment.text) if part)


def _pairs(words: str) -> frozenset[str]:
    return frozenset(words[place : place + 2] for place in range(len(words) - 1))


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 0.0
