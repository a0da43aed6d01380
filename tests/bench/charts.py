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
    """About: what the widest of those fonts takes."""
    return sum(0.36 if char in "iljtfr.,:;|!'()[] " else 0.95 if char in "mwMW" else 0.63 for char in text) * size


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
    return f"{value:.0f}" if value >= 100 or value == round(value) else f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def as_time(microseconds):
    """In the unit that suits it."""
    if microseconds >= 1e6:
        return f"{short(microseconds / 1e6)} s"
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


class LogarithmicScale:
    def __init__(self, least, most):
        self.first, self.last = decades(least, most)
        self.ticks = [10 ** power for power in range(self.first, self.last + 1)]

    def share(self, value):
        return (math.log10(value) - self.first) / (self.last - self.first)


class LinearScale:
    """From 0."""

    def __init__(self, most):
        power = 10 ** math.floor(math.log10(most / 3))
        step = next(each * power for each in (1, 2, 5, 10) if each * power * 4 >= most)
        self.ticks = [step * index for index in range(math.ceil(most / step - 1e-9) + 1)]

    def share(self, value):
        return value / self.ticks[-1]


def draw_lines(drawing, x, y, width, height, title, unit, series, is_linear=False):
    """Lines of (name, colour, xs, ys) over a logarithmic scale. Unless the other one is linear, it is logarithmic as well,
    with a dashed line for what grows linearly from the first point."""
    drawing.text(x, y, title, 13, weight=600)
    drawing.text(x, y + 17, unit, 11, "muted")
    top, bottom, left, right = y + 30, y + height - 26 - 15 * len(series), x + 40, x + width - 18
    across = LogarithmicScale(min(xs[0] for _, _, xs, _ in series), max(xs[-1] for _, _, xs, _ in series))
    values = [value for _, _, _, ys in series for value in ys]
    up = LinearScale(max(values)) if is_linear else LogarithmicScale(min(values), max(values))
    place = lambda n, value: (left + (right - left) * across.share(n), bottom - (bottom - top) * up.share(value))
    for tick in up.ticks:
        _, at = place(across.ticks[0], tick)
        drawing.line([(left, at), (right, at)], "grid")
        drawing.text(left - 6, at + 4, short(tick), 10.5, "muted", "end")
    for tick in across.ticks:
        at, _ = place(tick, up.ticks[0])
        drawing.line([(at, top), (at, bottom)], "grid")
        drawing.text(at, bottom + 15, short(tick), 10.5, "muted", "middle")
    if not is_linear:
        start = max(ys[0] for _, _, _, ys in series)
        more = min(across.ticks[-1] / across.ticks[0], up.ticks[-1] / start)
        drawing.line([place(across.ticks[0], start), place(across.ticks[0] * more, start * more)], "muted", 1, "3 4")
    for index, (name, colour, xs, ys) in enumerate(series):
        points = [place(n, value) for n, value in zip(xs, ys)]
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
    "namespaces/selector": "known, and asked for their labels",
}


def draw_growth(record):
    """Panels in two rows: what the engine does, and the server."""
    tall = (330, 270)
    drawing = Drawing(88 + sum(tall) + 30, "How the cost of a review grows",
                      "Instructions of the engine a review, and CPU time and memory of the server. Scales that do not begin at 0 are "
                      "logarithmic; dashed: linear growth.")
    third = (WIDTH - 2 * MARGIN - 2 * GAP) / 3
    place = lambda row, column: (MARGIN + column * (third + GAP), 88 + row * (tall[0] + 22), third, tall[row])
    groups = {}
    for case, row in record["engine"].items():
        group = groups.setdefault(case.partition("/")[0], [])
        group.append((GROWTH_NAMES[case], f"s{len(group)}", row["n"], row["instructions"]))
    for column, (group, title) in enumerate((("containers", "Containers of the Pod"), ("policies", "Policies in force"),
                                             ("exemptions", "Exemptions of a policy"))):
        draw_lines(drawing, *place(0, column), title, "instructions a review", groups[group])
    draw_lines(drawing, *place(1, 0), "Namespaces of the cluster", "instructions a review", groups["namespaces"], True)
    connections, namespaces = record["connections"], record["namespaces"]
    idle = slice(connections["n"].index(0) + 1, None)  # 0 is on no logarithmic scale
    draw_lines(drawing, *place(1, 1), "CPU time of the server", "µs a review",
               [("idle connections", "s0", connections["n"][idle], connections["cpu_us"][idle]),
                ("namespaces watched", "s2", namespaces["n"], namespaces["cpu_us"])], True)
    draw_lines(drawing, *place(1, 2), "Memory of the server", "MB, resident",
               [("idle connections", "s0", connections["n"][idle], connections["memory_mb"][idle]),
                ("namespaces watched", "s2", namespaces["n"], namespaces["memory_mb"])], True)
    return drawing.finish()
