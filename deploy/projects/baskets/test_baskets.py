import unittest

import pandas as pd

from baskets import baskets, lines


class Baskets(unittest.TestCase):
    def test_voided_lines_do_not_count(self):
        raw = pd.DataFrame({"basket": ["a", "a"], "till": [1, 1], "article": ["tea", "tea"], "quantity": [1, 2], "unit_cents": [300, 300], "bottles": [0, 0], "voided": [0, 1]})
        self.assertEqual(baskets(lines(raw))["cents"].tolist(), [300])


if __name__ == "__main__":
    unittest.main()
