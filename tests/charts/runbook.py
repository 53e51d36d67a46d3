"""What the documents of the charts say, to be held against what is.

    Document("README.md").blocks("sh")          # fenced blocks of a language
    Document("README.md").table("reason")       # rows of the table whose head begins so
    Document("README.md").commands("kubectl")   # each as words
"""

import functools
import re
import shlex

from charts.helm import CHARTS

LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")


def slug(heading):
    """The anchor of a heading, as GitHub and GitLab make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


class Document:
    def __init__(self, path):
        self.path = path if path.is_absolute() else CHARTS / path
        self.text = self.path.read_text(encoding="utf-8")

    @functools.cached_property
    def prose(self):
        """Without the fenced blocks."""
        return re.sub(r"(?ms)^```.*?^```$", "", self.text)

    def headings(self):
        return re.findall(r"(?m)^#+ (.+)$", self.prose)

    def section(self, heading):
        """What stands below a heading, up to the next one of the same or a higher level."""
        level, rest = re.search(rf"(?ms)^(#+) {re.escape(heading)}$(.*)", self.text).groups()
        return re.split(rf"(?m)^#{{1,{len(level)}}} ", rest)[0]

    def blocks(self, language, within=None):
        text = self.text if within is None else self.section(within)
        return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", text)

    def table(self, head):
        lines = self.text[self.text.index(f"| {head} |"):].split("\n\n", 1)[0].splitlines()
        return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines if not line.startswith("| ---")]

    def links(self):
        return LINK.findall(self.prose)

    def lines(self):
        """The command lines: of the `sh` blocks, and those in `code` that begin with a program."""
        fenced = [line for block in self.blocks("sh") for line in block.splitlines()]
        inline = re.findall(r"`((?:kubectl|helm|schemalatch)\s[^`]+)`", self.prose)
        return fenced + [re.sub(r"\s+", " ", code) for code in inline]

    def commands(self, program):
        parts = [part.strip() for line in self.lines() for part in re.split(r" \| (?=\w)", line)]
        return [shlex.split(part) for part in parts if part.split()[0] == program]
