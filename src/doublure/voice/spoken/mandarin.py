"""Spoken form in Mandarin: rules that rewrite written text as a host says it."""

from __future__ import annotations

import re
from decimal import Decimal
from re import Match

from doublure.voice.spoken.numerals import han, han_digits, number_words
from doublure.voice.spoken.rules import (
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
from doublure.voice.spoken.signs import HAN

START = r"(?<![\d.])"
TO = r"\s*(?:-|~|—|–)+\s*"
MEASURES = (
    "公斤|公里|公分|毫升|毫米|毫克|毫安|厘米|千克|千米|千瓦|英寸|英尺|平方|立方|小时|分钟|星期|世纪|"
    "个|件|支|瓶|盒|包|袋|双|条|只|款|套|份|张|台|把|块|片|枚|根|杯|碗|箱|桶|罐|颗|粒|本|部|层|倍|口|次|种|位|年|天|周|"
    "岁|米|斤|两|元|毛|角|克|升|吨|兆|匹|分|秒|点|样|名|间|家|对|卷|听|束|朵|顶|副|组|排|页|句|批|度|瓦|伏|万|亿|千|百|半|人|"
    "壶|锅|盘|盆|幅|扇|门|辆|艘|架|座|棵|株|滴|勺|捆|扎|沓|打|提|抽|贴|丸|剂|格|孔|步|招|成|席|节|季|轮|场|波|道|股|串|挂|头|"
    "桌|户|栋|身|色|味|寸|尺|丈|室|厅|卫|面|侧|端|边|晚|夜|餐|顿|遍|趟|圈|单|票|大|小|长|短|重|用|刻"
)
"""Measure words and the like: 2 before them is 两."""
_PACKS = "盒瓶包片支袋罐箱"
_SIZE = r"(?:\d?X{0,5}[SL]|M)"
_OFFER = r"(?:包邮|秒杀|秒|抢|拿|带走|到手|封顶|任选|随便)"
_PRICED = (
    r"(?:券后价?|到手价?|只要|仅需|只需|只卖|仅售|仅要|[原现特单均总定底]价|活动价|秒杀价?|日常价?|直播价|专柜价|标价|价格|"
    r"售价|卖价|拍下|低至|立减|立省|直降|省|卖|折合|差价|定金|尾款|便宜|不到|不用|才|就)"
)
"""Words before an amount of money. A number with a decimal point after them is yuan."""
_CODE = (
    r"(?:Q-?Q群?号?|微信号?|群号|尾号|口令|暗号|密码|验证码|邀请码|券码|兑换码|取件码|货号|款号|型号|编号|单号|订单号?|房间号|"
    r"直播间号|批号|工号|邮编|色号)"
)
_CALL = r"(?:电话|热线|拨打|客服|手机号?|座机|致电)"
_COUNTDOWN = r"(?:倒计时|还剩下?|仅剩|剩余|只剩|最后|还有|距(?:离)?(?:活动|本场|直播)?(?:结束|开始|开抢|开播|下播)(?:还有|仅剩|还剩)?)"
_SHARE_BEFORE = (
    r"(?:的|占|不足|不到|不及|只有|仅有?|约为?|大约|将近|相当于|等于|只剩|剩下|变成|缩小到|少了|多了|薄了)"
)
_SHARE_AFTER = r"\s*(?:英寸|寸|英尺|杯|勺|茶匙|汤匙|的?(?:量|厚度|大小|价格|价钱|重量|体积|用量|长度|面积|容量|浓度|含量|成本|比例))"
_DATED = r"(?:号|日|大促|活动|狂欢|购物节|年中|预售|返场|节|好物|囤货|发货|开抢|开播|开始|结束|之?前|之?后|起|到|至|截止|当天|晚|早|上午|下午|直播|那天)"
"""Text before a fraction, after a fraction, and after a date."""
_MANY = r"(?=\s*\+|像素|多|人|粉|件|单|次|条|个|好评|播放|阅读|观看|收藏|点赞|赞|家|位|用户|订单|销)"
_SOLD = r"(?:月销量?|销量|已售|累计|粉丝|播放量?|热卖|热销|卖出|卖了|总销|观看|点赞|好评|收藏|评价|突破|超过?|破|达|近)"


# ---- numbers ---------------------------------------------------------------------------------------


def number(digits: str) -> str:
    value = plain(digits)
    if len(value) > 1 and value.isdigit() and (value[0] == "0" or len(value) >= 9):
        return han_digits(value)
    return number_words(value, "zh")


def counted(digits: str) -> str:
    """A number before a measure word."""
    return "两" if plain(digits) == "2" else number(digits)


def yuan(digits: str) -> str:
    """59.9 is 五十九块九, 0.5 is 五毛, 59 is 五十九元."""
    whole, _, part = plain(digits).partition(".")
    tenths, cents = (int(digit) for digit in (part + "00")[:2])
    count = counted(str(int(whole)))
    if tenths == cents == 0:
        return f"{count}元"
    if int(whole) == 0 and not tenths:
        return f"{counted(str(cents))}分钱"
    if int(whole) == 0:
        return f"{counted(str(tenths))}毛" + (han(cents) if cents else "")
    if cents == 0:
        return f"{count}块{han(tenths)}"
    return f"{count}块" + (
        f"{counted(str(tenths))}毛{han(cents)}" if tenths else f"零{counted(str(cents))}分"
    )


def money(sign: str, digits: str, many: str = "") -> str:
    """An amount of money; `many` is 万 or the like after its digits."""
    name = word_list().currencies[sign].zh
    value = plain(digits)
    if name == "元" and not many:
        return yuan(digits)
    return counted(value.rstrip("0").rstrip(".") if "." in value else value) + many + name


def magnitude(match: Match[str]) -> str:
    """10w is 十万, 1.5k is 一千五百."""
    if match["size"] in "wW":
        return f"{counted(match['n'])}万"
    return counted(f"{(Decimal(plain(match['n'])) * 1000).normalize():f}")


# ---- dates and times -------------------------------------------------------------------------------


def day(match: Match[str]) -> str:
    return f"{han_digits(match['y'])}年{han(int(match['m']))}月{han(int(match['d']))}日"


def share(match: Match[str]) -> str:
    """1/16 is a sixteenth if the words around it show that it is a fraction."""
    part, whole = int(match["part"]), int(match["whole"])
    return f"{match['before'] or ''}{han(whole)}分之{han(part)}" if part < whole else match[0]


def festival(match: Match[str]) -> str:
    """11.11 is 双十一, 6.18 is 六一八."""
    month, date = match[1], match[2]
    return f"双{han(int(month))}" if month == date and len(month) == 2 else han_digits(month + date)


def clock(match: Match[str]) -> str:
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), (match["half"] or "").lower()
    part = "上午" if half == "a" else "" if not half else "晚上" if 6 <= hour < 12 else "下午"
    second = int(match["second"] or 0)
    said = f"{part}{counted(str(hour))}点"
    if minute == 30 and not second:
        return f"{said}半"
    if minute or second:
        said += ("零" if 0 < minute < 10 else "") + f"{han(minute)}分"
    return said + (("零" if second < 10 else "") + f"{han(second)}秒" if second else "")


