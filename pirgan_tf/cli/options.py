"""The options of a stage: one frozen dataclass, from which its flags are made."""

import contextlib
import dataclasses
import io
import math
import operator
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from absl import flags

from pirgan_tf.cli import paths
from pirgan_tf.errors import InputError, check_name

# What a number of anything must stay under, where no smaller bound is given.
_MOST = 2**31
# How the rules of a number read, and what they compare.
_BOUNDS = {
    "minimum": ("at least", operator.ge),
    "maximum": ("at most", operator.le),
    "above": ("above", operator.gt),
    "below": ("below", operator.lt),
}


def option(
    help: str,
    default: Any = dataclasses.MISSING,
    *,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
    changes_result: bool = True,
    reads: Callable[[str], str | None] | None = None,
) -> Any:
    """Declares an option.

    Args:
        help: the flag's help, one sentence, with the unit.
        default: its default; without one the flag is required.
        choices: the values allowed, if they are few.
        minimum: smallest number allowed.
        maximum: largest number allowed.
        above: bound that a number must exceed.
        below: bound that a number must stay under.
        changes_result: whether a run may not be resumed with another value.
        reads: for an input, what path a value names; `str` if it is the path itself.
    """
    metadata = {
        "help": help,
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
        "above": above,
        "below": below,
        "changes_result": changes_result,
        "reads": reads,
    }
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """The options that every stage has."""

    output: str = option("Where the result goes; it must not exist yet.", changes_result=False)
    overwrite: bool = option("Replace a finished output.", False, changes_result=False)
    dry_run: bool = option(
        "Print the resolved options and parameter counts as JSON, and stop.",
        False,
        changes_result=False,
    )

    def validate(self) -> None:
        """Checks what can be checked at once, without TensorFlow.

        Raises:
            InputError: for the first option that cannot be right.
        """
        for field in dataclasses.fields(self):
            _check_value(field.name, getattr(self, field.name), field.metadata)
        if self.output is not None and Path(self.output).name in ("", ".."):
            raise InputError(f"output must end in a name of its own. Received: {self.output}")

    def inputs(self) -> Iterator[tuple[str, str]]:
        """Yields what the command reads: name of the option, and path."""
        for field in dataclasses.fields(self):
            if reads := field.metadata["reads"]:
                value = getattr(self, field.name)
                for text in value if isinstance(value, tuple) else (value,):
                    if text and (path := reads(text)):
                        yield field.name, path

    def check_output(self) -> None:
        """Checks, before any work, that the output can be written and destroys no input.

        Raises:
            InputError: if not.
        """
        paths.check_apart(Path(self.output), self.inputs())
        paths.check_folder(Path(self.output), self.overwrite)

    def to_json(self) -> dict:
        """Returns the options as JSON holds them."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }

    def differences(self, earlier: dict) -> list[str]:
        """Returns how the options which change the result differ from an earlier dump.

        A dump from before there was an option counts as one with its default.
        """
        fields = dataclasses.fields(self)
        defaults = {
            field.name: list(field.default) if isinstance(field.default, tuple) else field.default
            for field in fields
            if field.default is not dataclasses.MISSING
        }
        present, earlier = self.to_json(), defaults | earlier
        return [
            f"{field.name} was {earlier.get(field.name)!r} and is {present[field.name]!r}"
            for field in fields
            if field.metadata["changes_result"] and present[field.name] != earlier.get(field.name)
        ]


def parse_options(
    options_class: type[Options], stage: str, argv: list[str]
) -> tuple[Options | None, str]:
    """Parses a command line.

    Args:
        options_class: the stage's options.
        stage: its name, for the help.
        argv: the command line, program name first.

    Returns:
        The options, validated, and the help text; no options if help was asked for.

    Raises:
        InputError: for any flag that is unknown, missing or of a wrong value.
    """
    values = flags.FlagValues()
    flags.DEFINE_bool(
        "help", False, "Print this help.", flag_values=values, module_name=stage, short_name="h"
    )
    _define_flags(options_class, stage, values)
    notes = io.StringIO()
    try:
        # absl only notes there that it ignores a file which includes itself.
        with contextlib.redirect_stderr(notes):
            left_over = values(argv)[1:]
    except RecursionError as error:
        raise InputError(
            "flagfiles must not include each other so deeply. "
            f"Received: {' '.join(' '.join(argv[1:]).split())}"
        ) from error
    except (flags.Error, OSError) as error:
        raise InputError(
            f"flags must be known and have values of their type ({' '.join(str(error).split())}). "
            f"Received: {' '.join(' '.join(argv[1:]).split())}"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"a flagfile must be text in UTF-8. Received: {' '.join(argv[1:])}"
        ) from error
    if "circular" in notes.getvalue():
        raise InputError(
            f"a flagfile must not include itself. Received: {notes.getvalue().split(':')[-1]}"
        )
    if left_over:
        raise InputError(f"flags are written --name=value. Received: {' '.join(left_over)}")
    text = values.get_help()
    if values["help"].value:
        return None, text
    options = _from_flags(options_class, values)
    options.validate()
    return options, text


def _check_value(name: str, value: Any, rules: typing.Mapping[str, Any]) -> None:
    if rules.get("choices"):
        check_name(name, value, rules["choices"])
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str) and not _is_text(text):
            raise InputError(f"{name} must be text in UTF-8 without NUL. Received: {text!r}")
    if value == "" and not rules.get("choices"):
        raise InputError(f"{name} must not be empty. Received: {value!r}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        bounds = {rule: rules[rule] for rule in _BOUNDS if rules.get(rule) is not None}
        if isinstance(value, int) and not {"maximum", "below"} & bounds.keys():
            bounds["below"] = _MOST
        wanted = [f"{_BOUNDS[rule][0]} {bound}" for rule, bound in bounds.items()]
        right = (isinstance(value, int) or math.isfinite(value)) and all(
            _BOUNDS[rule][1](value, bound) for rule, bound in bounds.items()
        )
        if not right:
            wanted_text = " and ".join(wanted) or "a finite number"
            raise InputError(f"{name} must be {wanted_text}. Received: {value}")


def _is_text(text: str) -> bool:
    try:
        return "\0" not in text and bool(text.encode() or True)
    except UnicodeEncodeError:
        return False


def _define_flags(options_class: type[Options], stage: str, values: flags.FlagValues) -> None:
    define = {
        bool: flags.DEFINE_bool,
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
        str: flags.DEFINE_string,
        tuple: flags.DEFINE_list,
    }
    hints = typing.get_type_hints(options_class)
    for field in dataclasses.fields(options_class):
        default = None if field.default is dataclasses.MISSING else field.default
        text = field.metadata["help"]
        if field.metadata["choices"]:
            text = f"{text} One of {', '.join(field.metadata['choices'])}."
        if field.default is dataclasses.MISSING:
            text = f"{text} Required."
        define[_plain_type(hints[field.name])](
            field.name,
            list(default) if isinstance(default, tuple) else default,
            text,
            flag_values=values,
            module_name=stage,
        )


def _plain_type(hint: Any) -> type:
    """Returns `int` of `int | None`, and `tuple` of `tuple[str, ...]`."""
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    return typing.get_origin(hint) or hint


def _from_flags(options_class: type[Options], values: flags.FlagValues) -> Options:
    arguments: dict[str, Any] = {}
    for field in dataclasses.fields(options_class):
        value = values[field.name].value
        if value is None and field.default is dataclasses.MISSING:
            raise InputError(
                f"--{field.name} is required: {field.metadata['help']} Received: no such flag"
            )
        arguments[field.name] = tuple(value) if isinstance(value, list) else value
    return options_class(**arguments)
