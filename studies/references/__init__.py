"""Code shared by the studies that rebuild published progressions, and the published figures."""
