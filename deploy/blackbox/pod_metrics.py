#!/usr/bin/env python3
"""Checks what ListMetricDescriptors and ListPodSandboxMetrics answer.

usage: pod_metrics.py NAMES DESCRIPTORS METRICS POD
           asks what critest's two specs about pod metrics ask, and more: NAMES are the expected
           names, one a line; DESCRIPTORS and METRICS what `crictl metricdescs` and `crictl
           metricsp` printed; POD the id of a pod with one container that has limits on memory and
           processor
       pod_metrics.py METRICS POD NAME [LABEL…]
           prints the sum of the values of that name with these label values

The first form is stricter than critest: only what the kernel cannot count here may be missing, and
every descriptor must be filled.
"""

import json
import pathlib
import sys


def pod_of(path, pod):
    found = [each for each in read(path)["podMetrics"] if each["podSandboxId"] == pod]
    if len(found) != 1:
        sys.exit(f"pod {pod} is listed {len(found)} times")
    return found[0]


def read(path):
    return json.loads(pathlib.Path(path).read_text())


def metrics_of(pod):
    found = list(pod["metrics"])
    for container in pod["containerMetrics"]:
        found += container["metrics"]
    return found


def uncounted():
    """Beginnings of names that this host's kernel has no numbers for."""
    missing = []
    unified = not any(
        " - cgroup " in line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    )
    if not unified or not pathlib.Path("/proc/pressure/cpu").exists():
        missing.append("container_pressure_")
    controllers = "/sys/fs/cgroup/cgroup.controllers" if unified else "/proc/self/cgroup"
    if "hugetlb" not in pathlib.Path(controllers).read_text().replace(":", " ").split():
        missing.append("container_hugetlb_")
    return tuple(missing)


def check(names, descriptors, metrics, pod):
    problems = []
    descriptors = {each["name"]: each for each in read(descriptors)["descriptors"]}
    excused = uncounted()
    wanted = {
        name
        for name in pathlib.Path(names).read_text().split()
        if not excused or not name.startswith(excused)
    }
    problems += [f"no descriptor {name}" for name in sorted(wanted - descriptors.keys())]
    for name, descriptor in descriptors.items():
        if not descriptor["help"] or not descriptor["labelKeys"]:
            problems.append(f"{name}: no help or no labels")
    filled = set()
    for metric in metrics_of(pod_of(metrics, pod)):
        name, values = metric["name"], metric["labelValues"]
        filled.add(name)
        if name not in descriptors:
            problems.append(f"{name}: no descriptor")
        elif len(values) != len(descriptors[name]["labelKeys"]):
            problems.append(f"{name}: {len(values)} label values")
        if not all(values):
            problems.append(f"{name}: an empty label value in {values}")
        counts = name.endswith(("_total", "_failcnt")) and name != "container_fs_inodes_total"
        kind = "COUNTER" if counts else "GAUGE"
        if metric["metricType"] != kind:
            problems.append(f"{name}: {metric['metricType']}")
    problems += [f"never filled: {name}" for name in sorted(descriptors.keys() - filled)]
    print(f"{len(descriptors)} descriptors, {len(filled)} filled")
    if problems:
        sys.exit("\n".join(problems))


def value(metrics, pod, name, labels):
    found = [
        int(metric["value"]["value"])
        for metric in metrics_of(pod_of(metrics, pod))
        if metric["name"] == name and all(label in metric["labelValues"] for label in labels)
    ]
    if not found:
        sys.exit(f"no {name} with {labels}")
    print(sum(found))


if pathlib.Path(sys.argv[2]).is_file():
    check(*sys.argv[1:])
else:
    value(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
