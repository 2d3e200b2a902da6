"""Array types and constants that the numerical code of every wing and app shares."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

Z_95: Final = 1.959963984540054  # 97.5 % quantile of the standard normal: half-width of a 95 % interval
