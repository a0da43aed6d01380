# SPDX-License-Identifier: Apache-2.0
"""Draws the two pictures of docs/performance.md as plain SVG that follows the reader's light or dark theme: bars of
tidewaiter beside the Pod Security webhook, and lines of cost over number. Takes the records; measures nothing. Used by
performance.py, tested by performance_test.py."""

import html
import math

WIDTH, MARGIN, GAP = 980, 20, 18
FONT = "-apple-system,'Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif"
LIGHT = {"card": "#ffffff", "edge": "#d1d9e0", "grid": "#e4e9ee", "text": "#1f2328", "muted": "#59636e",
         "s0": "#0969da", "s1": "#7cb7f5", "s2": "#d4862a", "s3": "#8250df", "s4": "#1a7f37"}
DARK = {"card": "#0d1117", "edge": "#3d444d", "grid": "#262c33", "text": "#e6edf3", "muted": "#9198a1",
        "s0": "#4c9bff", "s1": "#2c5f9e", "s2": "#e3993c", "s3": "#b58cf5", "s4": "#4ac26b"}


def style(dark=DARK):
    """The classes: `c-NAME` fills, `l-NAME` draws a line."""
    def rules(colours):
        return "".join(f".c-{name}{{fill:{value}}}.l-{name}{{stroke:{value};fill:none}}" for name, value in colours.items())
    return f"<style>{rules(LIGHT)}@media(prefers-color-scheme:dark){{{rules(dark)}}}</style>"


def text_width(text, size):
    return sum(0.3 if char in "iljtfr.,:;|!'()[] " else 0.9 if char in "mwMW" else 0.56 for char in text) * size


class Drawing:
    def __init__(self, height, title, subtitle):
        self.height = height
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
                      f'viewBox="0 0 {WIDTH} {height}" font-family="{html.escape(FONT)}">', style(),
                      f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8" class="c-card"/>',
                      f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8" class="l-edge"/>']
        self.text(MARGIN, 34, title, 17, weight=600)
        self.text(MARGIN, 54, subtitle, 12, "muted")

    def text(self, x, y, text, size=11.5, colour="text", anchor="start", weight=None):
        more = (f' text-anchor="{anchor}"' if anchor != "start" else "") + (f' font-weight="{weight}"' if weight else "")
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" class="c-{colour}"{more}>{html.escape(text)}</text>')

    def box(self, x, y, width, height, colour, radius=2):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}" class="c-{colour}"/>')

    def line(self, points, colour, width=1.0, dash=None):
        way = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        more = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<path d="{way}" class="l-{colour}" stroke-width="{width}" stroke-linejoin="round"{more}/>')

    def legend(self, x, y, entries):
        """Names with their colours, in one row."""
        for name, colour in entries:
            self.box(x, y - 9, 11, 11, colour)
            self.text(x + 17, y, name, 12)
            x += 17 + text_width(name, 12) + 26

    def finish(self):
        return "\n".join(self.parts + ["</svg>"]) + "\n"


def short(value):
    """At most three digits."""
    if value >= 1e6:
        return f"{value / 1e6:.3g}M"
    if value >= 1000:
        return f"{value:,.0f}" if value < 1e5 else f"{value / 1e3:,.0f}k"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def as_time(microseconds):
    """In the unit that suits it."""
    return f"{short(microseconds / 1000)} ms" if microseconds >= 1000 else f"{short(microseconds)} µs"


def draw_bars(drawing, x, y, width, title, groups, write):
    """Groups of bars, (label, [(colour, value)]), on one scale from 0; returns the height that it took."""
    drawing.text(x, y, title, 13, weight=600)
    label = max((text_width(name, 11.5) for name, _ in groups), default=0)
    left = x + (label + 10 if label else 0)
    most = max(value for _, bars in groups for _, value in bars)
    room = width - (left - x) - max(text_width(write(value), 11.5) for _, bars in groups for _, value in bars) - 12
    at = y + 14
    for name, bars in groups:
        if name:
            drawing.text(x, at + len(bars) * 8.5 + 3, name, 11.5, "muted")
        for colour, value in bars:
            drawing.box(left, at + 1, max(room * value / most, 1), 14, colour)
            drawing.text(left + max(room * value / most, 1) + 6, at + 12.5, write(value), 11.5)
            at += 17
        at += 9
    return at - y


