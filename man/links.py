# SPDX-License-Identifier: MIT
#
# The names that the man pages of section 3 document, so that "man weft_send" finds weft_chan(3).
#
#     links.py --list PAGE...          prints NAME.3 for each name that is not the page's own
#     links.py FOLDER PAGE...          writes these as files that refer to their page
import pathlib
import re
import sys


def names(page):
    """What stands in front of the dash in the section NAME."""
    text = re.search(r"^\.SH NAME\n(.*?)^\.SH", page.read_text(), re.DOTALL | re.MULTILINE).group(1)
    return [n.strip() for n in text.replace("\n", " ").split(r"\-")[0].split(",")]


def links(page):
    """Names that differ in case alone are one to man(1)."""
    taken = {p.stem.lower() for p in map(pathlib.Path, sys.argv[2:])}
    return [f"{n}.3" for n in names(page) if n.lower() not in taken and not taken.add(n.lower())]


if __name__ == "__main__":
    for page in map(pathlib.Path, sys.argv[2:]):
        for link in links(page):
            if sys.argv[1] == "--list":
                print(link)
            else:
                (pathlib.Path(sys.argv[1]) / link).write_text(f".so man3/{page.name}\n")