def countdown(match: Match[str]) -> str:
    """00:59 is 五十九秒, 05:00 is 五分钟."""
    hours, minutes, seconds = (int(match[part] or 0) for part in ("h", "m", "s"))
    said = f"{counted(str(hours))}小时" if hours else ""
    if minutes:
        said += f"{counted(str(minutes))}分" + ("" if seconds or hours else "钟")
    if seconds or not said:
        said += f"{counted(str(seconds))}秒"
    return f"{match['cue']}{said}"


# ---- the rest --------------------------------------------------------------------------------------


def measured(match: Match[str]) -> str:
    below = ("零下" if match["unit"] in {"°C", "℃", "°", "度"} else "负") if match["minus"] else ""
    known = "度" if match["unit"] == "度" else word_list().unit(match["unit"]).zh
    return below + counted(match["n"]) + known


def percent(match: Match[str]) -> str:
    said = "百分之百" if plain(match["n"]) == "100" else f"百分之{number(match['n'])}"
    return f"负{said}" if match["minus"] else said


def span(match: Match[str]) -> str:
    """A range. Its second number is left to later rules, which know its unit."""
    after = match.string[match.end() :]
    sign, low = match["left"] or match["right"], match["a"]
    if match["minus"]:
        below = "零下" if re.match(r"\s*(?:度|°|℃)", after) else "负"
        return f"{below}{number(low)}到{match['b']}"
    if "." in low and (
        (sign and word_list().currencies[sign].zh == "元") or re.match(r"\s*(?:元|块)", after)
    ):
        said = yuan(low)
    else:
        measure = sign or re.match(rf"\s*(?:{MEASURES}|{unit_pattern()})", after)
        said = counted(low) if measure else number(low)
    return f"{said}到{sign or ''}{match['b']}"


