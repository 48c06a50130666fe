#!/usr/bin/env python3
"""Counts what ran.

usage: counts.py surefire DIRECTORY…   reports of Maven's test plugins below the directories
       counts.py bats REPORT           bats' JUnit report

Prints what failed and why something was skipped, and last `PASSED FAILED SKIPPED`.
"""

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree


def main(arguments):
    kind, *places = arguments
    if kind == "surefire":
        reports = [
            report
            for place in places
            for folder in ("surefire-reports", "failsafe-reports")
            for report in sorted(Path(place).glob(f"*/target/{folder}/TEST-*.xml"))
        ]
    else:
        reports = [Path(place) for place in places]
    counts = Counter(passed=0, failed=0, skipped=0)
    for report in reports:
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            counts[outcome(case)] += 1
    print(counts["passed"], counts["failed"], counts["skipped"])


def outcome(case):
    name = f"{case.get('classname', '')}: {case.get('name', '')}"
    for kind in ("failure", "error"):
        found = case.find(kind)
        if found is not None:
            print(f"FAILED {name}: {found.get('message') or (found.text or '').strip()[:300]}")
            return "failed"
    found = case.find("skipped")
    if found is not None:
        print(f"skipped {name}: {found.get('message') or (found.text or '').strip()[:300]}")
        return "skipped"
    return "passed"


if __name__ == "__main__":
    main(sys.argv[1:])