def draw_peers(record, titles):
    """CPU time by size; latency at the steady rate, memory and start. `titles`: name of each row, in order."""
    names, rows = list(titles), record["rows"]
    colours = dict(zip(names, ("s0", "s1", "s2")))
    connections = max(record["rows"][names[0]]["closed"]["typical"], key=lambda each: each == "16")
    third = (WIDTH - 2 * MARGIN - 2 * GAP) / 3
    drawing = Drawing(412, "tidewaiter beside the Pod Security webhook of Kubernetes",
                      f"Less is better. The same reviews, certificate, API server and {record['machine']['processors']} processors; "
                      f"the first and the last judge by the same standard.")
    drawing.legend(MARGIN, 82, [(titles[name], colours[name]) for name in names])
    sizes = {"small": "small, 3 KB", "typical": "typical, 10 KB", "large": "large, 100 KB"}
    for index, (size, words) in enumerate(sizes.items()):
        bars = [(colours[name], rows[name]["closed"][size][connections]["cpu_us"]) for name in names]
        draw_bars(drawing, MARGIN + index * (third + GAP), 118, third, f"CPU time a review, {words}", [("", bars)], as_time)
    steady = [(words, [(colours[name], rows[name]["steady"]["typical"][key]) for name in names])
              for key, words in (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9"))]
    draw_bars(drawing, MARGIN, 214, third, f"Latency at {record['rate']} typical reviews a second", steady, as_time)
    memory = [("at rest", [(colours[name], rows[name]["memory_at_rest_mb"]) for name in names]),
              ("256 connections", [(colours[name], rows[name]["closed"]["typical"]["256"]["memory_mb"]) for name in names])]
    draw_bars(drawing, MARGIN + third + GAP, 214, third, "Resident memory", memory, lambda value: f"{short(value)} MB")
    starts = [(colours[name], sorted(rows[name]["first_answer_ms"])[len(rows[name]["first_answer_ms"]) // 2]) for name in names]
    draw_bars(drawing, MARGIN + 2 * (third + GAP), 214, third, "From start to the first answer", [("", starts)],
              lambda value: f"{value:.0f} ms")
    return drawing.finish()


def decades(least, most):
    """Powers of ten that hold both."""
    first, last = math.floor(math.log10(least) + 1e-9), math.ceil(math.log10(most) - 1e-9)
    return first, max(last, first + 1)


def draw_lines(drawing, x, y, width, height, title, unit, series):
    """Lines of (name, colour, xs, ys) on two logarithmic scales, with what is linear from the first point, dashed."""
    drawing.text(x, y, title, 13, weight=600)
    drawing.text(x, y + 17, unit, 11, "muted")
    legend = 15 * len(series)
    top, bottom, left, right = y + 30, y + height - 26 - legend, x + 40, x + width - 12
    first_x, last_x = decades(min(s[2][0] for s in series), max(s[2][-1] for s in series))
    first_y, last_y = decades(min(min(s[3]) for s in series), max(max(s[3]) for s in series))
    across = lambda value: left + (right - left) * (math.log10(value) - first_x) / (last_x - first_x)
    up = lambda value: bottom - (bottom - top) * (math.log10(value) - first_y) / (last_y - first_y)
    for power in range(first_y, last_y + 1):
        drawing.line([(left, up(10 ** power)), (right, up(10 ** power))], "grid")
        drawing.text(left - 6, up(10 ** power) + 4, short(10 ** power), 10.5, "muted", "end")
    for power in range(first_x, last_x + 1):
        drawing.line([(across(10 ** power), top), (across(10 ** power), bottom)], "grid")
        drawing.text(across(10 ** power), bottom + 15, short(10 ** power), 10.5, "muted", "middle")
    start_x, start_y = 10 ** first_x, max(max(series, key=lambda s: s[3][0])[3][0], 10 ** first_y)
    share = min(10 ** last_x / start_x, 10 ** last_y / start_y)
    drawing.line([(across(start_x), up(start_y)), (across(start_x * share), up(start_y * share))], "muted", 1, "3 4")
    for index, (name, colour, xs, ys) in enumerate(series):
        points = [(across(n), up(value)) for n, value in zip(xs, ys)]
        drawing.line(points, colour, 1.8)
        for at_x, at_y in points:
            drawing.parts.append(f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="2.4" class="c-{colour}"/>')
        at = bottom + 33 + 15 * index
        drawing.box(left, at - 8, 10, 10, colour)
        drawing.text(left + 16, at + 1, name, 11.5)


GROWTH_NAMES = {
    "containers/allowed": "hardened, allowed", "containers/injected": "bare, injected into", "containers/denied": "bare, denied",
    "policies/other-namespace": "for another namespace", "policies/other-glob": "for namespaces of another pattern",
    "policies/other-label": "for namespaces of another label", "policies/other-object": "for objects of another label",
    "policies/matching": "matching",
    "exemptions/other-namespace": "for another namespace", "exemptions/other-name": "for another name",
    "exemptions/other-image": "for another image", "exemptions/matching": "that hold",
    "namespaces/selector": "namespaceSelector",
}


def draw_growth(record):
    drawing = Drawing(760, "How the cost of a review grows",
                      "Instructions of the engine a review, and memory of the server. Both scales are logarithmic; dashed: linear growth.")
    third, tall = (WIDTH - 2 * MARGIN - 2 * GAP) / 3, 325
    panels = [("containers", "Containers of the Pod"), ("policies", "Policies in force"), ("exemptions", "Exemptions of a policy"),
              ("namespaces", "Namespaces of the cluster")]
    for index, (group, title) in enumerate(panels):
        series = [(GROWTH_NAMES[case], f"s{number}" if number != 1 else "s1", row["n"], row["instructions"])
                  for number, (case, row) in enumerate((case, row) for case, row in record["engine"].items()
                                                       if case.startswith(group + "/"))]
        x, y = MARGIN + index % 3 * (third + GAP), 88 + index // 3 * (tall + 14)
        draw_lines(drawing, x, y, third, tall, title, "instructions a review", series)
    y = 88 + tall + 14
    connections, namespaces = record["connections"], record["namespaces"]
    draw_lines(drawing, MARGIN + third + GAP, y, third, tall, "Idle connections", "CPU time a review, µs",
               [(f"{record['active']} others ask", "s0", connections["n"][1:], connections["cpu_us"][1:])])
    draw_lines(drawing, MARGIN + 2 * (third + GAP), y, third, tall, "Memory", "resident, MB",
               [("idle connections", "s0", connections["n"][1:], connections["memory_mb"][1:]),
                ("namespaces watched", "s2", namespaces["n"], namespaces["memory_mb"])])
    return drawing.finish()
