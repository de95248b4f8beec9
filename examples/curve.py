"""A learning curve as a small SVG file, so that the examples need no plotting library."""

from pathlib import Path

WIDTH, HEIGHT, MARGIN = 640, 360, 56
COLOURS = ("#0072b2", "#d55e00", "#009e73")


def learning_curve(history, path):
    """Draw the loss of every epoch, one line for each series of `history`; returns the path."""
    top = max(map(max, history.values()))
    length = max(map(len, history.values()))

    def place(epoch, loss):
        x = MARGIN + (WIDTH - 2 * MARGIN) * epoch / max(length - 1, 1)
        y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * loss / top
        return f"{x:.1f},{y:.1f}"

    right, bottom = WIDTH - MARGIN, HEIGHT - MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        '     font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for k in range(5):
        loss = top * k / 4
        (x1, y), (x2, _) = (place(epoch, loss).split(",") for epoch in (0, length - 1))
        parts.append(f'<line x1="{x1}" y1="{y}" x2="{x2}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{MARGIN - 8}" y="{float(y) + 4}" text-anchor="end">{loss:.2f}</text>')
    for k, (name, losses) in enumerate(history.items()):
        points = " ".join(place(epoch, loss) for epoch, loss in enumerate(losses))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[k]}" stroke-width="2"/>')
        parts.append(f'<text x="{right}" y="{MARGIN + 18 * k}" fill="{COLOURS[k]}" text-anchor="end">{name}</text>')
    parts.append(f'<text x="{MARGIN}" y="{MARGIN - 18}">loss</text>')
    parts.append(f'<text x="{MARGIN}" y="{bottom + 20}">epoch 1</text>')
    parts.append(f'<text x="{right}" y="{bottom + 20}" text-anchor="end">epoch {length}</text></svg>')
    Path(path).write_text("\n".join(parts), encoding="utf-8")
    return Path(path)
