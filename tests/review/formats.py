"""What of SARIF 2.1.0 a consumer relies on, written from the standard (OASIS, 27 March 2020).

Not the schema of the standard: the objects that we write, their required properties, closed words
and bounds (sections 3.13 run, 3.18 tool component, 3.27 result, 3.29 and 3.30 locations and
regions, 3.35 suppression, 3.49 reporting descriptor), with no further property allowed.
"""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string", "minLength": 1}
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": TEXT},
           "additionalProperties": False}  # fmt: skip
POSITIVE = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
BAG = {"type": "object", "properties": {"tags": {
    "type": "array", "items": TEXT, "uniqueItems": True, "maxItems": 20}}}  # fmt: skip


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties,
            "additionalProperties": False}  # fmt: skip


def many(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


RULE = closed(
    ["id"], id=TEXT, name=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE, help=MESSAGE,
    defaultConfiguration=closed([], level=LEVEL), properties=BAG,
)  # fmt: skip
LOCATION = closed(
    ["physicalLocation"],
    message=MESSAGE,
    physicalLocation=closed(
        ["artifactLocation", "region"],
        artifactLocation=closed(
            ["uri"],
            uri={"type": "string", "pattern": "^(file:///)?[A-Za-z0-9._~!$&'()*+,;=:@%/-]+$"},
            uriBaseId=TEXT,
        ),
        region=closed(["startLine"], startLine=POSITIVE, startColumn=POSITIVE, endLine=POSITIVE,
                      endColumn=POSITIVE),
    ),
    logicalLocations=many(closed(["name"], name=TEXT, fullyQualifiedName=TEXT, kind=TEXT)),
)  # fmt: skip
RESULT = closed(
    ["message"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
    message=MESSAGE,
    locations=many(LOCATION, maxItems=1000),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    suppressions=many(
        closed(
            ["kind"],
            kind={"enum": ["inSource", "external"]},
            status={"enum": ["accepted", "underReview", "rejected"]},
            justification=TEXT,
        )
    ),
    properties=BAG,
)
SARIF = closed(
    ["version", "runs"],
    version={"const": "2.1.0"},
    runs=many(
        closed(
            ["tool"],
            tool=closed(
                ["driver"],
                driver=closed(["name"], name=TEXT, version=TEXT, semanticVersion=TEXT,
                              rules=many(RULE, uniqueItems=True)),
            ),
            automationDetails=closed([], id=TEXT),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results=many(RESULT, maxItems=25000),
            invocations=many(
                closed(
                    ["executionSuccessful"],
                    executionSuccessful={"type": "boolean"},
                    toolExecutionNotifications=many(closed(["message"], message=MESSAGE,
                                                           level=LEVEL)),
                )
            ),
            properties=BAG,
        ),
        maxItems=20,
    ),
)  # fmt: skip
SARIF["properties"]["$schema"] = TEXT
