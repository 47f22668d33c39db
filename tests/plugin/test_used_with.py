"""A method that runs the model or reads results made elsewhere, as its parameters say."""

from __future__ import annotations

from dataclasses import dataclass, replace

from toy_methods import COIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Whether to run."""

    live: bool = False


def test_it_is_what_its_parameters_make_it() -> None:
    both = replace(
        COIN,
        parameters=Parameters,
        needs_model=True,
        made_elsewhere=lambda parameters, inputs: not parameters.live and bool(inputs),
    )
    for live, inputs, elsewhere in (
        (True, ("a",), False),
        (False, ("a",), True),
        (False, (), False),
    ):
        used = both.used_with(Parameters(live=live), inputs)
        assert (used.imports, used.needs_model) == (elsewhere, not elsewhere)
        assert used.name == both.name


def test_a_method_that_never_runs_a_model_may_read_or_reckon() -> None:
    both = replace(COIN, needs_model=False, made_elsewhere=lambda _parameters, inputs: bool(inputs))
    for inputs in ((), ("scores",)):
        used = both.used_with(Parameters(), inputs)
        assert (used.imports, used.needs_model) == (bool(inputs), False)


def test_a_method_may_run_the_model_of_the_leaf_in_some_leaves_alone() -> None:
    either = replace(
        COIN, parameters=Parameters, needs_model=False, runs_model=lambda given: given.live
    )
    assert either.used_with(Parameters(live=True), ()).needs_model
    assert either.used_with(Parameters(live=False), ()) is either
    both = replace(either, made_elsewhere=lambda _parameters, inputs: bool(inputs))
    for live, inputs, needs in ((True, ("log",), False), (True, (), True), (False, (), False)):
        used = both.used_with(Parameters(live=live), inputs)
        assert (used.imports, used.needs_model) == (bool(inputs), needs)


def test_a_method_that_does_not_say_is_used_as_it_is() -> None:
    assert COIN.used_with(None, ("a",)) is COIN
