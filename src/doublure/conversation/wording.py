"""Text analysis of comments in three languages: normal forms, questions, intents and contact details. The
lists are our own."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

_WORDS = Path(__file__).with_name("words")
Intent = Literal["identity", "greeting", "ordered", "buying"]

HANZI = r"\u3400-\u4dbf\u4e00-\u9fff"
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_GAP = re.compile(rf"(?<=[{HANZI}])[\s\W_]+(?=[{HANZI}])")
_SPELT = re.compile(r"(?<![^\W_])(?:[^\W_][\s.\-_*]{1,2}){2,}[^\W_](?![^\W_])")
_NOT_WORD = re.compile(r"[\W_]+")
_BLANK_AT_HANZI = re.compile(rf"(?<=[{HANZI}])\s|\s(?=[{HANZI}])")
_STRETCHED = re.compile(r"(.)\1{2,}")


def words(name: str, folder: Path = _WORDS) -> list[str]:
    """The words of a list in `words/`: any number per line; lines that begin with `#` are comments."""
    lines = (folder / name).read_text("utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


@lru_cache(maxsize=32)
def fold(text: str) -> str:
    """Normal form for list matching: without case, accents, full-width forms and invisible characters.
    Cached, because one comment is folded for each list."""
    if text.isascii():
        return text.casefold()
    flat = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold().replace("’", "'")
    return unicodedata.normalize("NFC", _without_accents(unicodedata.normalize("NFD", flat)))


@cache
def _accents() -> re.Pattern[str]:
    """Matches combining marks (Unicode category Mn) below U+10000. One character class is ten times faster
    than a test of each character's category."""
    marks = [code for code in range(0x10000) if unicodedata.category(chr(code)) == "Mn"]
    return re.compile(f"[{''.join(map(chr, marks))}]+")


_HIGH = re.compile(r"[\U00010000-\U0010ffff]")


def _without_accents(text: str) -> str:
    """`text` (in form NFD) without characters of category Mn."""
    plain = _accents().sub("", text)
    return _HIGH.sub(lambda one: "" if unicodedata.category(one[0]) == "Mn" else one[0], plain)


def joined(folded: str) -> str:
    """Folded text without the gaps that people put into words to evade a list."""
    closed = _GAP.sub("", folded)
    return _SPELT.sub(lambda found: re.sub(r"[\s.\-_*]", "", found[0]), closed)


def key(text: str) -> str:
    """Comparison key for similar comments: words without punctuation, with stretched letters shortened."""
    words = _NOT_WORD.sub(" ", _STRETCHED.sub(r"\1", fold(text))).strip()
    closed = _BLANK_AT_HANZI.sub("", words)
    return closed.rstrip("呀啊呢吗嘛哦哈啦吧的") or closed


_MARKS = re.compile(r"[?？]")
_ASKS_ZH = re.compile(
    r"[吗呢么嘛]\s*[。！!~～]*$|多少|多久|多大|多重|多高|多长|多厚|怎么|怎样|什么|啥|哪|几[号个天种码款岁年块折点时升斤件度]|谁|为什么"
    r"|有没有|是不是|能不能|可不可以|可以不|会不会|要不要|好不好|行不行|对不对|用不用|需不需要|(.)不\1|不$|能否|是否"
    r"|求(?:链接|讲解|介绍)|(?:讲|介绍|说)一下|讲讲|看看|怎么样|如何|区别|推荐"
)
_ASKS_EN = re.compile(
    r"^(?:hi|hey|hello|ok|and|so|but|wait|please|pls|um|oh)?\W*"
    r"(?:how|what|whats|when|where|which|who|whose|why|is|isnt|are|was|were|do|does|did|can|could|will|would|should|has|have|any|whens|hows|r u)\b"
    r"|\b(?:how (?:much|many|long|big|old|do|does|is|are|can)|what(?:'s| is| are| about| size| colou?r)|is it|is there|are there|does it|do you|can i|can it|could you|which (?:one|link|size)"
    r"|tell me|show me|i wonder|any (?:discount|coupon|left|other|chance)|wondering|price)\b"
)
_ASKS_FR = re.compile(
    r"\b(?:combien|comment|quand|quels?|quelles?|pourquoi|est[- ]ce|ou est|ou se|ou l'|qui|quoi|lequel|laquelle)\b"
    r"|\bc'est (?:bien|bon|bonne|pour|en|du|de|quoi|quel|un|une|combien)\b|\by a[- ]t[- ]il\b|\bil (?:y a|reste|en reste)\b|\bvous (?:avez|faites|livrez|vendez|prenez|expediez|reprenez)\b"
    r"|\bon peut\b|\bje peux\b|\bca (?:va|passe|se|tient|marche|fait|coute|rentre|taille|fuit|part)\b|\b(?:peut|avez|etes|pouvez|faut|existe|a)[- ](?:on|vous|il|elle|t[- ]il|t[- ]elle)\b|\bprix\b"
)


