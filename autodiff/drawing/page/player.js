// The step slider: it plays the forward pass, then the backward pass, one operation at a time.

const BETWEEN_STEPS = 900; // milliseconds, at the usual speed

class Player extends EventTarget {
  constructor(model, root) {
    super();
    this.model = model;
    this.last = model.steps.length;
    this.step = this.last;
    this.timer = null;
    this.slider = root.querySelector(".slider");
    this.words = root.querySelector(".said");
    this.speed = root.querySelector(".speed");
    this.button = root.querySelector("[data-do=play]");
    this.slider.max = this.last;
    this.slider.style.setProperty("--forward", this.last ? `${(100 * model.forward) / this.last}%` : "100%");
    this.slider.addEventListener("input", () => {
      this.pause();
      this.move(Number(this.slider.value));
    });
  }

  /** Go to a step because somebody wants to see it. */
  move(step) {
    this.dispatchEvent(new Event("move"));
    this.goto(step);
  }

  goto(step) {
    this.step = clamp(Math.round(step), 0, this.last);
    this.slider.value = this.step;
    const words = said(this.model, this.step);
    this.slider.setAttribute("aria-valuetext", words);
    this.words.textContent = words;
    this.dispatchEvent(new Event("step"));
  }

  get playing() {
    return this.timer !== null;
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.step === this.last) this.move(0);
    this.timer = setTimeout(() => this.tick(), 0);
    this.look();
  }

  tick() {
    this.move(this.step + 1);
    if (this.step === this.last) return this.pause();
    this.timer = setTimeout(() => this.tick(), BETWEEN_STEPS / Number(this.speed.value));
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    this.look();
  }

  look() {
    this.button.classList.toggle("playing", this.playing);
    this.button.ariaLabel = this.playing ? "Pause" : "Play";
  }
}
