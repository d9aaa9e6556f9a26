"""The telephone line on which a member pays a health or dental premium."""

import gc

# Every process of the line imports and compiles thousands of objects that stay to its end, and what it makes
# later goes by itself: looking for cycles after each 700 new objects took a quarter of a start.
gc.set_threshold(50_000, 20, 50)