def code(match: Match[str]) -> str:
    """Letters and digits of a model name: IP68 is IP六八, iPhone15 is iPhone十五, X100 is X一百."""
    head, digits, tail = match[1], match[2], match[3]
    said = number_words(digits, "zh") if "." in digits else han_digits(digits)
    whole = len(digits) < 3 or (len(digits) == 3 and digits.endswith("00"))
    if whole and "." not in digits and not digits.startswith("0") and head.upper() not in {"IP", "N", "KN"}:
        said = han(int(digits))
    rest = [han_digits(part) if part.isdigit() else part for part in re.findall(r"\d+|[A-Za-z]+", tail)]
    return " ".join([head, said, *rest])


def sizes(match: Match[str]) -> str:
    """XXL and 2XL are 双X-L, as hosts say it."""
    count = int(match[1]) if match[1].isdigit() else len(match[1])
    return ("双" if count == 2 else han(count)) + "X-L"


def _codes() -> list[Rule]:
    """Comparisons; sizes, telephone numbers and codes, whose digits are not numbers."""
    return [
        rule(r"\d{20,}", lambda m: han_digits(m[0])),
        *comparisons("", plus_minus="正负", at_least="大于等于", at_most="小于等于", more="大于", less="小于", about="约等于"),
        initials(),
        rule(rf"(?<![A-Za-z\d])({_SIZE})(?:{TO}|至)(?!\1(?![A-Za-z\d]))(?={_SIZE}(?![A-Za-z\d]))", lambda m: f"{m[1]}到"),
        rule(r"(?<![A-Za-z\d])([2-9])XL(?![A-Za-z])", sizes),
        rule(r"(?<![A-Za-z\d])(X{2,5})L(?![A-Za-z])", sizes),
        rule(r"(?<!\d)(1[3-9]\d)/(\d{2,3})(?=[A-E](?![A-Za-z\d]))",
             lambda m: han_digits(m[1]) + han_digits(m[2])),
        rule(r"(?<!\d)(1[3-9]\d/\d{2,3}|[678][05]|9[05])([A-G])(?![A-Za-z\d])",
             lambda m: f"{han(int(m[1]))}{m[2]}"),
        rule(r"(?<![A-Za-z\d])([A-Za-z]{1,4}\d{1,2})-(\d{3,})(?=[A-Za-z]{0,3}(?![A-Za-z\d]))",
             lambda m: f"{m[1]}，{han_digits(m[2])}"),
        rule(r"(?<![A-Za-z\d])(\d)C(\d)A(?![A-Za-z\d])",
             lambda m: f"{'两' if m[1] == '2' else han(int(m[1]))}C{'两' if m[2] == '2' else han(int(m[2]))}A"),
        rule(r"(?<!\d)(\d\d)(?=(?:SS|AW|FW)(?![A-Za-z]))", lambda m: han_digits(m[1])),
        rule(r"(?<![A-Za-z\d])(\d)([A-Z])(\d)(?![\dA-Za-z])", lambda m: f"{han(int(m[1]))}{m[2]} {han(int(m[3]))}"),
        rule(r"(?<![\d.])(\d{2,})(?=VIP)", lambda m: han_digits(m[1])),
        rule(r"(?<!\d)(?:\+?(86)[- ]?)?(1[3-9]\d([- ]?)\d{4}\3\d{4}|[48]00([- ]?)\d{3}\4\d{4}|0\d{2,3}[- ]\d{4}[- ]?\d{3,4})(?!\d)",
             lambda m: ("加八六" if m[1] else "") + han_digits(re.sub(r"\D", "", m[2]), telephone=True)),
        rule(rf"({_CALL}[:：]?\s*)(\d{{3,8}})(?!\d|[.,:]\d|\s*(?:{MEASURES}|%))",
             lambda m: m[1] + han_digits(m[2], telephone=True)),
        rule(rf"({_CODE}[:：是为]?\s*)([A-Za-z]{{0,4}})-?(\d{{2,}})(?![\d.,])",
             lambda m: f"{m[1]}{m[2]}{' ' if m[2] else ''}{han_digits(m[3])}"),
        rule(r"(?<!\d)(201|304|316|410|420|430)(?=L?(?:医用|食品级|\s)*(?:不锈钢|钢))", lambda m: han_digits(m[1])),
        rule(r"(?<!\d)(9\d\d|750)(?=\s*(?:纯银|足银|银|足金|纯金|金|铂))", lambda m: han_digits(m[1])),
        rule(rf"(?<![\d.¥$€£满减省送])(618|828|315|520|1111|1212)(?!\d|[.,]\d|\s*(?!大促|节)(?:{MEASURES}|{unit_pattern()}))",
             lambda m: han_digits(m[1]) if len(m[1]) == 3 else f"双{han(int(m[1][2:]))}"),
        rule(r"(?<![\d.¥$€£A-Za-z满减省送赠价抵要])(6{3,}|8{3,}|1{3,}|2?3{3,})(?=\W|$|主播|老铁|家人|啊|了|走起|刷|扣)(?![.,:]\d|\s*[%¥$€£×*/-])",
             lambda m: han_digits(m[1])),
        rule(r"(?<![\d:：])([56789]0|[6789]5|00)(?=后(?!天|面|来))", lambda m: han_digits(m[1])),
        rule(r"(?<!\d)(54321|4321|321)(?=[\s，,！!]*(?:上|开|抢|拍|走|冲|来|go|GO))", lambda m: han_digits(m[1])),
    ]  # fmt: skip


