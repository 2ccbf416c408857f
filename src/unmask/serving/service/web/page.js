// What moves on the page. Pictures go to the API one by one; nothing is stored, neither here nor there.
// All texts are set as texts, never as HTML: a file's name is a stranger's.

const AT_ONCE = 2, TRIES = 30, HEAT = 60;
const waiting = [];
let running = 0, done = 0, total = 0;

const find = (selector) => document.querySelector(selector);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function say(text) { find("#um-status").textContent = text; }

function add(files) {
  const pictures = [...files];
  if (!pictures.length) return;
  find("#um-section").hidden = false;
  if (!running && !waiting.length) { done = 0; total = 0; }
  for (const file of pictures) {
    const item = make("li", { class: "um-verdict um-waiting" });
    find("#um-verdicts").append(item);
    drawWaiting(item, file);
    waiting.push({ file, item });
    total += 1;
  }
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  find("#um-section").scrollIntoView({ behavior: isCalm ? "auto" : "smooth", block: "start" });
  next();
}

function next() {
  const all = find("#um-verdicts").children.length, without = document.querySelectorAll(".um-none").length;
  const judged = `${all - without === 1 ? "One picture" : `${all - without} pictures`} judged`;
  say(done < total ? `Judging: ${done} of ${total} done.` : `${judged}${without ? `, ${without} without a verdict` : ""}.`);
  while (running < AT_ONCE && waiting.length) {
    running += 1;
    const { file, item } = waiting.shift();
    judge(file, item).finally(() => { running -= 1; done += 1; next(); });
  }
}

async function ask(address, file) {
  const headers = {}, key = find("#um-key");
  if (key) headers["X-API-Key"] = key.value;
  for (let turn = 0; ; turn += 1) {
    const form = new FormData();
    form.append("files", file, file.name);
    const answer = await fetch(address, { method: "POST", body: form, headers });
    if (answer.status === 429 && turn < TRIES) {
      await new Promise((resume) => setTimeout(resume, 1000 * Number(answer.headers.get("Retry-After") || 1)));
      continue;
    }
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error.message);
    return body;
  }
}

async function judge(file, item) {
  let picture;
  // The service would refuse it unread, and a browser that is still sending takes that for a broken connection.
  const most = Number(find("[data-picture-bytes]").dataset.pictureBytes);
  if (file.size > most) {
    drawError(item, `the picture has ${file.size.toLocaleString("en")} bytes; at most ${most.toLocaleString("en")} are taken`);
    return;
  }
  try {
    picture = (await ask("/v1/predict", file)).pictures[0];
  } catch (error) {
    const lost = error instanceof TypeError || error instanceof SyntaxError;
    drawError(item, lost ? "the service cannot be reached" : error.message);
    return;
  }
  if (picture.error) drawError(item, picture.error);
  else drawVerdict(item, picture, file);
}

function show(item, file, ...parts) {
  const stage = make("div", { class: "um-stage" });
  const image = make("img", { alt: `The picture ${file.name}` });
  image.addEventListener("error", () => stage.remove());
  image.src = URL.createObjectURL(file);
  stage.append(image);
  const figure = make("figure", {}, stage, make("figcaption", { class: "um-small" }, file.name));
  item.replaceChildren(figure, make("div", { class: "um-words" }, ...parts));
  return { stage, figure };
}

function drawWaiting(item, file) { show(item, file, make("p", {}, "Waiting for the verdict …")); }

function drawError(item, message) {
  item.classList.replace("um-waiting", "um-none");
  item.querySelector(".um-words").replaceChildren(
    make("h3", {}, "No verdict"),
    make("p", {}, `${message[0].toUpperCase()}${message.slice(1)}.`),
  );
}

const percent = (share) => `${Math.round(100 * share)}%`;

function scale(band) {
  const bar = make("div", { class: "um-scale", "aria-hidden": "true" });
  const mark = make("div", { class: "um-band" });
  mark.style.left = percent(band.low);
  mark.style.width = percent(band.high - band.low);
  bar.append(mark);
  const ends = make("div", { class: "um-ends", "aria-hidden": "true" });
  ends.append(make("span", {}, "none like it fake"), make("span", {}, "all like it fake"));
  return [bar, ends];
}

function facts(verdict) {
  const list = make("dl", { class: "um-small" });
  const row = (name, value) => list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  row("Score", `${verdict.score.toFixed(3)} (fake from ${verdict.threshold.toFixed(3)} on)`);
  if (verdict.band) row("Fakes among alike", `${percent(verdict.band.low)} to ${percent(verdict.band.high)}, by ${verdict.band.images} test pictures`);
  if (verdict.distance !== null) row("Distance from training", `${verdict.distance.toFixed(2)} (about 1 is usual)`);
  if (verdict.facts) {
    row("Picture", `${verdict.facts.width} by ${verdict.facts.height} pixels`);
    if (verdict.facts.jpeg_quality !== null) row("JPEG quality", `about ${verdict.facts.jpeg_quality}`);
  }
  if (verdict.faces.length > 1) row("Each face", verdict.faces.map((face) => `${face.label} ${face.score.toFixed(2)}`).join(", "));
  return make("details", {}, make("summary", {}, "Numbers"), list);
}

