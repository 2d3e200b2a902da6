// How the desk's drawings write numbers and days: as the pages around them do.
const deskFormats = (() => {
  const page = document.documentElement.lang;
  const locale = page === "en" ? "en-GB" : page;
  const format = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const DAY = /^\d{4}-\d{2}-\d{2}$/;
  const dayFormat = (parts) => {
    const options = { day: "numeric", month: "short", ...parts };
    const ofText = new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
    const ofMoment = new Intl.DateTimeFormat(locale, options);
    // Days are text, "2025-11-06"; axes of time give moments, which ECharts has read in the browser's time zone.
    return (value) => (typeof value === "number" ? ofMoment.format(value) : DAY.test(value) ? ofText.format(new Date(value)) : value);
  };
  return {
    number: (value) => (value === null || value === undefined ? "–" : format.format(value)),
    day: dayFormat({}),
    dayOfYear: dayFormat({ year: "numeric" }),
  };
})();
