"""The Inspect solver that writes what the debaters say into the sample."""

from __future__ import annotations

from inspect_ai.model import ModelOutput
from inspect_ai.solver import Generate, Solver, TaskState, solver

from safetycase.methods.oversight.live.archive import record_json, record_of
from safetycase.methods.oversight.live.asking import asker
from safetycase.methods.oversight.live.play import Record, argue

__all__ = ["shown", "statements"]


@solver  # type: ignore[untyped-decorator]
def statements(constrained: bool = True, reply_tokens: int = 64) -> Solver:
    """The statements of the debaters, scripted or by the model role `debater` (or `prover`)."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate
        record = record_of(state.metadata["record"])
        words = record.trial.policies.words
        ask = asker(constrained=constrained, words=words, reply_tokens=reply_tokens)
        record = await argue(record.trial, ask)
        state.metadata["record"] = record_json(record)
        state.output = ModelOutput.from_content("statements", shown(record))
        return state

    return solve


def shown(record: Record) -> str:
    """The statements or steps as text."""
    if record.argument is not None:
        return "\n".join(f"{n}. {step}" for n, step in enumerate(record.argument.steps, start=1))
    return "\n\n".join(f"[{one.label}] {one.text}" for one in record.statements)