def _dates() -> list[Rule]:
    month, date = r"0?[1-9]|1[0-2]", r"0?[1-9]|[12]\d|3[01]"
    return [
        rule(rf"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<s>[-/.])(?P<m>{month})(?P=s)(?P<d>{date})(?!\d)", day),
        rule(rf"(?<![\d.])(?P<y>20\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d|[.,]\d|\s*(?:{MEASURES}))", day),
        rule(r"(?<![\d.])((?:19|20)\d\d)[-/.](0[1-9]|1[0-2])(?![\d./-])",
             lambda m: f"{han_digits(m[1])}年{han(int(m[2]))}月"),
        rule(rf"(?<!\d)((?:19|20)\d\d)(?:{TO}|[/至到])(?=(?:19|20)\d\d\s*(?:年|款|新款|版|秋|冬|春|夏))",
             lambda m: f"{han_digits(m[1])}到"),
        rule(r"(?<!\d)((?:19|20)\d\d)(?=\s*(?:年|款|新款|新品|版|秋|冬|春|夏|早))", lambda m: han_digits(m[1])),
        rule(r"(?<!\d)(\d\d)(?=年(?:新|款|春|夏|秋|冬|早|最新|[上下]半年|\d{1,2}月))", lambda m: han_digits(m[1])),
        rule(rf"(?P<before>{_SHARE_BEFORE}\s*)(?P<part>\d{{1,2}})/(?P<whole>\d{{1,3}})(?![\d/.]|\s*{_DATED})", share),
        rule(rf"(?P<before>)(?<![\d/.])(?P<part>\d{{1,2}})/(?P<whole>\d{{1,3}})(?={_SHARE_AFTER})", share),
        rule(r"(?<![\d.])(11|12|5|6|8)[./](11|12|20|18)(?=[\u4e00-\u9fff](?<![元块折米倍斤升克万寸]))", festival),
        rule(r"(?<![\d.])(1[0-2]|[1-9])[./](1[0-2]|[123]?\d)(?=\s*(?:大促|狂欢|购物节|年中|预售|返场|节|活动|好物|囤货))", festival),
        rule(rf"(?<![\d/.])({month})/(1[1-9]|2\d|3[01])(?![\d/.])", lambda m: f"{han(int(m[1]))}月{han(int(m[2]))}日"),
        rule(rf"(?<![\d.:：])(\d{{1,2}})(?:{TO}|至)(?=\d{{1,2}}\s*[月日号](?!内))", lambda m: f"{han(int(m[1]))}到"),
        rule(r"(?<![月\d])(0\d)(?=\s*号)", lambda m: han_digits(m[1])),
        rule(r"(?<![\d.])(\d{1,2})(?=\s*[月日号](?!内))", lambda m: han(int(m[1]))),
        rule(rf"(周|星期|礼拜)([1-7])(?![\d.]|\s*(?:{MEASURES}|折))", lambda m: f"{m[1]}{han(int(m[2]))}"),
    ]  # fmt: skip


