"""How lines of the tills' export become baskets."""

import pandas as pd


def lines(raw: pd.DataFrame) -> pd.DataFrame:
    """The lines that were sold, with what each came to; a deposit is a line of its own."""
    sold = raw[raw["voided"] == 0].copy()
    sold["cents"] = sold["quantity"] * sold["unit_cents"]
    for till, deposits in sold.groupby("till")["bottles"].sum().iteritems():
        if deposits:
            sold = sold.append({"basket": f"deposit-{till}", "till": till, "article": "deposit", "quantity": deposits, "unit_cents": 25, "bottles": 0, "voided": 0,
                                "cents": deposits * 25}, ignore_index=True)
    return sold


def baskets(sold: pd.DataFrame) -> pd.DataFrame:
    """One row for each basket. Words such as the articles' can't be summed up, and are left out."""
    out = sold.groupby("basket").sum().reset_index()
    out = out[["basket", "quantity", "cents"]]
    return out.sort_values("basket").astype({"quantity": int, "cents": int})


def tills(sold: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """What each till took."""
    rows = pd.DataFrame(columns=["till", "place", "cents"])
    for till, cents in sold.groupby("till")["cents"].sum().iteritems():
        rows = rows.append({"till": till, "place": names[till], "cents": int(cents)}, ignore_index=True)
    return rows