def asks(text: str) -> bool:
    """Whether a comment is worded as a question, in any of the three languages."""
    folded = fold(text)
    if _MARKS.search(text):
        return bool(_NOT_WORD.sub("", folded))
    return any(pattern.search(folded) for pattern in (_ASKS_ZH, _ASKS_EN, _ASKS_FR))


_ROBOT_EN = r"(?:an? )?(?:real|human|robot|bot|ai|fake|person|machine|live person|actual person|computer|recording|pre-?recorded|artificial|digital human|avatar)"
_IDENTITY = re.compile(
    r"(?:真人|机器人|人工智能|数字人|虚拟人|虚拟主播|假人|录播|录像|ai主播|ai合成)"
    r"|(?:你|主播|您|这|小姐姐|小哥哥)?(?:是|不是)(?:个)?(?:人类|活人|真的人|人吗|ai|电脑)"
    rf"|\b(?:are|r) (?:you|u|we talking to|they) (?:even |really |actually |just )?{_ROBOT_EN}\b"
    rf"|\b(?:is|are) (?:this|she|he|it|that|the host|these) (?:even |really |actually |just )?(?:an? )?(?:real person|human|robot|bot|ai\b|fake|live or|machine|real or|recording|pre-?recorded|avatar|deepfake)"
    r"|\b(?:you'?re|ur|she'?s|he'?s|it'?s) (?:an? )?(?:robot|bot|ai|not real|fake)\b|\bis (?:she|he) real\b|\breal (?:person|human)\b|\bdeepfake\b"
    r"|\b(?:tu es|t'es|vous etes|etes[- ]vous|es[- ]tu|c'est) (?:bien )?(?:une? )?(?:vraie? (?:personne|humaine?|gens|femme|homme|animatrice)|robot|ia\b|humaine?|reelle?|machine|avatar|fausse|vraie\b)"
    r"|\b(?:vraie personne|intelligence artificielle|personne reelle)\b"
)
_GREETING = re.compile(
    r"^\W*(?:(?:主播|大家|小姐姐|姐姐|老板)?(?:你好|您好|好|哈喽|嗨|晚上好|早上好|下午好|早|晚安)(?:呀|啊|哦|主播|大家|小姐姐)*"
    r"|(?:hi|hello|hey|hiya|yo|howdy|good (?:morning|evening|afternoon))(?: there| all| everyone| guys)?"
    r"|(?:bonjour|bonsoir|coucou|salut|hello)(?: a tous| tout le monde| la boutique)?)\W*$"
)
_ORDERED = re.compile(
    r"(?:已拍|拍了|拍好了|下单了|已下单|买了|付款了|已付款|拍下了)(?!.*[吗?？])"
    r"|\b(?:just (?:ordered|bought)|i (?:ordered|bought)|ordered (?:one|two|it)|order placed)\b"
    r"|\b(?:j'ai (?:commande|achete|pris)|je viens de (?:commander|l'acheter)|commande passee)\b"
)
_BUYING = re.compile(
    r"多少钱|价格|怎么卖|几块|优惠|便宜|打折|券|链接|怎么买|哪里买|下单|想要|想买|我要|来一[个件支]|有货|库存|包邮|邮费|尺码|什么码|发货"
    r"|\b(?:how much|price|cost|discount|coupon|cheaper|link|buy|order|in stock|sold out|shipping|ship|delivery|size|want (?:one|it|this)|i'll take)\b"
    r"|\b(?:combien|prix|coute|promo|reduction|lien|acheter|commander|en stock|dispo(?:nible)?|livraison|expedi\w+|taille|je (?:la |le )?(?:veux|prends))\b"
)


_SQUEEZED_IDENTITY = re.compile(
    # the same pattern without spaces, hyphens, apostrophes and word boundaries
    re.sub(r"\[- \]|'\??|[ ]|\\b", "", _IDENTITY.pattern)
)


def may_be_identity(text: str) -> bool:
    """Whether a text may ask "are you real?". True for every text in which `intents` finds that question and,
    because word boundaries are ignored, for some others. Takes a quarter of the time of `intents`."""
    return bool(_SQUEEZED_IDENTITY.search(_NOT_WORD.sub("", fold(text))))


