"""Notes as companies write them, invented, and questions on them: what the weights of extractive compression rest on.

Much in them is alike on purpose: years, totals, the words of accounting. A question is put in other words than its
answer wherever that is how people ask.
"""

from __future__ import annotations

from typing import NamedTuple


class Report(NamedTuple):
    """A document, and for each question what a prompt must hold for it to be answered."""

    text: str
    questions: dict[str, tuple[str, ...]]


REPORTS = (
    Report(
        """## Leases

Alder Freight rents depots, trucks and office space. Depots are rented for seven to twelve years, and most contracts
can be prolonged once by the same term. Trucks are returned after four years. Contracts of less than a year are
charged to expense as they fall due.

| (in thousands) | 2023 | 2022 |
| --- | --- | --- |
| Operating lease cost | 4,310 | 3,985 |
| Short-term lease cost | 212 | 340 |
| Variable lease cost | 655 | 590 |
| Total | 5,177 | 4,915 |

The discount rate averaged 5.4%, against 4.1% a year before. As of year end, payments of $31.2 million were owed
over the remaining terms. A depot in Lyon was given back early in May, for which the landlord kept the deposit of
$180 thousand.""",
        {
            "How long does the company keep its trucks?": ("four years",),
            "What did short-term leases cost in 2022?": ("340",),
            "By how much did the operating lease cost change from 2022 to 2023?": ("4,310", "3,985"),
            "What rate was used to discount the lease payments?": ("5.4%",),
            "What happened to the deposit for the Lyon site?": ("the landlord kept the deposit",),
            "What is the sum of lease costs in both years?": ("5,177", "4,915"),
        },
    ),
    Report(
        """## Revenue by region

Birch Instruments sells through its own staff in Europe and through distributors elsewhere. Revenue is recognised
when the goods leave the warehouse, except for calibration contracts, which are spread over the period of service.
No single customer stood for more than a tenth of sales.

| | Year ended June 30, 2023 | Year ended June 30, 2022 | Year ended June 30, 2021 |
| --- | --- | --- | --- |
| Europe | $ 84.1 | $ 79.6 | $ 75.0 |
| Asia Pacific | 61.7 | 48.2 | 40.9 |
| Americas | 33.3 | 36.8 | 35.1 |
| Other | 4.4 | 3.9 | 4.0 |
| Total revenue | $ 183.5 | $ 168.5 | $ 155.0 |

Growth in Asia Pacific came from two new distributors in Korea and Vietnam. Sales in the Americas fell because a
tender of the Brazilian health ministry was put off. Had exchange rates not moved, total revenue would have risen by
11%.""",
        {
            "Why were sales in the Americas lower?": ("a tender of the Brazilian health ministry was put off",),
            "What was the change in Other between 2022 and 2023?": ("4.4", "3.9"),
            "In which year was Asia Pacific revenue the highest?": ("61.7", "48.2", "40.9"),
            "When does the company recognise revenue for goods?": ("when the goods leave the warehouse",),
            "How fast would revenue have grown at constant currency?": ("11%",),
            "What is Europe's share of total revenue in fiscal 2021?": ("75.0", "155.0"),
        },
    ),
    Report(
        """## Stock-based compensation

Cedar Labs grants options and restricted shares to employees and directors. Options vest over four years, a quarter
after the first and the rest month by month, and lapse after ten. Fair value is found by the Black-Scholes model;
volatility is that of the share itself over the expected life.

| | 2022 | 2021 |
| --- | --- | --- |
| Expected life (in years) | 6.1 | 5.8 |
| Volatility | 47% | 52% |
| Risk-free interest rate | 3.2% | 1.1% |
| Dividend yield | 0% | 0% |
| Weighted-average fair value per option | $7.92 | $9.05 |

At the end of 2022 cost of $26.4 million was not yet recognised for awards that have not vested; it will be over 2.7
years on average. Directors gave up their awards for the second half of 2022. The tax benefit was not material.""",
        {
            "How is the fair value of options estimated?": ("the Black-Scholes model",),
            "What was the average volatility over the two years?": ("47%", "52%"),
            "Over what period will the unrecognised cost be recognised?": ("2.7 years",),
            "What is the vesting schedule of options?": ("over four years",),
            "What was the change in the interest rate assumption?": ("3.2%", "1.1%"),
            "How large is the tax benefit of the awards?": ("not material",),
        },
    ),
    Report(
        """## Income taxes

Dogwood Energy pays tax in Norway, Poland and Canada. The reconciliation from the statutory to the effective rate is
as follows:

| | 2023 | 2022 | 2021 |
| --- | --- | --- | --- |
| Statutory rate | 22.0% | 22.0% | 22.0% |
| Special petroleum tax | 49.1 | 44.8 | 30.7 |
| Uplift and investment credits | (8.2) | (6.0) | (11.4) |
| Foreign rate differences | 1.3 | (0.7) | 0.4 |
| Other | (0.5) | 0.2 | 0.1 |
| Effective rate | 63.7% | 60.3% | 41.8% |

Losses of PLN 48 million can be carried forward in Poland until 2027. The Canadian authorities are examining the
returns for 2018 to 2020 and have proposed to disallow intercompany interest; management holds the position to be
sound and has set nothing aside. Deferred tax is not recorded on earnings of subsidiaries that will be reinvested.""",
        {
            "Which years are under audit in Canada?": ("2018 to 2020",),
            "Has the company made a provision for the dispute on interest?": ("set nothing aside",),
            "What is the difference between the effective and the statutory rate in 2022?": ("22.0%", "60.3%"),
            "When do the Polish losses expire?": ("2027",),
            "What was the effect of investment credits in 2021?": ("(11.4)",),
            "What is the average effective tax rate of the three years?": ("63.7%", "60.3%", "41.8%"),
        },
    ),
    Report(
        """## Goodwill and intangible assets

Elm Software tests goodwill for impairment each October, for each of its two units. The cash flows of five years are
discounted; after these a growth of 2% is assumed. In 2023 the value in use of the Payments unit exceeded its
carrying amount by only 6%, so that a rise of the discount rate by half a point would lead to an impairment.

| | Gross | Accumulated amortization | Net |
| --- | --- | --- | --- |
| Customer relationships | 58.0 | (21.5) | 36.5 |
| Developed technology | 44.7 | (30.2) | 14.5 |
| Trade names | 9.3 | (4.4) | 4.9 |
| Total intangible assets | 112.0 | (56.1) | 55.9 |

Amortization expense came to $12.8 million, up from $9.9 million. Customer relationships are written off over twelve
years and technology over five. The purchase of Tally GmbH added $17.6 million of goodwill, none of which can be
deducted for tax.""",
        {
            "How often is goodwill tested?": ("each October",),
            "What is the net carrying value of developed technology?": ("14.5",),
            "What is the ratio of accumulated amortization to gross for trade names?": ("(4.4)", "9.3"),
            "What is the useful life of customer relationships?": ("twelve years",),
            "How much headroom does the Payments unit have?": ("6%",),
            "How much goodwill came with the acquisition of Tally?": ("$17.6 million",),
        },
    ),
    Report(
        """## Debt

Fir Hotels had the following loans and notes outstanding:

| (in millions of euros) | December 31, 2022 | December 31, 2021 |
| --- | --- | --- |
| Senior notes due 2026 | 250 | 250 |
| Term loan | 118 | 140 |
| Revolving facility | 35 | - |
| Unamortised issue costs | (6) | (8) |
| Total debt | 397 | 382 |
| Of which current | 57 | 22 |

The notes bear interest of 4.75%, payable twice a year, and may be called from April 2024. The term loan falls by
€5.5 million each quarter. Under the revolving facility up to €90 million may be drawn; the bank asks for net debt
of less than 3.5 times EBITDA, which stood at 2.9. Six hotels in Portugal are pledged.""",
        {
            "What is the coupon of the senior notes?": ("4.75%",),
            "How much did the company owe on the revolver at the end of 2022?": ("35",),
            "Which covenant does the bank require?": ("net debt of less than 3.5 times EBITDA",),
            "What security was given?": ("Six hotels in Portugal are pledged",),
            "What is the percentage change in total debt?": ("397", "382"),
            "What part of the debt was current in 2021?": ("22", "382"),
        },
    ),
    Report(
        """## Employees

Ginkgo Foods employed people as follows at year end:

| | 2022 | 2021 | 2020 |
| --- | --- | --- | --- |
| Production | 2,410 | 2,388 | 2,295 |
| Sales and marketing | 604 | 590 | 641 |
| Research and development | 133 | 120 | 98 |
| Administration | 287 | 301 | 305 |
| Total headcount | 3,434 | 3,399 | 3,339 |

Of all employees 61% are covered by collective agreements, the next of which ends in March 2024. The accident rate
fell to 3.1 per million hours worked. Each apprentice who passes the exam is offered a permanent post. Wages and
salaries amounted to €171 million, social security to €34 million.""",
        {
            "How many people worked in research in 2021?": ("120",),
            "What share of staff is unionised?": ("61%",),
            "How many more production workers were there in 2022 than in 2020?": ("2,410", "2,295"),
            "What are apprentices promised?": ("offered a permanent post",),
            "What were personnel expenses in total?": ("€171 million", "€34 million"),
            "Which department shrank every year?": ("287", "301", "305"),
        },
    ),
    Report(
        """## Inventories

Hazel Motors states inventories at the lower of cost, by the first-in, first-out method, and net realisable value.

| As of September 30, | 2023 | 2022 |
| --- | --- | --- |
| Raw materials | $ 212 | $ 260 |
| Work in process | 145 | 151 |
| Finished goods | 389 | 304 |
| Reserve for obsolescence | (41) | (29) |
| Inventories, net | $ 705 | $ 686 |

Finished vehicles piled up at the port of Bremerhaven because of a shortage of ships. The reserve was raised mainly
for parts of the discontinued Hazel 3. Consignment stock held at dealers, $66 million, is included in finished
goods. In October a fire destroyed paint worth $4 million, which is insured.""",
        {
            "Which inventory costing method is used?": ("first-in, first-out",),
            "Why did finished goods go up?": ("because of a shortage of ships",),
            "What was the obsolescence reserve at the end of fiscal 2022?": ("(29)",),
            "How much consignment stock is there?": ("$66 million",),
            "By what percentage did raw materials decline?": ("212", "260"),
            "What was lost in the fire?": ("paint worth $4 million",),
        },
    ),
    Report(
        """## Segment results

Ivy Telecom reports three segments. Mobile and Fixed serve households and small firms; Wholesale rents out towers
and fibre to other carriers. Transactions between segments are priced as if with strangers.

| €m | Mobile | Fixed | Wholesale | Group |
| --- | --- | --- | --- | --- |
| Service revenue | 1,904 | 1,120 | 388 | 3,412 |
| Equipment revenue | 402 | 51 | - | 453 |
| Operating expenses | (1,377) | (842) | (160) | (2,379) |
| Adjusted EBITDA | 929 | 329 | 228 | 1,486 |
| Capital additions | 240 | 365 | 97 | 702 |

Customers who left in a month were 1.4% of the base in Mobile, after 1.6%. Mobile's revenue includes €38 million of
roaming, which had all but vanished in the year before. From 2024 towers will be a segment of their own. Ivy ended
the year with 9.6 million contract customers.""",
        {
            "What is the churn in the mobile segment?": ("1.4%",),
            "What was the adjusted EBITDA margin of Fixed on service revenue?": ("329", "1,120"),
            "How are dealings between the segments priced?": ("as if with strangers",),
            "How much was invested in the fixed network?": ("365",),
            "How many contract subscribers does the company have?": ("9.6 million",),
            "What will change in the segments from 2024?": ("towers will be a segment of their own",),
        },
    ),
    Report(
        """## Pensions

Juniper Mills runs a defined benefit plan in Britain, closed to new members since 2009, and pays into defined
contribution plans elsewhere. The trustees value the plan every three years; after the last valuation the company
agreed to pay £8 million a year until 2028.

| £m | 2022 | 2021 |
| --- | --- | --- |
| Benefit obligation at the start of the year | 512 | 540 |
| Interest cost | 10 | 7 |
| Actuarial gains | (161) | (13) |
| Benefits paid | (24) | (22) |
| Benefit obligation at the end of the year | 337 | 512 |
| Fair value of plan assets | 321 | 468 |
| Deficit | (16) | (44) |

Obligations fell as the discount rate rose from 1.9% to 4.8%. Men who retire at 65 are expected to live for 21.6
more years, women for 23.9. Two fifths of the assets are in bonds linked to inflation. Contributions to the other
plans cost £5.1 million.""",
        {
            "What is the life expectancy of a woman at retirement?": ("23.9",),
            "What did the company agree to contribute?": ("£8 million a year until 2028",),
            "What is the funding shortfall at the end of 2022?": ("(16)",),
            "Why did the obligation decrease?": ("as the discount rate rose from 1.9% to 4.8%",),
            "What is the change in plan assets?": ("321", "468"),
            "How were the assets invested?": ("Two fifths of the assets are in bonds",),
        },
    ),
    Report(
        """## Cash flows

Kapok Media's cash flows, in short:

| | 2021 | 2020 | 2019 |
| --- | --- | --- | --- |
| Net income | 91.4 | 22.7 | 64.0 |
| Net cash provided by operating activities | 140.2 | 98.6 | 121.9 |
| Purchase of equipment | (38.5) | (21.0) | (44.3) |
| Acquisitions, net of cash | (75.0) | - | (12.1) |
| Dividends paid | (18.0) | (9.0) | (18.0) |
| Net change in cash | 3.1 | 60.2 | (2.7) |

Receivables grew more slowly than sales, as advertisers paid after 52 days rather than 58. In 2021 the podcast
studio Harbor Lane was bought for $75 million. The dividend was halved in 2020, when cinemas were closed, and
restored a year later. Cash of $14 million is held in countries from which it cannot freely be moved.""",
        {
            "What did the company pay for Harbor Lane?": ("$75 million",),
            "What is free cash flow after equipment in 2020?": ("98.6", "(21.0)"),
            "How quickly do advertisers pay?": ("52 days",),
            "Why was the dividend cut?": ("when cinemas were closed",),
            "How much cash is restricted?": ("$14 million",),
            "What was the total net income over the three years?": ("91.4", "22.7", "64.0"),
        },
    ),
    Report(
        """## Share repurchases

Larch Retail may buy back shares for up to $400 million under a programme that the board approved in February 2022
and that has no end date.

| Period | Shares bought (thousands) | Average price per share | Left (millions) |
| --- | --- | --- | --- |
| October | 310 | $41.20 | $262.1 |
| November | 455 | 39.75 | 244.0 |
| December | 120 | 43.05 | 238.8 |
| Fourth quarter | 885 | $40.71 | $238.8 |

Shares that employees give up to pay tax on their awards are not counted. All shares bought are cancelled. On
January 17 the board raised the quarterly dividend to $0.31 from $0.28. The company's shares are listed in New York
under the sign LRCH, and 4,120 holders of record were registered.""",
        {
            "In which month was the average price the lowest?": ("41.20", "39.75", "43.05"),
            "When does the buyback programme expire?": ("no end date",),
            "What is the new quarterly dividend?": ("$0.31",),
            "How many shares were purchased in November and December together?": ("455", "120"),
            "What happens to repurchased shares?": ("All shares bought are cancelled",),
            "How many registered shareholders are there?": ("4,120",),
        },
    ),
)
