// Draws figures of parts and series from the data beside them: <div data-figure="id of the data">.
// Tooltips are drawn on the canvas: those of HTML would set style attributes, which our policy forbids.
(() => {
  const COLOURS = ["#0d6efd", "#20a39e", "#7a5af8", "#e8890c", "#8a94a6", "#c2413b"];
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const shown = deskFormats.number;

  const axes = () => {
    const line = { lineStyle: { color: css("--bs-border-color") } };
    const text = { color: css("--bs-body-color") };
    return { axisLabel: { ...text, hideOverlap: true }, nameTextStyle: text, axisLine: line, splitLine: line };
  };
  const legend = () => ({ type: "scroll", top: 0, textStyle: { color: css("--bs-body-color") } });
  const tooltip = (head) => ({
    trigger: "axis",
    renderMode: "richText",
    confine: true,
    formatter: (items) => [head(items), ...items.map((item) => `${item.seriesName}: ${shown(Array.isArray(item.value) ? item.value[1] : item.value)}`)].join("\n"),
  });
  const numbers = (name) => ({ type: "value", name, nameLocation: "end", ...axes(), nameTextStyle: { color: css("--bs-body-color"), align: "left" }, axisLabel: { ...axes().axisLabel, formatter: shown } });

  const share = (data, item) => shown(data.parts.find((part) => part.name === item.name)?.share);

  const kinds = {
    // {unit, parts: [{name, value, share}]}
    treemap: (data) => ({
      tooltip: { renderMode: "richText", confine: true, formatter: (item) => `${item.name}\n${data.unit}: ${shown(item.value)} (${share(data, item)} %)` },
      series: [{
        type: "treemap", roam: false, nodeClick: false, breadcrumb: { show: false }, left: 0, right: 0, top: 0, bottom: 0,
        label: { formatter: (item) => `${item.name}\n${share(data, item)} %`, fontSize: 13, lineHeight: 18, color: "#fff", textBorderColor: "rgba(0, 0, 0, .55)", textBorderWidth: 2 },
        itemStyle: { borderColor: css("--bs-body-bg"), gapWidth: 2 },
        data: data.parts.map((part, at) => ({ name: part.name, value: part.value, itemStyle: { color: COLOURS[at % COLOURS.length] } })),
      }],
    }),
    // {x, series: [{name, values}]}: areas upon each other
    area: (data) => ({
      legend: legend(),
      tooltip: tooltip((items) => items[0].axisValueLabel),
      grid: { left: 8, right: 12, top: 44, bottom: 8, containLabel: true },
      xAxis: { type: "category", boundaryGap: false, data: data.x, ...axes() },
      yAxis: numbers(""),
      series: data.series.map((one, at) => ({ type: "line", stack: "all", symbol: "none", name: one.name, data: one.values, color: COLOURS[at % COLOURS.length], lineStyle: { width: 1 }, areaStyle: { opacity: 0.6 } })),
    }),
    // {names: {x, y}, series: [{name, points: [[x, y], ...]}]}
    lines: (data) => ({
      legend: legend(),
      tooltip: tooltip((items) => `${data.names.x} ${shown(items[0].value[0])} %`),
      grid: { left: 8, right: 24, top: 64, bottom: 28, containLabel: true },
      xAxis: { type: "value", name: data.names.x, nameLocation: "middle", nameGap: 28, min: "dataMin", max: "dataMax", ...axes(), axisLabel: { ...axes().axisLabel, formatter: (value) => `${shown(value)} %` } },
      yAxis: { ...numbers(data.names.y), scale: true },
      series: data.series.map((one, at) => ({ type: "line", symbol: "none", name: one.name, data: one.points, color: COLOURS[at % COLOURS.length], lineStyle: { width: 2, type: ["solid", "dashed", "dotted", "solid"][at % 4] } })),
    }),
    // {names: {y}, x, series: [{name, values}]}: bars beside each other
    bars: (data) => ({
      legend: legend(),
      tooltip: { ...tooltip((items) => items[0].axisValueLabel), axisPointer: { type: "shadow" } },
      grid: { left: 8, right: 12, top: 64, bottom: 8, containLabel: true },
      xAxis: { type: "category", data: data.x, ...axes(), axisLabel: { ...axes().axisLabel, interval: 0, rotate: 30, hideOverlap: false } },
      yAxis: numbers(data.names.y),
      series: data.series.map((one, at) => ({ type: "bar", name: one.name, data: one.values, color: COLOURS[at % COLOURS.length] })),
    }),
  };

  const boxes = () => document.querySelectorAll("[data-figure]");
  const draw = () => boxes().forEach((box) => {
    const data = JSON.parse(document.getElementById(box.dataset.figure).textContent);
    const chart = echarts.getInstanceByDom(box) || echarts.init(box);
    chart.setOption({ animation: false, aria: { enabled: false }, ...kinds[data.kind](data) }, true);
  });
  draw();
  window.addEventListener("resize", () => boxes().forEach((box) => echarts.getInstanceByDom(box)?.resize()));
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
