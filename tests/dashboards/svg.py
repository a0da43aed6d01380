# SPDX-License-Identifier: Apache-2.0
"""Draws the dashboard's panels as one SVG, laid out as Grafana does: stat, time series (lines, stacks, bars, steps, linear
or logarithmic), heat map and table, with axes, units and legends. Takes numbers that somebody else has asked for; knows
no Prometheus. Used by draw.py, tested by dashboard_test.py."""

import datetime
import html
import math

WIDTH, MARGIN, GAP, UNIT, HEADER = 1320, 16, 8, 28, 52
BACKGROUND, CARD, EDGE, GRID, TEXT, MUTED = "#111217", "#181b1f", "#2a2e35", "#2a2e35", "#d8d9e0", "#9094a2"
NAMED = {"green": "#73bf69", "blue": "#5794f2", "yellow": "#f2cc0c", "red": "#f2495c", "orange": "#ff9830", "purple": "#b877d9"}
PALETTE = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#4dc7b0", "#ffa6b0", "#c0a16b"]
FONT = "Inter,-apple-system,'Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif"
SMALL = 10.5
SHADES = 16  # of the heat map


def text_width(text, size=SMALL):
    """About: what the widest of those fonts takes."""
    return sum(0.36 if char in "iljtfr.,:;|!'()[] " else 0.92 if char in "mwMW" else 0.6 for char in text) * size


def shorten(text, width, size=SMALL):
    while text_width(text, size) > width and len(text) > 2:
        text = text[:-2] + "…"
    return text


def number(value, decimals=None):
    if decimals is None:
        decimals = 0 if value == 0 or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def in_unit(value, unit, decimals=None):
    """As Grafana writes it."""
    if math.isinf(value):
        return "∞"
    if unit == "s":
        for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "µs")):
            if abs(value) >= size or size == 1e-6:
                return f"{number(value / size, decimals)} {name}" if value else "0 s"
    if unit == "bytes":
        for size, name in ((2 ** 30, "GiB"), (2 ** 20, "MiB"), (2 ** 10, "KiB")):
            if abs(value) >= size:
                return f"{number(value / size, decimals)} {name}"
        return f"{number(value)} B"
    if unit == "percentunit":
        return f"{number(value * 100, decimals)} %"
    return number(value, decimals) + {"reqps": " req/s", "ops": " /s"}.get(unit, "")


def nice_ticks(top, unit, count=4):
    """Round numbers from 0 to above `top`."""
    if top <= 0 or math.isinf(top):
        top = 1.0
    bases = {"bytes": [2 ** 20, 2 ** 10]}.get(unit, [])
    if unit == "s":
        bases = [size for size in (86400, 3600, 60) if top >= size]
    base = next((each for each in bases if top >= each), 1)
    rough = top / base / count
    power = 10 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough * 0.999) * base
    ticks = [0.0]
    while ticks[-1] < top * 0.999:
        ticks.append(ticks[-1] + step)
    return ticks


