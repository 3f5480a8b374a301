"""Spoken form in French: rules, each from what is written to what a host says."""

from __future__ import annotations

import re
from re import Match

from doublure.numerals import digit_words, french, number_words
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

N = r"(?:\d{1,3}(?:[ .]\d{3})+(?:,\d+)?|\d+(?:[.,]\d+)?)(?!\d)"
"""A number as written: 59,9, 1 299, 1.299, 6.5."""
START = r"(?<![\d.,])"
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_FEMININE = (
    r"(?:fois|heures?|minutes?|secondes?|pièces?|boîtes?|bouteilles?|semaines?|années?|personnes?|couleurs?|tailles?|"
    r"tasses?|paires?|brosses?|têtes?|poches?|livres?|places?|journées?|unités?|recharges?)\b"
)
"""Nouns before which un is une."""
_FRACTIONS = {
    "1/2": "un demi",
    "1/3": "un tiers",
    "2/3": "deux tiers",
    "1/4": "un quart",
    "3/4": "trois quarts",
}


def plain(digits: str) -> str:
    """Digits with a point at most."""
    if re.fullmatch(r"\d{1,3}(?:[ .]\d{3})+(?:,\d+)?", digits):
        digits = re.sub(r"[ .]", "", digits)
    return digits.replace(",", ".")


def number(digits: str, *, feminine: bool = False) -> str:
    value = plain(digits)
    if len(value) > 1 and value.isdigit() and (value[0] == "0" or (len(value) >= 9 and value == digits)):
        return digit_words(value, "fr")
    if feminine and value.isdigit():
        return french(int(value), feminine=True)
    return number_words(value, "fr")


def money(sign: str, digits: str) -> str:
    """Quarante-neuf euros quatre-vingt-dix; quatre-vingt-dix-neuf centimes."""
    one, several, cent, cents = word_list().currencies[sign].fr
    whole, _, part = plain(digits).partition(".")
    small = int((part + "00")[:2])
    feminine = one == "livre"
    if len(part) > 2:
        return f"{number(digits)} {several}"
    if not int(whole or "0") and small:
        return f"{french(small)} {cent if small == 1 else cents}"
    count = int(whole)
    link = "d'" if several[0] in "aeiouh" else "de "
    link = link if count and count % 10**6 == 0 else ""
    said = f"{french(count, feminine=feminine)} {link}{one if count < 2 else several}"
    return f"{said} {french(small)}" if small else said


def measured(match: Match[str]) -> str:
    one, several, *gender = word_list().unit(match["unit"]).fr
    value = plain(match["n"])
    said = f"{number(match['n'], feminine=bool(gender))} {one if float(value) < 2 else several}"
    return f"moins {said}" if match["minus"] else said


