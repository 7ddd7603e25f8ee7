"""Words that stand for numbers, units, currencies and times."""

from agents.cache.guards.lexicon.listing import table, words

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_TEENS = "seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = """zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"""

NUMBERS = {
    **{word: value for value, word in enumerate(f"{_ONES} {_TEENS}".split())},
    **{word: 10 * value for value, word in enumerate(_TENS.split(), start=2)},
    **{word: value for value, word in enumerate(_ORDINALS.split())},
    "thirtieth": 30, "dozen": 12,
}  # fmt: skip
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 10**9, "trillion": 10**12}
MULTIPLES = {"half": "½", "quarter": "¼", "twice": "2x", "double": "2x", "triple": "3x", "thrice": "3x"}

_LONG = table("""
    usd: dollar dollars usd bucks | eur: euro euros eur | pound: pounds gbp sterling quid | yen: yen jpy
    cent: cents pence penny | rupee: rupee rupees inr | chf: francs franc chf | yuan: yuan rmb cny | cad: cad
    aud: aud | btc: btc bitcoin bitcoins | eth: eth ethereum | peso: peso pesos mxn | krw: krw | sek: sek
    percent: percent percentage pct
    km: kilometer kilometers kilometre kilometres km kms | m: meter meters metre metres
    cm: centimeter centimeters centimetre centimetres cm | mm: millimeter millimeters millimetre millimetres mm
    mile: mile miles | foot: foot feet ft | inch: inch inches | yard: yard yards
    kg: kilogram kilograms kilo kilos kg kgs | g: gram grams | mg: milligram milligrams mg
    mcg: microgram micrograms mcg | lb: lb lbs | oz: ounce ounces oz | ton: ton tons tonne tonnes
    stone: stones | l: liter liters litre litres | ml: milliliter milliliters millilitre millilitres ml
    gallon: gallon gallons gal | cup: cups | tbsp: tablespoon tablespoons tbsp | tsp: teaspoon teaspoons tsp
    pint: pint pints | quart: quart quarts | acre: acre acres | hectare: hectare hectares
    mph: mph | kph: kph kmh | celsius: celsius centigrade | fahrenheit: fahrenheit | kelvin: kelvin
    degree: degree degrees
    ms: millisecond milliseconds | seconds: seconds secs | minute: minute minutes mins
    hour: hour hours hrs hr | day: day days | week: week weeks | fortnight: fortnight fortnights
    month: month months | quarter: quarters | year: year years yrs yr | decade: decade decades
    century: century centuries
    byte: byte bytes | kb: kilobyte kilobytes kb | mb: megabyte megabytes mb | gb: gigabyte gigabytes gb
    tb: terabyte terabytes tb | bit: bits | mbps: mbps | gbps: gbps
    watt: watt watts | kw: kilowatt kilowatts kw | kwh: kwh | volt: volt volts | amp: amp amps | hz: hertz hz
    mhz: mhz | ghz: ghz | calorie: calorie calories | kcal: kcal | joule: joule joules | decibel: decibel decibels
    pixel: pixel pixels px""")
UNITS = {alias: unit for unit, aliases in _LONG.items() for alias in aliases}
# Too short to be a unit unless a number comes right before.
SHORT_UNITS = {
    "am": "am", "pm": "pm", "a.m": "am", "p.m": "pm", "m": "m", "g": "g", "l": "l", "s": "seconds",
    "sec": "seconds", "second": "seconds", "min": "minute", "h": "hour", "d": "day", "w": "watt", "v": "volt",
    "a": "amp", "c": "celsius", "f": "fahrenheit", "k": "thousand", "in": "inch", "mi": "mile", "pound": "pound",
    "cent": "cent", "x": "times", "times": "times", "b": "billion", "p": "pence", "bn": "billion",
}  # fmt: skip
UNIT_SIGNS = {"$": "usd", "€": "eur", "£": "pound", "¥": "yen", "%": "percent", "₹": "rupee", "°": "degree"}

MONTHS = table("""
    january: jan | february: feb | march: mar | april: apr | may: | june: jun | july: jul | august: aug
    september: sep sept | october: oct | november: nov | december: dec""")
WEEKDAYS = table("""
    monday: mon | tuesday: tue tues | wednesday: wed | thursday: thu thur thurs | friday: fri | saturday: sat
    sunday: sun""")
# Short forms and the months that are also ordinary words: read as dates only where capitalised.
CAPITAL_DATES = {
    **{short: name for name, shorts in (MONTHS | WEEKDAYS).items() for short in shorts},
    "may": "may", "march": "march", "august": "august",
}  # fmt: skip
DATES = (
    frozenset(MONTHS)
    | frozenset(WEEKDAYS)
    | words("""
    today tomorrow yesterday tonight morning afternoon evening night noon midnight midday weekend weekday
    spring summer autumn fall winter christmas easter thanksgiving halloween ramadan diwali hanukkah
    daily weekly monthly quarterly yearly annual annually hourly nightly biweekly biannual
    last next previous upcoming past future former latest recent recently now later soon
    century semester birthday anniversary""")
) - words("may march august fall")