class Drawing:
    def __init__(self):
        self.parts = []

    def add(self, text):
        self.parts.append(text)

    def text(self, x, y, text, size=SMALL, colour=TEXT, anchor="start", weight=None):
        more = f' font-weight="{weight}"' if weight else ""
        more += f' text-anchor="{anchor}"' if anchor != "start" else ""
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}"{more}>{html.escape(text)}</text>')

    def box(self, x, y, width, height, fill, radius=0, stroke=None):
        more = f' rx="{radius}"' if radius else ""
        more += f' stroke="{stroke}"' if stroke else ""
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"{more}/>')

    def line(self, x1, y1, x2, y2, colour=GRID):
        self.add(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" fill="none"/>')


def colours_of(panel, names):
    fixed = {each["matcher"]["options"]: each["properties"][0]["value"]["fixedColor"]
             for each in panel["fieldConfig"]["overrides"] if each["properties"][0]["id"] == "color"}
    rest = iter(PALETTE * 10)
    return [NAMED[fixed[name]] if name in fixed else next(rest) for name in names]


def threshold_colour(panel, value):
    colour = TEXT
    for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", []):
        if step["value"] is None or value >= step["value"]:
            colour = NAMED[step["color"]]
    return colour


def draw_stat(drawing, panel, series, x, y, width, height):
    defaults = panel["fieldConfig"]["defaults"]
    if not series:
        return drawing.text(x + width / 2, y + height / 2 + 14, "No data", 16, MUTED, "middle")
    value = series[0][1][-1][1]
    shown = in_unit(value, defaults["unit"], defaults.get("decimals"))
    size = min(27.0, 27 * (width - 24) / text_width(shown, 27))
    drawing.text(x + width / 2, y + height / 2 + 20, shown, round(size, 1), threshold_colour(panel, value), "middle", 500)


def draw_legend(drawing, names, colours, x, bottom, width, most=2):
    """Fills lines from the bottom; returns the height that it took."""
    rows, row, used, left = [], [], 0.0, len(names)
    for name, colour in zip(names, colours):
        name = shorten(name, width - 30)
        need = text_width(name) + 26
        if row and used + need > width:
            rows.append(row)
            row, used = [], 0.0
            if len(rows) == most:
                break
        row.append((used, name, colour))
        used, left = used + need, left - 1
    if row and len(rows) < most:
        rows.append(row)
    if left:
        at, name, _ = rows[-1][-1]
        rows[-1][-1] = (at, f"and {left + 1} more", MUTED)
    for index, row in enumerate(rows):
        y = bottom - (len(rows) - 1 - index) * 15
        for at, name, colour in row:
            drawing.box(x + at, y - 4.5, 10, 3, colour, 1)
            drawing.text(x + at + 14, y, name, SMALL, TEXT)
    return len(rows) * 15


def draw_time_axis(drawing, start, end, left, right, top, bottom):
    for share in (0.08, 0.36, 0.64, 0.92):
        x = left + (right - left) * share
        when = datetime.datetime.fromtimestamp(start + (end - start) * share, datetime.timezone.utc)
        drawing.line(x, top, x, bottom)
        drawing.text(x, bottom + 14, when.strftime("%H:%M:%S"), SMALL, MUTED, "middle")


def stack(series):
    """Each series on those before it, at all times that any has."""
    times = sorted({time for _, points in series for time, _ in points})
    below, stacked = dict.fromkeys(times, 0.0), []
    for name, points in series:
        own = dict(points)
        lower = [(time, below[time]) for time in times]
        for time in times:
            below[time] += own.get(time, 0.0)
        stacked.append((name, [(time, below[time]) for time in times], lower))
    return stacked


def without_flat(points):
    """Without those that lie on the level line between their neighbours: the line is the same."""
    return [point for index, point in enumerate(points) if index in (0, len(points) - 1)
            or not points[index - 1][1] == point[1] == points[index + 1][1]]


def draw_timeseries(drawing, panel, series, x, y, width, height, start, end):
    defaults = panel["fieldConfig"]["defaults"]
    custom, unit = defaults["custom"], defaults["unit"]
    names = [name for name, _ in series]
    colours = colours_of(panel, names)
    is_stacked, is_log = custom["stacking"]["mode"] == "normal", "scaleDistribution" in custom
    legend = draw_legend(drawing, names, colours, x + 12, y + height - 10, width - 24)
    top, bottom = y + 34, y + height - legend - 30
    shown = stack(series) if is_stacked else [(name, points, None) for name, points in series]
    values = [value for _, points, _ in shown for _, value in points]
    if not values:
        return drawing.text(x + width / 2, (top + bottom) / 2, "No data", 14, MUTED, "middle")
    if is_log:
        positive = [value for value in values if value > 0] or [1.0]
        first, last = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
        last = max(last, first + 1)
        ticks = [10.0 ** power for power in range(first, last + 1)]
        place = lambda value: bottom - (bottom - top) * (math.log10(max(value, ticks[0])) - first) / (last - first)
    else:
        ticks = nice_ticks(max(values), unit)
        place = lambda value: bottom - (bottom - top) * value / ticks[-1]
    labels = [in_unit(tick, unit) for tick in ticks]
    left, right = x + 18 + max(map(text_width, labels)), x + width - 14
    across = lambda time: left + (right - left) * (time - start) / (end - start)
    draw_time_axis(drawing, start, end, left, right, top, bottom)
    for tick, label in zip(ticks, labels):
        drawing.line(left, place(tick), right, place(tick))
        drawing.text(left - 6, place(tick) + 3.5, label, SMALL, MUTED, "end")
    for (name, points, lower), colour in zip(shown, colours):
        if custom["drawStyle"] == "bars":
            for time, value in points:
                if value > 0:
                    drawing.box(across(time) - 1.5, place(value), 3, bottom - place(value), colour)
            continue
        way, last_time, step = [], None, (end - start) / 45
        has_gap = {time for (before, _), (time, _) in zip(points, points[1:]) if time - before > step}
        for time, value in points if has_gap else without_flat(points):
            at = f"{across(time):.1f} {place(value):.1f}"
            if last_time is None or time in has_gap:
                way.append("M" + at)
            elif custom["lineInterpolation"] == "stepAfter":
                way.append(f"H{across(time):.1f}V{place(value):.1f}")
            else:
                way.append("L" + at)
            last_time = time
        path = "".join(way)
        if is_stacked:
            back = "".join(f"L{across(time):.1f} {place(value):.1f}" for time, value in reversed(without_flat(lower)))
            drawing.add(f'<path d="{path}{back}Z" fill="{colour}" fill-opacity="0.35"/>')
        elif not is_log and len(points) > 1 and path.count("M") == 1:
            drawing.add(f'<path d="{path}L{across(points[-1][0]):.1f} {bottom:.1f}L{across(points[0][0]):.1f} {bottom:.1f}Z" '
                        f'fill="{colour}" fill-opacity="0.07"/>')
        drawing.add(f'<path d="{path}" stroke="{colour}" stroke-width="1.4" fill="none" stroke-linejoin="round"/>')


def buckets_of(series):
    """[(upper bound, {time: how many})] of a histogram's cumulative series, the empty ones at both ends left out."""
    bounds = sorted((float(name), dict(points)) for name, points in series)
    rows, below = [], {}
    for bound, points in bounds:
        rows.append((bound, {time: max(value - below.get(time, 0.0), 0.0) for time, value in points.items()}))
        below = points
    full = [index for index, (_, row) in enumerate(rows) if any(value > 1e-9 for value in row.values())]
    return rows[max(full[0] - 1, 0):full[-1] + 2] if full else []


def draw_heatmap(drawing, panel, series, x, y, width, height, start, end):
    rows = buckets_of(series)
    top, bottom = y + 34, y + height - 28
    if not rows:
        return drawing.text(x + width / 2, (top + bottom) / 2, "No data", 14, MUTED, "middle")
    labels = [in_unit(bound, "s") for bound, _ in rows]
    left, right = x + 18 + max(map(text_width, labels)), x + width - 14
    draw_time_axis(drawing, start, end, left, right, bottom, bottom)
    times = sorted({time for _, row in rows for time in row})
    cell, line = (right - left) / max(len(times), 1), (bottom - top) / len(rows)
    most = max(value for _, row in rows for value in row.values())
    cells = {}  # the outlines of all of one shade
    for index, (bound, row) in enumerate(rows):
        at = bottom - (index + 1) * line
        drawing.text(left - 6, at + 3.5, labels[index], SMALL, MUTED, "end")
        for column, time in enumerate(times):
            share = row.get(time, 0.0) / most
            if share > 0:
                share = round(share ** 0.4 * SHADES) / SHADES
                cells.setdefault(share, []).append(
                    f"M{left + column * cell:.1f} {at + 0.5:.1f}h{cell - 0.7:.1f}v{line - 1:.1f}h-{cell - 0.7:.1f}z")
    for share, places in sorted(cells.items()):
        colour = f"#{int(30 + 150 * share ** 2):02x}{int(50 + 160 * share):02x}{int(90 + 160 * share):02x}"
        drawing.add(f'<path d="{"".join(places)}" fill="{colour}"/>')


def draw_table(drawing, panel, series, x, y, width, height, columns):
    defaults = panel["fieldConfig"]["defaults"]
    value_name = panel["transformations"][0]["options"]["renameByName"]["Value"]
    at = [x + 14 + (width - 28) * index / (len(columns) + 1) for index in range(len(columns) + 1)]
    for place, title in zip(at, [*columns, value_name]):
        drawing.text(place, y + 48, title, SMALL, "#6e9fff", weight=600)
    drawing.line(x + 12, y + 57, x + width - 12, y + 57)
    for index, (labels, points) in enumerate(series[:int((height - 62) / 19)]):
        line = y + 72 + index * 19
        value = points[-1][1]
        for place, column in zip(at, columns):
            drawing.text(place, line, labels.get(column, ""), 11.5)
        drawing.text(at[-1], line, in_unit(value, defaults["unit"]), 11.5, threshold_colour(panel, value))
        drawing.line(x + 12, line + 6, x + width - 12, line + 6, "#22262c")
    if not series:
        drawing.text(x + width / 2, y + height / 2, "No data", 14, MUTED, "middle")


def draw_dashboard(dashboard, answers, start, end):
    """`answers`: of each panel by id a list of (name, [(time, value)]); of a table (labels, ...). Returns the SVG."""
    drawing = Drawing()
    column = (WIDTH - 2 * MARGIN + GAP) / 24
    height = HEADER + max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in dashboard["panels"]) * UNIT + MARGIN
    drawing.add(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">')
    drawing.add(f'<g font-family="{html.escape(FONT)}">')
    drawing.box(0, 0, WIDTH, height, BACKGROUND, 8)
    drawing.text(MARGIN + 4, 33, dashboard["title"], 18, TEXT, weight=600)
    x = MARGIN + 130.0
    for variable in dashboard["templating"]["list"]:
        shown = "Prometheus" if variable["type"] == "datasource" else "All"
        label, size = f"{variable['label']}", text_width(variable["label"], 11.5)
        drawing.text(x, 32, label, 11.5, MUTED)
        drawing.box(x + size + 6, 17, text_width(shown, 11.5) + 20, 23, "#0b0c0e", 3, EDGE)
        drawing.text(x + size + 16, 32, shown, 11.5)
        x += size + text_width(shown, 11.5) + 46
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        x, y = MARGIN + place["x"] * column, HEADER + place["y"] * UNIT
        width, tall = place["w"] * column - GAP, place["h"] * UNIT - GAP
        if panel["type"] == "row":
            drawing.add(f'<path d="M{x + 4:.1f} {y + 8}l5 5l5 -5" stroke="{MUTED}" stroke-width="1.5" fill="none"/>')
            drawing.text(x + 20, y + 15, panel["title"], 13.5, TEXT, weight=600)
            continue
        drawing.box(x, y, width, tall, CARD, 3, EDGE)
        drawing.text(x + 12, y + 21, panel["title"], 12.5, TEXT, weight=500)
        series = answers[panel["id"]]
        if panel["type"] == "stat":
            draw_stat(drawing, panel, series, x, y, width, tall)
        elif panel["type"] == "timeseries":
            draw_timeseries(drawing, panel, series, x, y, width, tall, start, end)
        elif panel["type"] == "heatmap":
            draw_heatmap(drawing, panel, series, x, y, width, tall, start, end)
        else:
            columns = sorted({label for labels, _ in series for label in labels}, key=lambda name: name != "policy")
            draw_table(drawing, panel, series, x, y, width, tall, columns)
    drawing.add("</g></svg>")
    return "\n".join(drawing.parts) + "\n"
