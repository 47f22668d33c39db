"""`control/attestations`: required attestations of integrity, each there, signed and in date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetycase.methods.control.attestations import planted
from safetycase.methods.control.attestations.analysis import LOG, analyse
from safetycase.methods.control.attestations.rows import Attestation, instant, read_attestations
from safetycase.methods.imported.in_toto import verifier
from safetycase.methods.imported.planting import keep
from safetycase.methods.imported.strict import input_file
from safetycase.plugin.contract import Context, Measure, Measurement, Method, MethodError
from safetycase.stats import Exact, Statistic

__all__ = ["METHOD", "Parameters", "Required"]

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """A property that has to be attested, and of what.

    `sha256` is the digest of the subject: of the weights, of the log's configuration, of the
    list of permissions. Empty stands for the weights of the case's model.
    """

    property: str
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What has to be attested, by which keys, and the day for which it is judged.

    Each input is one DSSE envelope around an in-toto statement
    (docs/reference/control-over-time.md). `keys` are PEM texts of public keys (Ed25519, ECDSA or
    RSA); a statement counts if one of them signed it. `as_of` is the time for which validity is
    judged, as `2026-11-01` or `2026-11-01T00:00:00Z`. An attestation counts until it expires, and
    at most `max_age_days` after it was issued.
    """

    required: tuple[Required, ...]
    keys: tuple[str, ...]
    as_of: str
    max_age_days: int = 31

    def __post_init__(self) -> None:
        if not self.required or any(not each.property.strip() for each in self.required):
            raise ValueError("`required` names at least one property that has to be attested")
        if len(set(self.required)) != len(self.required):
            raise ValueError("`required` names the same property of the same subject twice")
        for each in self.required:
            if each.sha256 and not _DIGEST.fullmatch(each.sha256):
                raise ValueError(
                    f"the `sha256` of `{each.property}` is no digest of 64 small hexadecimal digits"
                )
        if not self.keys or any(not key.strip() for key in self.keys):
            raise ValueError("`keys` holds at least one public key: who signs is part of the claim")
        if not 1 <= self.max_age_days <= 36_500:
            raise ValueError("`max_age_days` is from 1 to 36,500")
        try:
            instant(self.as_of)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"`as_of`: {error}") from None


def run(inputs: tuple[str, ...], parameters: Parameters, context: Context) -> Measurement:
    """Read every statement, check its signatures, and look for each required property."""
    if not inputs:
        raise MethodError("name the attestations under `inputs`, one file each")
    checks = [verifier(key) for key in parameters.keys]
    found: list[tuple[Attestation, bool]] = []
    kept: dict[str, str] = {}
    for number, name in enumerate(inputs, 1):
        path = input_file(context, name)
        if path.name in kept.values():
            raise MethodError(
                f"two inputs are called `{path.name}`; the artefacts need names of their own"
            )
        for one in read_attestations(path):
            signed = any(
                check(signature, one.statement.message)
                for check in checks
                for _, signature in one.statement.signed
            )
            found.append((one, signed))
        kept[f"attestation {number}"] = keep(path, context)
        context.progress(number, len(inputs), "reading")
    return analyse(found, parameters, str(context.subject.get("weights_sha256", "")), kept)


def best_case(
    parameters: Parameters, _folder: Path, _inputs: tuple[str, ...]
) -> Mapping[str, Statistic]:
    """Every required property attested this very moment."""
    days = float(parameters.max_age_days)
    return {
        "valid": Exact(value=float(len(parameters.required)), says="all, at best"),
        "valid_share": Exact(value=1.0, says="all, at best"),
        "invalid": Exact(value=0.0, says="none, at best"),
        "days_left": Exact(value=days, says="issued at `as_of`, at best"),
    }


METHOD = Method(
    name="control/attestations",
    version="1.0.0",
    says="Checks signed attestations of weights, logs and permissions against those required.",
    parameters=Parameters,
    measures=(
        Measure(
            name="valid",
            unit="attestations",
            safer="higher",
            says="how many of the required properties are attested, signed and in date",
        ),
        Measure(name="valid_share", unit="proportion", safer="higher", says="the same, as a share"),
        Measure(
            name="invalid",
            unit="attestations",
            safer="lower",
            says="how many of the required properties are not",
        ),
        Measure(
            name="days_left",
            unit="days",
            safer="higher",
            says="days from `as_of` until the first of them stops counting; 0 if one does not now",
        ),
    ),
    limits=(
        "A signature shows who said it and that it was not changed since; not that it is true.",
        "Whoever holds a key can sign anything. That the keys are out of reach of the AI and of "
        "those who would help it is a claim of its own.",
        "Something may have been changed and changed back between two attestations.",
        "`as_of` is the word of the author; what has expired since shows by `valid_for` and by a "
        "new run, not here.",
        f"That a log is outside the agent is what the attestation `{LOG}` says; nothing here "
        "looks at the log.",
    ),
    source="in-toto/attestation, spec v1 and predicate svr v0.1; secure-systems-lab/dsse; Balesni "
    "et al. 2024, arXiv:2411.03336, section 6.1.4",
    run=run,
    self_check=lambda: planted.self_check(_planted),
    controls=lambda: planted.controls(_planted),
    best_case=best_case,
    needs_model=False,
    imports=True,
)


def _planted(files: Mapping[str, str], pem: str, context: Context) -> Measurement:
    """The real run on planted files."""
    for name, content in files.items():
        (context.case_folder / name).write_text(content, "utf-8")
    parameters = Parameters(
        required=tuple(Required(property=p, sha256=s) for p, s in planted.REQUIRED),
        keys=(pem,),
        as_of=planted.AS_OF,
    )
    return run(tuple(files), parameters, context)
