#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what a terminal program printed: ANSI-coloured text on standard input becomes an SVG on standard output.
`FORCE_COLOR=1 python3 tests/demo/demo.py --once | python3 tests/tools/terminal_svg.py > docs/run.svg` made the README's
picture."""

import html
import re
import sys

FONT_SIZE, LINE_HEIGHT, CHARACTER_WIDTH, MARGIN = 13, 18, 7.85, 18
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff"}
FOREGROUND, BACKGROUND = "#e6edf3", "#0d1117"


def style(codes):
    parts = []
    for code in codes:
        if code in COLOURS:
            parts.append(f'fill="{COLOURS[code]}"')
        elif code == "1":
            parts.append('font-weight="bold"')
        elif code == "2":
            parts.append('opacity="0.45"')
    return " ".join(parts)


def draw_line(line, y):
    spans, codes, column = [], [], 0
    for part in re.split(r"(\033\[[0-9;]*m)", line):
        if part.startswith("\033["):
            codes = [] if part == "\033[0m" else part[2:-1].split(";")
        elif part.strip():
            leading = len(part) - len(part.lstrip(" "))
            x = MARGIN + (column + leading) * CHARACTER_WIDTH
            text = part.strip(" ")
            width = len(text) * CHARACTER_WIDTH
            spans.append(f'<text x="{x:.1f}" y="{y}" textLength="{width:.1f}" {style(codes)}>{html.escape(text)}</text>')
        if not part.startswith("\033["):
            column += len(part)
    return "".join(spans)


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    plain = [re.sub(r"\033\[[0-9;]*m", "", line) for line in lines]
    width = 2 * MARGIN + max(map(len, plain)) * CHARACTER_WIDTH
    height = 2 * MARGIN + len(lines) * LINE_HEIGHT
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
          f'viewBox="0 0 {width:.0f} {height}">')
    print(f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>')
    print(f'<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,\'DejaVu Sans Mono\',monospace" '
          f'font-size="{FONT_SIZE}" fill="{FOREGROUND}" xml:space="preserve">')
    for i, line in enumerate(lines):
        print(draw_line(line, MARGIN + (i + 1) * LINE_HEIGHT - 5))
    print("</g></svg>")


if __name__ == "__main__":
    main()
