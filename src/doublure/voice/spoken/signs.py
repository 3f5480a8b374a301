"""Cleans a text before the rules of its language apply: each sign gets one form, and tags, faces, emoji and page
addresses are removed."""

from __future__ import annotations

import html
import re
import unicodedata
from re import Match

HAN = "\u3400-\u9fff"
"""Hanzi, for a character class."""

_SAME = str.maketrans(
    {
        "￥": "¥", "％": "%", "＋": "+", "－": "-", "−": "-", "‑": "-", "‐": "-", "～": "~", "〜": "~", "∼": "~",
        "／": "/", "＝": "=", "＄": "$", "＆": "&", "＃": "#", "＊": "*", "．": ".", "✕": "×", "✖": "×", "＠": "@",
        "’": "'", "‘": "'", "ʼ": "'", "′": "'", "″": '"', "\u00a0": " ", "\u202f": " ", "\u2009": " ",
        "\u3000": " ", "µ": "μ", "º": "°", "˚": "°", "⁄": "/", "∕": "/", "＜": "<", "＞": ">", "⩾": "≥", "⩽": "≤",
        "﹣": "-", "﹢": "+", "＿": "_", "﹪": "%", "╳": "×", "✘": "×", "➜": "→", "➔": "→", "➡": "→", "⇒": "→",
        **{chr(0xFF10 + digit): chr(0x30 + digit) for digit in range(10)},
        **{chr(0xFF21 + letter): chr(0x41 + letter) for letter in range(26)},
        **{chr(0xFF41 + letter): chr(0x61 + letter) for letter in range(26)},
    }
)  # fmt: skip
"""Full-width and typographic forms of a sign -> its plain form; punctuation keeps its form."""
_KEPT = frozenset("¥$€£%+×°~=&<>²³℃/→±≥≤≈^`")
_TAG = re.compile(
    r"<!--.*?-->|</?[A-Za-z][\w:.-]*(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s<>\"']+))*\s*/?>"
)
"""A tag as in SSML or HTML; 价格<100 is not one."""
_PAGE = re.compile(r"(?:https?://|www\.)[\w\-./?%&=#~:+]*[\w/]")
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,6}|#x[\dA-Fa-f]{1,5});")
_BLANKS = re.compile(r"\s{2,}")
_RUN = re.compile(r"([^\w\s])\1{4,}")
"""Five or more of one sign. They mean no more than four, and a rule that looks for runs would scan a long run
again from each of its signs."""
_KEYCAP = re.compile(r"([#*\d])\ufe0f?\u20e3")
_SQUARED = re.compile(r"[\u2080-\u2089\u3380-\u33df①-⑳⑴-⒇➀-➓❶-❿¼-¾⅐-⅞]")
"""Single characters for units, circled numbers and fractions."""

# ---- faces -----------------------------------------------------------------------------------------

_BRACKETED = re.compile(
    r"[╮┐┑┗ヾヽ＼\\¯_٩ƪᕦ╭ლ凸]{0,8}[(（](?P<face>[^()（）\n]{1,16})[)）][ﾉノゝ╭┌┍┛و✧ง۶彡☆★~/_¯＼\\╯︵┻━]{0,8}(?:o(?![A-Za-z]))?"
)
_FACE_MARK = re.compile(r"[\^_≧≦▽∇ω﹏Дд◕‿◡๑•ᴗ´｀`ಠ╯╰╥¬ツ⌒∀▿ᵕ◉⊙><*°⁄ˊˋ˘]")
_NO_FACE = re.compile(r"\d|[^\W\d_ωДдツಠ]{2}|(?![益皿口])[\u3400-\u9fff]")
"""Content of brackets that is words, not a face."""
_FACES = re.compile(
    r"[(（][づっつ]?\s?[￣¯_]\s?[3ε³]\s?[￣¯_]\s?[)）]?[づっつ]?[╭╮]?|"
    r"(?<![A-Za-z\d])(?:"
    r"[:;=]['o^-]?(?:[)D|*]+|\((?!\w)|[pP](?!\w))"
    r"|\^[_.oOωvwW-]?\^|>[_.]+<|-_+-|=_+=|T_+T|;_+;|[oO]_+[oO]"
    r"|QAQ|QwQ|QWQ|TAT|TvT|OvO|OwO|UwU|owo|uwu|orz|Orz|OTZ|otz|[xX]D+"
    r"|<3+(?!\d|[.,]\d|\s?(?:cm|mm|m|kg|g|ml|L|h|min|元|%)(?![A-Za-z]))"
    r")(?![A-Za-z\d])"
)


def _bracketed(match: Match[str]) -> str:
    face = match["face"]
    return " " if _FACE_MARK.search(face) and not _NO_FACE.search(face) else match[0]


# ---- tags of the chat ------------------------------------------------------------------------------

_HASHTAG = re.compile(r"\s*#(?P<tag>(?:[^\W\d_]|\d+(?=[^\W\d]))[\w'-]*)(?P<closed>#(?!\w))?")


def plain_signs(text: str, comma: str) -> str:
    """The text with one form of each sign. Tags, faces and page addresses are dropped, hashtags are set off by
    `comma`, emoji and ornaments become a blank."""
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _TAG.sub("", text)
    text = _PAGE.sub(" ", text)
    text = _KEYCAP.sub(r"\1", unicodedata.normalize("NFC", text))
    text = _FACES.sub(" ", _BRACKETED.sub(_bracketed, text))
    text = _SQUARED.sub(_opened, text).translate(_SAME)
    text = "".join(mark if mark in _KEPT else _said(mark) for mark in text)
    text = _BLANKS.sub(lambda run: "\n" if "\n" in run[0] else " ", _RUN.sub(r"\1\1\1\1", text))
    return _HASHTAG.sub(lambda match: _words(match, comma), text) if "#" in text else text


def _opened(match: Match[str]) -> str:
    """㎡ is m², ③ is 3, and 1½ is 1 1/2."""
    if "\u3380" <= match[0] <= "\u33df":
        return {"㎡": "m²", "㎥": "m³", "㎠": "cm²", "㎤": "cm³", "㏄": "ml"}.get(
            match[0], unicodedata.normalize("NFKC", match[0])
        )
    apart = " " if match.start() and match.string[match.start() - 1].isdigit() else ""
    return apart + unicodedata.normalize("NFKC", match[0]).strip("()")


def _said(mark: str) -> str:
    """The mark itself, "" for an invisible one, a blank for a picture."""
    if mark in "\n\r\t":
        return mark
    kind = unicodedata.category(mark)
    if kind in {"Cf", "Cs", "Cc", "Mn", "Me"}:
        return "" if kind[0] == "C" or "\ufe00" <= mark <= "\ufe0f" or kind == "Me" else mark
    return " " if kind in {"So", "Sk", "Sm", "Co", "Cn"} else mark


def _words(match: Match[str], comma: str) -> str:
    """The words of a hashtag, with `BlackFriday` and `live_shopping` separated. A pause precedes it, and follows
    it if it is closed as in #好物#."""
    words = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", match["tag"].replace("_", " "))
    before = f"{comma} " if match.start() else ""
    return f"{before}{words}" + (f"{comma} " if match["closed"] else "")
