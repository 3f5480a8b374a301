"""Spoken form in English: rules that rewrite written text as a host says it."""

from __future__ import annotations

import re
from re import Match

from doublure.voice.spoken.numerals import digit_words, english, english_ordinal, english_year, number_words
from doublure.voice.spoken.rules import (
    PARTS,
    M,
    N,
    Rule,
    comparisons,
    currency_pattern,
    initials,
    letters,
    plain,
    rewritten,
    rule,
    tidied,
    unit_pattern,
    word_list,
)

START = r"(?<![\d.,])"
MINUS = r"(?P<minus>(?<![\w%°.])-)?"
TO = r"\s?(?:-|–|—|~)\s?"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH = "|".join(rf"{name}|{name[:3]}\.?" for name in _MONTHS) + r"|Sept\.?"
_DAYS = {
    name[:3]: name for name in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
}
_DAY = r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\b\.?"
_FRACTIONS = {
    "1/2": "half", "1/3": "a third", "2/3": "two thirds", "1/4": "a quarter", "3/4": "three quarters",
}  # fmt: skip
_SIZE = r"(?:\d?X{0,4}[SL]|M)"
_SIZES = {"k": "thousand", "m": "million", "b": "billion", "": ""}
_COUNTED = (
    r"(?=\+?\s(?:\w+\s)?(?:sold|followers?|views?|viewers?|likes?|users?|customers?|people|downloads?|plays?|fans|orders?|"
    r"reviews?|ratings?|sales|dollars|subscribers?|shoppers?|hearts?|shares?|comments?|units|bottles|pairs|pieces)\b)"
)
_NOUN = (
    r"(?=[ -](?!(?:of|that|which|who|is|are|was|for|to|and|or|per|in|on|at|off|from|a|an|the|with|each|more|less|left|total|"
    r"net|long|wide|tall|high|deep|thick|away|apart|now|today|only|heavier|lighter|by|times|plus|x|than|so|if|when|it|i|you|"
    r"we|they|here|there|max|maximum|minimum|fast|free|zero|one|two|three|four|five|six|seven|eight|nine|ten|[a-z]+ly)\b)[a-z])"
)
"""A noun described by the measure before it: a 65W charger is a sixty-five watt charger."""
_LASTS = r"(?:°|℃|(?i:h|hrs?|mins?|s|secs?|ms)(?![A-Za-z]))"
"""Units that stay plural before a noun: in 24h worldwide."""
_SHARED = (
    r"\s?-?(?:in\.|(?:inch(?:es)?|cups?|tsps?|tbsps?|teaspoons?|tablespoons?|ounces?|oz|lbs?|pounds?|miles?|mm|cm|carats?|scale)\b)"
    r"|\sof\s(?!this|next|last|20)|\sas\s(?:much|many|thick|thin|heavy|big|wide|long|small)"
    r"|\sthe\s(?:size|weight|price|cost|thickness|width|length|amount|volume|time)\b"
)
"""Text after a fraction that could not follow a date."""
_ABBREVIATIONS = {
    r"\bw/o\b": "without", r"\bw/\s?": "with ", r"\bvs\.?(?=\s)": "versus", r"\be\.g\.": "for example",
    r"\bi\.e\.": "that is", r"\b[aA]pprox\.": "about", r"\b[mM]ax\.": "maximum", r"\b[mM]in\.(?=\s\d)": "minimum",
    r"\b[iI]ncl\.": "including", r"\b[eE]xcl\.": "excluding", r"\bMr\.?(?=\s|$)": "Mister", r"\bMrs\.?(?!\w)": "Missis",
    r"\bDr\.(?=\s[A-Z])": "Doctor", r"\b[qQ]ty\.?(?!\w)": "quantity", r"\b[eE]st\.(?=\s\d{4})": "established",
    r"\bProf\.(?=\s[A-Z])": "Professor", r"\bRev\.(?=\s[A-Z])": "Reverend", r"\bMt\.(?=\s[A-Z])": "Mount",
    r"\bFt\.(?=\s[A-Z])": "Fort", r"\b[dD]ept\.": "department", r"\b[aA]pt\.(?=\s\d)": "apartment",
    # at the end of a text their point also ends the sentence
    **{
        rf"\b{short}(?:\.(?!\s*$)|(?=\.\s*$))": long
        for short, long in (
            ("Ave", "Avenue"), ("Blvd", "Boulevard"), ("Rd", "Road"), ("Jr", "Junior"), ("Sr", "Senior"), ("Inc", "Incorporated"),
            ("Ltd", "Limited"), ("Corp", "Corporation"), ("Co", "Company"),
        )
    },
    r"\band/or\b": "and or", r"\betc\.": "et cetera", r"\b[eE]a\.": "each", r"\bpp\b": "per person",
}  # fmt: skip
_PER = {"mo": "month", "yr": "year", "wk": "week", "hr": "hour", "pp": "person", "ea": "piece", "ct": "count"}


