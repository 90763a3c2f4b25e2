// A page for one model: page.json says what it is, page.bin has its arrays, model.tflite runs.
const at = id => document.getElementById(id), { dataset } = document.body;
const tell = (id, text) => { at(id).textContent = text; };
const on = (id, event, act) => at(id).addEventListener(event, act);
const channel = () => Number(at("channel").value);
const made = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
const MOST_ROWS = 2000, MOST_BYTES = 50e6, SLIDERS = 8, DRAWN = 8, TIMED = 50, ALLOWED = 1.01;
const TYPES = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array, int32: Int32Array };
const LUMA = [0.299, 0.587, 0.114]; // as aezoo makes images grey
let page, bytes, model, Tensor, size, channels, palette;
const state = { input: null, seen: null, code: null, moved: null, ends: {}, rows: null, cursor: 0, noise: null };

start().catch(fail);

async function start() {
  if (location.protocol === "file:") return; // index.html says what to do
  if (typeof WebAssembly !== "object") throw new Error("This browser has no WebAssembly, which runs the model: use a current Firefox, Chrome, Edge or Safari.");
  tell("status", "Loading the model.");
  const [found, content, weights] = await Promise.all(["page.json", "page.bin", "model.tflite"].map(load));
  page = await whole("page.json", () => JSON.parse(new TextDecoder().decode(found)));
  bytes = await whole("page.bin", () => new Response(new Blob([content]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer());
  await whole("model.tflite", () => known(weights)); // a wrong weight need not move the samples by a step
  size = page.shape.reduce((a, b) => a * b, 1);
  channels = page.shape.length > 1 ? page.shape.at(-1) : 1;
  self.Module = { printErr: line => (line.startsWith("ERROR") ? console.error : console.debug)(line) };
  let runtime;
  try {
    runtime = await import("./runtime/core.js");
    await runtime.loadLiteRt(new URL("runtime/", location.href).pathname);
  } catch (error) {
    throw new Error(`The runtime of this page cannot be loaded (${error.message ?? error}): write it again with aezoo page, and copy the whole folder.`);
  }
  Tensor = runtime.Tensor;
  model = await runtime.loadAndCompile(weights, { accelerator: "wasm" });
  prepare();
  choose(0);
  await update();
  dataset.first = performance.now().toFixed(0); // since the page was asked for
  tell("status", page.made_up ? "Ready. The samples are made up: none were given when this page was written." : "Ready.");
  await compare();
}

async function load(name) {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name} is missing: write this page again, and copy the whole folder.`);
  return new Uint8Array(await answer.arrayBuffer());
}

async function whole(name, read) {
  try {
    return await read();
  } catch (error) {
    console.warn(error);
    throw new Error(`${name} is damaged, or not of this page: write it again with aezoo page, and copy the whole folder.`);
  }
}

async function known(content) {
  if (!self.crypto?.subtle) return; // which browsers keep for https and for this machine
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  if (Array.from(digest, byte => byte.toString(16).padStart(2, "0")).join("") !== page.sha256) throw new Error("another hash");
}

function fail(error) {
  console.error(error);
  at("status").className = "bad";
  tell("status", error.message ?? String(error));
}

// --- the model ---

const has = part => page.parts.includes(part);

function array(place) {
  const count = place.shape.reduce((a, b) => a * b, 1);
  const raw = new TYPES[place.type](bytes, place.at, count);
  if (!("scale" in place)) return raw;
  return Float32Array.from(raw, whole => Math.fround(whole * place.scale) + place.offset);
}

async function run(part, values) {
  const runner = model.signatures[part], [end] = runner.getInputDetails();
  const tensor = new Tensor((end.dtype === "int32" ? Int32Array : Float32Array).from(values), [...end.shape]);
  const [result] = await runner.run([tensor]);
  const returned = result.toTypedArray();
  result.delete();
  tensor.delete();
  return returned;
}

const scaled = (x, f) => {
  const { offset, scale } = page.normalization, o = array(offset), s = array(scale);
  return Float32Array.from(x, (value, i) => f(value, o[i], s[i]));
};
const normalized = x => page.normalization ? scaled(x, (v, o, s) => Math.fround(v - o) / s) : x;
const raw = x => page.normalization ? scaled(x, (v, o, s) => Math.fround(v * s) + o) : x;
const isOutside = () => page.normalization && !page.normalization.inside;
// features of a table have units of their own, which one axis cannot show
const isScaled = () => page.kind === "bars" && page.normalization;
const shown = x => isScaled() ? normalized(x) : x;
const encode = x => run("encode", isOutside() ? normalized(x) : x);
const out = values => isOutside() ? raw(values) : values;
const decode = async code => out(await run("decode", code));
const reconstruct = async x => out(await run("reconstruct", isOutside() ? normalized(x) : x));

// --- a detector's score, as aezoo.edge.scoring has it ---

const even = v => { const f = Math.round(v); return Math.abs(v % 1) === 0.5 && f % 2 ? f - 1 : f; };

function rounded(x, steps) {
  if (steps === "float32") return x;
  return x.map(v => {
    const step = typeof steps === "number" ? steps : 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(v) || 1))) - 10);
    return even(v / step) * step;
  });
}

function contributions(input, output) {
  const { error, references, weights, neighbors, steps } = page.detector;
  const z = normalized(input), y = normalized(output), factors = array(error);
  const residual = z.map((v, i) => v - y[i]);
  let parts;
  if (factors.length === size * size && size > 1) {
    parts = new Float32Array(size);
    for (let j = 0; j < size; j++) for (let i = 0; i < size; i++) parts[j] += residual[i] * factors[i * size + j];
  } else parts = residual.map((v, i) => v * factors[factors.length === 1 ? 0 : i]);
  parts = parts.map(v => v * v);
  const typical = array(references), count = references.shape[0], x = rounded(z, steps);
  const squares = new Float64Array(count);
  for (let m = 0; m < count; m++) for (let i = 0; i < size; i++) squares[m] += (x[i] - typical[m * size + i]) ** 2;
  for (let p = 0; p < (count ? weights.shape[0] : 0); p++) {
    const factor = array(weights).subarray(p * count, (p + 1) * count);
    let near = [...squares.keys()].filter(m => factor[m] > 0).sort((a, b) => squares[a] - squares[b]).slice(0, neighbors + 1);
    if (near.length > 1) near = squares[near[0]] === 0 ? near.slice(1) : near.slice(0, -1); // itself, or one too many
    for (const m of near) for (let i = 0; i < size; i++) parts[i] += factor[m] / near.length * (x[i] - typical[m * size + i]) ** 2;
  }
  return parts;
}

// --- what is shown ---

async function update() {
  const began = performance.now();
  state.seen = spoiled(state.input);
  state.code = has("encode") ? await encode(state.seen) : null;
  const output = await reconstruct(state.seen), spent = performance.now() - began;
  const z = normalized(state.input), y = normalized(output), made = shown(output);
  const mse = z.reduce((all, v, i) => all + (v - y[i]) ** 2, 0) / size;
  const apart = page.detector ? contributions(state.input, output) : shown(state.input).map((v, i) => Math.abs(v - made[i]));
  const most = apart.reduce((a, b) => Math.max(a, b), 0);
  show("input", state.input, "Input");
  if (page.kind !== "image") tell("input-caption", `Input, from ${extent(shown(state.input)).map(short).join(" to ")}${isScaled() ? " in normalized units" : ""}: drag the ${page.kind}, or drop a CSV file`);
  cursor();
  at("noisy-panel").hidden = state.seen === state.input;
  if (state.seen !== state.input) show("noisy", state.seen, "Input with noise");
  show("output", output, "Reconstruction", state.input);
  show("error", apart, "Error", null, Math.max(most, page.detector ? page.detector.threshold / size : (state.range[1] - state.range[0]) / 4));
  tell("error-caption", page.detector ? `What each value adds to the score, at most ${short(most)}` : `Error, at most ${short(most)}`);
  if (state.code) showCode();
  say(`Mean squared error ${short(mse)}${page.normalization ? " in normalized units" : ""}, ${spent.toFixed(1)} ms.`);
  if (page.detector) judge(sum(apart));
  if (page.code) { // the sliders start from the input's code
    state.base = state.moved = state.code;
    await showMoved();
    placeSliders();
  }
  dataset.updates = Number(dataset.updates ?? 0) + 1;
}

let isWanted = false, isRunning = false;
async function refresh(work = update) {
  isWanted = work === update || isWanted ? update : work;
  if (isRunning) return;
  isRunning = true;
  try {
    while (isWanted) {
      const next = isWanted;
      isWanted = false;
      await next();
      await new Promise(requestAnimationFrame);
    }
  } catch (error) { fail(error); } finally { isRunning = false; }
}

let speaking;
function say(text) {
  tell("said", text);
  clearTimeout(speaking); // a screen reader is told when it has come to rest
  speaking = setTimeout(() => { at("spoken").textContent = `${text} ${at("verdict").textContent}`; }, 700);
}

const note = (text, isBad = false) => { at("note").textContent = text; at("note").classList.toggle("bad", isBad); };
const sum = values => values.reduce((a, b) => a + b, 0);
const short = v => !Number.isFinite(v) ? "infinite" : v === 0 ? "0" : Math.abs(v) < 1e-4 || Math.abs(v) >= 1e5 ? v.toExponential(2) : Number(v.toPrecision(3)).toString();

function show(id, values, label, other = null, most = null) {
  const canvas = typeof id === "string" ? at(id) : id;
  if (page.kind === "image") paint(canvas, values, most);
  else if (most !== null) chart(canvas, [[values, palette.second]], [0, most]);
  else {
    const series = other ? [[shown(other), palette.soft], [shown(values), palette.second]] : [[shown(values), palette.accent]];
    chart(canvas, series, extent(...series.map(([one]) => one)));
  }
  if (id !== "input") canvas.setAttribute("aria-label", label);
}

function paint(canvas, values, most) {
  const [height, width, depth] = page.shape, pen = canvas.getContext("2d");
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const image = pen.createImageData(width, height), range = page.high - page.low || 1;
  for (let i = 0; i < width * height; i++) {
    if (most !== null) { // black, red, yellow, white
      let v = 0;
      for (let c = 0; c < depth; c++) v = Math.max(v, values[i * depth + c] / most);
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * (3 * v - c);
    } else for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(255 * (values[i * depth + c % depth] - page.low) / range);
    image.data[4 * i + 3] = 255;
  }
  pen.putImageData(image, 0, 0);
}

function extent(...series) {
  let [low, high] = state.range;
  for (const values of series) for (const v of values) if (Number.isFinite(v)) { low = Math.min(low, v); high = Math.max(high, v); }
  return [low, high === low ? low + 1 : high];
}

function chart(canvas, series, [low, high], bars = page.kind === "bars", depth = channels) {
  const ratio = Math.min(2, devicePixelRatio || 1), chosen = channel();
  const width = canvas.width = Math.round((canvas.clientWidth || 320) * ratio);
  const height = canvas.height = Math.round(width * (canvas.id === "scores" ? 0.12 : page.kind === "image" ? 1 : 0.45));
  const pen = canvas.getContext("2d"), up = v => height - 4 - (height - 8) * (v - low) / (high - low);
  pen.fillStyle = pen.strokeStyle = palette.line;
  pen.fillRect(0, up(Math.min(high, Math.max(low, 0))) - 0.5, width, 1);
  series.forEach(([values, colour], number) => {
    pen.fillStyle = pen.strokeStyle = colour;
    pen.lineWidth = 1.6 * ratio;
    const steps = values.length / depth;
    for (let c = 0; c < depth; c++) {
      pen.globalAlpha = depth > 1 && c !== chosen ? 0.3 : 1;
      pen.beginPath();
      for (let i = 0; i < steps; i++) {
        const v = Math.min(high, Math.max(low, values[i * depth + c]));
        if (bars) {
          const each = width / steps / series.length, zero = up(Math.min(high, Math.max(low, 0)));
          pen.fillRect(width * i / steps + number * each + 1, Math.min(zero, up(v)), Math.max(1, each - 2), Math.max(1, Math.abs(up(v) - zero)));
        } else pen.lineTo((width - 4) * i / Math.max(1, steps - 1) + 2, up(v));
      }
      if (!bars) pen.stroke();
    }
    pen.globalAlpha = 1;
  });
}

function showCode() {
  const most = state.code.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1, least = Math.min(0, ...[state.code.reduce((a, b) => Math.min(a, b), 0) && -most]);
  chart(at("code"), [[state.code, palette.accent]], [least, most], state.code.length <= 256, 1);
  tell("code-caption", `Code of ${state.code.length} numbers, up to ${short(most)}`);
  at("code").setAttribute("aria-label", state.code.length > 64 ? at("code-caption").textContent : `Code: ${[...state.code].map(short).join(", ")}`);
}

function judge(score) {
  const { threshold } = page.detector, odd = !(score <= threshold);
  at("gauge").className = odd ? "odd" : "";
  at("gauge-bar").style.width = `${Math.min(100, 50 * score / threshold)}%`;
  at("gauge").setAttribute("aria-valuemax", 2 * threshold);
  at("gauge").setAttribute("aria-valuenow", Math.min(2 * threshold, score));
  at("gauge").setAttribute("aria-valuetext", at("verdict").textContent = `Score ${short(score)}: ${odd ? "an anomaly, above" : "normal, up to"} the threshold ${short(threshold)}.`);
  at("verdict").className = odd ? "bad" : "good";
}

function choose(i) {
  take(array(page.samples).slice(i * size, (i + 1) * size));
  document.querySelectorAll("#samples button").forEach((button, j) => button.setAttribute("aria-pressed", i === j));
  note("");
}

function take(values) {
  state.input = values;
  document.querySelectorAll("#samples button").forEach(button => button.setAttribute("aria-pressed", false));
}

// --- setting up ---

function colours() {
  const style = getComputedStyle(document.documentElement);
  palette = Object.fromEntries(["accent", "second", "soft", "line", "bad"].map(name => [name, style.getPropertyValue(`--${name}`)]));
}

function prepare() {
  colours();
  state.range = [page.low, page.high];
  if (isScaled()) { // of the samples, each feature by its own scale
    const every = array(page.samples), values = [];
    for (let i = 0; i < every.length; i += size) values.push(...normalized(every.slice(i, i + size)));
    state.range = [Math.min(...values), Math.max(...values)];
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { colours(); refresh(); thumbnails(); });
  document.body.classList.add(page.kind === "image" ? "image" : "lines");
  const shape = page.shape.join(" × ");
  tell("about", `${page.detector ? "An anomaly detector" : "An autoencoder"} of ${page.kind === "image" ? "images" : "samples"} of ${shape} values, run by this browser.`);
  for (const id of ["try", "check", "model"]) at(id).hidden = false;
  at("code-panel").hidden = !has("encode");
  for (const [name, value] of page.facts) {
    at("facts").append(made("dt", { textContent: name }), made("dd", { textContent: value }));
  }
  const isImage = page.kind === "image";
  at("pens").hidden = at("invert").hidden = !isImage;
  at("colour-label").hidden = !(isImage && channels === 3);
  at("channel-label").hidden = isImage || channels === 1;
  for (let c = 0; c < channels; c++) at("channel").append(new Option(c + 1, c));
  on("channel", "change", () => { thumbnails(); refresh(); });
  at("file-label").querySelector("span").textContent = isImage ? "Open an image…" : "Open a CSV file…";
  at("file").accept = isImage ? "image/*,.csv" : ".csv,.tsv,.txt";
  at("input").setAttribute("aria-label", isImage
    ? `Input, ${shape}. Arrow keys move the pen, the space bar draws, arrows with Shift draw a line.`
    : `Input of ${size} values. Left and right choose a value, up and down change it.`);
  if (isImage) tell("input-caption", "Input: draw here, or drop an image");
  if (!has("encode")) tell("try-title", "Input and reconstruction");
  at("panels").classList.toggle("three-wide", !isImage && !has("encode"));
  if (!isImage) tell("output-caption", `Reconstruction, ${page.kind === "bars" ? "beside" : "over"} the input in grey`);
  at("gauge-panel").hidden = !page.detector;
  if (page.noise) {
    at("noise-control").hidden = false;
    at("noise").max = page.noise.kind === "gaussian" ? Math.max(1, 2 * page.noise.trained) : 0.9;
    at("noise").value = page.noise.trained;
    on("noise", "input", () => { noiseSaid(); refresh(); });
    noiseSaid();
  }
  thumbnails();
  on("clear", "click", () => { take(new Float32Array(size).fill(isImage ? page.low : 0)); note(""); refresh(); });
  on("invert", "click", () => { take(state.input.map(v => page.low + page.high - v)); refresh(); });
  on("again", "click", () => compare().catch(fail));
  drawing();
  dropping();
  if (page.code) moving();
  if (page.prior) {
    at("new").hidden = false;
    on("draw", "click", () => drawNew().catch(fail));
    drawNew().catch(fail);
  }
  addEventListener("resize", () => { if (!isImage) refresh(); });
}

function thumbnails() {
  at("samples").replaceChildren();
  const every = array(page.samples);
  for (let i = 0; i < page.samples.shape[0]; i++) {
    const button = made("button", { type: "button" }), canvas = made("canvas");
    button.setAttribute("aria-pressed", false);
    button.append(canvas, page.labels ? `${page.labels[i]}` : `${i + 1}`);
    button.setAttribute("aria-label", `Sample ${i + 1}${page.labels ? `, label ${page.labels[i]}` : ""}`);
    button.addEventListener("click", () => { choose(i); refresh(); });
    at("samples").append(button);
    show(canvas, every.subarray(i * size, (i + 1) * size), "");
    canvas.removeAttribute("aria-label");
  }
}

// --- noise ---

const gaussian = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

function noiseSaid() {
  const { kind, trained } = page.noise, strength = Number(at("noise").value);
  at("noise-control").querySelector("output").textContent = short(strength);
  at("noise-control").querySelector("label").textContent = `Noise (${kind.replaceAll("_", " ")}; trained with ${short(trained)})`;
}

function spoiled(x) {
  const strength = page.noise ? Number(at("noise").value) : 0;
  if (!strength) return x;
  // the same noise as the slider moves, so that only its strength changes
  state.noise ??= Array.from(x, () => [gaussian(), Math.random(), Math.random()]);
  const { kind, clip } = page.noise, scale = page.normalization ? array(page.normalization.scale) : null;
  return x.map((v, i) => {
    const [normal, chance, side] = state.noise[i], unit = scale ? scale[i] : 1;
    if (kind === "masking") return chance < strength ? (page.normalization ? array(page.normalization.offset)[i] : 0) : v;
    if (kind === "salt_and_pepper") return chance < strength ? (side < 0.5 ? page.low : page.high) : v;
    const noisy = v + strength * unit * normal;
    return clip && !scale ? Math.min(1, Math.max(0, noisy)) : noisy;
  });
}

// --- drawing with the mouse, a finger or the keyboard ---

function drawing() {
  const canvas = at("input"), [height, width] = page.shape, isImage = page.kind === "image";
  let last = null;
  const place = event => {
    const box = canvas.getBoundingClientRect(), across = (event.clientX - box.left) / box.width, down = (event.clientY - box.top) / box.height;
    return isImage ? [across * width, down * height] : [Math.min(1, Math.max(0, across)), down];
  };
  const line = to => {
    if (state.input.buffer === bytes) state.input = state.input.slice();
    const from = last ?? to, steps = Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])) || 1;
    if (isImage) for (let i = 1; i <= steps; i++) stamp(from[0] + (to[0] - from[0]) * i / steps, from[1] + (to[1] - from[1]) * i / steps);
    else bend(from, to);
    last = to;
    take(state.input);
    refresh();
  };
  canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); last = null; state.cursorShown = false; line(place(event)); });
  canvas.addEventListener("pointermove", event => { if (event.buttons & 1 && canvas.hasPointerCapture(event.pointerId)) line(place(event)); });
  canvas.addEventListener("focus", () => { if (canvas.matches(":focus-visible")) note(canvas.getAttribute("aria-label")); });
  canvas.addEventListener("blur", () => { state.cursorShown = false; refresh(); });
  canvas.addEventListener("keydown", event => {
    const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0, down = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
    if (!across && !down && event.key !== " ") return;
    event.preventDefault();
    state.cursorShown = true;
    if (isImage) {
      const x = Math.min(width - 1, Math.max(0, state.cursor % width + across)), y = Math.min(height - 1, Math.max(0, Math.floor(state.cursor / width) + down));
      state.cursor = y * width + x;
      if (event.key === " " || event.shiftKey) { last = null; line([x + 0.5, y + 0.5]); }
    } else {
      state.cursor = Math.min(size / channels - 1, Math.max(0, state.cursor + across));
      const i = state.cursor * channels + channel();
      if (down) { take(Float32Array.from(state.input)); put(i, shown(state.input)[i] - down * (state.range[1] - state.range[0]) / 50); }
      note(`${page.detector?.features?.[i] ?? `Value ${state.cursor + 1}`}: ${short(state.input[i])}`);
    }
    refresh();
  });
}

function stamp(across, down) {
  const [height, width, depth] = page.shape, radius = Math.max(0.8, Math.min(height, width) / 24);
  const isHigh = document.querySelector("[name=pen]:checked").value === "high";
  const colour = depth === 3 ? [1, 3, 5].map(i => parseInt(at("colour").value.slice(i, i + 2), 16) / 255) : [1];
  for (let y = Math.max(0, Math.floor(down - radius - 1)); y < Math.min(height, down + radius + 1); y++) {
    for (let x = Math.max(0, Math.floor(across - radius - 1)); x < Math.min(width, across + radius + 1); x++) {
      const share = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x + 0.5 - across, y + 0.5 - down)));
      for (let c = 0; c < depth; c++) {
        const i = (y * width + x) * depth + c, ink = page.low + (page.high - page.low) * (isHigh ? colour[c] : 0);
        const wet = state.input[i] + share * (ink - state.input[i]);
        state.input[i] = depth === 1 && isHigh ? Math.max(state.input[i], page.low + share * (ink - page.low)) : wet;
      }
    }
  }
}

// a value in the units of the chart
function put(i, value) {
  state.input[i] = isScaled() ? value * array(page.normalization.scale)[i] + array(page.normalization.offset)[i] : value;
}

function bend(from, to) {
  const steps = size / channels, [low, high] = extent(shown(state.input)), [first, end] = from[0] <= to[0] ? [from, to] : [to, from];
  for (let i = Math.floor(first[0] * (steps - 1) + 0.5); i <= Math.floor(end[0] * (steps - 1) + 0.5); i++) {
    const part = end[0] === first[0] ? 1 : Math.min(1, Math.max(0, (i / (steps - 1) - first[0]) / (end[0] - first[0])));
    put(i * channels + channel(), high - (high - low) * Math.min(1, Math.max(0, first[1] + part * (end[1] - first[1]))));
  }
}

function cursor() {
  if (!state.cursorShown || document.activeElement !== at("input")) return;
  const canvas = at("input"), pen = canvas.getContext("2d");
  pen.fillStyle = palette.accent;
  if (page.kind === "image") pen.fillRect(state.cursor % page.shape[1], Math.floor(state.cursor / page.shape[1]), 1, 1);
  else pen.fillRect(canvas.width * (state.cursor + 0.5) / (size / channels) - 1, 0, 2, canvas.height);
}

// --- files ---

function dropping() {
  on("file", "change", () => { if (at("file").files[0]) open(at("file").files[0]); at("file").value = ""; });
  addEventListener("dragover", event => { event.preventDefault(); document.body.classList.add("dropping"); });
  addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  addEventListener("drop", event => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
  });
  addEventListener("paste", event => { if (event.clipboardData.files[0]) open(event.clipboardData.files[0]); });
  on("row", "input", () => goTo(Number(at("row").value) - 1));
  on("oddest", "click", () => goTo(state.oddest));
}

async function open(file) {
  try {
    if (file.size > MOST_BYTES) throw new Error(`it has ${(file.size / 1e6).toFixed(0)} MB, of which ${MOST_BYTES / 1e6} are read at most`);
    const isTable = /\.(csv|tsv|txt)$/i.test(file.name) || file.type.startsWith("text/");
    if (!isTable && page.kind !== "image") throw new Error("a CSV file is expected here, with numbers alone");
    if (isTable) await takeTable(file.name, await file.text());
    else await takeImage(file);
  } catch (error) {
    note(`${file.name} cannot be used: ${error.message}. What was there is kept.`, true);
  }
}

async function takeImage(file) {
  const [height, width, depth] = page.shape;
  const found = await createImageBitmap(file).catch(() => { throw new Error("it is no image that this browser can read"); });
  const scale = Math.max(width / found.width, height / found.height), cut = [width / scale, height / scale];
  const canvas = made("canvas", { width, height }), pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(found, (found.width - cut[0]) / 2, (found.height - cut[1]) / 2, ...cut, 0, 0, width, height);
  const { data } = pen.getImageData(0, 0, width, height), values = new Float32Array(size);
  for (let i = 0; i < width * height; i++) {
    const grey = LUMA.reduce((sum, part, c) => sum + part * data[4 * i + c], 0);
    for (let c = 0; c < depth; c++) values[i * depth + c] = page.low + (page.high - page.low) * (depth === 1 ? grey : data[4 * i + c]) / 255;
  }
  const same = found.width === width && found.height === height;
  const isCut = Math.abs(found.width * height - found.height * width) > Math.max(width, height);
  note(`${file.name}${same ? "" : `: ${found.width} × ${found.height} pixels, ${isCut ? "cut to its middle and " : ""}scaled to ${width} × ${height}`}.`);
  at("rows").hidden = true;
  take(values);
  refresh();
}

function readTable(text) {
  const lines = text.split(/\r?\n/).map((line, i) => [line, i + 1]).filter(([line]) => line.trim());
  if (!lines.length) throw new Error("it is empty");
  const separator = [";", "\t", ","].find(mark => lines[0][0].includes(mark)) ?? /\s+/;
  const cells = line => line.trim().split(separator).map(cell => cell.trim().replace(/^"(.*)"$/, "$1"));
  const isNumber = cell => cell !== "" && Number.isFinite(Math.fround(Number(cell)));
  const first = cells(lines[0][0]), isGap = cell => /^([+-]?(nan|inf|infinity)|)$/i.test(cell);
  // numbers with gaps among them are a row, in which the gap is told, and no names
  const head = first.every(cell => isNumber(cell) || isGap(cell)) && first.some(isNumber) ? null : cells(lines.shift()[0]);
  const rows = lines.slice(0, MOST_ROWS * (channels === size ? 1 : size / channels)).map(([line, number]) => cells(line).map(cell => {
    if (!isNumber(cell)) throw new Error(`line ${number} has ${cell ? `“${cell.slice(0, 20)}”` : "nothing"} where a number is expected`);
    return Number(cell);
  }));
  if (!rows.length) throw new Error("it has a line of names alone");
  const uneven = rows.findIndex(row => row.length !== rows[0].length);
  if (uneven > 0) throw new Error(`line ${lines[uneven][1]} has ${rows[uneven].length} columns, the first ${rows[0].length}`);
  return [head, rows, lines.length];
}

async function takeTable(name, text) {
  let [head, rows, count] = readTable(text);
  const names = page.detector?.features, columns = rows[0].length, steps = size / channels, hasSteps = steps > 1 && !isScaled();
  if (names && head && names.every(feature => head.includes(feature))) rows = rows.map(row => names.map(feature => row[head.indexOf(feature)]));
  let told = "one sample a row";
  if (rows[0].length !== size) {
    if (columns !== channels || rows.length < steps || !hasSteps) {
      throw new Error(`it has ${columns} columns and ${rows.length} rows; expected are ${size} columns, one sample a row${hasSteps ? `, or ${channels} with ${steps} rows or more, one step a row` : ""}`);
    }
    told = `windows of ${steps} steps`;
    count = Math.floor(count / steps);
    rows = Array.from({ length: Math.floor(rows.length / steps) }, (_, i) => rows.slice(i * steps, (i + 1) * steps).flat());
  }
  state.rows = rows.slice(0, MOST_ROWS).map(row => Float32Array.from(row));
  at("rows").hidden = false;
  at("row").max = state.rows.length;
  note(`${name}: ${count > MOST_ROWS ? `the first ${MOST_ROWS} of ` : ""}${count} samples, ${told}.`);
  tell("rows-said", "");
  goTo(0);
  if (page.detector) await scoreRows();
}

function goTo(i) {
  at("row").value = i + 1;
  at("rows").querySelector("output").textContent = `${i + 1} of ${state.rows.length}`;
  take(state.rows[i].slice());
  refresh();
}

async function scoreRows() {
  const { threshold } = page.detector, scores = [], rows = state.rows;
  for (const row of rows) {
    const score = sum(contributions(row, await reconstruct(row)));
    scores.push(Number.isNaN(score) ? Infinity : score); // of values that overflow
    if (scores.length % 50 === 0) await new Promise(requestAnimationFrame);
    if (state.rows !== rows) return; // another file has come
  }
  const odd = scores.filter(score => !(score <= threshold)).length;
  state.oddest = scores.indexOf(Math.max(...scores));
  tell("rows-said", `${odd} of ${rows.length} are anomalies; the oddest is row ${state.oddest + 1}, with a score of ${short(scores[state.oddest])}.`);
  at("scores").hidden = at("oddest").hidden = false;
  const ratio = scores.map(score => Math.min(2 * threshold, score));
  chart(at("scores"), [[ratio, palette.accent], [ratio.map(() => threshold), palette.bad]], [0, 2 * threshold], false, 1);
  at("scores").setAttribute("aria-label", `Scores of all rows, and the threshold. ${at("rows-said").textContent}`);
}

// --- moving the code ---

const slider = (label, low, high, step) => {
  const id = `slider-${slider.count = (slider.count ?? 0) + 1}`, row = made("div", { className: "slider" }), told = made("output", { htmlFor: id });
  const input = made("input", { type: "range", min: low, max: high, step, id }), name = made("label", { htmlFor: id, textContent: label });
  row.append(name, input, told);
  return { row, input, told };
};

function moving() {
  const { components } = page.code;
  state.page = 0;
  at("move").hidden = at("between").hidden = false;
  at("modes").hidden = !components;
  for (const radio of document.querySelectorAll("[name=mode]")) radio.addEventListener("change", () => { state.page = 0; buildSliders(); });
  for (const [id, by] of [["previous", -1], ["next", 1]]) at(id).addEventListener("click", () => { state.page += by; buildSliders(); });
  on("back", "click", () => { state.moved = state.base; refresh(showMoved); placeSliders(); });
  on("take-a", "click", () => hold("a"));
  on("take-b", "click", () => hold("b"));
  on("way", "input", () => refresh(mix));
  buildSliders();
  const every = array(page.samples), last = Math.min(1, page.samples.shape[0] - 1);
  (async () => {
    for (const [id, i] of [["a", 0], ["b", last]]) await hold(id, every.slice(i * size, (i + 1) * size));
  })().catch(fail);
}

function buildSliders() {
  const { components, integers } = page.code, total = array(page.code.low).length;
  state.mode = components ? document.querySelector("[name=mode]:checked").value : "entries";
  const isComponents = state.mode === "components", count = isComponents ? components.spread.length : total;
  const first = state.page * SLIDERS, lows = array(page.code.low), highs = array(page.code.high);
  state.sliders = [];
  for (let i = first; i < Math.min(count, first + SLIDERS); i++) {
    const wide = (highs[i] - lows[i]) / 4 || 1;
    const one = isComponents ? slider(`component ${i + 1} (${(100 * components.share[i]).toFixed(0)} %)`, -4, 4, 0.05)
      : slider(`${integers ? "place" : "number"} ${i + 1}`, integers ? lows[i] : lows[i] - wide, integers ? highs[i] : highs[i] + wide, integers ? 1 : wide / 50);
    one.input.addEventListener("input", () => { moveTo(i, Number(one.input.value)); one.told.textContent = short(Number(one.input.value)); });
    state.sliders.push([i, one]);
  }
  tell("unit", isComponents ? "In standard deviations of the samples' codes; in brackets, how much of their variance each component has." : integers ? "Places in the codebook." : "As they stand in the code.");
  at("sliders").replaceChildren(...state.sliders.map(([, one]) => one.row));
  at("pages").hidden = count <= SLIDERS;
  at("previous").disabled = !state.page;
  at("next").disabled = first + SLIDERS >= count;
  tell("which", `${first + 1} to ${Math.min(count, first + SLIDERS)} of ${count}`);
  if (state.moved) placeSliders();
}

const along = i => {
  const { mean, directions, spread } = page.code.components, m = array(mean), d = array(directions).subarray(i * m.length, (i + 1) * m.length);
  return [d, state.moved.reduce((sum, v, j) => sum + (v - m[j]) * d[j], 0) / (spread[i] || 1), spread[i]];
};

function placeSliders() {
  for (const [i, { input, told }] of state.sliders) {
    const value = state.mode === "components" ? along(i)[1] : state.moved[i];
    input.value = value;
    told.textContent = short(Number(value.toFixed(3)));
  }
}

function moveTo(i, value) {
  if (state.mode === "components") {
    const [direction, now, spread] = along(i);
    state.moved = state.moved.map((v, j) => v + (value - now) * spread * direction[j]);
  } else state.moved = state.moved.with ? state.moved.with(i, value) : Object.assign(state.moved.slice(), { [i]: value });
  refresh(showMoved);
}

async function showMoved() {
  show("moved", await decode(state.moved), "What the decoder makes of the moved code");
  dataset.moved = Number(dataset.moved ?? 0) + 1;
}

// --- between two inputs ---

async function hold(id, values = state.input) {
  state.ends[id] = { values, code: await encode(values) };
  show(id, values, id === "a" ? "A" : "B");
  await mix();
}

async function mix() {
  const { a, b } = state.ends, share = Number(at("way").value);
  if (!a || !b) return;
  at("way").parentElement.querySelector("output").textContent = `${Math.round(100 * share)} %`;
  const between = a.code.map((v, i) => page.code.integers ? (share < 0.5 ? v : b.code[i]) : v + share * (b.code[i] - v));
  show("mixed", await decode(between), `Decoded from ${Math.round(100 * share)} % of the way from A to B`);
}

async function drawNew() {
  const length = array(page.code.low).length, drawn = [];
  for (let i = 0; i < DRAWN; i++) {
    drawn.push([made("canvas", { role: "img" }), await decode(Float32Array.from({ length }, gaussian))]);
  }
  at("drawn").replaceChildren(...drawn.map(([canvas]) => canvas));
  drawn.forEach(([canvas, values], i) => show(canvas, values, `New sample ${i + 1}`));
}

// --- the same model? ---

async function compare() {
  const told = [];
  let worst = page.parts.every(part => page.golden[part]?.count > 0) ? 0 : Infinity, samples = 0;
  for (const [part, { count, step, integers, inputs, outputs }] of Object.entries(page.golden)) {
    const given = array(inputs ?? page.samples), wanted = array(outputs), each = given.length / (inputs ?? page.samples).shape[0];
    const length = wanted.length / count;
    for (let i = 0; i < count; i++) {
      const one = given.slice(i * each, (i + 1) * each);
      let found = part === "gauge" ? [sum(contributions(one, await reconstruct(one)))] : await run(part, isOutside() && part !== "decode" ? normalized(one) : one);
      if (page.normalization?.inside && (part === "decode" || part === "reconstruct")) found = normalized(found);
      for (let j = 0; j < length; j++) worst = Math.max(worst, Number.isFinite(found[j]) ? Math.abs(found[j] - wanted[i * length + j]) / step : Infinity);
    }
    samples = Math.max(samples, count);
    told.push(`${short(step)} (${part}: ${integers ? "that of its integers" : `a 255th of its ${part === "gauge" ? "threshold" : "range"}`})`);
  }
  const equal = worst <= ALLOWED, apart = page.difference;
  at("golden").className = equal ? "good" : "bad";
  tell("golden", equal ? "Equal to the report within 1 step." : `Not equal to the report: ${short(worst)} steps apart. Do not trust what this browser shows.`);
  at("golden-detail").textContent = `Compared ${samples === 1 ? "was 1 sample" : `were ${samples} samples`} through ${Object.keys(page.golden).join(", ")} with what LiteRT returned in Python when this page was written; the largest difference is ${worst.toFixed(2)} steps. A step is ${told.join(", ")}.`
    + (apart.most > 0.01 ? ` For browsers the file was brought to one sample at a time and float ends, by which some integers round unlike: on ${apart.samples} samples ${apart.mean.toFixed(3)} steps on average and ${apart.most.toFixed(0)} at most, with an error of ${short(apart.mse)} in place of ${short(apart.mse_original)}.` : "");
  const times = [];
  for (let i = 0; i < TIMED; i++) {
    const began = performance.now();
    await reconstruct(state.input);
    times.push(performance.now() - began);
  }
  const middle = times.sort((a, b) => a - b)[TIMED >> 1];
  tell("latency", `One reconstruction takes ${middle.toFixed(2)} ms here, the median of ${TIMED}${page.latency ? `; ${(page.latency / 1000).toFixed(2)} ms in the report, by LiteRT without a browser on the machine that exported it` : ""}.`);
  Object.assign(dataset, { golden: worst, latency: middle });
}
