"""The agenda as plain data: what `--json` prints, and what the text and the files are made from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from safetycase.agenda.library import Entry
from safetycase.argument.model import Chance
from safetycase.ledger.fold import ShotRecord

if TYPE_CHECKING:  # shots and the library are shown without what computes values
    from safetycase.agenda.funding import Funding, Outlook, Taken
    from safetycase.agenda.items import Item
    from safetycase.agenda.rank import Ranked, RankedGroup, Ranking
    from safetycase.agenda.value import Information, Lift

__all__ = ["entry_json", "funding_json", "item_json", "ranking_json", "shot_json"]


def ranking_json(ranking: Ranking) -> dict[str, Any]:
    """A ranking: the headline, the items and groups in order, and what was taken for granted."""
    from safetycase.agenda.rank import model_words

    return {
        "headline": {"bound": ranking.now, "point": ranking.point},
        "model": model_words(ranking.taken),
        "threshold": ranking.stakes.threshold,
        "items": [_ranked(row) for row in ranking.items],
        "groups": [_group(group) for group in ranking.groups],
        "groups_of": ranking.grouped,
        "substitutes": [list(names) for names in ranking.substitutes],
        "truncated": ranking.truncated,
        "taken_alike": {"for": list(ranking.alike), **_taken(ranking.taken)},
        "taken_to_hold": list(ranking.assumed),
        "notes": list(ranking.notes),
    }


def funding_json(funding: Funding) -> dict[str, Any]:
    """A split of a budget, its frontier, and what was taken for granted."""
    return {
        "budget": funding.budget,
        "spent": funding.spent,
        "unit": funding.unit,
        "value": _chance(funding.value),
        "value_without_funding": _chance(funding.without),
        "bound": funding.bound,
        "exact": funding.exact,
        "funded": [
            {
                "item": row.item,
                "shots": row.shots,
                "cost": row.spent,
                "chance": _chance(row.chance),
            }
            for row in funding.funded
        ],
        "frontier": [
            {"budget": p.budget, "value": _chance(p.value), "bound": p.bound}
            for p in funding.frontier
        ],
        "order": {
            "items": list(funding.order.items),
            "expected_cost": funding.order.expected_cost,
            "optimal": funding.order.optimal,
            "why": funding.order.why,
        },
        "prospects": {name: _outlook(each) for name, each in funding.outlooks.items()},
        "taken_alike": {"for": list(funding.alike), **_taken(funding.taken)},
        "taken_as_done": list(funding.done),
        "not_needed": list(funding.apart),
        "taken_to_hold": list(funding.assumed),
        "notes": list(funding.notes),
    }


def item_json(item: Item) -> dict[str, Any]:
    """An item as it stands in the case and the record; no value."""
    return {
        "id": item.id,
        "what": item.what,
        "kind": item.kind,
        "kind_stated": item.kind_stated,
        "says": item.says,
        "closed_when": item.closed_when,
        "blocks": list(item.blocks),
        "path": list(item.path),
        "carries": item.carries,
        "place": item.place,
        "status": item.status,
        "proxy": item.proxy,
        "command": item.command,
        "who": item.who,
        "cost": item.cost,
        "tried": list(item.tried),
        "shots": [shot_json(shot) for shot in item.shots],
        "instance_of": item.instance_of,
        "library": entry_json(item.entry) if item.entry else None,
        "judged_by": item.prospects.owner if item.prospects else None,
        "judged_because": item.prospects.because if item.prospects else None,
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """An entry of the library."""
    return {
        "id": entry.id,
        "title": entry.title,
        "says": entry.says,
        "area": entry.area,
        "kind": entry.kind,
        "recognised_when": entry.recognised_when,
        "proxy": entry.proxy,
        "sources": list(entry.sources),
    }


def shot_json(shot: ShotRecord) -> dict[str, Any]:
    """A shot as the record tells it; `outcome` is null while it runs."""
    return {
        "id": shot.id,
        "item": shot.item,
        "at": shot.at,
        "by": shot.by,
        "approach": shot.approach,
        "family": shot.family,
        "cost": shot.cost,
        "outcome": shot.outcome,
        "says": shot.says,
        "result_at": shot.result_at,
        "artefacts": dict(shot.artefacts),
    }


def _ranked(row: Ranked) -> dict[str, Any]:
    return {
        **item_json(row.item),
        "prospects": _outlook(row.outlook),
        "chance": row.chance,
        "lift": _lift(row.lift) if row.lift else None,
        "value_of_knowing": _information(row.knowing) if row.knowing else None,
        "value_of_more_trials": (
            {"trials": row.trials, **_information(row.more)} if row.more else None
        ),
        "price_of_doubt": row.price,
    }


def _group(group: RankedGroup) -> dict[str, Any]:
    return {
        "items": list(group.items),
        "gain": group.gain,
        "bound": group.bound,
        "chance": group.chance,
        "cost": group.cost,
        "value_of_knowing": _information(group.knowing) if group.knowing else None,
    }


def _lift(lift: Lift) -> dict[str, Any]:
    return {
        "bound_now": lift.bound_before,
        "bound_if_solved": lift.bound_after,
        "point_now": lift.before,
        "point_if_solved": lift.after,
        "log_odds": _finite(lift.log_odds),
        "log_odds_per_cost": _finite(lift.log_odds_per_cost),
        "cost": lift.cost,
        "model": lift.model,
    }


def _information(found: Information) -> dict[str, Any]:
    return {
        "value": found.value,
        "cost": found.cost,
        "value_per_cost": found.value_per_cost,
        "model": found.model,
    }


def _outlook(outlook: Outlook) -> dict[str, Any]:
    return {
        "solvable": _chance(outlook.solvable),
        "solvable_before_shots": _chance(outlook.stated),
        "each_shot": _chance(outlook.each_shot),
        "cost": outlook.cost,
        "already": outlook.already,
        "failed_shots": outlook.failures,
        "judged_by": outlook.owner,
    }


def _taken(taken: Taken) -> dict[str, Any]:
    return {
        "solvable": _chance(taken.solvable),
        "each_shot": _chance(taken.each_shot),
        "cost": taken.cost,
        "said": taken.said,
    }


def _chance(chance: Chance) -> dict[str, float]:
    return {"at_least": chance.at_least, "at_most": chance.at_most}


def _finite(number: float) -> float | str:
    """JSON has no infinity: from or to certainty the log odds say so in words."""
    return number if math.isfinite(number) else "infinite" if number > 0 else "minus infinite"