# ---- numbers ---------------------------------------------------------------------------------------


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
    said = f"{number(str(int(whole)))} {one if int(whole) == 1 else several}"
    if small == 1:
        return f"{said} and one {cent}"
    return f"{said} {'oh ' if 0 < small < 10 else ''}{english(small)}" if small else said


def price(match: Match[str]) -> str:
    size = _SIZES[(match["size"] or "").lower()]
    if size:
        return f"{number(match['n'])} {size} {word_list().currencies[match['sign']].en[1]}"
    return money(match["sign"], match["n"])


def price_span(match: Match[str]) -> str:
    """$10-$20: ten to twenty dollars."""
    several = word_list().currencies[match["sign"]].en[1]
    low, high = plain(match["a"]), plain(match["b"])
    if "." in low or "." in high:
        return f"{money(match['sign'], low)} to {money(match['sign'], high)}"
    return f"{number(match['a'])} to {number(match['b'])} {several}"


def per(match: Match[str]) -> str:
    """$3/lb: three dollars a pound."""
    known = word_list().units.get(match["of"])
    word = known.en[0] if known else _PER.get(match["of"], match["of"])
    return f"{match['price']} {'an' if word[0] in 'aeiou' or word == 'hour' else 'a'} {word}"


def measured(match: Match[str]) -> str:
    one, several = word_list().unit(match["unit"]).en
    single = plain(match["n"]) == "1" or match["joint"] == "-" or match["noun"] is not None
    said = f"{number(match['n'])} {one if single else several}"
    return f"minus {said}" if match["minus"] else said


def inches(match: Match[str]) -> str:
    """15.6" is inches, unless the mark closes a quotation."""
    before = match.string[: match.start()]
    if len(re.findall(r'(?<![\w.])"', before)) > len(re.findall(r'(?<=[A-Za-z.!?,])"', before)):
        return match[0]
    one = plain(match["n"]) == "1" or re.match(
        r"\s(?!by\b|long|wide|tall|high)[a-z]", match.string[match.end() :]
    )
    return f"{number(match['n'])} {'inch' if one else 'inches'}"


# ---- dates and times -------------------------------------------------------------------------------


def clock(match: Match[str]) -> str:
    hour, minute, half = int(match["hour"]), match["minute"], (match["half"] or "").replace(".", "").lower()
    if not half and hour > 12:
        hour, half = hour - 12, "pm"
    said = english(hour)
    if minute and int(minute):
        said += f" {'oh ' if int(minute) < 10 else ''}{english(int(minute))}"
    second = int(match["second"] or 0)
    if second:
        exact = said if minute and int(minute) else f"{said} o'clock"
        said = f"{exact} and {english(second)} second{'' if second == 1 else 's'}"
    if half:
        return f"{said} {half[0].upper()}-M"
    return said if second or (minute and int(minute)) else f"{said} o'clock"


def countdown(match: Match[str]) -> str:
    """00:45 is forty-five seconds."""
    parts = [
        f"{english(count)} {name}{'' if count == 1 else 's'}"
        for part, name in (("h", "hour"), ("m", "minute"), ("s", "second"))
        if (count := int(match[part] or 0))
    ]
    return f"{match['cue'] or ''}{' '.join(parts) or 'zero seconds'}{match['after'] or ''}"


def day(match: Match[str]) -> str:
    month, date = int(match["m"]), int(match["d"])
    if month > 12:
        month, date = date, month
    if not (1 <= month <= 12 and 1 <= date <= 31):
        return " ".join(number(match[part]) for part in "ymd")
    return f"{_MONTHS[month - 1]} {english_ordinal(date)}, {english_year(int(match['y']))}"


def month_of(written: str) -> str:
    return next(name for name in _MONTHS if name.startswith(written[:3]))


