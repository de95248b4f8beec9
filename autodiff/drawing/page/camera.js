// Which part of the picture is seen: dragged with one finger or the mouse, zoomed with the wheel, two fingers or keys.

const NEAREST = 3;
const FARTHEST = 0.02;
const GLIDE = 220; // milliseconds
const FAR = 4000; // pixels; what is farther away is jumped to
const DRAG = 4; // pixels before a press becomes a drag
const LEGIBLE = 0.5; // below, numbers are left out, and titles are larger
const COMFORTABLE = 0.8; // at first no smaller than this

class Camera {
  constructor(viewport, world) {
    Object.assign(this, { viewport, world, x: 0, y: 0, scale: 1, pointers: new Map(), dragged: false });
    this.now = [0, 0, 1]; // on the way to x, y and scale
    viewport.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    viewport.addEventListener("pointerdown", (event) => this.down(event));
    viewport.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) viewport.addEventListener(end, (event) => this.up(event));
    viewport.addEventListener("scroll", () => viewport.scrollTo(0, 0)); // the focus is panned to
  }

  set(x, y, scale, smooth = false) {
    cancelAnimationFrame(this.frame);
    Object.assign(this, { x, y, scale });
    const far = Math.hypot(x - this.now[0], y - this.now[1]) > FAR;
    if (!smooth || far || matchMedia("(prefers-reduced-motion: reduce)").matches) this.put(x, y, scale);
    else this.glide(this.now, [x, y, scale], performance.now());
  }

  put(...now) {
    this.now = now;
    const [x, y, scale] = now;
    this.world.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.world.classList.toggle("far", scale < LEGIBLE);
  }

  /** Move frame by frame: a transition of the style sheet would repaint hundreds of edges for a second each. */
  glide(from, to, start) {
    const share = clamp((performance.now() - start) / GLIDE, 0, 1);
    const eased = 1 - (1 - share) ** 3;
    this.put(...from.map((number, i) => number + (to[i] - number) * eased));
    if (share < 1) this.frame = requestAnimationFrame(() => this.glide(from, to, start));
  }

  pan(dx, dy, smooth = false) {
    this.set(this.x + dx, this.y + dy, this.scale, smooth);
  }

  /** Zoom such that what is at a point of the viewport stays there. */
  zoom(factor, at = this.middle(), smooth = false) {
    const scale = clamp(this.scale * factor, FARTHEST, NEAREST);
    const change = scale / this.scale;
    this.set(at.x - (at.x - this.x) * change, at.y - (at.y - this.y) * change, scale, smooth);
  }

  middle() {
    return { x: this.viewport.clientWidth / 2, y: this.viewport.clientHeight / 2 };
  }

  /** Show all of a box, or, where that would be too small to read, its beginning. */
  fit({ x, y, width, height }, smallest = FARTHEST) {
    const { clientWidth, clientHeight } = this.viewport;
    const [roomX, roomY] = [clientWidth - 48, clientHeight - 48];
    const scale = clamp(Math.min(roomX / width, roomY / height), smallest, 1.25);
    const start = (room, length, whole) => (length * scale <= room ? (whole - length * scale) / 2 : 24);
    this.set(start(roomX, width, clientWidth) - x * scale, start(roomY, height, clientHeight) - y * scale, scale, true);
  }

  /** Bring a box into view, and no more than that. */
  reveal({ x, y, width, height }) {
    const overlap = (start, length, room) => {
      const margin = Math.min(40, Math.max((room - length) / 2, 8));
      if (start < margin) return margin - start;
      return start + length > room - margin ? Math.max(room - margin - start - length, margin - start) : 0;
    };
    const { scale, viewport } = this;
    const dx = overlap(this.x + x * scale, width * scale, viewport.clientWidth);
    const dy = overlap(this.y + y * scale, height * scale, viewport.clientHeight);
    if (dx || dy) this.pan(dx, dy, true);
  }

  at({ clientX, clientY }) {
    const { left, top } = this.viewport.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.zoom(Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0015)), this.at(event));
  }

  down(event) {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, this.at(event));
    this.travelled = 0;
    this.dragged = false;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = this.at(event);
    this.travelled += Math.hypot(now.x - before.x, now.y - before.y);
    if (this.travelled < DRAG) return;
    if (!this.dragged) this.viewport.setPointerCapture(event.pointerId);
    this.dragged = true;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, now);
    if (other === undefined) return this.pan(now.x - before.x, now.y - before.y);
    const spread = (point) => Math.hypot(point.x - other.x, point.y - other.y);
    this.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    this.zoom(spread(now) / Math.max(spread(before), 1), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
  }

  up({ pointerId }) {
    this.pointers.delete(pointerId);
  }
}
