"""The ledger as a FOCUS dataset: Cost and Usage of version 1.2, with the columns that 1.3 adds. Pure.

The specification is the FinOps Foundation's, https://focus.finops.org. What stands for what:

- A tenant is a billing account, a cost centre a sub account, a model a resource, a kind of cost line a meter (SKU).
- A charge is all of one meter in one day that share who, what and at which prices: one row. Days, and billing periods
  of a month, are UTC.
- EffectiveCost, ContractedCost and ListCost are what the ledger bills. There is one price for all, and no discount.
- BilledCost is the same where the platform invoices it, and 0 where the vendor's invoice is in the books already.
- What a strategy kept from being used is a row of its own, of no cost and with its savings in the ``x_`` columns; so is
  what was spent and billed to nobody. Over any of its sums ``EffectiveCost + x_NetSaving`` is the ledger's list cost.
- A ledger entry of kind CORRECTION is a charge of class Correction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from agents.ledger.fold import HOUR_MS
from schemas.enums import EntryKind
from schemas.ledger import Waterfall
from schemas.money import dollars

DAY_MS = 24 * HOUR_MS
CURRENCY = "USD"


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """What an export needs of an entry. Money is in nano-USD."""

    kind: EntryKind
    tenant: str
    cost_center: str
    task: str
    model: str
    occurred_at: int
    unbilled_cost: int
    waterfall: Waterfall


class Meter(NamedTuple):
    """What a row is by."""

    day: int
    """Its first millisecond, UTC."""
    tenant: str
    cost_center: str
    task: str
    model: str
    """Whose tokens they are: of an embedding, the embedder's."""
    meter: str
    """A cost line's kind; ``avoided`` or ``unbilled``."""
    price_version: str
    strategy: str
    """Whose spending or saving it is; empty for predictions."""
    correction: bool


class Charge(msgspec.Struct, kw_only=True):
    """Sums of one meter and day. Money is in nano-USD."""

    tokens: int = 0
    cost: int = 0
    unbilled: int = 0
    gross_saving: int = 0
    strategy_cost: int = 0


def charges(booked: Iterable[Booked]) -> dict[Meter, Charge]:
    """The charges that entries come to."""
    found: dict[Meter, Charge] = {}
    for one in booked:
        day = one.occurred_at - one.occurred_at % DAY_MS
        who = day, one.tenant, one.cost_center, one.task
        correction = one.kind is EntryKind.CORRECTION
        for cost in one.waterfall.costs:
            meter = Meter(*who, cost.model, cost.kind, cost.price_version, cost.strategy or "", correction)
            charge = found.setdefault(meter, Charge())
            charge.tokens += cost.tokens
            charge.cost += cost.cost
        for saving in one.waterfall.savings:
            charge = found.setdefault(Meter(*who, one.model, "avoided", "", saving.strategy, correction), Charge())
            charge.tokens += saving.tokens
            charge.gross_saving += saving.gross
            charge.strategy_cost += saving.cost
        if one.unbilled_cost:
            charge = found.setdefault(Meter(*who, one.model, "unbilled", "", "", correction), Charge())
            charge.unbilled += one.unbilled_cost
    return found


def rows(found: dict[Meter, Charge], *, provider: str, invoiced: bool) -> Iterator[dict[str, Any]]:
    """The dataset's rows, in the order of their meters: text, Decimal dollars, aware datetimes, and None.

    Args:
        found: the charges.
        provider: who runs the platform, and issues its invoices where there are any.
        invoiced: whether tenants are invoiced what the ledger bills. Where not, BilledCost is 0.
    """
    for meter, charge in sorted(found.items()):
        yield _row(meter, charge, provider, invoiced=invoiced)


def _row(meter: Meter, charge: Charge, provider: str, *, invoiced: bool) -> dict[str, Any]:
    start = datetime.fromtimestamp(meter.day // 1000, UTC)
    month = start.replace(day=1)
    cost = _dollars(charge.cost)
    # The specification wants decimals, and its validator takes a column of whole numbers for integers.
    used = 0 if meter.meter in {"avoided", "unbilled"} else charge.tokens
    quantity = Decimal(used).quantize(Decimal("0.0"))
    return {
        "BilledCost": cost if invoiced else _dollars(0),
        "BillingAccountId": meter.tenant,
        "BillingAccountName": meter.tenant,
        "BillingCurrency": CURRENCY,
        "BillingPeriodEnd": (month + timedelta(days=31)).replace(day=1),
        "BillingPeriodStart": month,
        "ChargeCategory": "Usage",
        "ChargeClass": "Correction" if meter.correction else None,
        "ChargeDescription": _description(meter),
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodEnd": start + timedelta(days=1),
        "ChargePeriodStart": start,
        # There are none; the specification's rules for ConsumedQuantity look at it.
        "CommitmentDiscountStatus": None,
        "ConsumedQuantity": quantity,
        "ConsumedUnit": "Tokens",
        "ContractedCost": cost,
        "EffectiveCost": cost,
        "InvoiceId": None,
        "InvoiceIssuerName": provider,
        "ListCost": cost,
        "PricingCategory": "Standard",
        "PricingQuantity": quantity,
        "PricingUnit": "Tokens",
        "ProviderName": provider,
        "PublisherName": provider,
        "ResourceId": meter.model,
        "ResourceName": meter.model,
        "ResourceType": "Model",
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Predictions",
        "ServiceSubcategory": "Generative AI",
        "SkuId": f"{meter.model}/{meter.meter}",
        "SkuMeter": meter.meter,
        "SkuPriceId": f"{meter.model}/{meter.meter}/{meter.price_version or 'none'}",
        "SubAccountId": meter.cost_center,
        "SubAccountName": meter.cost_center,
        "Tags": msgspec.json.encode({"task": meter.task}).decode(),
        "AllocatedMethodDetails": None,
        "AllocatedMethodId": None,
        "AllocatedResourceId": None,
        "AllocatedResourceName": None,
        "AllocatedTags": None,
        "ContractApplied": None,
        "HostProviderName": provider,
        "ServiceProviderName": provider,
        "x_Task": meter.task,
        "x_Strategy": meter.strategy or None,
        "x_AvoidedTokens": charge.tokens if meter.meter == "avoided" else 0,
        "x_GrossSaving": _dollars(charge.gross_saving),
        "x_StrategyCost": _dollars(charge.strategy_cost),
        "x_NetSaving": _dollars(charge.gross_saving - charge.strategy_cost),
        "x_UnbilledCost": _dollars(charge.unbilled),
    }


def _description(meter: Meter) -> str:
    if meter.meter == "avoided":
        return f"What {meter.strategy} kept from being used of {meter.model}"
    if meter.meter == "unbilled":
        return f"Failures and repeats of {meter.model}, billed to nobody"
    purpose = f" for {meter.strategy}" if meter.strategy else ""
    return f"{meter.meter} of {meter.model}{purpose}"


def _dollars(amount: int) -> Decimal:
    return Decimal(dollars(amount))


COLUMNS = tuple(_row(Meter(0, "", "", "", "", "", "", "", correction=False), Charge(), "", invoiced=False))
"""Of the dataset, in their order: those of 1.2, those that 1.3 adds, and ours."""