def _times() -> list[Rule]:
    colon = "[:：]"
    half = r"(?:\s*(?P<half>[aApP])\.?[mM]\.?(?![A-Za-z]))"
    return [
        rule(rf"(?P<cue>{_COUNTDOWN}\s*[:：]?\s*)(?:(?P<h>\d{{1,3}}){colon})?(?P<m>\d{{1,2}}){colon}(?P<s>[0-5]\d)(?![\d:])", countdown),
        rule(rf"(?<![\d:])(?P<cue>)(?P<h>\d{{1,3}}){colon}(?P<m>[0-5]\d){colon}(?P<s>[0-5]\d)(?=\s*(?:之?[后内]|结束|下播))", countdown),
        rule(rf"(?<![\d:])(?P<hour>[01]?\d|2[0-4]){colon}(?P<minute>[0-5]\d)(?:{colon}(?P<second>[0-5]\d))?(?![\d:]){half}?", clock),
        rule(rf"(?<![\d:.])(?P<hour>1[0-2]|[1-9])(?P<minute>)(?P<second>){half}", clock),
        rule(r"(?<!\d)24\s*/\s*7(?!\d)", lambda m: "全天"),
    ]  # fmt: skip


def _offers() -> list[Rule]:
    return [
        rule(rf"{START}(\d(?:\.\d)?|\d\d){TO}(?=(?:\d(?:\.\d)?|\d\d)\s*折)", lambda m: f"{han_digits(m[1].replace('.', ''))}到"),
        rule(rf"{START}(\d)(?:\.(\d))?(?=\s*折)", lambda m: han_digits(m[1] + (m[2] or ""))),
        rule(rf"{START}(\d\d)(?=\s*折)", lambda m: han_digits(m[1]) if m[1][1] != "0" else han(int(m[1][0]))),
        rule(rf"((?:满|领)\s*)({N})\s*-\s*(?={N})", lambda m: f"{m[1]}{number(m[2])}减"),
        rule(rf"{START}({N})\s*-\s*(?={N}\s*(?:元|块)?(?:优惠券|消费券|满减券|神券|大额券|券|红包|津贴))", lambda m: f"{number(m[1])}减"),
        rule(r"(买|拍)(\d+)(送|赠|发|免|付|得)(\d+)",
             lambda m: f"{m[1]}{han(int(m[2]))}{m[3]}{han(int(m[4]))}".replace("两", "二")),
        rule(r"(第|初|NO\.?\s?|No\.?\s?)(\d+)",
             lambda m: ("第" if m[1][0] == "N" else m[1]) + number_words(m[2], "zh")),
        rule(r"(?<!\d)(\d+)\s*合\s*(\d+)", lambda m: f"{han(int(m[1]))}合{han(int(m[2]))}"),
    ]  # fmt: skip


