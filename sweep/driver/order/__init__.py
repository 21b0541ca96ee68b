"""What runs next, and which other trials it may depend on."""
