"""Numbers as words in the three languages: whole numbers up to 999,999,999,999, and decimals. Longer numbers
are read digit by digit."""

from __future__ import annotations

from collections.abc import Callable

from doublure.media import Language

HIGHEST = 10**12

# ---- Mandarin ------------------------------------------------------------------------------------

HAN_DIGITS = "零一二三四五六七八九"


def han_digits(digits: str, *, telephone: bool = False) -> str:
    """Digit by digit, as in years and model names; in telephone numbers one is 幺."""
    said = "".join(HAN_DIGITS[int(digit)] for digit in digits)
    return said.replace("一", "幺") if telephone else said


def han(number: int) -> str:
    """A whole number in hanzi. Two is 两 at the start of hundreds, thousands, 万 and 亿, and 二 elsewhere."""
    if number >= HIGHEST:
        return han_digits(str(number))
    if number == 0:
        return "零"
    groups = ((number // 10**8 % 10**4, "亿"), (number // 10**4 % 10**4, "万"), (number % 10**4, ""))
    said = ""
    for group, unit in groups:
        if group == 0:
            continue
        if said and group < 1000:
            said += "零"
        said += ("两" if group == 2 and unit else _han_group(group, leads=not said)) + unit
    return said[1:] if said.startswith("一十") else said


def _han_group(group: int, *, leads: bool) -> str:
    said = ""
    gap = False
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = group // size % 10
        if digit == 0:
            gap = bool(said)
            continue
        if gap:
            said += "零"
            gap = False
        two = digit == 2 and (unit == "千" or (unit == "百" and leads and not said))
        said += ("两" if two else HAN_DIGITS[digit]) + unit
    return said


# ---- English -------------------------------------------------------------------------------------

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = (
    "zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip


def english(number: int) -> str:
    """A whole number in British English: one hundred and five."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_ONES[number % 10]}" if number % 10 else "")
    if number < 1000:
        below = f" and {english(number % 100)}" if number % 100 else ""
        return f"{_ONES[number // 100]} hundred{below}"
    for size, name in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        if number >= size:
            rest = number % size
            joint = " and " if 0 < rest < 100 else " "
            return f"{english(number // size)} {name}" + (f"{joint}{english(rest)}" if rest else "")
    raise AssertionError(number)


def english_ordinal(number: int) -> str:
    """First, second, twenty-third."""
    words = english(number)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[cut:]
    if last in _ORDINALS:
        return words[:cut] + _ORDINALS[last]
    return words[:cut] + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def english_year(number: int) -> str:
    """Twenty twenty-six, two thousand and five, nineteen oh five."""
    if not 1100 <= number < 2100 or 2000 <= number < 2010 or number % 1000 == 0:
        return english(number)
    century, year = divmod(number, 100)
    if year == 0:
        return f"{english(century)} hundred"
    return f"{english(century)} {'oh ' if year < 10 else ''}{english(year)}"


# ---- French --------------------------------------------------------------------------------------

_UNITES = (
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze",
    "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
)  # fmt: skip
_DIZAINES = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante"}


def french(number: int, *, feminine: bool = False) -> str:
    """A whole number in French; before a feminine noun its final `un` is `une`."""
    words = _french(number)
    return words + "e" if feminine and (words == "un" or words.endswith((" un", "-un"))) else words


def _french(number: int) -> str:
    if number < 100:
        return _french_tens(number)
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        said = "cent" if hundreds == 1 else f"{_UNITES[hundreds]} cent"
        if rest:
            return f"{said} {_french_tens(rest)}"
        return said if hundreds == 1 else f"{said}s"
    for size, name in ((10**9, "milliard"), (10**6, "million")):
        if number >= size:
            count, rest = divmod(number, size)
            said = f"{_french(count)} {name}{'s' if count > 1 else ''}"
            return f"{said} {_french(rest)}" if rest else said
    thousands, rest = divmod(number, 1000)
    # cents and vingts lose their s before mille
    said = "mille" if thousands == 1 else f"{_singular(_french(thousands))} mille"
    return f"{said} {_french(rest)}" if rest else said


def _singular(words: str) -> str:
    return words[:-1] if words.endswith(("cents", "vingts")) else words


def _french_tens(number: int) -> str:
    if number < 20:
        return _UNITES[number]
    tens, ones = divmod(number, 10)
    if tens in (7, 9):
        tens, ones = tens - 1, ones + 10
    said = "quatre-vingt" if tens == 8 else _DIZAINES[tens]
    if ones == 0:
        return said + ("s" if tens == 8 else "")
    if ones in (1, 11) and tens != 8:
        return f"{said} et {_UNITES[ones]}"
    return f"{said}-{_UNITES[ones]}"


# ---- decimals ------------------------------------------------------------------------------------

_WHOLE: dict[Language, Callable[[int], str]] = {"zh": han, "en": english, "fr": french}
_POINT: dict[Language, str] = {"zh": "点", "en": " point ", "fr": " virgule "}


def number_words(digits: str, language: Language) -> str:
    """A number written with digits and at most one point, `1299`, `0.5`, `12.90`, in words."""
    whole, _, part = digits.partition(".")
    said = digit_words(whole, language) if len(whole) > 12 else _WHOLE[language](int(whole or "0"))
    if not part:
        return said
    return said + _POINT[language] + _decimals(part, language)


def digit_words(digits: str, language: Language) -> str:
    """Digit by digit."""
    if language == "zh":
        return han_digits(digits)
    return " ".join(_WHOLE[language](int(digit)) for digit in digits)


def _decimals(part: str, language: Language) -> str:
    if language != "fr":
        return digit_words(part, language)
    # French reads decimals as a number, after leading zeros one by one: 0,05 = zéro virgule zéro cinq
    zeros = len(part) - len(part.lstrip("0"))
    if len(part) > 3 or zeros == len(part):
        return digit_words(part, language)
    return " ".join(["zéro"] * zeros + [french(int(part))])
