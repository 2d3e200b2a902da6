// Draws the charts of a page from the data beside them: <div data-chart="id of the data">.
// Tooltips are drawn on the canvas: those of HTML would set style attributes, which our policy forbids.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const format = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 });
  const shown = (value) => (value === null || value === undefined ? "–" : format.format(value));

  const band = (data, colour) => {
    const blank = { type: "line", stack: "band", symbol: "none", silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false } };
    const width = data.high.map((high, at) => (high === null ? null : high - data.low[at]));
    return [
      { ...blank, data: pairs(data, data.low) },
      { ...blank, data: pairs(data, width), areaStyle: { color: colour, opacity: 0.18 } },
    ];
  };
  const pairs = (data, values) => values.map((value, at) => [data.x[at], value]);

  const option = (data) => {
    const text = css("--bs-body-color");
    const faint = css("--bs-border-color");
    const main = css("--bs-primary");
    const other = css("--bs-orange");
    const overPrices = data.kind === "curve";
    const axis = { axisLabel: { color: text, formatter: (value) => (typeof value === "number" ? format.format(value) : value) }, nameTextStyle: { color: text }, axisLine: { lineStyle: { color: faint } }, splitLine: { lineStyle: { color: faint } } };
    const second = data.second.length
      ? [{ type: "line", name: data.names.second, data: pairs(data, data.second), symbol: "none", yAxisIndex: overPrices ? 1 : 0, color: other, lineStyle: { width: 2, type: overPrices ? "dashed" : "solid" } }]
      : [];
    return {
      animation: false,
      aria: { enabled: false },
      legend: { top: 0, left: "center", textStyle: { color: text }, data: [data.names.y, ...(second.length ? [data.names.second] : [])] },
      grid: { left: 8, right: 12, top: overPrices ? 76 : 56, bottom: overPrices ? 28 : 8, containLabel: true },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        formatter: (items) => {
          const lines = items.filter((item) => item.seriesName && !item.seriesName.startsWith("series")).filter((item) => item.value[1] !== null);
          const head = overPrices ? `${data.names.x} ${shown(items[0].value[0])}` : items[0].value[0];
          return [head, ...lines.map((item) => `${item.seriesName}: ${shown(item.value[1])}`)].join("\n");
        },
      },
      xAxis: { type: overPrices ? "value" : "category", name: overPrices ? data.names.x : "", nameLocation: "middle", nameGap: 28, scale: true, min: "dataMin", max: "dataMax", ...axis, axisLabel: { ...axis.axisLabel, showMinLabel: !overPrices, showMaxLabel: false }, splitLine: { show: false } },
      yAxis: [
        { type: "value", name: data.names.y, min: 0, ...axis },
        ...(overPrices && second.length ? [{ type: "value", name: data.names.second, ...axis, splitLine: { show: false } }] : []),
      ],
      series: [
        ...band(data, overPrices ? main : other),
        {
          type: "line", name: data.names.y, data: pairs(data, data.y), symbol: "none", color: main,
          markLine: {
            symbol: "none", silent: true, lineStyle: { color: text },
            data: data.marks.map((mark, at) => ({ xAxis: mark.x, label: { formatter: `${mark.name} ${shown(mark.x)}`, color: text, position: "end", distance: at ? 20 : 4 } })),
          },
        },
        ...second,
      ],
    };
  };

  const draw = () => {
    document.querySelectorAll("[data-chart]").forEach((box) => {
      const data = JSON.parse(document.getElementById(box.dataset.chart).textContent);
      const chart = echarts.getInstanceByDom(box) || echarts.init(box);
      chart.setOption(option(data), true);
    });
  };
  draw();
  window.addEventListener("resize", () => {
    document.querySelectorAll("[data-chart]").forEach((box) => echarts.getInstanceByDom(box)?.resize());
  });
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