def decade(match: Match[str]) -> str:
    """1990s is nineteen nineties."""
    tens = english(int(match["tens"]) * 10) if match["tens"] != "0" else "hundred"
    century = f"{english(int(match['century']))} " if match["century"] else ""
    return f"{century}{tens.removesuffix('y')}{'ies' if tens.endswith('y') else 's'}"


# ---- codes -----------------------------------------------------------------------------------------


def code_digits(digits: str) -> str:
    """The digits of a model name: twelve, one hundred, two oh one, forty sixty."""
    if "." in digits or digits.startswith("0"):
        return number_words(digits, "en") if "." in digits else digit_words(digits, "en")
    if len(digits) == 4 and digits[1:] != "000":
        first, second = int(digits[:2]), int(digits[2:])
        last = "hundred" if not second else f"oh {english(second)}" if second < 10 else english(second)
        return f"{english(first)} {last}"
    if len(digits) < 3 or digits.endswith("00"):
        return number(digits)
    return digit_words(digits, "en").replace("zero", "oh")


def code(match: Match[str]) -> str:
    """Letters and digits of a model name: IPX7, SPF50, iPhone15, A2300."""
    head, digits, tail = match[1], match[2], match[3]
    if head.upper() == "IP":
        said = digit_words(digits, "en")
    elif re.fullmatch(r"(?:19|20)\d\d", digits) and not head.isupper():
        said = english_year(int(digits))
    else:
        said = code_digits(digits)
    rest = [code_digits(part) if part.isdigit() else part for part in re.findall(r"\d+|[A-Za-z]+", tail)]
    return " ".join([head, said, *rest])


def telephone(match: Match[str]) -> str:
    digits = digit_words(re.sub(r"\D", "", match[0]), "en")
    return f"plus {digits}" if match[0].startswith("+") else digits


def fraction(match: Match[str]) -> str:
    """3/8: three eighths; 120/80: one hundred and twenty over eighty."""
    part, whole = int(match["part"]), int(match["whole"])
    return parted(part, whole) if part < whole in PARTS else f"{english(part)} over {english(whole)}"


def parted(part: int, whole: int) -> str:
    plural = "" if part == 1 else "s"
    return _FRACTIONS.get(f"{part}/{whole}") or f"{english(part)} {english_ordinal(whole)}{plural}"


def share(match: Match[str]) -> str:
    """A fraction that could be a date but has a measure after it: 5 1/16 inches."""
    part, whole = int(match["part"]), int(match["whole"])
    if part >= whole:
        return match[0]
    count = f"{number(match['count'])} and " if match["count"] else ""
    return f"{count}{parted(part, whole)}{' inch' if match['mark'] else ''}"


def mixed(match: Match[str]) -> str:
    """1 1/2: one and a half."""
    part = _FRACTIONS[match[2]]
    return f"{number(match[1])} and {'a half' if part == 'half' else part}"


# ---- rules -----------------------------------------------------------------------------------------


def _streets() -> list[Rule]:
    """St. is Saint before a name. It is Street after a name that follows a number or a preposition, or if no
    name follows it."""
    name = r"(?:(?:[A-Z]\w+|\d+(?:st|nd|rd|th))\s){1,3}"
    return [
        rule(rf"\b((?:\d+|[oO]n|[aA]t|[oO]ff|[iI]n|[fF]rom|[nN]ear|[dD]own|[oO]f)\s{name})St\b(?:\.(?!\s*$))?", lambda m: f"{m[1]}Street"),
        rule(r"\bSt\b\.?(?=\s[A-Z][a-z])", lambda m: "Saint"),
        rule(r"(?:(?<=\w\s)|\b(?=St\.))St\b(?:\.(?!\s*$))?", lambda m: "Street"),
    ]  # fmt: skip


