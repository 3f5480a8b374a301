"""Spoken form in French: rules that rewrite written text as a host says it."""

from __future__ import annotations

import re
from re import Match

from doublure.voice.spoken.numerals import digit_words, french, number_words
from doublure.voice.spoken.rules import (
    PARTS,
    Rule,
    comparisons,
    currency_pattern,
    initials,
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
MINUS = r"(?P<minus>(?<![\w%°€.])-\s?)?"
TO = r"\s?(?:-|–|—|~)\s?"
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_MONTH = "|".join(_MONTHS)
_FEMININE = (
    r"(?:fois|heures?|minutes?|secondes?|pièces?|boîtes?|bouteilles?|semaines?|années?|personnes?|couleurs?|tailles?|"
    r"tasses?|paires?|brosses?|têtes?|poches?|livres?|places?|journées?|unités?|recharges?|commandes?|robes?|couches?|"
    r"doses?|gouttes?|cuillères?|portions?|tranches?|étoiles?|chemises?|vitesses?|lames?|capsules?|vues|ventes|offres?|"
    r"nuits?|étapes?|lingettes?|serviettes?|feuilles?|roues?)\b"
)
"""Feminine nouns: 1 before them is une."""
_FRACTIONS = {
    "1/2": "un demi",
    "1/3": "un tiers",
    "2/3": "deux tiers",
    "1/4": "un quart",
    "3/4": "trois quarts",
}
_SIZE = r"(?:\d?X{0,4}[SL]|M)"
_DAYS = {name[:3]: name for name in ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")}
_DAY = r"(?:lun|mar|mer|jeu|ven|sam|dim)\b\.?"
_ABBREVIATIONS = {
    r"\bc\.-à-d\.": "c'est-à-dire", r"\b[eE]tc\.?(?!\w)": "et cetera", r"\b[eE]nv\.": "environ", r"\b[mM]ax\.": "maximum",
    r"\b[mM]in\.(?=\s\d)": "minimum", r"\b[pP]\. ?ex\.": "par exemple", r"\bM\.(?=\s(?:[A-Z]|et\b))": "Monsieur",
    r"\bMme\.?(?!\w)": "Madame", r"\bDr\.?(?=\s[A-Z])": "Docteur",
    r"\bSte(?:-|\.?\s)(?=[A-ZÀ-Þ])": "Sainte-", r"\bSt(?:-|\.?\s)(?=[A-ZÀ-Þ])": "Saint-", r"\bMlle\.?(?!\w)": "Mademoiselle", r"\b(?:svp|SVP|s\.v\.p\.)(?!\w)": "s'il vous plaît",
    r"\b[qQ]té\.?(?!\w)": "quantité", r"\b[rR]éf\.": "référence", r"\b[tT]él\.": "téléphone", r"\bex\s?:": "exemple:",
    r"\bjanv\.": "janvier", r"\bfévr?\.": "février", r"\bjuil\.": "juillet", r"\bsept\.(?!\w)": "septembre",
    r"\boct\.": "octobre", r"\bnov\.": "novembre", r"\bdéc\.": "décembre", r"\bRDV\b": "rendez-vous",
    r"\b[pP]ers\.": "personnes", r"\bvs\.?(?=\s)": "contre", r"\bTTC\b": "T-T-C", r"\bet/ou\b": "et ou",
}  # fmt: skip
_PER = {"pers": "personne", "pce": "pièce", "an": "an"}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}


# ---- numbers ---------------------------------------------------------------------------------------


def plain(digits: str) -> str:
    """Digits with at most a decimal point."""
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
    one, several, cent, cents, *gender = word_list().currencies[sign].fr
    whole, _, part = plain(digits).partition(".")
    small = int((part + "00")[:2])
    feminine = one == "livre" or bool(gender)
    if len(part) > 2:
        return f"{number(digits)} {several}"
    if not int(whole or "0") and small:
        return f"{french(small)} {cent if small == 1 else cents}"
    count = int(whole)
    link = "d'" if several[0] in "aeiouh" else "de "
    link = link if count and count % 10**6 == 0 else ""
    said = f"{number(str(count), feminine=feminine)} {link}{one if count < 2 else several}"
    if small == 1:
        return f"{said} et {'une' if cent == 'penny' else 'un'} {cent}"
    return f"{said} {french(small)}" if small else said


def many(match: Match[str]) -> str:
    """10 k€ is dix mille euros, 2 M€ deux millions d'euros."""
    several = word_list().currencies[match["sign"]].fr[1]
    if match["size"] in "kK":
        return f"{'' if match['n'] == '1' else number(match['n']) + ' '}mille {several}"
    name = "million" if match["size"] == "M" else "milliard"
    plural = "" if float(plain(match["n"])) < 2 else "s"
    return (
        f"{number(match['n'])} {name}{plural} {'d' + chr(39) if several[0] in 'aeiouh' else 'de '}{several}"
    )


def per(match: Match[str]) -> str:
    """3 €/kg: trois euros le kilo; 5 €/mois: cinq euros par mois."""
    known = word_list().units.get(match["of"])
    if not known or match["of"] in {"h", "min", "s"}:
        word = known.fr[0] if known else _PER.get(match["of"], match["of"])
        return f"{match['price']} par {word}"
    article = "l'" if known.fr[0][0] in "aeiouh" else "la " if len(known.fr) > 2 else "le "
    return f"{match['price']} {article}{known.fr[0]}"


def measured(match: Match[str]) -> str:
    one, several, *gender = word_list().unit(match["unit"]).fr
    value = plain(match["n"])
    said = f"{number(match['n'], feminine=bool(gender))} {one if float(value) < 2 else several}"
    return f"moins {said}" if match["minus"] else said


def metres(match: Match[str]) -> str:
    """1m80 and 1,80 m: un mètre quatre-vingts."""
    whole, part = int(match[1]), match[2]
    return f"{french(whole)} mètre{'s' if whole > 1 else ''} {number(part)}"


def inches(match: Match[str]) -> str:
    """15,6" is pouces, unless the mark closes a quotation."""
    if match.string[: match.start()].count('"') % 2:
        return match[0]
    return f"{number(match[1])} pouce{'' if float(plain(match[1])) < 2 else 's'}"


# ---- dates and times -------------------------------------------------------------------------------


def clock(match: Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    said = f"{french(hour, feminine=True)} heure{'s' if hour > 1 else ''}"
    return f"{said} {french(minute, feminine=True)}" if minute else said


def countdown(match: Match[str]) -> str:
    """05:00 is cinq minutes."""
    parts = [
        f"{french(count, feminine=True)} {name}{'' if count == 1 else 's'}"
        for part, name in (("h", "heure"), ("m", "minute"), ("s", "seconde"))
        if (count := int(match[part] or 0))
    ]
    return f"{match['cue'] or ''}{' '.join(parts) or 'zéro seconde'}{match['after'] or ''}"


def date_words(date: int, month: int) -> str:
    return f"{'premier' if date == 1 else french(date)} {_MONTHS[month - 1]}"


def day(match: Match[str]) -> str:
    date, month = int(match["d"]), int(match["m"])
    if not (1 <= month <= 12 and 1 <= date <= 31):
        return " ".join(number(match[part]) for part in "dmy")
    return f"{date_words(date, month)} {french(int(match['y']))}"


def short_date(match: Match[str]) -> str:
    """23/11 is a date after le, with a leading zero, or if it would exceed one as a fraction."""
    date, month = int(match["d"]), int(match["m"])
    sure = match["cue"] or "0" in (match["d"][0], match["m"][0]) or date > month
    if not (sure and 1 <= month <= 12 and 1 <= date <= 31):
        return match[0]
    return f"{match['cue'] or ''}{date_words(date, month)}"


def ordinal(match: Match[str]) -> str:
    count, ending = int(match[1]), match[2]
    if count == 1:
        return "première" if ending.startswith(("re", "ère")) else "premier"
    if count == 2 and ending.startswith("nd"):
        return "seconde" if ending == "nde" else "second"
    return ordinal_words(count)


def ordinal_words(count: int) -> str:
    words = french(count).removesuffix("s") if count % 20 == 0 and count >= 80 else french(count)
    for last, made in (("cinq", "cinquième"), ("neuf", "neuvième")):
        if words.endswith(last):
            return words[: -len(last)] + made
    return words.removesuffix("e") + "ième"


def century(match: Match[str]) -> str:
    """XXIe: vingt et unième."""
    values = [_ROMAN[letter] for letter in match[1]]
    after = [*values[1:], 0]
    total = sum(-one if one < other else one for one, other in zip(values, after, strict=True))
    return ("première" if match[2] in {"re", "ère"} else "premier") if total == 1 else ordinal_words(total)


# ---- codes -----------------------------------------------------------------------------------------


def telephone(match: Match[str]) -> str:
    """A telephone number, two digits at a time as written."""
    abroad = f"plus {french(int(match['abroad']))} " if match["abroad"] else ""
    digits = re.sub(r"\D", "", match["rest"])
    first = [digits[0]] if abroad else [digits[:2]]
    rest = digits[len(first[0]) :]
    return abroad + " ".join(number(pair) for pair in [*first, *re.findall(r"\d\d", rest)])


def code(match: Match[str]) -> str:
    """Letters and digits of a model name: IPX7, SPF50, A2300, RTX 4060."""
    head, digits, tail = match[1], match[2], match[3]
    if "." in digits:
        said = dotted(digits)
    elif (
        (re.fullmatch(r"(?:19|20)\d\d", digits) and not head.isupper())
        or len(digits) < 3
        or digits.endswith("00")
    ):
        said = number(digits)
    elif len(digits) == 4 and digits[2] != "0":
        said = f"{number(digits[:2])} {number(digits[2:])}"
    else:
        said = number(digits) if len(digits) == 3 else digit_words(digits, "fr")
    rest = [number(part) if part.isdigit() else part for part in re.findall(r"\d+|[A-Za-z]+", tail)]
    return " ".join([head, said, *rest])


def dotted(digits: str) -> str:
    """A version: 5.3 is cinq point trois."""
    return " point ".join(number(part) for part in digits.split("."))


def fraction(match: Match[str]) -> str:
    """3/8: trois huitièmes; 120/80: cent vingt sur quatre-vingts."""
    part, whole = int(match[1]), int(match[2])
    if part < whole in PARTS:
        return _FRACTIONS.get(match[0]) or f"{french(part)} {ordinal_words(whole)}{'' if part == 1 else 's'}"
    return f"{french(part)} sur {french(whole)}"


def ratio(match: Match[str]) -> str:
    """16:9 is seize neuvièmes, 3:1 trois pour un."""
    ending = {"9": "neuvièmes", "3": "tiers"}.get(match[2])
    return (
        f"{number(match[1])} {ending}"
        if ending and int(match[1]) > 1
        else f"{number(match[1])} pour {number(match[2])}"
    )


# ---- rules -----------------------------------------------------------------------------------------


def _words() -> list[Rule]:
    """Abbreviations, comparisons, sizes."""
    return [
        rule(r"\d{20,}", lambda m: digit_words(m[0], "fr")),
        *(rule(pattern, lambda m, said=said: said) for pattern, said in _ABBREVIATIONS.items()),  # type: ignore[misc]
        *comparisons(
            "", plus_minus="plus ou moins ", at_least="au moins ", at_most="au plus ", more="plus de ", less="moins de ", about="environ "
        ),
        rule(r"\s*=+\s*(?=\w)", lambda m: " égale "),
        rule(rf"(?<![A-Za-zÀ-ÿ\d'-])({_SIZE}){TO}(?={_SIZE}(?![A-Za-zÀ-ÿ\d-]))", lambda m: f"{m[1]} à "),
        rule(r"(?<![A-Za-z\d])([2-9])XL(?![A-Za-z])", lambda m: f"{french(int(m[1]))} X-L"),
        rule(r"\b([tT]ailles?|[pP]ointures?)\s(\d\d)/(\d\d)(?!\d)", lambda m: f"{m[1]} {number(m[2])} {number(m[3])}"),
        rule(r"(?<![\d/,.])([345]\d)/([345]\d)(?![\d/])", lambda m: f"{number(m[1])} {number(m[2])}" if 0 < int(m[2]) - int(m[1]) < 3 else m[0]),
        initials(),
        rule(r"\b((?=[IVXL])X{0,3}(?:IX|IV|V?I{0,3}))(er?|re|ère|e|ème)(?=\ssiècles?|\sarrondissement|\sédition)", century),
    ]  # fmt: skip


def _dates() -> list[Rule]:
    return [
        rule(r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<j>[-/.])(?P<m>[01]?\d)(?P=j)(?P<d>[0-3]?\d)(?!\d)", day),
        rule(r"(?<!\d)(?P<d>[0-3]?\d)(?P<j>[-/.])(?P<m>[01]?\d)(?P=j)(?P<y>(?:19|20)\d\d)(?!\d)", day),
        rule(r"(?P<cue>\b(?:[lL]e|[dD]u|[aA]u|dès le|depuis le|avant le)\s)?(?<![\d/.,])(?P<d>\d{1,2})/(?P<m>\d{1,2})(?![\d/]|[.,]\d)", short_date),
        rule(r"(?<![\d/])(0[1-9]|1[0-2])/(20\d\d)(?![\d/])", lambda m: f"{_MONTHS[int(m[1]) - 1]} {french(int(m[2]))}"),
        rule(rf"\b({_DAY}){TO}({_DAY})", lambda m: f"{_DAYS[m[1][:3]]} à {_DAYS[m[2][:3]]}"),
        rule(rf"(?<!\d)1(?=\s(?:{_MONTH})\b)", lambda m: "premier"),
        rule(r"(?<!\d)24\s?h(?:eures)?\s?/\s?24(?:\s?h)?(?!\d)", lambda m: "vingt-quatre heures sur vingt-quatre"),
        rule(r"(?<!\d)7\s?j(?:ours)?\s?/\s?7(?:\s?j)?(?!\d)", lambda m: "sept jours sur sept"),
        rule(r"(?<![\d/])(\d{1,2})\s?/\s?(\d{1,2})(?=\s?(?:h|j|heures|jours)(?![A-Za-z\d]))", lambda m: f"{number(m[1])}, {m[2]}"),
        rule(r"(?<!\d)24\s?/\s?7(?!\d)", lambda m: "vingt-quatre heures sur vingt-quatre"),
    ]  # fmt: skip


def _times() -> list[Rule]:
    hour = r"(?<![\d:,.])(?P<hour>[01]?\d|2[0-4])"
    return [
        rule(r"(?P<cue>\b(?:[pP]lus que|dans|[rR]este|[cC]ompte à rebours\s?:?|encore)\s)(?:(?P<h>\d{1,3}):)?(?P<m>\d{1,2}):(?P<s>[0-5]\d)(?![\d:])(?P<after>)",
             countdown),
        rule(r"(?<![\d:])(?P<cue>)(?P<h>\d{1,3}):(?P<m>[0-5]\d):(?P<s>[0-5]\d)(?![\d:])(?P<after>)", countdown),
        rule(rf"(?<![\d.,])(\d{{1,2}}\s?[hH:](?:\d\d)?){TO}(?=\d{{1,2}}\s?[hH:])", lambda m: f"{m[1]} à "),
        rule(rf"{hour}\s?(?:h|H|:)\s?(?P<minute>[0-5]\d)(?:min)?(?![\d:])", clock),
        rule(r"(?<![\d,.])(\d+)\s?(ers?|re|ère|e|è|èmes?|ièmes?|ème|nde?)(?![A-Za-zÀ-ÿ])", ordinal),
    ]  # fmt: skip


def _numbers() -> list[Rule]:
    """Telephone numbers, versions, orders of magnitude."""
    return [
        rule(r"(?<![\d+])(?P<abroad>)(?P<rest>0\d([ .-]?)\d\d(?:\3\d\d){3})(?!\d)", telephone),
        rule(r"\+(?P<abroad>\d\d)[ .-]?(?:\(0\))?(?P<rest>\d(?:[ .-]?\d\d){4})(?!\d)", telephone),
        rule(r"(?<!\d)0 ?8(\d\d) ?(\d{3}) ?(\d{3})(?!\d)",
             lambda m: f"zéro huit {french(800 + int(m[1])).removeprefix('huit ')} {number(m[2])} {number(m[3])}"),
        rule(r"(?<=USB )(\d\.\d)(?!\d)|(?<=Bluetooth )(\d\.\d)(?!\d)|(?<=HDMI )(\d\.\d)(?!\d)|(?<=[vV]ersion )(\d\.\d)(?!\d)",
             lambda m: dotted(m[0])),
        rule(rf"{START}({N})\s?[kK](?=\+|\s(?:abonnés?|vues?|vent|avis|likes?|j'aime|clients?|followers?|personnes?|commandes?|vendus))",
             lambda m: f"{number(m[1])} mille"),
        rule(rf"{START}({N})\s?M(?=\+|\sd['e]|\s(?:abonnés?|vues?|avis|likes?|clients?|followers?))",
             lambda m: f"{number(m[1])} million{'' if float(plain(m[1])) < 2 else 's'}"),
    ]  # fmt: skip


def _amounts() -> list[Rule]:
    unit, sign = unit_pattern(), currency_pattern()
    return [
        rule(rf"(?P<price>{START}{N}\s?(?:{sign}))\s?/\s?(?P<of>[A-Za-zÀ-ÿ]+[²³]?)", per),
        rule(rf"{START}(?P<n>{N})\s?(?P<size>[kKM]|Md)(?P<sign>€|\$|£)", many),
        rule(rf"{START}(?P<a>{N})\s?(?:{sign})?(?:{TO}|\sà\s)(?P<b>{N})\s?(?P<sign>{sign})(?!\d)",
             lambda m: f"{number(m['a']) if re.fullmatch('[0-9 ]+', m['a']) else money(m['sign'], m['a'])} à {money(m['sign'], m['b'])}"),
        rule(rf"{MINUS}{START}(?P<n>{N})\s?(?P<sign>{sign})(?P<part>\d\d(?!\d))?(?![A-Za-z])",
             lambda m: ("moins " if m["minus"] else "") + money(m["sign"], m["n"] + (f",{m['part']}" if m["part"] else ""))),
        rule(rf"(?P<sign>{sign})\s?(?P<n>{N})", lambda m: money(m["sign"], m["n"])),
        rule(rf"{START}(?P<n>{N})\s(?P<word>euros?)\b", lambda m: money("€", m["n"])),
        # ranges, products, fractions
        rule(rf"(?<![\w.,-])({N}){TO}(?={N}(?![-\d]))", lambda m: f"{number(m[1])} à "),
        rule(rf"({START}{N}\s?(?:%|{unit})){TO}(?={N})", lambda m: f"{m[1]} à "),
        rule(rf"(?<![\w.])({N})\s?[xX×*]\s?(?={N}\s?(?:g|kg|mg|ml|l|L|cl|oz|lbs?|m?Ah|W|V)(?![A-Za-z])|\w+\s(?:euro|centime|dollar|livre|yuan|franc))", lambda m: f"{number(m[1])} fois "),
        rule(r"(?<![\w.])(\d+)\s?[xX×]\s(?=(?:[a-zà-ÿ-]+\s)*(?:euros?|centimes?|dollars?|livres?|francs?)\b)", lambda m: f"{number(m[1])} fois "),
        rule(r"(?<![\w.])(\d+)\s?[xX](?=\s+[a-zà-ÿ]|[.,!?]|$)", lambda m: f"{number(m[1], feminine=True)} fois"),
        rule(rf"(?<=\d)\s?[xX×*]\s?(?={N})", lambda m: " par "),
        rule(rf"(?:\s?×|(?<=[a-zA-Z)])\s[x*]|(?<![A-Za-z\d])x)\s?(?={N})", lambda m: " fois "),
        rule(rf"(?<![\d/])({N})/(5|10|20)(?![\d/.,])", lambda m: f"{number(m[1])} sur {number(m[2])}"),
        rule(r"(?<![\d/,])(\d{1,2})/(\d{1,3})(?![\d/])", fraction),
        rule(r"(?<![\d:])(\d+)\s?:\s?(\d+)(?![\d:])", ratio),
    ]  # fmt: skip


def _measures() -> list[Rule]:
    unit = unit_pattern()
    return [
        rule(rf"{MINUS}{START}({N})\s?%", lambda m: f"{'moins ' if m['minus'] else ''}{number(m[2])} pour cent"),
        rule(r"(?<!\d)(720|1080|1440|2160)[pP](?![A-Za-z])", lambda m: f"{french(int(m[1])).removesuffix('s')} P"),
        rule(rf"(?<![\d.,])(\d\s?m\s?\d\d){TO}(?=\d\s?m\s?\d)", lambda m: f"{m[1]} à "),
        rule(r"(?<![\d.,])(\d)\s?m\s?(\d\d)(?!\d)|(?<![\d.,])([1-9]),(\d\d)\sm(?![A-Za-z²³\d])",
             lambda m: metres(m) if m[1] else f"{french(int(m[3]))} mètre{'s' if m[3] != '1' else ''} {number(m[4])}"),
        rule(rf"(?<![\w.,])({N})\s?(?:\"|''|”)", inches),
        rule(rf"{MINUS}{START}(?P<n>{N})[- ]?(?P<unit>{unit})(?![À-ÿ])", measured),
        rule(r"\b[Nn]\s?[°o]\s?(\d+)", lambda m: f"numéro {french(int(m[1])) if len(m[1]) < 10 else number(m[1])}"),
        rule(r"#\s?(\d+)", lambda m: f"numéro {number(m[1])}"),
        rule(r"(?<![A-Za-zÀ-ÿ'])((?!SPF|UPF|EUR)[A-Z]{2,4}) (\d{4})(?![\d.,%A-Za-z])()", code),
        rule(r"(?<![A-Za-zÀ-ÿ'])([A-Za-zÀ-ÿ]+)-?(\d+(?:\.\d+)?)(?![\d]|[.,]\d)((?:[A-Za-z]+\d*)*)", code),
        rule(rf"(?<![\w.,])({N})(?=\s{_FEMININE})", lambda m: number(m[1], feminine=True)),
        rule(rf"(?<![\w\d])-({N})", lambda m: f"moins {number(m[1])}"),
        rule(rf"({N})(?=[A-Za-zÀ-ÿ])", lambda m: f"{number(m[1])} "),
        rule(rf"({N})", lambda m: number(m[1])),
        rule(r"\s?\++\s?", lambda m: " plus "),
        rule(r"\s*&\s*", lambda m: " et "),
    ]  # fmt: skip


_READY = [*_words(), *_dates(), *_times(), *_numbers(), *_amounts(), *_measures()]


_ELIDED = re.compile(r"\b([Qq]u)e\s(?=une?\b)")
"""Elides que before a number that was written in digits; `de un` may stay."""


def speak(text: str) -> str:
    """The spoken form of a text whose signs `plain_signs` has normalised."""
    return tidied(letters(_ELIDED.sub(r"\1'", rewritten(text, _READY)), "fr"), ",")
