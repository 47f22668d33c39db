"""The worst of many queries, extrapolated from a tail."""