def clock(match: Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    said = f"{french(hour, feminine=True)} heure{'s' if hour > 1 else ''}"
    return f"{said} {french(minute, feminine=True)}" if minute else said


def day(match: Match[str]) -> str:
    month = int(match["m"])
    if not 1 <= month <= 12:
        return " ".join(number(match[part]) for part in "dmy")
    first = "premier" if int(match["d"]) == 1 else french(int(match["d"]))
    return f"{first} {_MONTHS[month - 1]} {french(int(match['y']))}"


def ordinal(match: Match[str]) -> str:
    count, ending = int(match[1]), match[2]
    if count == 1:
        return "première" if ending.startswith(("re", "ère")) else "premier"
    words = french(count).removesuffix("s") if count % 20 == 0 and count >= 80 else french(count)
    for last, made in (("cinq", "cinquième"), ("neuf", "neuvième")):
        if words.endswith(last):
            return words[: -len(last)] + made
    return words.removesuffix("e") + "ième"


def code(match: Match[str]) -> str:
    """Letters and digits of a model: IPX7, SPF50, A2300."""
    head, digits = match[1], match[2]
    short = len(digits) < 3 and not digits.startswith("0") and head.upper() != "IP"
    return f"{head} {french(int(digits)) if short else digit_words(digits, 'fr')}"


def fraction(match: Match[str]) -> str:
    return _FRACTIONS.get(match[0]) or f"{french(int(match[1]))} sur {french(int(match[2]))}"


def _rules() -> list[Rule]:
    unit, sign = unit_pattern(), currency_pattern()
    return [
        rule(r"(?<![A-Za-z\d])([2-6])XL(?![A-Za-z])", lambda m: f"{french(int(m[1]))} X-L"),
        # dates and times
        rule(r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/.](?P<m>[01]?\d)[-/.](?P<d>[0-3]?\d)(?!\d)", day),
        rule(r"(?<!\d)(?P<d>[0-3]?\d)[-/.](?P<m>[01]?\d)[-/.](?P<y>(?:19|20)\d\d)(?!\d)", day),
        rule(r"(?<!\d)24\s?h(?:eures)?\s?/\s?24(?:\s?h)?(?!\d)", lambda m: "vingt-quatre heures sur vingt-quatre"),
        rule(r"(?<!\d)7\s?j(?:ours)?\s?/\s?7(?:\s?j)?(?!\d)", lambda m: "sept jours sur sept"),
        rule(r"(?<!\d)24\s?/\s?7(?!\d)", lambda m: "vingt-quatre heures sur vingt-quatre"),
        rule(r"(?<![\d:,.])(?P<hour>[01]?\d|2[0-4])\s?(?:h|H|:)\s?(?P<minute>[0-5]\d)(?:min)?(?![\d:])", clock),
        rule(r"(?<![\d,.])(\d+)\s?(ers?|re|ère|e|è|ème|ième|nd|nde)(?![A-Za-zÀ-ÿ])", ordinal),
        rule(r"(?<!\d)1(?=\s(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre))",
             lambda m: "premier"),
        # telephone numbers, two digits at a time
        rule(r"(?<!\d)0\d(?:[ .]\d\d){4}(?!\d)",
             lambda m: " ".join(number(pair) for pair in re.findall(r"\d\d", m[0]))),
        # money
        rule(rf"{START}(?P<a>{N})\s?(?:-|–|—|~|à)\s?(?P<b>{N})\s?(?P<sign>{sign})",
             lambda m: f"{number(m['a'])} à {money(m['sign'], m['b'])}"),
        rule(rf"(?P<minus>(?<![\w\d])-\s?)?{START}(?P<n>{N})\s?(?P<sign>{sign})(?P<part>\d\d(?!\d))?(?![A-Za-z])",
             lambda m: ("moins " if m["minus"] else "") + money(m["sign"], m["n"] + (f",{m['part']}" if m["part"] else ""))),
        rule(rf"(?P<sign>{sign})\s?(?P<n>{N})", lambda m: money(m["sign"], m["n"])),
        rule(rf"{START}(?P<n>{N})\s(?P<word>euros?)\b", lambda m: money("€", m["n"])),
        # ranges, products, fractions
        rule(rf"(?<![\w.,-])({N})\s?(?:-|–|—|~)\s?(?={N}(?![-\d]))", lambda m: f"{number(m[1])} à "),
        rule(rf"(?<![\w.])({N})\s?[xX×*]\s?(?={N})", lambda m: f"{number(m[1])} par "),
        rule(rf"(?:\s?×|(?<=[a-zA-Z)])\s[xX*]|(?<![A-Za-z\d])[xX])\s?(?={N})", lambda m: " fois "),
        rule(rf"(?<![\d/])({N})/(5|10|20)(?![\d/.,])", lambda m: f"{number(m[1])} sur {number(m[2])}"),
        rule(r"(?<![\d/,])(\d{1,2})/(\d{1,3})(?![\d/])", fraction),
        # percent, measures, codes, whatever is left
        rule(rf"(?P<minus>(?<![\w\d])-\s?)?{START}({N})\s?%",
             lambda m: f"{'moins ' if m['minus'] else ''}{number(m[2])} pour cent"),
        rule(rf"(?P<minus>(?<![\w\d])-)?{START}(?P<n>{N})[- ]?(?P<unit>{unit})(?![À-ÿ])", measured),
        rule(r"\b[Nn]\s?[°o]\s?(\d+)", lambda m: f"numéro {french(int(m[1]))}"),
        rule(r"#\s?(\d+)", lambda m: f"numéro {french(int(m[1]))}"),
        rule(r"(?<![A-Za-zÀ-ÿ'])([A-Za-z]+)[-]?(\d+)(?![\d.,A-Za-z])", code),
        rule(rf"(?<![\w.,])({N})(?=\s{_FEMININE})", lambda m: number(m[1], feminine=True)),
        rule(rf"(?<![\w\d])-({N})", lambda m: f"moins {number(m[1])}"),
        rule(rf"({N})(?=[A-Za-zÀ-ÿ])", lambda m: f"{number(m[1])} "),
        rule(rf"({N})", lambda m: number(m[1])),
        rule(r"\s?\+", lambda m: " plus"),
        rule(r"\s*&\s*", lambda m: " et "),
        rule(r"\bc\.-à-d\.", lambda m: "c'est-à-dire"),
        rule(r"\betc\.", lambda m: "et cetera"),
        rule(r"\benv\.", lambda m: "environ"),
    ]  # fmt: skip


_READY = _rules()


def speak(text: str) -> str:
    """The spoken form of a text whose signs are plain."""
    return tidied(letters(rewritten(text, _READY)), ",")
