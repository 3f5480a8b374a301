"""Decides which comments are answered: moderates, merges similar ones, scores, and selects the best.

Similar comments are found by their words alone: a sentence encoder costs 4 ms per comment, too slow for a
rush of hundreds per second.
"""

from __future__ import annotations

import enum
import math
from collections import OrderedDict, deque
from dataclasses import dataclass, replace

from doublure import metrics
from doublure.clock import Clock
from doublure.conversation.board import Board, trim
from doublure.conversation.moderation import WordList, banned
from doublure.conversation.recent import RecentTexts
from doublure.conversation.settings import JudgeSettings
from doublure.conversation.wording import (
    Intent,
    asks,
    fold,
    gives_contact,
    intents,
    key,
    may_be_identity,
    units,
)
from doublure.cue import Comment, EventKind
from doublure.shop.catalog import Catalog, Product
from doublure.views import CommentFate, CommentView

REMEMBERED_IDS = 4096
"""Ids kept to recognise comments delivered twice."""
REMEMBERED_AUTHORS = 8
"""Number of recently answered authors; other authors are preferred."""
GIVEN_COMMENTS = 64
"""Number of comments recently given out, which may return to the queue."""
LONGEST_COMMENT = 200
"""Longest comment, in characters; platforms allow 50 to 150, and longer ones are pasted advertising."""
TOPIC_UNITS = 6
"""A text with more content words that only mentions a topic is chat, not a question."""
GREETING_GAP_SECONDS: dict[EventKind, float] = {"enter": 45.0, "follow": 20.0, "gift": 0.0}
"""Least time between two welcomes or thanks of a kind; every gift is thanked for."""
GREETING_EXPIRES_SECONDS = 15.0
"""A welcome later than this would seem odd and is dropped."""

IDENTITY_WORDS = "\0are you real"
"""Key under which "are you real?" is remembered in any wording."""
IDENTITY_REPEAT_SECONDS = 30.0
"""After this time "are you real?" is answered again, regardless of `repeat_seconds`."""
IDENTITY_EXPIRES_SECONDS = 90.0
"""Least time that "are you real?" waits before it expires, regardless of `expire_seconds`."""

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
    """Decision on an incoming comment."""

    ACCEPTED = "accepted"
    MERGED = "merged"
    MODERATED = "moderated"
    DUPLICATE = "duplicate"
    DROPPED = "dropped"
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class _Waiting:
    comment: Comment
    intents: frozenset[Intent]
    units: frozenset[str]
    question: bool


