"""The run directory, and the database that is the single source of truth: SQLite or PostgreSQL."""