def _amounts() -> list[Rule]:
    """Ranges and products, then orders of magnitude and money."""
    unit, sign = unit_pattern(), currency_pattern()
    return [
        rule(rf"{START}(?P<n>{N})\s?(?P<size>[wWkK]){_MANY}", magnitude),
        rule(rf"(?<=[数线热度销售粉播卖看赞评藏破超过达近计量丝放出了]){START}(?P<n>{N})\s?(?P<size>[wWkK])(?![A-Za-z\d])", magnitude),
        rule(rf"(?<![\d.])(\d+0)\s?\+(?=\s*(?:{MEASURES}))", lambda m: f"{number(m[1])}多"),
        rule(rf"((?:{sign}\s?{M}|{M}\s?(?:元|块|{sign}(?![A-Za-z])))\s*)/\s*(?=(\d)|[{HAN}])",
             lambda m: m[1] + ("" if m[2] else "一")),
        rule(rf"({START}{N}\s?({unit}))\s*~\s*(?={N}\s?(?!\2){unit})", lambda m: f"{m[1]}，"),
        rule(rf"({START}{N}\s?(?:{unit}|[斤码岁]))\s+(?=\d)", lambda m: f"{m[1]}，"),
        rule(rf"({START}{N}\s*(?:{unit}|{MEASURES}))\s*/\s*(?=(?:{MEASURES})(?!\d))", lambda m: f"{m[1]}一"),
        rule(rf"{START}({N}){TO}({N})\s*%", lambda m: f"百分之{number(m[1])}到{number(m[2])}"),
        rule(rf"(?P<left>{sign})?(?:(?P<minus>(?<![\w%°℃])-)|(?<![\d.A-Za-z-])(?<![A-Za-z]-))(?P<a>{N})(?:{TO})(?P<right>{sign})?(?P<b>-?{N})(?!-?\d)", span),
        rule(rf"({START}{N}\s*(?:{unit}|[{HAN})])?)\s*[xX*×]\s*(?={N})", lambda m: f"{m[1]}乘"),
        # a capital X after a word is part of a model name, unless packs are counted
        rule(rf"\s*×\s*(?={N})|(?<=[{HAN})])[x*](?={N})|(?<=[{_PACKS}装)])X(?={N})|(?<=[{HAN}])X(?={N}[{_PACKS}])"
             rf"|(?<=\s)[x*](?={N})", lambda m: "乘"),
        rule(rf"({sign})\s?({M})\s?(万|亿|千)?", lambda m: money(m[1], m[2], m[3] or "")),
        rule(rf"{START}({M})\s?元", lambda m: yuan(m[1])),
        rule(rf"{START}(\d+\.\d{{1,2}})\s?块(?:钱)?", lambda m: yuan(m[1])),
        rule(r"(?<!\d)(720|1080|1440|2160)(?=[pP](?![A-Za-z]))", lambda m: han_digits(m[1])),
        rule(rf"{START}({M})\s?({sign})(?![A-Za-z])", lambda m: money(m[2], m[1])),
        rule(rf"({_PRICED}[:：]?\s*)(\d+\.\d{{1,2}})(?![\d.%A-Za-z℃°]|\s*(?:{MEASURES}|折))", lambda m: m[1] + yuan(m[2])),
        rule(rf"{START}(\d+\.\d{{1,2}})(?!\d)(?=\s*(?:{_OFFER}|起(?!步)|[一两二三四五六七八九十\d]+(?:{MEASURES})))", lambda m: yuan(m[1])),
    ]  # fmt: skip


