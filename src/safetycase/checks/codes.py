"""Every finding's code: what it means and the way out. A code is never used again."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CODES"]

CODES: Mapping[str, tuple[str, str]] = {
    "F001": (
        "File too large",
        "A case file is text that people read; split evidence data into "
        "files named under `inputs`.",
    ),
    "F002": (
        "Not YAML",
        "The file cannot be read as YAML at that place. Look for a missing quote, "
        "a tab, or a line indented by one blank too many. A `:` or `#` inside a sentence "
        "needs the sentence in quotes.",
    ),
    "F003": (
        "Alias",
        "YAML aliases (`*name`) hide what a reviewer reads. Name the element once "
        "and refer to its id.",
    ),
    "F004": ("Tag", "YAML tags (`!tag`) could construct objects; a case file is data only."),
    "F005": ("Wrong shape", "A mapping, a list or a single value was expected here."),
    "F006": ("Key given twice", "YAML would keep the last one silently. Keep one."),
    "F007": (
        "Surprising word",
        "YAML reads unquoted `no`, `012`, `1:30` or `null` as something "
        "else than the text. Put the text in quotes.",
    ),
    "F010": (
        "No kind",
        "An element is a mapping whose first key is its kind (claim, argument, "
        "evidence, assumption, defeater, problem, context) and whose value is its id.",
    ),
    "F011": ("Not an id", "Ids are letters and digits joined by hyphens."),
    "F012": ("Wrong kind", "This kind of element cannot stand at this place."),
    "F013": (
        "Id used twice",
        "Ids are unique. What is used twice is written once and referred to by its id elsewhere.",
    ),
    "F020": ("Unknown key", "The key is not part of the format; a typing error is likely."),
    "F021": (
        "Missing key",
        "A required part is not there. Everything a case needs is stated; "
        "nothing is assumed silently.",
    ),
    "F022": ("Unknown choice", "The value is not one of the words allowed here."),
    "F023": ("Unreadable value", "The value has the wrong form for this key."),
    "F024": (
        "Unreadable criterion",
        "A criterion is built from comparisons (`<=`, `<`, `>=`, `>`) "
        "of named quantities, joined by `and`, `or`, `not`.",
    ),
    "F030": (
        "Dangling reference",
        "The id is not in this case: a typing error, or the element was removed.",
    ),
    "F031": ("Wrong reference", "The id exists but its kind cannot stand here."),
    "F032": (
        "Not public",
        "Other files may refer to the public elements of a module only. List the id under "
        "`public` in the module file, or refer to one that is.",
    ),
    "F033": (
        "Module file missing",
        "A file named under `modules` is not in the case folder. Paths start at the case folder.",
    ),
    "F034": (
        "Module misnamed",
        "The name the case gives a module and the `module:` line of its file differ.",
    ),
    "F035": (
        "Claim concluded twice",
        "A step that `concludes` a claim is its support; the claim has one already.",
    ),
    "F036": (
        "Contract not asked for",
        "A step of another file may support a claim only if the claim's module lists it under "
        "`needs`.",
    ),
    "F040": (
        "No such template",
        "`use` names a template and pins its version, e.g. `control@1`. "
        "`safetycase new --list` shows the templates that are installed; a case folder may have "
        "its own in `templates/`.",
    ),
    "F041": (
        "Template version",
        "The installed template has another version than the case pins. An argument does not "
        "change by itself: look at the difference, then change the pin.",
    ),
    "F042": (
        "Parameter not bound",
        "A template's parameter without a default must be bound under `with`; until then the "
        "case is not well-posed.",
    ),
    "F043": ("Unknown parameter", "The template has no parameter of that name."),
    "F044": ("Parameter does not fit", "The value is not of the parameter's type."),
    "F045": (
        "Unreadable placeholder",
        "`{name}` and `=name` name a parameter of the template or a fact of the case; `each` reads "
        "`NAME in LIST`, `when` reads `NAME`, `not NAME` or `NAME is [not] VALUE`.",
    ),
    "F046": ("Nothing to repeat", "`each` makes one element per entry, and the list is empty."),
    "F047": (
        "Template word outside a template",
        "`each` and `when` belong to templates; a case states its elements.",
    ),
    "F048": (
        "Nothing to develop",
        "`develops` gives support to a claim that the template leaves open, or a method to an "
        "evidence it only plans.",
    ),
    "F050": (
        "Not this format",
        "The file is not well-formed, or holds nothing of the format that was asked for.",
    ),
    "F051": (
        "Too large",
        "Files of other formats are read up to 64 MiB and two million elements. Split the file.",
    ),
    "F052": (
        "Nested too deeply",
        "Nobody reads an argument that deep; the file is damaged, or meant to do harm.",
    ),
    "F053": ("Given twice", "A key or attribute is given twice. Keep one of them."),
    "F054": (
        "Document type or entity",
        "XML may not declare a document type or entities; write the text out.",
    ),
    "F055": (
        "Dangling reference in a foreign file",
        "The reference leads nowhere, or to what cannot stand there.",
    ),
    "F056": (
        "Id used twice in a foreign file",
        "References lead to the first element of that id. Rename the other.",
    ),
    "F057": (
        "Not known to this format",
        "A key, element, option or namespace that the reader does not know, or an older revision.",
    ),
    "F058": ("Value out of range", "The value is not one that the format allows there."),
    "F059": (
        "Not UTF-8",
        "The bytes are not of the encoding that the file declares. Save it as UTF-8.",
    ),
    "F060": ("Cycle in a foreign file", "References form a loop where the format allows none."),
    "F090": (
        "Not laid out",
        "`edit fmt` changes nothing unless the records before and after are equal and every "
        "comment survives.",
    ),
    "F091": (
        "Not there to be edited",
        "The element that a refactoring names is not in the text, or stands where it cannot be "
        "changed: in a template, for example.",
    ),
    "F092": (
        "Refactoring refused",
        "The case after the change would not be the case before it, up to what the change is "
        "for. Nothing was written.",
    ),
    "C101": ("Circular support", "A claim rests on itself. Loops of support prove nothing."),
    "C102": (
        "Nothing says how it would be supported",
        "The claim has no `by` and no problem that "
        "blocks it. Say what would close it, as a `problem`.",
    ),
    "C103": (
        "Impossible rule",
        "`k of n` needs a `k` between 1 and the number of premises; a step "
        "needs at least one premise, and each of them once: what is named twice is not two. "
        "`any` belongs to `alternatives`, of which each shows the claim by itself.",
    ),
    "C104": (
        "Not a leg",
        "`despite` explains why the other legs stand without a refuted leg; the "
        "id is no premise of this step.",
    ),
    "C105": (
        "Carries and only supports",
        "The claim is listed under `in_support` (shown, carries "
        "nothing) and is a premise as well. Alignment evidence may not be a leg.",
    ),
    "C106": (
        "Nothing rests on it",
        "The element is not connected to the root: it is neither a "
        "premise, an answer, shown in support, nor attacks or blocks anything.",
    ),
    "C107": (
        "Number out of range",
        "Targets, levels, credences, doubts, priors and chances are probabilities; costs are not "
        "negative.",
    ),
    "C108": (
        "Mandatory defeater accepted",
        "A mandatory defeater must be answered by evidence; it cannot be accepted.",
    ),
    "C109": (
        "Calculation does not fit",
        "A step with `rule: calculate` states under `computes` a formula for each quantity of its "
        "conclusion, over the quantities its premises name.",
    ),
    "C110": (
        "Quantity not measured",
        "The criterion names a quantity that no evidence of the "
        "claim reads, or the evidence reads one the criterion does not use.",
    ),
    "C111": (
        "No criterion",
        "Evidence supports a claim only through the claim's `holds_when`, "
        "which is registered before the run.",
    ),
    "C112": ("Criterion without evidence", "The claim has a criterion, and nothing measures it."),
    "C113": (
        "Accepted by an author",
        "What remains of a doubt is accepted by somebody who did not write the case; otherwise "
        "nobody else has looked at it.",
    ),
    "C120": (
        "Method not installed",
        "No installed package offers a method of that name. "
        "`safetycase method list` shows what is there.",
    ),
    "C121": ("Method cannot be loaded", "The package that offers the method fails to import."),
    "C122": (
        "Parameters do not fit",
        "The method's parameters are typed; `safetycase method show NAME` prints them.",
    ),
    "C123": ("Not measured by the method", "The method does not return a quantity of that name."),
    "C124": (
        "Input file missing",
        "A file named under `inputs` or by a parameter is not in the "
        "case folder, or lies outside it.",
    ),
    "C125": ("Unknown model", "The model is not listed under `models`."),
    "C126": (
        "Planned n cannot decide",
        "Even the best possible result of the planned size leaves "
        "the criterion undecided at the leaf's level. Plan more samples, or state why a "
        "weaker bound is enough. Where nothing is sampled and the result follows from given "
        "numbers it is a warning: the leaf runs, and shows what it does not show.",
    ),
    "C127": ("Unknown fact", "`=name` refers to a fact of the header, e.g. `=deployment.volume`."),
    "C128": (
        "Criterion cannot fail",
        "Every result that the method could return meets the criterion, as every share is at "
        "most 1. A test that cannot fail shows nothing.",
    ),
    "C129": (
        "Own template under the name of an installed one",
        "The case folder has a template of the name of an installed one, and another text. A "
        "reader who knows the name takes it for that one, and its source for that of this text.",
    ),
    "C130": (
        "Nobody answers for it",
        "An assumption that nobody owns supports nothing; it stays open. A credence that nobody "
        "answers for counts as [0, 1], and a doubt that nobody accepts stands. `not stated`, "
        "`tbd`, `unknown`, `none` and the like name nobody.",
    ),
    "C131": (
        "Assumption without end",
        "An assumption needs an expiry or a monitor; otherwise nothing would ever turn it off.",
    ),
    "C132": (
        "Registry not assumed complete",
        "No record can show runs made outside it. Every "
        "case carries the assumption REGISTRY-COMPLETE with an owner; without it the root "
        "stays open.",
    ),
    "C133": (
        "Declared dependence does not fit",
        "Each kind of declared dependence has its members (two or more leaves) and, where it needs "
        "one, its number: `beta`, `at_most` or `weights` that add up to 1.",
    ),
    "C134": (
        "Contradictory declarations",
        "Two declarations of dependence say of the same leaves what cannot both be true.",
    ),
    "C135": (
        "Declared independent, and not",
        "Independence is declared of groups that rest on the same element, input, task or "
        "instrument. What they have in common can fail for both at once.",
    ),
    "C136": (
        "Declaration without warrant",
        "A declared dependence adds to the confidence only as far as its owner's credence goes.",
    ),
    "C137": (
        "No such problem in the library",
        "`instance_of` names a problem of a library; `safetycase agenda library` lists them.",
    ),
    "C138": (
        "Judge of the subject's family",
        "The model that scores is the subject, or has its maker or family by name. It may share "
        "the blind spots of what it judges, or side with it; their errors are not independent.",
    ),
    "C139": (
        "Plan or effort that cannot be",
        "Nobody can carry out the plan (no attempts, no items, more clusters than items, a budget "
        "below the attempts it pays for), a further attempt would count the same files or items "
        "again as new ones, or nothing that is planned can be the effort asked for.",
    ),
    "C140": (
        "Nothing shows this yet",
        "The claim argues that training is unlikely to lead to scheming, and evidence carries it. "
        "No evaluation is known that shows it (Balesni et al. 2024, arXiv:2411.03336, section "
        "7.3), so only a method that declares that it `establishes` it may; none that is shipped "
        "does. Leave the claim open, with a problem that says what would close it.",
    ),
    "C141": (
        "A run without a result",
        "The last attempt at the evidence failed, and its registration has no result: the method "
        "refused what it was given, or broke. The message is the method's own. The attempt stays "
        "in the record; what it was about is unknown, and unknown is not safe.",
    ),
    "C142": (
        "Alarm that is not one comparison",
        "`alarm_when` of a monitor compares one quantity with one number. What it negates is the "
        "null hypothesis, and a detector can reject one at a time; write a monitor for each.",
    ),
    "C143": (
        "Kind and detector do not fit",
        "A `rate`, a `mean` and a `drift` are judged by an `e-process`, `restarted` or a `cusum`, "
        "a `count` by a `threshold`, `pairs` by an `e-process`. A `cusum` has a `run_length`. "
        "Drift is measured from a `reference` and only ever warns, and what measures a distance "
        "alarms above a number.",
    ),
    "C144": (
        "Number of a monitor out of range",
        "Error budgets are probabilities, the tolerated loss and the recall of canaries are "
        "shares, weights are one over a probability of being sampled.",
    ),
    "C145": (
        "Alternative that is no alternative",
        "An alternative is a value at which an alarm is due. One on the side of the null "
        "hypothesis would make the detector look for what is in order.",
    ),
    "C146": (
        "No window, or no end of silence",
        "A monitor reports once a `window`, and what it conditions turns unknown when it was "
        "silent for longer than `silent_after`. Without them it never says that all is quiet, or "
        "its silence passes for quiet.",
    ),
    "C147": (
        "Called silent between two signs of life",
        "`silent_after` is shorter than the `heartbeat`, so the monitor would be called silent "
        "while its sources report as they should.",
    ),
    "C148": (
        "Canaries asked for more than was measured",
        "A monitor that catches its canaries as well as it ever did would be called blind. "
        "`at_least` lies below the measured `recall`, by a margin that matters for the claim.",
    ),
    "C149": (
        "Compared with what it cannot be",
        "Rates, means, advantages and distances lie between 0 and 1, and counts are not negative. "
        "A share is written as 0.05 or 5 %; numbers of events are of `kind: count`.",
    ),
    "C150": (
        "Monitor that conditions nothing",
        "An indicator that no claim depends on is a statistic. Name under `conditions` what it "
        "watches, or refer to it as the `monitor` of an assumption.",
    ),
    "C151": (
        "Alarm that never goes off, or always",
        "No stream of events could raise the alarm, or every one would: its silence says nothing. "
        "A monitor without `alarm_when` is not watched at all (a warning), and what it conditions "
        "stays unknown.",
    ),
}
