"""What processes take: memory and open files, over time."""

import os
import statistics

# Fewer samples of one process say nothing of growth.
SAMPLES_MIN = 8
# What a process may take more at the end than at the beginning.
MEMORY_FACTOR, MEMORY_KIB, HANDLES = 1.2, 4096, 8


class Vitals:
    """Samples of each process, by its host's name and its number."""

    def __init__(self):
        self.samples = {}

    def sample(self, host, pid):
        """Takes one; a process that is gone gives none."""
        try:
            with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
                kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
            self.samples.setdefault((host, pid), []).append((kib, len(os.listdir(f"/proc/{pid}/fd"))))
        except (OSError, StopIteration):
            pass

    def faults(self):
        """Which process grew, one sentence each."""
        return [text for key, samples in self.samples.items() for text in grown(key[0], samples)]

    def figures(self):
        """Largest memory and most handles of each host."""
        found = {}
        for (host, _), samples in self.samples.items():
            kib, handles = found.get(host, (0, 0))
            found[host] = (max(kib, *(s[0] for s in samples)), max(handles, *(s[1] for s in samples)))
        return {host: {"memory_kib": kib, "handles": handles} for host, (kib, handles) in found.items()}


def grown(host, samples):
    """Whether the last quarter of the samples is above the second: the first one is still warming up."""
    if len(samples) < SAMPLES_MIN:
        return []
    quarter = len(samples) // 4
    early, late = samples[quarter:2 * quarter], samples[-quarter:]
    found = []
    before, after = (statistics.median(s[0] for s in part) for part in (early, late))
    if after > before * MEMORY_FACTOR + MEMORY_KIB:
        found.append(f"the keeper of {host} grew from {before:.0f} to {after:.0f} KiB")
    before, after = (statistics.median(s[1] for s in part) for part in (early, late))
    if after > before + HANDLES:
        found.append(f"the keeper of {host} went from {before:.0f} to {after:.0f} open files")
    return found
