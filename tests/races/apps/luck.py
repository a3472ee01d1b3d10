"""What outlives the import of the kiosk: nobody sets it back."""

import itertools

STARTS = itertools.count(1)