def intents(text: str) -> frozenset[Intent]:
    """The intents of a comment."""
    folded = fold(text)
    found: set[Intent] = set()
    closed = joined(folded)
    if _IDENTITY.search(folded) or (closed != folded and _IDENTITY.search(closed)):
        found.add("identity")
    if _GREETING.match(folded):
        found.add("greeting")
    if _ORDERED.search(folded):
        found.add("ordered")
    if _BUYING.search(folded):
        found.add("buying")
    return frozenset(found)


_DISCOUNT = re.compile(r"优惠|便宜|券|打折|折扣|\b(?:discount|coupon|cheaper|promo\w*|reduction|remise)\b")


def wants_discount(text: str) -> bool:
    """Whether a question asks for a discount."""
    return bool(_DISCOUNT.search(fold(text)))


_ONE_HANZI, _LATIN_WORD = re.compile(rf"[{HANZI}]"), re.compile(r"[a-z0-9]+")
_STOP = frozenset(words("function.txt"))


def units(text: str) -> frozenset[str]:
    """The content words of a text: hanzi that are no function words, and stems of Latin words."""
    folded = fold(text)
    found = {mark for mark in _ONE_HANZI.findall(folded) if mark not in _STOP}
    for word in _LATIN_WORD.findall(folded):
        if word not in _STOP:
            found.add(_stem(word))
    return frozenset(found)


def _stem(word: str) -> str:
    # truncation removes the endings of English and French plurals and verbs
    return word[:5] if len(word) > 6 else word.rstrip("sx") if len(word) > 3 else word


_TELEPHONE = re.compile(
    r"(?<!\d)1[3-9]\d(?:[\s-]?\d{4}){2}(?!\d)"
    r"|(?<![\d.])(?:\+|00)\d{1,3}(?:[\s.\-()]{0,2}\d){7,12}(?!\d)"
    r"|(?<![\d.])0\d(?:[\s.-]?\d{2}){4}(?!\d)"
    r"|(?<!\d)\(?\d{3}\)?[\s.-]\d{3}[\s.-]?\d{4}(?!\d)"
    r"|(?<!\d)\d{9,}(?!\d)"
)
_TELEPHONE_DIGITS = 8
"""Digits of the shortest telephone number found."""
# each pattern starts at few letters and reads no more than needed: `[\w.+-]+@` would scan a long word again
# from each of its letters
_PAGE = re.compile(
    r"https?:|www\.|(?<=[a-z0-9-]{2})\s?(?:\.|\s?(?:\[dot\]|\(dot\))\s?)(?:com|cn|net|org|io|shop|top|xyz|vip|cc|me|tv|fr|co|store|info|link|ly)\b"
    r"|(?<=[\w.+-])@[\w-]+\.\w{2}"
)
_ACCOUNT_ZH = re.compile(
    r"(?=[+加➕联微薇威v扣企wq私滴找看进])(?:(?:[+加➕]|联系)\s?(?:我|个|一下)*\s?的?\s?(?:微信|薇信|威信|v信|微\b|薇\b|v\b|vx|wx|qq|扣扣|企鹅|威\b)"
    r"|(?:微信|薇信|威信|v信|vx|wx|qq|扣扣|企鹅)\s?[号群是:：]+\s?[a-z0-9_-]{4}|(?:\bvx|\bwx|\bqq|微信|薇信)\s?[a-z]*\d[a-z0-9_-]{4}"
    r"|(?:私聊|私信|滴滴|找)我|看我(?:主页|头像|简介)|进群|加群)"
)
_ACCOUNT_LATIN = re.compile(
    r"\b(?=[wtlsidmcapfe])(?:(?:whats ?app|telegram|t\.me|wechat|line id|snap(?:chat)?|insta(?:gram)?)\b.{0,12}(?:\d|@|me\b|moi\b|:)"
    r"|(?:dm|text|message|contact|add|call|pm) me\b|(?:link|check|look) (?:in |at )?my (?:bio|profile|page)\b|follow me\b"
    r"|(?:contacte[zr]?|ajoute[zr]?|ecri(?:s|vez)|appele[zr]?|suive[zr]?)[- ]moi\b|(?:mon|sur mon) (?:profil|insta|whatsapp|telegram)\b|en (?:mp|dm)\b)"
)
_NO_DIGIT = re.compile(r"\D+")


def gives_contact(text: str) -> bool:
    """Whether a comment contains a telephone number, address or account that leads viewers away."""
    folded = fold(text)
    return any(_has_contact(form) for form in dict.fromkeys((folded, joined(folded))))


def _has_contact(form: str) -> bool:
    if any(pattern.search(form) for pattern in (_PAGE, _ACCOUNT_ZH, _ACCOUNT_LATIN)):
        return True
    return len(_NO_DIGIT.sub("", form)) >= _TELEPHONE_DIGITS and bool(_TELEPHONE.search(form))
