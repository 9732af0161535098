# SPDX-License-Identifier: MIT
#
# Ten seconds of each fuzzer, from the corpus and the files of the tree on: no crash, no hang, no
# sanitizer's report, no more memory than tests/fuzz/fuzz.h allows. WEFT_TEST_FUZZ=SECONDS for another time;
# WEFT_TEST_FUZZ_KEEP=FOLDER keeps what was found there, and goes on from it (scripts/fuzz).
import os
import pathlib
import shutil

import tap
from tap import BUILD, SOURCE, run

SECONDS = int(os.environ.get("WEFT_TEST_FUZZ", "10"))
KEEP = os.environ.get("WEFT_TEST_FUZZ_KEEP")
SEEDS = {
    "native": ["traces", "traces/broken", "tests/data"],
    "gotrace": ["tests/data/gotrace"],
    "chrome": [],
}


def add(name, seeds):
    @tap.test(f"{name}_bears_{SECONDS}_seconds_of_fuzzing")
    def _(folder):
        found = pathlib.Path(KEEP or folder) / name
        found.mkdir(parents=True, exist_ok=True)
        folders = [found, *(SOURCE / seed for seed in seeds), SOURCE / "tests/fuzz/corpus" / name]
        got = run(BUILD / "tests" / f"fuzz_{name}", f"-max_total_time={SECONDS}", "-timeout=60",
                  "-report_slow_units=60", "-rss_limit_mb=2048", "-max_len=30000", "-print_final_stats=1",
                  f"-artifact_prefix={folder}/", *folders, timeout=SECONDS * 2 + 120)
        for bad in [p for p in folder.glob("*-*") if p.is_file()]:
            kept = shutil.copy(bad, BUILD / f"fuzz-{name}-{bad.name}")
            raise AssertionError(f"{kept}\n{got.stderr[-3000:]}")
        assert got.returncode == 0, got.stderr[-3000:]
        print(*(f"# {name} {line}" for line in got.stderr.splitlines() if "executed_units" in line))


for each, folders_ in SEEDS.items():
    add(each, folders_)

tap.main()
