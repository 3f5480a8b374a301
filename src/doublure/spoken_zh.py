"""Spoken form in Mandarin: rules, each from what is written to what a host says."""

from __future__ import annotations

import re
from re import Match

from doublure.numerals import han, han_digits, number_words
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
START = r"(?<![\d.])"
MEASURES = (
    "个|件|支|瓶|盒|包|袋|双|条|只|款|套|份|张|台|把|块|片|枚|根|杯|碗|箱|桶|罐|颗|粒|本|部|层|倍|口|次|种|位|年|天|周|"
    "岁|米|斤|两|元|公斤|公里|公分|毫升|毫米|毫克|毫安|厘米|克|升|小时|分钟|分|秒|点|样|名|间|家|对|卷|听|束|朵|顶|副|组|排|"
    "页|句|批|度|瓦|伏|平方|万|亿|千|半|星期|人"
)
"""Before these 2 is 两."""


def plain(digits: str) -> str:
    """Digits with a point at most."""
    if re.fullmatch(r"\d+,\d{1,2}", digits):
        return digits.replace(",", ".")
    return digits.replace(",", "")


def number(digits: str) -> str:
    value = plain(digits)
    if len(value) > 1 and value.isdigit() and (value[0] == "0" or len(value) >= 9):
        return han_digits(value)
    return number_words(value, "zh")


def counted(digits: str) -> str:
    """Before a measure word."""
    return "两" if plain(digits) == "2" else number(digits)


def yuan(digits: str) -> str:
    """59.9 is 五十九块九, 0.5 is 五毛, 59 is 五十九元."""
    whole, _, part = plain(digits).partition(".")
    tenths, cents = (int(digit) for digit in (part + "00")[:2])
    count = counted(str(int(whole)))
    if tenths == cents == 0:
        return f"{count}元"
    if int(whole) == 0:
        return (f"{counted(str(tenths))}毛" if tenths else "") + (f"{counted(str(cents))}分" if cents else "")
    if cents == 0:
        return f"{count}块{han(tenths)}"
    return f"{count}块" + (
        f"{counted(str(tenths))}毛{han(cents)}" if tenths else f"零{counted(str(cents))}分"
    )


def money(sign: str, digits: str) -> str:
    name = word_list().currencies[sign].zh
    if name == "元":
        return yuan(digits)
    value = plain(digits)
    return counted(value.rstrip("0").rstrip(".") if "." in value else value) + name


