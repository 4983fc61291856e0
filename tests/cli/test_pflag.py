"""Options as kubectl spells them."""

from __future__ import annotations

from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.cli.options import Command
from krayne.cli.pflag import as_click_reads

OPTIONS = (
    click.Option(["-n", "--namespace"]),
    click.Option(["-A", "--all-namespaces"], is_flag=True),
    click.Option(["-w", "--watch"], is_flag=True),
    click.Option(["--wait/--no-wait"], default=True),
    click.Option(["-v", "--verbose"], count=True),
)
CASES: dict[str, dict[str, Any]] = {
    "-n=a": {"namespace": "a"},
    "-n==a": {"namespace": "=a"},
    "-n=-w": {"namespace": "-w"},
    "-na=b": {"namespace": "a=b"},
    "-n=": {"namespace": ""},
    "--namespace=a=b": {"namespace": "a=b"},
    "-n -w=true": {"namespace": "-w=true"},
    "--namespace --wait=false": {"namespace": "--wait=false"},
    "-n -- -w=true": {"namespace": "--", "watch": True},
    "-w=true": {"watch": True},
    "-w=false": {},
    "-Aw=T": {"all_namespaces": True, "watch": True},
    "-Aw=0": {"all_namespaces": True},
    "-wAn=a": {"watch": True, "all_namespaces": True, "namespace": "a"},
    "--watch=True --all-namespaces=1": {"watch": True, "all_namespaces": True},
    "--wait=true": {},
    "--wait=false": {"wait": False},
    "--no-wait=true": {"wait": False},
    "--no-wait --no-wait=false": {},
    "-v=6": {"verbose": 1},
    "--v=6 -v": {"verbose": 2},
    "--verbose=0": {},
    "a=b -w=1 c=d": {"watch": True, "words": ("a=b", "c=d")},
    "- -w=1": {"watch": True, "words": ("-",)},
    "-w=1 -- -n=a --wait=maybe": {"watch": True, "words": ("-n=a", "--wait=maybe")},
}


def read(args: list[str]) -> dict[str, Any]:
    """What a verb with these options gets, but for what it gets without any arguments."""
    command = Command("verb", params=[*OPTIONS, click.Argument(["words"], nargs=-1)])
    nothing = command.make_context("verb", []).params
    return {key: value for key, value in command.make_context("verb", args).params.items() if nothing[key] != value}


@pytest.mark.parametrize("line", CASES)
def test_kubectl_s_spelling_is_read(line: str) -> None:
    """As pflag reads it."""
    assert read(line.split()) == CASES[line]


@pytest.mark.parametrize("arg", ["-w=maybe", "-w=", "--wait=no", "--no-wait=2", "-v=x", "--v=-1", "--watch=tRUE"])
def test_a_flag_s_value_is_true_or_false(arg: str) -> None:
    """Anything else is wrong usage, which names the option."""
    with pytest.raises(click.BadOptionUsage, match=f"^{arg.partition('=')[0]} takes true or false, not ''?"):
        read([arg])


@pytest.mark.parametrize("arg", ["-x=1", "--watching=true", "-wx=1"])
def test_an_unknown_option_is_click_s_to_refuse(arg: str) -> None:
    """As in any other spelling."""
    with pytest.raises(click.NoSuchOption):
        read([arg])


def test_help_is_an_option_like_any_other() -> None:
    """Click's own, too."""
    with pytest.raises(click.exceptions.Exit):
        read(["--help=true"])
    assert read(["--help=false"]) == {}


@given(st.text())
def test_any_value_comes_out_as_it_is(value: str) -> None:
    """Attached, or as the argument after."""
    for args in ([f"-n={value}"], [f"-An={value}"], [f"--namespace={value}"], ["-n", value], ["--namespace", value]):
        assert read([*args, "-w=1"]).get("namespace") == value


@given(st.lists(st.text(alphabet="-nAwvx a")))
def test_what_click_knows_stays_as_it_is(args: list[str]) -> None:
    """Nothing but a = is looked for."""
    assert as_click_reads(args, OPTIONS) == args


@given(st.lists(st.text(alphabet="-=nAwv16")))
def test_nothing_after_the_dashes_is_an_option(args: list[str]) -> None:
    """It is another program's command line."""
    assert as_click_reads(["-w=1", "--", *args], OPTIONS) == ["-w", "--", *args]
