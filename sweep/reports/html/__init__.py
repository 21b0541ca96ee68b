"""The report as one HTML file that needs no network, no other file and no server."""
