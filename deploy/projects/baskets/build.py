"""Baskets and what is in them, from the tills' export."""

import os

import pandas as pd

from baskets import baskets, lines, tills

LINES = pd.read_csv("seeds/raw_lines.csv")
TILLS = pd.read_csv("seeds/raw_tills.csv", index_col="till", squeeze=True)


def main() -> None:
    output = os.environ["CODICIL_OUTPUT"]
    rows = lines(LINES)
    baskets(rows).to_csv(f"{output}/baskets.csv", index=False)
    tills(rows, TILLS).to_csv(f"{output}/till_totals.csv", index=False)


if __name__ == "__main__":
    main()
