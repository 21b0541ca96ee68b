# Everything that CI runs, part by part.

python := "python"

default: check test

# formatting, lint, types, import rules, image and compose file
check:
    {{python}} -m ruff format --check .
    {{python}} -m ruff check .
    {{python}} -m mypy
    lint-imports
    hadolint docker/Dockerfile
    check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml

# all tests
test *arguments:
    {{python}} -m pytest {{arguments}}

# the tests that start no Ray
fast:
    {{python}} -m pytest -m "not ray"

# the expected files of the golden runs again, to read as a diff
golden:
    {{python}} tests/sweep/golden/remake.py

# a whole run in half a minute
smoke:
    {{python}} -m sweep run studies/smoke.py

# a training step against PyTorch (extra [bench])
bench:
    {{python}} -m tests.benchmarks.train_step

# the long kill matrix, on SQLite and PostgreSQL: half an hour
kill *arguments:
    {{python}} -m tests.kill {{arguments}}
