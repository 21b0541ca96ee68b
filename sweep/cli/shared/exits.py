"""How commands end other than well: exit codes, and what is said of an interruption."""

EXIT_MISTAKE = 2
EXIT_INTERRUPTED = 130
INTERRUPTED = "interrupted: run the same command again to resume; no finished work is lost"
