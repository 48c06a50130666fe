#!/usr/bin/env python3
"""Runs critest against an agent and holds the outcome against critest.expect.

usage: critest.py CRITEST SOCKET WORKDIR [DIGEST] [--only REGEX] [--parallel NODES] [--websocket]
                  [--timeout DURATION]
           CRITEST is the test binary, SOCKET the agent's socket, WORKDIR takes the reports.
           DIGEST replaces the one image digest that is written into the binary, whose bytes only
           the original registry has.
           --parallel runs specs on as many nodes at a time, those marked as serial after them, by
           the program ginkgo beside CRITEST. --websocket streams over WebSocket instead of SPDY.
           --timeout is for all specs together (default: 30m), as Go writes it.

Prints a line per spec and closes with the counts; the exit status says whether all is as expected.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter, namedtuple
from pathlib import Path

Expectation = namedtuple("Expectation", "outcome count pattern reason")


def expectations(path):
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            outcome, count, rest = line.split(None, 2)
            pattern, _, reason = rest.partition("  # ")
            if outcome == "selinux":
                if not has_selinux():
                    continue
                outcome = "pass"
            if outcome == "apparmor":
                outcome = "pass" if has_apparmor() else "later"
            yield Expectation(outcome, int(count), pattern.strip(), reason.strip())


def has_apparmor():
    enabled = Path("/sys/module/apparmor/parameters/enabled")
    return enabled.exists() and enabled.read_text().startswith("Y")


def has_selinux():
    """As critest sees it: without a policy every process is the kernel."""
    current = Path("/proc/self/attr/current")
    return Path("/sys/fs/selinux/enforce").exists() and current.read_text() != "kernel\0"


def patched(binary, digest, workdir):
    """A copy whose image digest is ours. Both are 64 hex digits, so nothing else moves."""
    data = binary.read_bytes()
    written = re.findall(rb"test-image-digest@sha256:([0-9a-f]{64})", data)
    # The reference for Windows shares the beginning of its name with ours.
    linux = [d for d in set(written) if b"win-test-image-digest@sha256:" + d not in data]
    if len(linux) != 1:
        raise SystemExit(f"{binary} names {len(linux)} test image digests instead of one")
    copy = workdir / "critest.test"
    copy.write_bytes(data.replace(linux[0], digest.encode()))
    copy.chmod(0o755)
    return copy


def critest(binary, workdir, suite, own, ginkgo=()):
    """Runs with the flags of the suite (focus and so on) and critest's own; reports spec by spec.

    With a command `ginkgo` that runs the specs on several nodes, which names its flags differently.
    """
    report = workdir / "report.json"
    report.unlink(missing_ok=True)
    suite = {**suite, "no-color": "true"}
    if ginkgo:
        # It puts the report below the directory, whatever path it is given.
        suite |= {"json-report": report.name, "output-dir": str(workdir)}
        words = [*ginkgo, *(f"--{name}={value}" for name, value in suite.items()), binary, "--", *own]
    else:
        suite |= {"json-report": str(report)}
        words = [binary, *(f"-ginkgo.{name}={value}" for name, value in suite.items()), *own]
    with (workdir / "critest.log").open("w") as log:
        subprocess.run(
            words,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=workdir,
            check=False,
        )
    if not report.exists():
        raise SystemExit(f"critest left no report: see {workdir}/critest.log")
    specs = {}
    for suite in json.loads(report.read_text()):
        for spec in suite["SpecReports"] or []:
            if spec["LeafNodeType"] == "It":
                texts = [*(spec["ContainerHierarchyTexts"] or []), spec["LeafNodeText"]]
                specs[" ".join(texts)] = spec
    return specs


def assign(names, expected):
    """Spec → the one line that speaks of it."""
    assigned, errors = {}, []
    for name in names:
        lines = [line for line in expected if re.search(line.pattern, name)]
        # The benchmarks' names repeat those of the groups that they measure.
        lines = [line for line in lines if line.pattern == "benchmark"] or lines
        if len(lines) == 1:
            assigned[name] = lines[0]
        else:
            errors.append(f"{len(lines)} lines of critest.expect speak of: {name}")
    found = Counter(assigned.values())
    for line in expected:
        if found[line] != line.count:
            errors.append(f"{found[line]} specs instead of {line.count}: {line.pattern}")
    return assigned, errors


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("critest", type=Path)
    parser.add_argument("socket", type=Path)
    parser.add_argument("workdir", type=Path)
    parser.add_argument("digest", nargs="?")
    parser.add_argument("--only", default="")
    parser.add_argument("--parallel", type=int, default=1, metavar="NODES")
    parser.add_argument("--websocket", action="store_true")
    parser.add_argument("--timeout", default="30m")
    given = parser.parse_args()
    given.workdir = given.workdir.resolve()
    given.workdir.mkdir(parents=True, exist_ok=True)
    binary = given.critest.resolve()
    if given.digest:
        binary = patched(binary, given.digest, given.workdir)

    expected = list(expectations(Path(__file__).with_name("critest.expect")))
    assigned, errors = assign(critest(binary, given.workdir, {"dry-run": "true"}, []), expected)
    if errors:
        raise SystemExit("\n".join(errors))
    assigned = {name: line for name, line in assigned.items() if re.search(given.only, name)}
    wanted = [name for name, line in assigned.items() if line.outcome == "pass"]
    # The suite's own name stands before a spec's: no anchors.
    focus = "|".join(sorted(re.escape(name) for name in wanted))
    own = [
        f"-runtime-endpoint=unix://{given.socket.resolve()}",
        f"-image-endpoint=unix://{given.socket.resolve()}",
        "-config=/dev/null",
    ]
    if given.websocket:
        own += ["-websocket-exec", "-websocket-attach", "-websocket-portforward"]
    ginkgo = [given.critest.resolve().with_name("ginkgo"), f"--nodes={given.parallel}"]
    ran = critest(
        binary,
        given.workdir,
        {"focus": focus, "timeout": given.timeout},
        own,
        ginkgo if given.parallel > 1 else (),
    )
    sys.exit(report(wanted, ran, assigned))


def report(wanted, ran, assigned):
    counts = Counter()
    for name in wanted:
        spec = ran.get(name, {"State": "missing"})
        message = (spec.get("Failure") or {}).get("Message", "").strip()
        passed = spec["State"] == "passed"
        counts["passed" if passed else "failed"] += 1
        print(f"{'ok' if passed else 'FAILED'} critest: {name}")
        if not passed:
            print(f"    {spec['State']}: " + message.replace("\n", "\n    "))
    for line, number in Counter(assigned.values()).items():
        if line.outcome == "later":
            counts["skipped"] += number
            print(f"skipped critest: {number} of {line.pattern}: {line.reason}")
    print(
        f"critest: {counts['passed']} passed, {counts['failed']} failed,"
        f" {counts['skipped']} skipped"
    )
    return 0 if counts["failed"] == 0 and counts["passed"] > 0 else 1


if __name__ == "__main__":
    main()
