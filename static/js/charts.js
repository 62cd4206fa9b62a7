// Charts: a <figure data-chart="json script id" data-plotly="url"> is drawn when it comes into sight.
// plotly.js is fetched once, on the first such figure. Colours come from the tokens of the stylesheet, so a
// figure names them as "var(--bad)" and follows the theme.

const FONT_SIZE = 11.5;
const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false };
// plotly.js adds style elements under these ids unless something with that id is there already.
const STYLE_IDS = ["plotly.js-style-global", "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53"];
const KEEP_MS = 2000;
const probe = document.createElement("span");
const kept = new Map();
let plotly = null;

const sight = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      sight.unobserve(entry.target);
      draw(entry.target);
    }
  },
  { rootMargin: "200px" },
);

watch(document);
for (const name of ["htmx:afterSwap", "htmx:load"]) document.addEventListener(name, (event) => watch(event.target));
document.addEventListener("htmx:beforeCleanupElement", (event) => {
  if (event.target.matches?.("[data-chart][data-drawn]")) keep(event.target);
});
document.addEventListener("flywheel:theme", () => {
  for (const plot of document.querySelectorAll(".js-plotly-plot")) draw(plot.closest("[data-chart]"));
});

function watch(root) {
  for (const figure of (root.parentElement ?? root).querySelectorAll("[data-chart]:not([data-drawn])")) {
    if (kept.has(figure.id)) adopt(figure);
    else sight.observe(figure);
  }
}

// A part that refetches itself brings the same chart again: its drawing moves over and takes the new figures,
// instead of being made anew under the reader's eyes.
function keep(figure) {
  const plot = figure.querySelector(".chart-plot");
  plot.remove();
  kept.set(figure.id, { plot, open: figure.querySelector(".chart-table").open });
  setTimeout(() => {
    if (kept.get(figure.id)?.plot !== plot) return;
    kept.delete(figure.id);
    window.Plotly.purge(plot);
  }, KEEP_MS);
}

function adopt(figure) {
  const { plot, open } = kept.get(figure.id);
  kept.delete(figure.id);
  figure.querySelector(".chart-plot").replaceWith(plot);
  figure.querySelector(".chart-table").open = open;
  figure.dataset.drawn = "";
  draw(figure);
}

async function draw(figure) {
  const plot = figure.querySelector(".chart-plot");
  const chart = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  try {
    const Plotly = await (plotly ??= load(figure.dataset.plotly));
    document.body.append(probe);
    const data = resolve(chart.data);
    const layout = merge(theme(), resolve(chart.layout ?? {}));
    probe.remove();
    await Plotly.react(plot, data, layout, CONFIG);
    figure.dataset.drawn = "";
  } catch (error) {
    console.warn("chart not drawn:", error);
    plot.classList.add("chart-failed");
    plot.textContent = "The chart could not be drawn; its figures are in the table below.";
    figure.querySelector(".chart-table")?.setAttribute("open", "");
  }
}

function load(url) {
  for (const id of STYLE_IDS) {
    const marker = document.createElement("template");
    marker.id = id;
    marker.className = "no-inline-styles";
    document.head.append(marker);
  }
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => done(window.Plotly);
    script.onerror = () => failed(new Error(`${url} did not load`));
    document.head.append(script);
  });
}

// What light-dark() comes to can only be asked of a real property.
function colour(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

function resolve(value) {
  if (typeof value === "string") return value.replace(/^var\((--[\w-]+)\)$/, (_, name) => colour(name));
  if (Array.isArray(value)) return value.map(resolve);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
}

function merge(base, over) {
  const plain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    merged[key] = plain(value) && plain(base[key]) ? merge(base[key], value) : value;
  }
  return merged;
}

function theme() {
  const axis = {
    automargin: true,
    gridcolor: colour("--line"),
    linecolor: colour("--line-strong"),
    tickcolor: colour("--tick"),
    tickfont: { color: colour("--ink-3") },
    ticklen: 4,
    ticks: "outside",
    zerolinecolor: colour("--line-strong"),
  };
  return {
    colorway: [1, 2, 3, 4, 5, 6].map((number) => colour(`--series-${number}`)),
    font: { color: colour("--ink-2"), family: getComputedStyle(document.body).fontFamily, size: FONT_SIZE },
    hoverlabel: { bgcolor: colour("--ink"), bordercolor: colour("--ink"), font: { color: colour("--paper") } },
    hovermode: "x unified",
    legend: { orientation: "h", traceorder: "normal", x: 0, y: 1, yanchor: "bottom" },
    margin: { b: 28, l: 8, r: 8, t: 8 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    xaxis: { ...axis, showgrid: false },
    yaxis: { ...axis, rangemode: "tozero" },
  };
}
