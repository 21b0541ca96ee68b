"""What the studies that rebuild published progressions share; the published figures beside them."""
