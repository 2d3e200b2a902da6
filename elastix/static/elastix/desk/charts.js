// Draws the charts of a page from the data beside them: <div data-chart="id of the data">.
// Tooltips are drawn on the canvas: those of HTML would set style attributes, which our policy forbids.
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const { number: shown, day, dayOfYear } = deskFormats;

  // What is below 0 stacks apart from what is above it: such a band begins at its own low line all the same.
  const band = (data, low, high, colour, more) => {
    const blank = { type: "line", stackStrategy: "all", symbol: "none", silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false }, ...more };
    const width = high.map((value, at) => (value === null ? null : value - low[at]));
    return [
      { ...blank, data: pairs(data, low) },
      { ...blank, data: pairs(data, width), areaStyle: { color: colour, opacity: data.doubtful ? 0.4 : 0.18 } },
    ];
  };
  const pairs = (data, values) => values.map((value, at) => [data.x[at], value]);

  // By day, or by the number that `axis` names.
  const lines = (data) => {
    const at = data.axis ? (value) => `${data.axis} ${shown(value)}` : dayOfYear;
    const text = css("--bs-body-color");
    const faint = css("--bs-border-color");
    const axis = { axisLabel: { color: text }, axisLine: { lineStyle: { color: faint } }, splitLine: { lineStyle: { color: faint } } };
    return {
      animation: false,
      aria: { enabled: false },
      color: ["--bs-primary", "--bs-orange", "--bs-teal", "--bs-pink", "--bs-indigo", "--bs-yellow"].map(css),
      legend: { top: 0, left: "center", type: "scroll", textStyle: { color: text } },
      grid: { left: 8, right: 12, top: 48, bottom: data.axis ? 28 : 8, containLabel: true },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        formatter: (items) => [at(items[0].axisValue), ...items.map((item) => `${item.seriesName}: ${shown(item.value[1])}`)].join("\n"),
      },
      xAxis: { type: data.axis ? "value" : "time", name: data.axis, nameLocation: "middle", nameGap: 28, nameTextStyle: { color: text }, ...(data.axis && { max: "dataMax" }), ...axis, axisLabel: { color: text, hideOverlap: true, formatter: data.axis ? shown : day }, splitLine: { show: false } },
      yAxis: { type: "value", scale: true, ...axis, axisLabel: { color: text, formatter: shown } },
      series: data.lines.map((line) => ({ type: "line", name: line.name, data: line.points, step: "end", symbol: line.points.length > 1 ? "none" : "circle", lineStyle: { width: 2 } })),
    };
  };

  const option = (data) => {
    if (data.kind === "lines") { return lines(data); }
    const text = css("--bs-body-color");
    const faint = css("--bs-border-color");
    const main = css("--bs-primary");
    const other = css("--bs-orange");
    const overPrices = data.kind === "curve";
    const axis = { axisLabel: { color: text, formatter: (value) => (typeof value === "number" ? shown(value) : day(value)) }, nameTextStyle: { color: text }, axisLine: { lineStyle: { color: faint } }, splitLine: { lineStyle: { color: faint } } };
    const second = data.second.length
      ? [{ type: "line", name: data.names.second, data: pairs(data, data.second), symbol: "none", yAxisIndex: overPrices ? 1 : 0, color: other, lineStyle: { width: 2, type: overPrices ? "dashed" : "solid", opacity: data.doubtful ? 0.4 : 1 } }]
      : [];
    return {
      animation: false,
      aria: { enabled: false },
      legend: { top: 0, left: "center", textStyle: { color: text }, data: [data.names.y, ...(second.length ? [data.names.second] : [])] },
      grid: { left: 8, right: 12, top: overPrices ? 44 + 16 * data.marks.length : 56, bottom: overPrices ? 28 : 8, containLabel: true },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        formatter: (items) => {
          const lines = items.filter((item) => item.seriesName && !item.seriesName.startsWith("series")).filter((item) => item.value[1] !== null);
          const head = overPrices ? `${data.names.x} ${shown(items[0].value[0])}` : dayOfYear(items[0].value[0]);
          return [head, ...lines.map((item) => `${item.seriesName}: ${shown(item.value[1])}`)].join("\n");
        },
      },
      xAxis: { type: overPrices ? "value" : "category", name: overPrices ? data.names.x : "", nameLocation: "middle", nameGap: 28, scale: true, min: "dataMin", max: "dataMax", ...axis, axisLabel: { ...axis.axisLabel, showMinLabel: !overPrices, showMaxLabel: false }, splitLine: { show: false } },
      yAxis: [
        { type: "value", name: data.names.y, min: data.signed ? null : 0, ...axis },
        ...(overPrices && second.length ? [{ type: "value", name: data.names.second, ...axis, splitLine: { show: false } }] : []),
      ],
      series: [
        ...band(data, data.low, data.high, overPrices ? main : other, { stack: "first" }),
        ...(data.secondLow?.length ? band(data, data.secondLow, data.secondHigh, other, { stack: "second", yAxisIndex: 1 }) : []),
        {
          type: "line", name: data.names.y, data: pairs(data, data.y), symbol: "none", color: main, lineStyle: { width: 2, opacity: data.doubtful ? 0.4 : 1 },
          markLine: {
            symbol: "none", silent: true, lineStyle: { color: text },
            data: data.marks.map((mark, at) => ({ xAxis: mark.x, label: { formatter: `${mark.name} ${shown(mark.x)}`, color: text, position: "end", distance: 4 + 16 * at } })),
          },
        },
        ...second,
      ],
    };
  };

  const drawn = new WeakMap();
  const draw = (anew) => {
    document.querySelectorAll("[data-chart]").forEach((box) => {
      const text = document.getElementById(box.dataset.chart).textContent;
      if (drawn.get(box) === text && !anew) { return; }
      const chart = echarts.getInstanceByDom(box) || echarts.init(box);
      chart.setOption(option(JSON.parse(text)), true);
      drawn.set(box, text);
    });
  };
  draw(true);
  // Parts of the page come and go: charts in them are made and given back, data that came anew is drawn.
  document.addEventListener("htmx:afterSettle", () => draw(false));
  document.addEventListener("htmx:beforeSwap", (event) => {
    event.detail.target.querySelectorAll("[data-chart]").forEach((box) => echarts.getInstanceByDom(box)?.dispose());
  });
  window.addEventListener("resize", () => {
    document.querySelectorAll("[data-chart]").forEach((box) => echarts.getInstanceByDom(box)?.resize());
  });
  new MutationObserver(() => draw(true)).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