function drawVerdict(item, picture, file) {
  const { verdict, words } = picture;
  item.classList.remove("um-waiting");
  item.classList.add(`um-${verdict.label}`);
  const parts = [make("h3", {}, words.headline), make("p", {}, words.explanation)];
  if (verdict.band) parts.push(...scale(verdict.band));
  if (verdict.cautions.length) {
    const list = make("ul", { class: "um-cautions", "aria-label": "Reasons to trust this verdict less" });
    for (const caution of verdict.cautions) {
      list.append(make("li", {}, `${caution.text[0].toUpperCase()}${caution.text.slice(1)}.`));
    }
    parts.push(list);
  }
  parts.push(make("p", { class: "um-small" }, "Evidence, not proof."), facts(verdict));
  const { stage, figure } = show(item, file, ...parts);
  if (verdict.facts) for (const face of verdict.faces) place(make("div", { class: "um-face" }), face.box, verdict.facts, stage);
  explain(figure, stage, verdict, file);
}

function place(element, box, facts, stage) {
  element.style.left = `${(100 * box.left) / facts.width}%`;
  element.style.top = `${(100 * box.top) / facts.height}%`;
  element.style.width = `${(100 * (box.right - box.left)) / facts.width}%`;
  element.style.height = `${(100 * (box.bottom - box.top)) / facts.height}%`;
  stage.append(element);
}

async function explain(figure, stage, verdict, file) {
  const note = make("p", { class: "um-small" });
  figure.append(note);
  if (find("[data-has-heatmaps]").dataset.hasHeatmaps !== "yes") {
    note.textContent = "Heatmaps are not available here.";
    return;
  }
  note.textContent = "Drawing the heatmap …";
  try {
    const { heatmaps } = await ask("/v1/heatmap", file);
    const shown = heatmaps.filter((heatmap) => heatmap.png);
    if (!shown.length) { note.textContent = "The heatmap is empty: no place speaks for this answer."; return; }
    const images = shown.map((heatmap) => {
      const image = make("img", { class: "um-heat", alt: "", src: `data:image/png;base64,${heatmap.png}` });
      place(image, heatmap.region, verdict.facts, stage);
      return image;
    });
    note.replaceWith(slider(images, stage.querySelector("img"), images.length > 1 ? "each answer" : verdict.label));
  } catch (error) {
    note.textContent = "No heatmap this time.";
  }
}

function slider(images, picture, label) {
  const id = `um-heat-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const input = make("input", { type: "range", id, min: "0", max: "100", step: "5", value: String(HEAT) });
  const value = make("output", { for: id });
  const turn = () => {
    value.textContent = `${input.value}%`;
    for (const image of images) image.style.opacity = input.value / 100;
    // The picture's own colours would be taken for the heatmap's.
    picture.style.filter = `grayscale(${Math.min(1, input.value / 50)})`;
  };
  input.addEventListener("input", turn);
  turn();
  const name = make("label", { for: id }, `Heatmap: bright is what speaks for ${label}, `, value);
  return make("div", { class: "um-slider" }, name, input);
}

async function tryExample(button) {
  const answer = await fetch(button.dataset.example);
  const content = await answer.blob();
  add([new File([content], `${button.dataset.name}.jpg`, { type: "image/jpeg" })]);
}

new MutationObserver((_, observer) => {
  const places = document.querySelectorAll(".um-origin");
  for (const place of places) place.textContent = location.origin;
  if (places.length) observer.disconnect();
}).observe(document, { childList: true, subtree: true });
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.example) tryExample(button);
  if (button?.id === "um-clear") {
    waiting.length = 0;
    for (const image of find("#um-verdicts").querySelectorAll("img")) URL.revokeObjectURL(image.src);
    find("#um-verdicts").replaceChildren();
    find("#um-section").hidden = true;
    find("#um-files").focus();
  }
});
document.addEventListener("change", (event) => {
  if (event.target.id !== "um-files") return;
  add(event.target.files);
  event.target.value = "";
});
document.addEventListener("paste", (event) => add(event.clipboardData?.files ?? []));
// Dropped anywhere, so that a miss does not open the picture instead of the page.
document.addEventListener("dragover", (event) => { event.preventDefault(); find("#um-drop")?.classList.add("is-over"); });
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) find("#um-drop")?.classList.remove("is-over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  find("#um-drop")?.classList.remove("is-over");
  add(event.dataTransfer?.files ?? []);
});
