"""`control/identity`: is what is deployed what was evaluated, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods.control.identity import planted
from safetycase.methods.control.identity.analysis import analyse
from safetycase.methods.control.identity.manifest import read_manifest
from safetycase.methods.imported.planting import keep
from safetycase.methods.imported.strict import input_file
from safetycase.plugin.contract import Context, Measure, Measurement, Method, MethodError
from safetycase.stats import Exact, Statistic

__all__ = ["FIELDS", "METHOD", "Held", "Parameters"]

FIELDS = (
    "monitor.weights_sha256",
    "monitor.prompt_sha256",
    "monitor.threshold",
    "agent.permissions",
    "agent.scaffold_sha256",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A file of the case folder whose SHA-256 the field of both manifests has to be."""

    field: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Which input is which manifest, and which fields both must have.

    `evaluated` and `deployed` are the two inputs, JSON files of the case folder
    (docs/reference/control-over-time.md). `required` fields count as differing where one of the
    manifests lacks them; every other field of either counts too. `files` are checked against the
    digests. The deployed manifest may have been collected at most `max_age_days` before the day
    `as_of` (YYYY-MM-DD).
    """

    evaluated: str
    deployed: str
    as_of: str
    required: tuple[str, ...] = FIELDS
    files: tuple[Held, ...] = ()
    max_age_days: int = 31

    def __post_init__(self) -> None:
        import datetime

        if self.evaluated == self.deployed:
            raise ValueError(
                "`evaluated` and `deployed` are two files; one file agrees with itself"
            )
        if not self.required or any(not name.strip() for name in self.required):
            raise ValueError("`required` names at least one field")
        if len(set(self.required)) != len(self.required):
            raise ValueError("`required` names a field twice")
        if any(not held.field.endswith("sha256") for held in self.files):
            raise ValueError("a field of `files` ends in `sha256`: it holds the digest of the file")
        if len({held.field for held in self.files}) != len(self.files):
            raise ValueError("`files` names a field twice")
        if not 0 <= self.max_age_days <= 36_500:
            raise ValueError("`max_age_days` is from 0 to 36,500")
        try:
            datetime.date.fromisoformat(self.as_of)
        except ValueError:
            raise ValueError(f"`as_of` is {self.as_of[:40]!r}; write YYYY-MM-DD") from None


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read both manifests and compare every field."""
    if sorted(inputs) != sorted((parameters.evaluated, parameters.deployed)):
        raise MethodError("`inputs` are the two manifests that `evaluated` and `deployed` name")
    paths = [input_file(context, name) for name in (parameters.evaluated, parameters.deployed)]
    if paths[0].name == paths[1].name:
        raise MethodError("both manifests have the same file name; the artefacts need two")
    evaluated, deployed = (read_manifest(path) for path in paths)
    files = {held.field: input_file(context, held.file) for held in parameters.files}
    kept = {
        word: keep(path, context)
        for word, path in zip(("evaluated manifest", "deployed manifest"), paths, strict=True)
    }
    return analyse(evaluated, deployed, parameters, files, kept)


def best_case(
    parameters: Parameters, _folder: Path, _inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """No field differs."""
    fields = float(len({*parameters.required, *(held.field for held in parameters.files)}))
    return {
        "differences": Exact(value=0.0, says="none, at best"),
        "unknown_fields": Exact(value=0.0, says="none, at best"),
        "fields": Exact(value=fields, says="those that are required"),
    }


METHOD = Method(
    name="control/identity",
    version="1.0.0",
    says="Compares the manifest of the deployed controls with that of the evaluated ones.",
    parameters=Parameters,
    measures=(
        Measure(
            name="differences",
            unit="fields",
            safer="lower",
            says="fields that differ, are in one manifest alone, are not known, or whose file has "
            "another digest",
        ),
        Measure(
            name="unknown_fields",
            unit="fields",
            safer="lower",
            says="those among them that one of the manifests does not know or does not have",
        ),
        Measure(
            name="fields", unit="fields", safer="neither", says="how many fields were compared"
        ),
    ),
    limits=(
        "A manifest is the word of whoever collected it; that the machines run what it says is "
        "what an attestation is for.",
        "What no field names can differ unseen: a library, a prompt that is put together at run "
        "time, the traffic.",
        "It says that nothing differs, not that what differs matters, or that what is the same "
        "still works.",
        "It holds for the day on which the deployed manifest was collected.",
    ),
    source="Korbak et al. 2025, arXiv:2501.17315; Balesni et al. 2024, arXiv:2411.03336",
    run=run,
    self_check=lambda: planted.self_check(_planted),
    controls=lambda: planted.controls(_planted),
    best_case=best_case,
    files=lambda parameters: tuple(held.file for held in parameters.files),
    needs_model=False,
    imports=True,
)


def _planted(evaluated: str, deployed: str, context: Context) -> Measurement:
    """The real run on two planted manifests and a prompt."""
    (context.case_folder / "evaluated.json").write_text(evaluated, "utf-8")
    (context.case_folder / "deployed.json").write_text(deployed, "utf-8")
    (context.case_folder / "prompt.txt").write_text(planted.PROMPT, "utf-8")
    parameters = Parameters(
        evaluated="evaluated.json",
        deployed="deployed.json",
        as_of=planted.AS_OF,
        files=(Held(field="monitor.prompt_sha256", file="prompt.txt"),),
    )
    return run(("evaluated.json", "deployed.json"), parameters, context)
