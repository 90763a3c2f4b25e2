"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = id => document.getElementById(id);
const plane = at("plane"), ring = at("ring"), slider = at("chosen");
const samples = Object.fromEntries(["original", "rebuilt"].map(
  key => [key, Uint8Array.from(atob(data[key]), letter => letter.charCodeAt(0))]));
const size = data.shape.reduce((a, b) => a * b, 1);
const isImage = data.shape.length === 3;

function drawImage(canvas, values) {
  const [height, width, channels] = data.shape, pen = canvas.getContext("2d");
  canvas.width = width;
  canvas.height = height;
  const image = pen.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = values[i * channels + (c % channels)];
    image.data[4 * i + 3] = 255;
  }
  pen.putImageData(image, 0, 0);
}

function drawLines(canvas, values) {
  const channels = data.shape[data.shape.length - 1], length = size / channels;
  const pen = canvas.getContext("2d");
  canvas.width = 640;
  canvas.height = 320;
  pen.lineWidth = 3;
  for (let c = 0; c < Math.min(channels, 8); c++) {
    pen.strokeStyle = pen.fillStyle = data.palette[c % data.palette.length];
    pen.beginPath();
    for (let i = 0; i < length; i++) {
      const x = length > 1 ? 8 + 624 * i / (length - 1) : 320, y = 310 - 300 * values[i * channels + c] / 255;
      pen.lineTo(x, y);
      if (length <= 40) pen.fillRect(x - 4, y - 4, 8, 8);
    }
    pen.stroke();
  }
}

function choose(chosen) {
  slider.value = chosen;
  const [x, y] = data.points[chosen];
  ring.setAttribute("cx", x);
  ring.setAttribute("cy", y);
  ring.removeAttribute("visibility");
  const label = data.labels ? `, label ${data.labels[chosen]}` : "";
  const said = `Sample ${data.numbers[chosen]}${label}: mean squared error ${Number(data.errors[chosen].toPrecision(3))}`;
  at("said").textContent = said;
  slider.setAttribute("aria-valuetext", said);
  for (const key of ["original", "rebuilt"]) {
    (isImage ? drawImage : drawLines)(at(key), samples[key].subarray(chosen * size, (chosen + 1) * size));
  }
}

function nearest(event) {
  const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(plane.getScreenCTM().inverse());
  let best = 0, least = Infinity;
  data.points.forEach(([x, y], i) => {
    const distance = (x - place.x) ** 2 + (y - place.y) ** 2;
    if (distance < least) [best, least] = [i, distance];
  });
  choose(best);
}

plane.addEventListener("pointermove", nearest);
plane.addEventListener("pointerdown", nearest);
slider.addEventListener("input", () => choose(Number(slider.value)));
choose(0);