def clock(match: Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"])
    said = f"{counted(str(hour))}点"
    if minute == 30:
        return f"{said}半"
    return said + (("零" if minute < 10 else "") + f"{han(minute)}分" if minute else "")


def day(match: Match[str]) -> str:
    return f"{han_digits(match['y'])}年{han(int(match['m']))}月{han(int(match['d']))}日"


def measured(match: Match[str]) -> str:
    below = (
        "零下"
        if match["minus"] and match["unit"] in {"°C", "℃", "°", "度"}
        else "负"
        if match["minus"]
        else ""
    )
    known = "度" if match["unit"] == "度" else word_list().unit(match["unit"]).zh
    return below + counted(match["n"]) + known


def percent(match: Match[str]) -> str:
    return "百分之百" if plain(match[1]) == "100" else f"百分之{number(match[1])}"


def span(match: Match[str]) -> str:
    """A range; its second number is left to the rules that know its unit."""
    left = (
        counted(match["a"])
        if re.match(rf"\s*(?:{MEASURES}|{unit_pattern()})", match.string[match.end() :])
        else ""
    )
    return f"{match['left'] or ''}{left or number(match['a'])}到{match['b']}"


def code(match: Match[str]) -> str:
    """Letters and digits of a model: IP68 is IP六八, iPhone15 is iPhone十五."""
    head, digits = match[1], match[2]
    short = len(digits) < 3 and not digits.startswith("0") and head.upper() != "IP"
    return f"{head} {han(int(digits))}" if short else f"{head} {han_digits(digits)}"


def sizes(match: Match[str]) -> str:
    """XXL and 2XL are 双X-L, as hosts say."""
    count = int(match[1]) if match[1].isdigit() else len(match[1])
    return ("双" if count == 2 else han(count)) + "X-L"


def _rules() -> list[Rule]:
    unit, sign = unit_pattern(), currency_pattern()
    return [
        # sizes and codes that hold digits but are no numbers
        rule(r"(?<![A-Za-z\d])([2-6])XL(?![A-Za-z])", sizes),
        rule(r"(?<![A-Za-z\d])(X{2,5})L(?![A-Za-z])", sizes),
        rule(r"(?<![\d.])(\d{2,})(?=VIP)", lambda m: han_digits(m[1])),
        rule(r"(?<!\d)(1[3-9]\d{9}|400[- ]?\d{3}[- ]?\d{4}|0\d{2,3}-\d{7,8})(?!\d)",
             lambda m: han_digits(re.sub(r"\D", "", m[1]), telephone=True)),
        rule(r"(?<!\d)(201|304|316|430)(?=L?(?:医用|食品级|\s)*(?:不锈钢|钢))", lambda m: han_digits(m[1])),
        rule(rf"(?<![\d.¥$€£])(618|828|315|520|1111|1212)(?!\d|[.,]\d|\s*(?:{MEASURES}|{unit}))",
             lambda m: han_digits(m[1]) if len(m[1]) == 3 else f"双{han(int(m[1][2:]))}"),
        rule(r"(?<!\d)([56789]0|[6789]5|00)(?=后(?!天|面|来))", lambda m: han_digits(m[1])),
        # dates and times
        rule(r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/.](?P<m>[01]?\d)[-/.](?P<d>[0-3]?\d)(?!\d)", day),
        rule(r"(?<!\d)((?:19|20)\d\d)(?=\s*(?:年|款|新款|秋|冬|春|夏))", lambda m: han_digits(m[1])),
        rule(r"(\d{1,2})(?=\s*[月日号](?!内))", lambda m: han(int(m[1]))),
        rule(r"(?<![\d:])(?P<hour>[01]?\d|2[0-4])[:：](?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:])", clock),
        rule(r"(?<=[点半分])\s*[-~—–]+\s*(?=[零一两二三四五六七八九十])", lambda m: "到"),
        rule(r"(?<!\d)24\s*/\s*7(?!\d)", lambda m: "全天"),
        # offers
        rule(rf"{START}(\d)(?:\.(\d))?(?=\s*折)", lambda m: han_digits(m[1] + (m[2] or ""))),
        rule(rf"{START}(\d\d)(?=\s*折)", lambda m: han_digits(m[1]) if m[1][1] != "0" else han(int(m[1][0]))),
        rule(r"(买|拍)(\d+)(送|赠|发|免)(\d+)",
             lambda m: f"{m[1]}{han(int(m[2]))}{m[3]}{han(int(m[4]))}".replace("两", "二")),
        rule(r"(第|初|周|星期|NO\.?\s?|No\.?\s?)(\d+)",
             lambda m: ("第" if m[1][0] == "N" else m[1]) + number_words(m[2], "zh")),
        rule(r"(?<!\d)(\d+)\s*合\s*(\d+)", lambda m: f"{han(int(m[1]))}合{han(int(m[2]))}"),
        # ranges, products, ratios, fractions
        rule(rf"(?P<left>{sign})?(?<![\d.A-Za-z-])(?P<a>{N})\s*(?:-|~|—|–|至)+\s*(?P<b>(?:{sign})?{N})(?!-?\d)", span),
        rule(rf"\s*(?:×|(?<=[\d)\u4e00-\u9fff])[xX*]|(?<=\s)[xX*])\s*(?={N})", lambda m: "乘"),
        rule(r"(?<!\d)(\d+)[:：](\d+)(?!\d)", lambda m: f"{han(int(m[1]))}比{han(int(m[2]))}"),
        rule(r"(?<![\d/.])(\d{1,2})/(\d{1,3})(?![\d/])", lambda m: f"{han(int(m[2]))}分之{han(int(m[1]))}"),
        # money
        rule(rf"({sign})\s?({M})", lambda m: money(m[1], m[2])),
        rule(rf"{START}({M})\s?元", lambda m: yuan(m[1])),
        rule(rf"{START}(\d+\.\d{{1,2}})\s?块(?:钱)?", lambda m: yuan(m[1])),
        rule(r"(?<!\d)(720|1080|1440|2160)(?=[pP](?![A-Za-z]))", lambda m: han_digits(m[1])),
        rule(rf"{START}({M})\s?({sign})", lambda m: money(m[2], m[1])),
        rule(r"(?<=[元块角分])\s*/\s*(?=[\u4e00-\u9fff])", lambda m: "一"),
        # percent, measures, codes, whatever is left
        rule(rf"{START}({N})\s*%", percent),
        rule(rf"(?P<minus>(?<![\w\d])-)?{START}(?P<n>{N})\s*(?P<unit>度|{unit})", measured),
        rule(r"(?<![A-Za-z])([A-Za-z]+)[-\s]?(\d+)(?![\d.A-Za-z])", code),
        rule(rf"{START}({N})(?=\s*(?:{MEASURES}))", lambda m: counted(m[1])),
        rule(rf"(?<![\w\d])-({N})", lambda m: f"负{number(m[1])}"),
        rule(rf"({N})", lambda m: number(m[1])),
        rule(r"\+{2,}", lambda m: f"{counted(str(len(m[0])))}个加"),
        rule(r"\+", lambda m: "加"),
        rule(r"\s*&\s*", lambda m: "和"),
        rule(r"(?<=[\u4e00-\u9fff])\s*×\s*", lambda m: "乘"),
    ]  # fmt: skip


_READY = _rules()


def speak(text: str) -> str:
    """The spoken form of a text whose signs are plain."""
    said = letters(rewritten(text, _READY))
    said = re.sub(r"(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", "", said)
    return re.sub(r"([，。！？、：；])\s+", r"\1", tidied(said, "，"))
