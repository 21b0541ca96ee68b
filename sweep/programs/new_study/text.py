"""The text of a first study for a script."""

import ast
import re
from pathlib import Path

from sweep.errors import StudyError
from sweep.programs.new_study.options import (
    UNKNOWN,
    Option,
    argparse_options,
    function_of,
    function_options,
    printed,
)
from sweep.programs.new_study.ranges import default_text, is_fixed, suggestion

METRIC = re.compile(r"([A-Za-z_]\w*)['\"]?\s*[:=]\s*(?:\{|%)")

HEAD = '''\
"""A sweep of {script}: choose the ranges in `space` and the metric, then run it.

    python -m sweep check {study}
    python -m sweep run {study}
"""
'''


def study_text(script: Path, study: str) -> str:
    """Return a study for a script.

    Args:
        script: The script.
        study: Name of the study's file, which will be next to it.

    Raises:
        StudyError: If it is no Python, or has neither options nor a function with arguments.
    """
    try:
        tree = ast.parse(script.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise StudyError(f"{script}: expected a Python script, got {error}; fix it") from None
    head = HEAD.format(script=script.name, study=study)
    if options := argparse_options(tree):
        return head + _of_program(script, options, tree)
    function = function_of(tree)
    if function is None:
        raise StudyError(
            f"{script}: expected options of argparse, or a function train(...) with arguments, got "
            f"neither; write the study by hand, with sweep.program for its command line"
        )
    return head + _of_function(script, function)


def _of_program(script: Path, options: list[Option], tree: ast.Module) -> str:
    free = [option for option in options if not is_fixed(option)]
    words = ["python", script.name, *(option.words for option in free)]
    if any(option.name == "seed" for option in options):
        words.append("--seed={seed}")
    lines = [f'            "{word}",' for word in words]
    for option in options:
        is_missing = option.default is UNKNOWN and option.kind == "str" and not option.choices
        if is_missing and not option.words.startswith("--"):
            lines.append('            "CHANGE_ME",' + f"  # {option.name}")
    uses_json = any(isinstance(node, ast.Attribute) and ast.unparse(node) == "json.dumps"
                    for node in ast.walk(tree))  # fmt: skip
    metrics = "json" if uses_json else "pairs"
    what = "lines of JSON" if uses_json else 'text such as "loss=0.5" or "loss: 0.5"'
    train = "\n".join([
        "sweep.program(",
        "        [",
        *lines,
        "        ],",
        f'        metrics="{metrics}",  # {what}; a regular expression reads others',
        "    )",
    ])  # fmt: skip
    return f"""
import sweep

{_space(free)}

{_study(script, train, _goal(tree))}"""


def _of_function(script: Path, function: ast.FunctionDef) -> str:
    options = function_options(function)
    free = [option for option in options if not is_fixed(option)]
    seed = ", seed=seed" if any(option.name == "seed" for option in options) else ""
    call = f"function(**config{seed})"
    nodes = [*ast.walk(function)]
    is_generator = any(isinstance(node, ast.Yield) for node in nodes)
    results = [node.value for node in nodes if isinstance(node, ast.Return)]
    if is_generator:
        body = f"yield from {call}  # a dictionary of metrics per epoch"
    elif any(isinstance(result, ast.Dict) for result in results):
        body = f"yield {call}  # a dictionary of metrics"
    else:
        body = f'yield {{"loss": {call}}}'
    return f"""
import sweep
from {script.stem} import {function.name} as function

{_space(free)}

def train(config, data, seed, state):
    {body}


{_study(script, "train", _goal(ast.Module([function], [])))}"""


def _space(options: list[Option]) -> str:
    lines = [f'        "{o.name}": {suggestion(o)},{default_text(o)}' for o in options]
    lines = lines or ["        # none of its options is a number or a choice"]
    return "\n".join(["", "def space(trial):", "    return {", *lines, "    }", ""])


def _goal(tree: ast.Module) -> str:
    """Return the line that names what to minimise or maximise."""
    texts = sorted(printed(tree), key=lambda text: not re.search("val|test", text.lower()))
    names = list(dict.fromkeys(name for text in texts for name in METRIC.findall(text)))
    losses = [name for name in names if re.search("loss|error|rmse|mse|mae", name.lower())]
    gains = [name for name in names if re.search("acc|score|auc|f1|reward", name.lower())]
    if losses or not gains:
        return f'minimize="{(losses or ["loss"])[0]}",  # a metric that every epoch has'
    return f'maximize="{gains[0]}",  # a metric that every epoch has'


def _study(script: Path, train: str, goal: str) -> str:
    name = re.sub(r"[^\w.-]|^[^a-zA-Z0-9]+", "", script.stem) or "sweep"
    return f"""study = sweep.Study(
    name="{name}",
    space=space,
    train={train},
    {goal}
    trials=20,
)
"""