class Judge:
    """Owns the queue of comments. Everything it keeps is bounded."""

    def __init__(self, settings: JudgeSettings, catalog: Catalog, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._banned = banned(settings.words)
        self._units = {product.id: _product_units(product) for product in catalog.products}
        self._topics = frozenset(
            unit for product in catalog.products for fact in product.facts for unit in units(fact.label)
        )
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._recent = RecentTexts(settings.repeat_seconds)
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        self._given: OrderedDict[str, _Waiting] = OrderedDict()
        self._board = Board()
        self._greeted: dict[str, float] = {}
        self._answered: deque[str] = deque(maxlen=REMEMBERED_AUTHORS)

    def take(self, comment: Comment) -> Verdict:
        """Judge one comment; takes about a tenth of a millisecond."""
        if comment.id in self._ids:
            verdict = Verdict.DUPLICATE
        else:
            self._ids[comment.id] = None
            trim(self._ids, REMEMBERED_IDS)
            verdict = self._judge(comment) if comment.kind == "comment" else self._greet(comment)
        metrics.COMMENTS.labels(verdict.value).inc()
        return verdict

    def next(self, product: str) -> Comment | None:
        """Remove and return the best waiting comment while `product` is on air; None if none waits."""
        self._expire()
        if not self._waiting:
            return None
        best = max(self._waiting.values(), key=lambda waiting: self._score(waiting, product))
        self._given[best.comment.id] = self._waiting.pop(best.comment.id)
        trim(self._given, GIVEN_COMMENTS)
        self._answered.append(best.comment.author)
        return best.comment

    def waiting(self) -> int:
        """Number of waiting comments."""
        return len(self._waiting)

    def settle(self, comment_id: str, fate: CommentFate, answer: str) -> None:
        """Record the outcome of a comment returned by `next`. With "waiting" it waits again. If it was not
        answered ("expired", "cut"), the same question may be asked again at once."""
        given = self._given.get(comment_id)
        if fate == "waiting" and given is not None:
            self._waiting[comment_id] = given
        if fate in ("expired", "cut"):
            self._recent.forget(comment_id)
        self._board.settle(comment_id, fate, answer)

    def views(self) -> tuple[CommentView, ...]:
        """The latest comments with their fates, newest first."""
        return self._board.views(self._clock.now())

    def unknown(self) -> tuple[str, ...]:
        """Questions the catalogue could not answer, oldest first."""
        return tuple(self._board.unknown)

    # ---- incoming comments --------------------------------------------------------------

    def _judge(self, comment: Comment) -> Verdict:
        words = key(comment.text)
        if not words and "?" not in fold(comment.text):
            return Verdict.DROPPED
        wants = intents(comment.text[:LONGEST_COMMENT])
        if "identity" in wants:
            # every wording of "are you real?" is the same question, and is answered despite an insult
            words = IDENTITY_WORDS
        elif not comment.operator and _offends(comment.text, self._banned):
            self._board.show(comment, "moderated")
            return Verdict.MODERATED
        if self._merge(comment, words):
            self._board.show(comment, "merged")
            return Verdict.MERGED
        meaning = units(comment.text)
        # the mere name of a topic ("battery life") counts as a question
        question = asks(comment.text) or (len(meaning) <= TOPIC_UNITS and bool(meaning & self._topics))
        if not (question or wants or comment.operator):
            self._board.show(comment, "noted")
            return Verdict.NOTED
        self._recent.add(comment.id, words, self._clock.now(), exactly=words == IDENTITY_WORDS)
        return self._admit(_Waiting(comment, wants, meaning, question))

    def _greet(self, comment: Comment) -> Verdict:
        gap = GREETING_GAP_SECONDS.get(comment.kind)
        now = self._clock.now()
        if gap is None or now - self._greeted.get(comment.kind, -math.inf) < gap:
            return Verdict.NOTED
        self._greeted[comment.kind] = now
        return self._admit(_Waiting(comment, frozenset(), frozenset(), question=False))

    def _merge(self, comment: Comment, words: str) -> bool:
        """Merge with a similar comment that waits or was answered recently; False if there is none."""
        now = self._clock.now()
        like = self._recent.like(words, now, exactly=words == IDENTITY_WORDS)
        if like is None:
            return False
        waiting = self._waiting.get(like)
        if (
            waiting is None
            and words == IDENTITY_WORDS
            and now - self._recent.since(words) >= IDENTITY_REPEAT_SECONDS
        ):
            return False
        if waiting is not None:
            whole = replace(waiting.comment, count=waiting.comment.count + comment.count)
            self._waiting[like] = replace(waiting, comment=whole)
        return True

    def _admit(self, waiting: _Waiting) -> Verdict:
        self._expire()
        if self._banned.find(waiting.comment.author):
            # the writer may greet the author by name
            waiting = replace(waiting, comment=replace(waiting.comment, author=""))
        self._board.show(waiting.comment, "waiting")
        self._waiting[waiting.comment.id] = waiting
        if len(self._waiting) <= self._settings.waiting_comments:
            return Verdict.ACCEPTED
        # "are you real?" and the operator's comments are always answered, so a rush must not drop them
        lost = next(
            (
                id
                for id, one in self._waiting.items()
                if "identity" not in one.intents and not one.comment.operator
            ),
            next(iter(self._waiting)),
        )
        self._board.show(self._waiting.pop(lost).comment, "expired")
        if lost == waiting.comment.id:
            return Verdict.DROPPED
        metrics.COMMENTS.labels(Verdict.DROPPED.value).inc()
        return Verdict.ACCEPTED

    # ---- selection --------------------------------------------------------------------------

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
        score -= _AGE * (self._clock.now() - comment.at) / self._settings.expire_seconds
        return score - _AGAIN * (comment.author in self._answered)

    def _expire(self) -> None:
        now = self._clock.now()
        for id, waiting in list(self._waiting.items()):
            patience = self._settings.expire_seconds
            if "identity" in waiting.intents:
                patience = max(patience, IDENTITY_EXPIRES_SECONDS)
            if waiting.comment.kind in ("enter", "follow") or waiting.intents == {"greeting"}:
                patience = min(patience, GREETING_EXPIRES_SECONDS)
            if now - waiting.comment.at > patience:
                del self._waiting[id]
                self._board.show(waiting.comment, "expired")


def may_ask_identity(text: str) -> bool:
    """Whether a comment may ask "are you real?": no false negatives compared with `Judge.take`, few false
    positives. Takes tens of microseconds, so a rush can be searched before comments are dropped."""
    return may_be_identity(text[:LONGEST_COMMENT])


def _offends(text: str, words: WordList) -> bool:
    return len(text) > LONGEST_COMMENT or bool(words.find(text)) or gives_contact(text)


def _product_units(product: Product) -> frozenset[str]:
    texts = [product.name, product.id, *(fact.label for fact in product.facts)]
    texts += [ask for question in product.questions for ask in question.asks]
    return frozenset().union(*(units(text) for text in texts))