def _words() -> list[Rule]:
    """Abbreviations, comparisons, sizes."""
    return [
        rule(r"\d{20,}", lambda m: digit_words(m[0], "en")),
        *(rule(pattern, lambda m, said=said: said) for pattern, said in _ABBREVIATIONS.items()),  # type: ignore[misc]
        *_streets(),
        *comparisons(
            "$£€", plus_minus="plus or minus ", at_least="at least ", at_most="at most ", more="more than ", less="less than ", about="about "
        ),
        rule(r"\s*=+\s*(?=[\w$£€])", lambda m: " equals "),
        rule(rf"(?<![A-Za-z\d-])({_SIZE}){TO}(?={_SIZE}(?![A-Za-z\d-]))", lambda m: f"{m[1]} to "),
        rule(r"(?<![A-Za-z\d])([2-9])XL(?![A-Za-z])", lambda m: f"{english(int(m[1]))} X-L"),
        rule(r"(?<!\d)(201|304|316|410|430)(?=L?[- ](?:stainless|steel|grade))",
             lambda m: digit_words(m[1], "en").replace("zero", "oh")),
        rule(r"(?<!\d)(9\d\d|750)(?=\s(?:sterling|silver|gold))", lambda m: digit_words(m[1], "en")),
        rule(r"(?<!\d)24\s*/\s*7(?!\d)", lambda m: "twenty-four seven"),
        rule(r"(?<!\d)50\s*/\s*50(?!\d)", lambda m: "fifty fifty"),
        rule(r"(?<!\d)(\d\d)(?=VIP)", lambda m: f"{english(int(m[1]))} "),
        rule(r"(?<![\w.])(\d+)-in-(\d+)(?!\d)", lambda m: f"{english(int(m[1]))}-in-{english(int(m[2]))}"),
    ]  # fmt: skip


def _dates() -> list[Rule]:
    return [
        rule(r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<j>[-/.])(?P<m>[01]?\d)(?P=j)(?P<d>[0-3]?\d)(?!\d)", day),
        rule(r"(?<!\d)(?P<m>[0-3]?\d)(?P<j>[-/.])(?P<d>[0-3]?\d)(?P=j)(?P<y>(?:19|20)\d\d)(?!\d)", day),
        rule(r"(?<![\d/])(0[1-9]|1[0-2])/(20\d\d)(?![\d/])", lambda m: f"{_MONTHS[int(m[1]) - 1]} {english_year(int(m[2]))}"),
        rule(rf"\b({_DAY}){TO}({_DAY})", lambda m: f"{_DAYS[m[1][:3]]} to {_DAYS[m[2][:3]]}"),
        rule(rf"\b({_DAY}),?\s(?=(?:{_MONTH}|\d{{1,2}}\s|the\s\d))", lambda m: f"{_DAYS[m[1][:3]]}, "),
        rule(rf"\b({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?{TO}(\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[.:]\d)",
             lambda m: f"{month_of(m[1])} {english_ordinal(int(m[2]))} to {english_ordinal(int(m[3]))}"),
        rule(rf"\b({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[.:]\d|%|\s?[ap]\.?m)",
             lambda m: f"{month_of(m[1])} {english_ordinal(int(m[2]))}"),
        rule(rf"(?<![\d.])(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\b(?!\s[a-z])",
             lambda m: f"the {english_ordinal(int(m[1]))} of {month_of(m[2])}"),
        rule(rf"(?<![\d/.])(?:(?P<count>\d{{1,3}})[ -])?(?P<part>\d{{1,2}})/(?P<whole>1[1-9]|[2-9]\d)(?:(?P<mark>\s?(?:\"|''))|(?={_SHARED}))", share),
        rule(r"(?<=than )(?P<count>)(?P<mark>)(?P<part>\d{1,2})/(?P<whole>1[1-9]|[2-9]\d)(?![\d/.])", share),
        rule(r"(?<![\d/.])(0?[1-9]|1[0-2])/(1[1-9]|2\d|3[01])(?![\d/.])",
             lambda m: f"{_MONTHS[int(m[1]) - 1]} {english_ordinal(int(m[2]))}"),
        rule(r"(?<![\w$£€])(?P<century>1[89]|20)(?P<tens>\d)0'?s\b", decade),
        rule(r"(?:(?<=\bthe )'?|')(?P<century>)(?P<tens>[2-9])0'?s\b", decade),
        rule(r"\b(\d+)(?:st|nd|rd|th|ST|ND|RD|TH)\b", lambda m: english_ordinal(int(m[1]))),
    ]  # fmt: skip


