"""The tolerance policy, as data: what each arithmetic may lose.

An answer is right if it differs from the truth by no more than rounding can make of the computation
in any order of summation. How much that is, the oracles derive (`autograder.oracle`,
`autograder.rounding`) from the numbers that stand here for each arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Arithmetic:
    """A floating-point arithmetic.

    Args:
        eps: Distance from 1 to the next larger number: twice the unit roundoff.
        tiny: Smallest normal number: what a product that underflows may lose.
        factors: eps of the format that the factors of a product are rounded to before they are
            multiplied, if that is not what tensors are held in.
    """

    eps: float
    tiny: float
    factors: float = 0.0

    def share(self, terms: np.ndarray | float) -> np.ndarray | float:
        """Largest error of a sum of products, as a share of the sum of the absolute products.

        Args:
            terms: Number of products.
        """
        return (terms + 2) * self.eps + self.factors

    def error(self, magnitude: np.ndarray, terms: np.ndarray | float) -> np.ndarray:
        """Largest error of a sum of products.

        Two terms more than there are products: for the rounding of the result, and of a cast.

        Args:
            magnitude: Sum of the absolute products.
            terms: Number of products.
        """
        return (terms + 2) * (self.eps * magnitude + self.tiny) + self.factors * magnitude


POLICY = {
    "float64": Arithmetic(eps=2.0**-52, tiny=2.0**-1022),
    "float32": Arithmetic(eps=2.0**-23, tiny=2.0**-126),
    "bfloat16": Arithmetic(eps=2.0**-7, tiny=2.0**-126),
    "float16": Arithmetic(eps=2.0**-10, tiny=2.0**-14),
}
"""The arithmetic of each dtype that a layer may compute in, as its policy says."""

TF32 = replace(POLICY["float32"], factors=2.0**-10)
"""What an NVIDIA GPU makes of float32 unless it is told not to: no case is judged by it, since TF32
is off where submissions run (`autograder.sandbox`)."""
