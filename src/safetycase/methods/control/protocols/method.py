"""`control/protocols`: safety and usefulness of the published control protocols, on one table."""

from __future__ import annotations

from safetycase.methods.control.protocols import controls as protocol_controls
from safetycase.methods.control.protocols.measure import measure
from safetycase.methods.control.protocols.parameters import MEASURES, Parameters
from safetycase.methods.control.protocols.rows import read_table
from safetycase.methods.imported.origin import ORDER_LIMIT
from safetycase.methods.imported.planting import one_input
from safetycase.plugin.contract import Context, Measurement, Method, MethodError

__all__ = ["METHOD", "Parameters"]


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read the table, and measure the protocol on it."""
    path, kept = one_input(inputs, context, "table of rows (JSON Lines)")
    try:
        return measure(
            read_table(path), parameters, context.seed, {"table of rows": kept}, context.scratch
        )
    except (MethodError, ValueError) as error:
        named = f"`{path.name}`"
        says = str(error)
        raise MethodError(says if says.startswith(named) else f"{named}: {says}") from error


METHOD = Method(
    name="control/protocols",
    version="1.0.0",
    says="Measures safety and usefulness of a control protocol on a table of outputs and scores.",
    parameters=Parameters,
    measures=MEASURES,
    limits=(
        "Safety is against the attacks in the table. Definitions that let the attacker choose when "
        "to attack bound its timing, not the quality of its attacks.",
        "An audit is taken to find every attack, and the trusted model not to attack: both are "
        "claims of their own.",
        "`per_attempt_race` and `deployment_iid` take the audits not to run out; a deployment that "
        "audits a fixed number is a `constant_rate_sup` or `full_information` one.",
        "Values of two definitions of safety are different quantities and are not compared.",
        "Tasks are taken as exchangeable with those of the deployment, and those that set the "
        "thresholds with the others.",
        "The untrusted monitor saw in evaluation what it would see in deployment; that it cannot "
        "tell the two apart is a claim of its own.",
        "The stop rule for a burnt budget is measured on the rows with a `burning_score`; it does "
        "not enter `safety`.",
        ORDER_LIMIT,
    ),
    source="Greenblatt et al. 2023, arXiv:2312.06942; Griffin et al. 2024, arXiv:2409.07985; Bhatt "
    "et al. 2025, arXiv:2504.10374; Wen et al. 2024, arXiv:2411.17693",
    run=run,
    self_check=protocol_controls.self_check,
    controls=protocol_controls.controls,
    needs_model=False,
    imports=True,
)