def _measures() -> list[Rule]:
    unit = unit_pattern()
    return [
        rule(rf"{START}(\d+(?:\.\d+)?)(?:[:：](\d+(?:\.\d+)?))+(?!\d)",
             lambda m: "比".join(number_words(part, "zh") for part in re.split("[:：]", m[0]))),
        rule(r"(?<![\d/.])(\d{2,3})\s?/\s?(?=(\d{2,3})(?![\d/]))", lambda m: f"{han(int(m[1]))}，" if int(m[1]) > int(m[2]) else m[0]),
        rule(r"(?<![\d/.])(\d{1,3})/(\d{1,3})(?![\d/])", lambda m: f"{han(int(m[2]))}分之{han(int(m[1]))}"),
        rule(r"(?<=\w)\s*=+\s*(?=\w)", lambda m: "等于"),
        rule(rf"(?P<minus>(?<![\w%°℃])-)?{START}(?P<n>{N})\s*%", percent),
        rule(rf"{START}({N})\s*‰", lambda m: f"千分之{number(m[1])}"),
        rule(rf"{START}(\d+)A(?=[级景类大])", lambda m: f"{number(m[1])}A"),
        rule(rf"(?P<minus>(?<![\w%°℃])-)?{START}(?P<n>{N})\s*(?P<unit>度|{unit})", measured),
        rule(rf"(?<![A-Za-z])([A-Za-z]+)(?:\s(?=\d+(?!\d|\s*(?:{MEASURES})))|-)?(\d+(?:\.\d+)?)(?![\d.])((?:[A-Za-z]+\d*)*)", code),
        rule(r"(?<![\d.])2(?=两)", lambda m: "二"),
        rule(rf"{START}({N})\s*(?=(?:{MEASURES}))", lambda m: counted(m[1])),
        rule(rf"(?<![\w\d])-({N})", lambda m: f"负{number(m[1])}"),
        rule(rf"({N})", lambda m: number(m[1])),
        rule(r"(?<=[A-Za-z])\+{2,}", lambda m: f"{counted(str(len(m[0])))}个加"),
        rule(r"\s+\+\s+|\+", lambda m: "加"),
        rule(r"\s*&\s*", lambda m: "和"),
        rule(rf"(?<=[{HAN}])\s*×\s*", lambda m: "乘"),
        rule(r"(?<=[零一二两三四五六七八九十百千万亿元块毛分钱折日号月年点半度岁斤升克米码成个件名瓦伏赫兹帕寸秒时周天安匹位])"
             r"\s*[-~—–]+\s*(?=[零一二两三四五六七八九十百负周早上中下晚])", lambda m: "到"),
    ]  # fmt: skip


_READY = [*_codes(), *_dates(), *_times(), *_offers(), *_amounts(), *_measures()]
_APART = re.compile(
    rf"(?<=[\w.][{HAN}]) +(?=[{HAN}]\w)|(?<=\d) +(?=[第满买送赠领限仅])|(?<=[折元块钱赠邮]) +(?=\d)"
)
"""Blanks that separate parts of a title or a comment."""


def speak(text: str) -> str:
    """The spoken form of a text whose signs `plain_signs` has normalised."""
    text = _APART.sub("，", re.sub(r"@([\w-]+)\s+(?=\w)", r"\1，", text))
    said = letters(rewritten(text, _READY), "zh")
    said = re.sub(rf"(?<=[{HAN}])\s+(?=[{HAN}])", "", said)
    said = re.sub(rf"(?<=[{HAN}])\s*,\s*|\s*,\s*(?=[{HAN}])", "，", tidied(said, "，"))
    return re.sub(r"([，。！？、：；])\s+", r"\1", said)