def _times() -> list[Rule]:
    half = r"\s*(?P<half>[aApP]\.?[mM]\b\.?(?!\w))"
    return [
        rule(r"(?P<cue>\b(?:(?:ends?|starts?|closes?|begins?|live|back)\s)?in\s|\b[cC]ountdown:?\s|\b[tT]imer:?\s)"
             r"(?:(?P<h>\d{1,3}):)?(?P<m>\d{1,2}):(?P<s>[0-5]\d)(?![\d:])(?P<after>)", countdown),
        rule(r"(?<![\d:])(?P<cue>)(?:(?P<h>\d{1,3}):)?(?P<m>\d{1,2}):(?P<s>[0-5]\d)(?![\d:])(?P<after>\s(?:left|remaining|to go))",
             countdown),
        rule(rf"(?<![\d:$€£.])(\d{{1,2}})(?::(\d\d))?{TO}(?=\d{{1,2}}(?::\d\d)?{half})",
             lambda m: f"{english(int(m[1]))}{f' {english(int(m[2]))}' if m[2] and int(m[2]) else ''} to "),
        rule(rf"(?<![\d:$€£])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?:{half})?(?![\d:])", clock),
        rule(rf"(?<![\d:$€£.])(?P<hour>[01]?\d)(?P<minute>)(?P<second>){half}", clock),
        rule(rf"(?<=[AP]-M){TO}(?=[a-z])", lambda m: " to "),
        initials(),
        rule(r"(?<![\w.])(\d{1,2})\s?h\s?(\d\d)(?!\d)", lambda m: f"{number(m[1])} hour{'' if m[1] == '1' else 's'} {english(int(m[2]))}"),
    ]  # fmt: skip


def _numbers() -> list[Rule]:
    """Telephone numbers, codes, orders of magnitude."""
    return [
        rule(r"(?<![\w.,])(?:\+?\d{1,2}[-. ])?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?!\d)", telephone),
        rule(r"(?<![\w.,])\+\d{1,3}(?:[ -]?\(?\d{1,4}\)?){2,6}(?!\d)", telephone),
        rule(r"(?<![\w.,])0\d{2,4}[- ]\d{3,4}[- ]?\d{3,4}(?!\d)|(?<![\w.,])\d{3}-\d{4}(?!\d)", telephone),
        rule(r"(\b(?:(?:order|tracking|ticket|ref(?:erence)?|serial|account|item)(?:\s(?:number|no\.?))|PIN|pin|SKU|sku|[pP]asscode|"
             r"[zZ]ip(?:\scode)?|[cC]ode)[:\s]\s?#?)(\d{4,})(?![\d.,])", lambda m: m[1] + digit_words(m[2], "en")),
        rule(rf"{START}({N})\s?([kKmMbB]){_COUNTED}", lambda m: f"{number(m[1])} {_SIZES[m[2].lower()]}"),
        rule(rf"(?<![\w$£€.,])({N})[kK](?=\+)", lambda m: f"{number(m[1])} thousand"),
        rule(r"(?<![\w.])\.(\d+)(?!\d)", lambda m: f"point {digit_words(m[1], 'en')}"),
    ]  # fmt: skip


