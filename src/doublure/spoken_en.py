"""Spoken form in English: rules, each from what is written to what a host says."""

from __future__ import annotations

import re
from re import Match

from doublure.numerals import digit_words, english, english_ordinal, english_year, number_words
from doublure.spoken_words import (
    Rule,
    currency_pattern,
    letters,
    rewritten,
    rule,
    tidied,
    unit_pattern,
    word_list,
)

N = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?!\d)"
"""A number as written: 59.9, 1,299."""
M = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d{1,2})?)(?!\d)"
"""An amount of money; a comma before two digits is a decimal one, as in €12,90."""
START = r"(?<![\d.,])"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH = "|".join(rf"{name}|{name[:3]}\.?" for name in _MONTHS) + r"|Sept\.?"
_FRACTIONS = {
    "1/2": "half",
    "1/3": "a third",
    "2/3": "two thirds",
    "1/4": "a quarter",
    "3/4": "three quarters",
}


def plain(digits: str) -> str:
    """Digits with a point at most."""
    if re.fullmatch(r"\d+,\d{1,2}", digits):
        return digits.replace(",", ".")
    return digits.replace(",", "")


def number(digits: str) -> str:
    value = plain(digits)
    if len(value) > 1 and value.isdigit() and (value[0] == "0" or (len(value) >= 9 and value == digits)):
        return digit_words(value, "en")
    return number_words(value, "en")


def money(sign: str, digits: str) -> str:
    """Thirty-nine dollars ninety; ninety-nine cents."""
    one, several, cent, cents = word_list().currencies[sign].en
    whole, _, part = plain(digits).partition(".")
    small = int((part + "00")[:2])
    if len(part) > 2:
        return f"{number(digits)} {several}"
    if not int(whole or "0") and small:
        return f"{english(small)} {cent if small == 1 else cents}"
    said = f"{english(int(whole))} {one if int(whole) == 1 else several}"
    return f"{said} {'oh ' if 0 < small < 10 else ''}{english(small)}" if small else said


def price(match: Match[str]) -> str:
    thousand = {"k": " thousand", "m": " million", "": ""}[(match["size"] or "").lower()]
    if thousand:
        return f"{number(match['n'])}{thousand} {word_list().currencies[match['sign']].en[1]}"
    return money(match["sign"], match["n"])


def price_span(match: Match[str]) -> str:
    """$10-$20: ten to twenty dollars."""
    several = word_list().currencies[match["sign"]].en[1]
    return f"{number(match['a'])} to {number(match['b'])} {several}"


def measured(match: Match[str]) -> str:
    one, several = word_list().unit(match["unit"]).en
    joined = match["joint"] == "-"
    said = f"{number(match['n'])} {one if plain(match['n']) == '1' or joined else several}"
    return f"minus {said}" if match["minus"] else said


def clock(match: Match[str]) -> str:
    hour, minute, half = int(match["hour"]), match["minute"], (match["half"] or "").replace(".", "").lower()
    if not half and hour > 12:
        hour, half = hour - 12, "pm"
    said = english(hour)
    if minute and int(minute):
        said += f" {'oh ' if int(minute) < 10 else ''}{english(int(minute))}"
    if half:
        return f"{said} {half[0].upper()}-M"
    return said if minute and int(minute) else f"{said} o'clock"


def day(match: Match[str]) -> str:
    return (
        f"{_MONTHS[int(match['m']) - 1]} {english_ordinal(int(match['d']))}, {english_year(int(match['y']))}"
        if 1 <= int(match["m"]) <= 12
        else " ".join(number(match[part]) for part in "ymd")
    )


def code(match: Match[str]) -> str:
    """Letters and digits of a model: IPX7, SPF50, iPhone15, A2300."""
    head, digits = match[1], match[2]
    short = len(digits) < 3 and not digits.startswith("0") and head.upper() != "IP"
    return f"{head} {english(int(digits)) if short else digit_words(digits, 'en')}"


def sizes(match: Match[str]) -> str:
    return f"{english(int(match[1]))} X-L"


def fraction(match: Match[str]) -> str:
    return _FRACTIONS.get(match[0]) or f"{english(int(match[1]))} over {english(int(match[2]))}"


def spelled_month(match: Match[str]) -> str:
    return next(name for name in _MONTHS if name.startswith(match[1][:3]))


