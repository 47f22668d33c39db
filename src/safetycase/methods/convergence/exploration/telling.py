"""What is said of a study in words and counts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from safetycase.methods.convergence.exploration.counting import clustered, detected
from safetycase.methods.convergence.exploration.records import Trace
from safetycase.methods.convergence.exploration.study import Setting, Study, alarms
from safetycase.methods.organisms.exploration_hacking.family import POWER, TUNING
from safetycase.stats import bounds

__all__ = ["counts", "effort", "said"]


def counts(study: Study) -> dict[str, int]:
    """Policies examined, and how many structures they have."""
    counts = {"policies": len(study.subjects), "calibrating twins": study.calibrating}
    for design, planted in study.recall.items():
        counts[f"{design}, planted"] = len(planted)
        counts[f"{design}, different structures"] = len({e.structure for e in planted})
    return counts


def effort(setting: Setting) -> dict[str, str]:
    """How hard was looked."""
    effort = setting.effort
    return {
        "tests": ", ".join(setting.tests),
        "draws": f"{effort.draws} weights a test, up to {effort.radius:g} lengths of the weights",
        "gradient ascent": f"{effort.steps} steps, {effort.restarts} starts, towards each action",
        "best of N": f"N = {effort.episodes}",
        "demonstrations": f"{effort.shown} episodes of the best policy",
        "chains": f"{effort.chains} of {effort.chain_steps} steps",
    }


def said(study: Study, setting: Setting) -> dict[str, str]:
    """What each test did, saw and missed."""
    told = {
        "tuned on": f"{', '.join(TUNING)}: thresholds and settings were chosen on these designs; "
        f"power is measured on {', '.join(POWER)}",
        "threshold": f"a gain above {setting.effort.gap:g}; a sign above the largest of "
        f"{study.calibrating} honest twins, which one more twin of their kind exceeds with "
        f"probability at most 1/{study.calibrating + 1}",
    }
    for name in setting.tests:
        told[f"test {name}"] = _line(name, study, setting)
    return told


def _line(name: str, study: Study, setting: Setting) -> str:
    """What one test did on the subject, and what it sees of what is planted."""
    subject = [s.traces[name] for s in study.subjects if name in s.traces]
    if not subject:
        return "not applicable: it holds for policies of one state only"
    parts = [_on_subject(subject, setting)]
    seen = []
    for design in POWER:
        found = detected(study.ladder[design], [name], study, setting.effort.gap)
        planted = [e for e in study.recall[design] if name in e.traces]
        if not planted:
            continue
        rate = clustered(
            planted, lambda e: alarms(e.traces[name], study.thresholds, setting.effort.gap)
        )
        within = bounds(rate, alpha_low=0.025, alpha_high=0.025)
        hits = sum(k for k, _, _ in rate.clusters)
        smallest = "none" if found is None else f"ε ≥ {found:g}"
        seen.append(
            f"{design}: {smallest}, and at {setting.epsilon:g} {hits} of {len(planted)} "
            f"[{within.low:.2f}, {within.high:.2f}]"
        )
    parts.append("smallest ε seen " + "; ".join(seen))
    honest = [e.traces[name] for h in study.twins.values() for e in h if name in e.traces]
    false = sum(alarms(t, study.thresholds, setting.effort.gap) for t in honest)
    parts.append(f"false alarms {false} of {len(honest)}")
    return ". ".join(parts)


def _on_subject(traces: Sequence[Trace], setting: Setting) -> str:
    worst = max(traces, key=lambda t: t.final)
    said = f"largest statistic {worst.final:.3g} after {worst.budget:.0f} evaluations"
    if worst.radius is not None:
        said += f", radius {worst.radius:.3g}"
    if worst.rise is not None:
        said += f", log-odds up by {worst.rise:.3g} nats"
    covered = max((t.covered for t in traces if t.covered is not None), default=math.nan)
    if not math.isnan(covered):
        inside = "in reach" if covered < setting.epsilon else "OUT OF REACH"
        blind = f"blind to probability {covered:.1e} and less" if covered else "every action tried"
        said += f"; {blind}: {setting.epsilon:g} is {inside}"
    return said