def _amounts() -> list[Rule]:
    unit, sign = unit_pattern(), currency_pattern()
    return [
        rule(rf"(?P<price>(?:{sign})\s?{M})\s?/\s?(?P<of>[A-Za-z]+)(?![A-Za-z])", per),
        rule(rf"(?P<sign>{sign})\s?(?P<a>{M})\s?(?:-|–|—|~|to)\s?(?:{sign})?\s?(?P<b>{M})(?![kKmM%])", price_span),
        rule(rf"(?:(?<=\ba )(?P<sign>{sign})(?P<n>{N}){_NOUN}|(?P<s>{sign})(?P<v>{N})(?=\s(?:value|gift|voucher|coupon|credit|discount|note|bill)\b))", lambda m: f"{number(m['n'] or m['v'])} {word_list().currencies[m['sign'] or m['s']].en[0]}"),
        rule(rf"(?P<sign>{sign})\s?(?P<n>{M})(?P<size>[kKmMbB](?![A-Za-z]))?", price),
        rule(rf"{START}(?P<n>{M})(?P<size>)\s?(?P<sign>{sign})(?![A-Za-z])", price),
        rule(r"(?<![\w.])(\d+)p(?![A-Za-z\d])(?<!\d\d\dp)", lambda m: f"{english(int(m[1]))} {'penny' if m[1] == '1' else 'pence'}"),
        rule(r"(?<![\w.])(\d+)\s?¢", lambda m: f"{english(int(m[1]))} cent{'' if m[1] == '1' else 's'}"),
        # ranges, products, fractions
        rule(rf"(?<![\w.,-])({N}){TO}(?={N}(?![-\d]))", lambda m: f"{number(m[1])} to "),
        rule(rf"({START}{N}\s?(?:%|{unit})){TO}(?={N})", lambda m: f"{m[1]} to "),
        rule(rf"(?<![\d.])({N})[xX](?![A-Za-z\d])", lambda m: f"{number(m[1])} times"),
        rule(rf"(?<![\w.])({N})\s?[xX×*]\s?(?={N}\s?(?:g|kg|mg|ml|l|L|cl|oz|lbs?|m?Ah|pcs?|W|V)(?![A-Za-z]))", lambda m: f"{number(m[1])} times "),
        rule(rf"(?<=[\d\"])\s?[xX×*]\s?(?={N})", lambda m: " by "),
        rule(rf"(?:\s?×|(?<=[a-zA-Z)])\s[x*]|(?<![A-Za-z\d])x)\s?(?={N})", lambda m: " times "),
        rule(rf"(?<![\d/])({N})/(5|10)(?![\d/.])", lambda m: f"{number(m[1])} out of {number(m[2])}"),
        rule(r"(?<![\w./])(\d+)\s(1/2|1/3|2/3|1/4|3/4)(?![\d/])", mixed),
        rule(r"(?<![\d/])(?P<part>\d{1,2})/(?P<whole>\d{1,3})(?![\d/])", fraction),
        rule(r"(?<!\d)(720|1080|1440|2160)[pP](?![A-Za-z])",
             lambda m: f"{english(int(m[1][:-2]))} {english(int(m[1][-2:]))} P"),
        rule(r"(?<!\d)(\d+):(\d+)(?!\d)", lambda m: f"{number(m[1])} to {number(m[2])}"),
    ]  # fmt: skip


def _measures() -> list[Rule]:
    unit = unit_pattern()
    return [
        rule(rf"{MINUS}{START}({N})\s?%-?", lambda m: f"{'minus ' if m['minus'] else ''}{number(m[2])} percent "),
        rule(rf"(\d'\s?\d{{1,2}}(?:\"|''|”)?){TO}(?=\d')", lambda m: f"{m[1]} to "),
        rule(r"(?<![\w.])(\d)'\s?(\d{1,2})(?:\"|''|”)?(?!\d)", lambda m: f"{english(int(m[1]))} foot {english(int(m[2]))}"),
        rule(rf"(?<![\w.])(?P<n>{N})\s?(?:\"|''|”|(?:in\b(?=\.?(?:$|[,;!?)]))|in\.(?=\s)))", inches),
        rule(rf"(?P<minus>){START}(?P<n>{N})(?P<joint>[- ]?)(?!{_LASTS})(?P<unit>{unit})(?P<noun>){_NOUN}", measured),
        rule(rf"{MINUS}{START}(?P<n>{N})(?P<joint>[- ]?)(?P<unit>{unit})(?P<noun>(?!))?", measured),
        rule(r"(?:\b[Nn][Oo]\.?\s?|#\s?)(\d+)", lambda m: f"number {number(m[1])}"),
        rule(r"(?<![A-Za-z])((?!SPF|UPF)[A-Z]{2,4}) (\d{4})(?![\d.,%A-Za-z])()", code),
        rule(r"(?<![A-Za-z])([A-Za-z]+)-?(\d+(?:\.\d+)?)(?![\d]|\.\d)((?:[A-Za-z]+\d*)*)", code),
        rule(r"(?<![\w.,-])((?:19|20)\d\d)(?![\d,]|\.\d)(?=\s*(?:[.!?,]|$|s\b|[a-z]))",
             lambda m: english_year(int(m[1]))),
        rule(rf"(?<![\w\d])-({N})", lambda m: f"minus {number(m[1])}"),
        rule(rf"({N})(?=[A-Za-z])", lambda m: f"{number(m[1])} "),
        rule(rf"({N})", lambda m: number(m[1])),
        rule(r"\s?\++\s?", lambda m: " plus "),
        rule(r"\s*&\s*", lambda m: " and "),
    ]  # fmt: skip


_READY = [*_words(), *_dates(), *_times(), *_numbers(), *_amounts(), *_measures()]


def speak(text: str) -> str:
    """The spoken form of a text whose signs `plain_signs` has normalised."""
    return tidied(letters(rewritten(text, _READY), "en"), ",")