def _rules() -> list[Rule]:
    unit, sign = unit_pattern(), currency_pattern()
    return [
        rule(r"(?<![A-Za-z\d])([2-6])XL(?![A-Za-z])", sizes),
        rule(r"(?<!\d)(201|304|316|430)(?=L?[- ](?:stainless|steel|grade))", lambda m: digit_words(m[1], "en")),
        rule(r"(?<!\d)24\s*/\s*7(?!\d)", lambda m: "twenty-four seven"),
        rule(r"(?<!\d)50\s*/\s*50(?!\d)", lambda m: "fifty fifty"),
        rule(r"(?<!\d)(\d\d)(?=VIP)", lambda m: f"{english(int(m[1]))} "),
        # dates and times
        rule(r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/.](?P<m>[01]?\d)[-/.](?P<d>[0-3]?\d)(?!\d)", day),
        rule(rf"\b({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[.:]\d)",
             lambda m: f"{spelled_month(m)} {english_ordinal(int(m[2]))}"),
        rule(rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?=(?:{_MONTH})\b)",
             lambda m: f"the {english_ordinal(int(m[1]))} of "),
        rule(r"\b(\d+)(?:st|nd|rd|th)\b", lambda m: english_ordinal(int(m[1]))),
        rule(r"(?<![\d:$€£])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)\s*(?P<half>[aApP]\.?[mM]\.?(?![a-z]))?(?![\d:])",
             clock),
        rule(r"(?<![\d:$€£.])(?P<hour>[01]?\d)(?P<minute>)\s?(?P<half>[aApP]\.?[mM]\.?(?![a-zA-Z]))", clock),
        rule(r"(?<=[AP]-M)\s?[-–—]\s?(?=[a-z])", lambda m: " to "),
        # telephone numbers
        rule(r"(?<![\d.,])(\+?\d{1,3}[- ]\d{3}[- ]\d{3,4}[- ]?\d{4}|\d{3}-\d{3}-\d{4}|\d{3}-\d{4})(?!\d)",
             lambda m: digit_words(re.sub(r"\D", "", m[1]), "en")),
        # money
        rule(rf"(?P<sign>{sign})\s?(?P<a>{M})\s?(?:-|–|—|~|to)\s?(?:{sign})?\s?(?P<b>{M})", price_span),
        rule(rf"(?P<sign>{sign})\s?(?P<n>{M})(?P<size>[kKmM](?![A-Za-z]))?", price),
        rule(rf"{START}(?P<n>{M})(?P<size>)\s?(?P<sign>{sign})(?![A-Za-z])", price),
        # ranges, products, fractions
        rule(rf"(?<![\w.,-])({N})\s?(?:-|–|—|~)\s?(?={N}(?![-\d]))", lambda m: f"{number(m[1])} to "),
        rule(rf"(?<![\d.])({N})[xX](?![A-Za-z\d])", lambda m: f"{number(m[1])} times"),
        rule(rf"(?<=\d)\s?[xX×*]\s?(?={N})", lambda m: " by "),
        rule(rf"(?:\s?×|(?<=[a-zA-Z)])\s[xX*]|(?<![A-Za-z\d])[xX])\s?(?={N})", lambda m: " times "),
        rule(rf"(?<![\d/])({N})/(5|10)(?![\d/.])", lambda m: f"{number(m[1])} out of {number(m[2])}"),
        rule(r"(?<![\d/])(\d{1,2})/(\d{1,3})(?![\d/])", fraction),
        rule(r"(?<!\d)(720|1080|1440|2160)[pP](?![A-Za-z])",
             lambda m: f"{english(int(m[1][:-2]))} {english(int(m[1][-2:]))} P"),
        rule(r"(?<!\d)(\d+):(\d+)(?!\d)", lambda m: f"{english(int(m[1]))} to {english(int(m[2]))}"),
        # percent, measures, codes, whatever is left
        rule(rf"(?P<minus>(?<![\w\d])-)?{START}({N})\s?%",
             lambda m: f"{'minus ' if m['minus'] else ''}{number(m[2])} percent"),
        rule(rf"(?P<minus>(?<![\w\d])-)?{START}(?P<n>{N})(?P<joint>[- ]?)(?P<unit>{unit})", measured),
        rule(r"(?:\b[Nn][Oo]\.?\s?|#\s?)(\d+)", lambda m: f"number {english(int(m[1]))}"),
        rule(r"(?<![A-Za-z])([A-Za-z]+)[-]?(\d+)(?![\d.A-Za-z])", code),
        rule(r"(?<![\w.,-])((?:19|20)\d\d)(?![\d,]|\.\d)(?=\s*(?:[.!?,]|$|s\b|[a-z]))",
             lambda m: english_year(int(m[1]))),
        rule(rf"(?<![\w\d])-({N})", lambda m: f"minus {number(m[1])}"),
        rule(rf"({N})(?=[A-Za-z])", lambda m: f"{number(m[1])} "),
        rule(rf"({N})", lambda m: number(m[1])),
        rule(r"\s?\+", lambda m: " plus"),
        rule(r"\s*&\s*", lambda m: " and "),
        rule(r"\bw/o\b", lambda m: "without"),
        rule(r"\bw/\s?", lambda m: "with "),
        rule(r"\bvs\.?(?=\s)", lambda m: "versus"),
        rule(r"\be\.g\.", lambda m: "for example"),
        rule(r"\bi\.e\.", lambda m: "that is"),
        rule(r"\bapprox\.", lambda m: "about"),
    ]  # fmt: skip


_READY = _rules()


def speak(text: str) -> str:
    """The spoken form of a text whose signs are plain."""
    return tidied(letters(rewritten(text, _READY)), ",")
