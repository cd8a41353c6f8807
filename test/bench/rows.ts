/** The table: what is asked of vipd, and which figures of which measurement tell. */
import type { Figures } from "./figures.ts";
import type { MeasurementName } from "./measurements.ts";

export type Row = {
  readonly name: string;
  readonly what: string;
  readonly from: MeasurementName;
  /** Shows the figures of a daemon. */
  show(figures: Figures): string;
  /** The figure whose ratio is told. */
  readonly ratio: string;
  readonly asked: string;
  /** What is worth a line below the table. */
  note?(figures: Figures): string | undefined;
  holds(vipd: Figures, keepalived: Figures | undefined): boolean;
};

const row = (one: Row): Row => one;

export const ROWS: readonly Row[] = [
  ...(
    [
      ["small", "10", 150],
      ["medium", "10,000", 300],
      ["large", "50,000", 1200],
    ] as const
  ).map(([name, servers, most]) =>
    row({
      name: `check-${name}`,
      what: `check of a file with ${servers} real servers`,
      from: "check",
      show: (figures) => `${ms(at(figures, name))}, ${at(figures, `${name}Mb`).toFixed(0)} MB`,
      ratio: name,
      asked: `≤ ${most} ms, ≤ 400 MB`,
      holds: (vipd) => at(vipd, name) <= most && at(vipd, `${name}Mb`) <= 400,
    }),
  ),
  row({
    name: "check-growth",
    what: "the same: time for 100,000 over that for 10,000, start left out",
    from: "check",
    show: ({ growth }) => `× ${(growth ?? 0).toFixed(1)}`,
    ratio: "growth",
    asked: "≤ × 12",
    holds: (vipd) => at(vipd, "growth") <= 12,
  }),
  ...(["kill", "kill1s"] as const).map((from) =>
    row({
      name: from,
      what: `SIGKILL of the master: first advert over Master_Down_Interval, ${from === "kill" ? "100 ms" : "1 s"} adverts`,
      from,
      show: ({ overMedian, overWorst, times }) => `${ms(overMedian)} (worst ${ms(overWorst)} of ${times})`,
      ratio: "overMedian",
      asked: "≤ 0.3 ms, worst ≤ 5 ms",
      note: withStalledRounds,
      holds: (vipd) => at(vipd, "overMedian") <= 0.3 && Math.abs(at(vipd, "overWorst")) <= 5,
    }),
  ),
  row({
    name: "announce",
    what: "advert → first gratuitous ARP",
    from: "kill",
    show: ({ announcedMedian, announcedWorst }) => `${ms(announcedMedian)} (worst ${ms(announcedWorst)})`,
    ratio: "announcedMedian",
    asked: "≤ 0.3 ms",
    holds: (vipd) => at(vipd, "announcedMedian") <= 0.3,
  }),
  row({
    name: "stop",
    what: "SIGTERM: takeover over skew",
    from: "stop",
    show: ({ overMedian, overWorst, times }) => `${ms(overMedian)} (worst ${ms(overWorst)} of ${times})`,
    ratio: "overMedian",
    asked: "≤ 0.3 ms",
    holds: (vipd) => at(vipd, "overMedian") <= 0.3,
  }),
  row({
    name: "start",
    what: "exec → first advert of a lone node, over Master_Down_Interval",
    from: "start",
    show: ({ overMedian, overWorst }) => `${ms(overMedian)} (worst ${ms(overWorst)})`,
    ratio: "overMedian",
    asked: "≤ 150 ms",
    holds: (vipd) => at(vipd, "overMedian") <= 150,
  }),
  row({
    name: "rtnl",
    what: "adverts at 10 ms while others hold rtnl: latest",
    from: "rtnl",
    show: (one) => `${ms(at(one, "latest"))} (p99 ${ms(at(one, "p99"))})`,
    ratio: "latest",
    asked: "≤ 5 ms",
    note: withStalls,
    holds: (vipd) => at(vipd, "latest") <= 5,
  }),
  row({
    name: "busy",
    what: "adverts at 10 ms, every core busy: deviation p99 / worst",
    from: "busy",
    show: (one) => `${ms(at(one, "p99"))} / ${ms(at(one, "worst"))}, ${at(one, "false")} false takeovers`,
    ratio: "p99",
    asked: "≤ 0.4 / 4 ms, none false",
    note: withStalls,
    holds: (vipd) => at(vipd, "p99") <= 0.4 && at(vipd, "worst") <= 4 && at(vipd, "false") === 0,
  }),
  row({
    name: "program-lab",
    what: "10,000 real servers programmed after exec, in the lab (of it IPVS)",
    from: "largeLab",
    show: ({ total, ipvs }) => `${ms(total)} (${ms(ipvs)})`,
    ratio: "total",
    asked: "≤ 4 s (1.2 s)",
    holds: (vipd) => at(vipd, "total") <= 4000 && at(vipd, "ipvs") <= 1200,
  }),
  row({
    name: "program",
    what: "the same on the host, IPVS only written down",
    from: "large",
    show: ({ total }) => ms(total),
    ratio: "total",
    asked: "≤ 0.7 s",
    holds: (vipd) => at(vipd, "total") <= 700,
  }),
  row({
    name: "reload-lab",
    what: "SIGHUP, one of 10,000 changed → changed, in the lab",
    from: "largeLab",
    show: ({ reload }) => ms(reload),
    ratio: "reload",
    asked: "≤ 1.5 s",
    holds: (vipd) => at(vipd, "reload") <= 1500,
  }),
  row({
    name: "reload",
    what: "the same on the host, IPVS only written down",
    from: "large",
    show: ({ reload, changes }) => `${ms(reload)}, ${changes} changes`,
    ratio: "reload",
    asked: "≤ 150 ms, 1 change",
    holds: (vipd) => at(vipd, "reload") <= 150 && at(vipd, "changes") === 1,
  }),
  ...(["tcp", "http"] as const).map((from) =>
    row({
      name: from,
      what: `CPU per ${from === "tcp" ? "TCP_CHECK" : "HTTP_GET"} at 1,000/s`,
      from,
      show: ({ micros, perSecond }) =>
        `${at({ micros }, "micros").toFixed(0)} µs (${at({ perSecond }, "perSecond").toFixed(0)}/s)`,
      ratio: "micros",
      asked: "no more than keepalived",
      holds: (vipd, keepalived) => keepalived !== undefined && at(vipd, "micros") <= at(keepalived, "micros"),
    }),
  ),
  row({
    name: "split",
    what: "a split heals: client without the address",
    from: "split",
    show: (one) =>
      `${ms(at(one, "median"))} (worst ${ms(at(one, "worst"))}; A first in ${at(one, "aFirst")} of ${at(one, "times")})`,
    ratio: "worst",
    asked: "≤ 10 ms",
    holds: (vipd) => at(vipd, "worst") <= 10,
  }),
  row({
    name: "memory",
    what: "PSS of all processes, 2 instances + 10 real servers",
    from: "memory",
    show: ({ mb, processes }) => `${at({ mb }, "mb").toFixed(1)} MB (${processes})`,
    ratio: "mb",
    asked: "≤ 90 MB",
    holds: (vipd) => at(vipd, "mb") <= 90,
  }),
  row({
    name: "churn",
    what: "the same under churn: rise after warm-up",
    from: "churn",
    show: (one) => (at(one, "minutes") < 3 ? `${at(one, "mb").toFixed(1)} MB` : rise(one)),
    ratio: "mb",
    asked: "< 1 MB/h",
    note: (one) => (at(one, "minutes") < 60 ? `${at(one, "minutes")} min of churn ${LITTLE_TOLD}` : undefined),
    holds: (vipd) => doesNotRise(vipd, at(vipd, "minutes")),
  }),
];

function at(figures: Readonly<Record<string, number | undefined>>, name: string): number {
  return figures[name] ?? Number.NaN;
}

function withStalledRounds({ stalled = 0, rawWorst = 0, machine = 0 }: Figures): string | undefined {
  if (stalled === 0) return undefined;
  return `without ${stalled} rounds in which the machine itself stood still (up to ${ms(machine)}); with them worst ${ms(rawWorst)}`;
}

const LITTLE_TOLD = "tell whether memory runs away; --soak tells whether it creeps";

function rise(one: Figures): string {
  const [perHour, error] = [at(one, "perHour"), at(one, "error")].map((value) => value.toFixed(1));
  return `${perHour} ± ${error} MB/h over ${at(one, "minutes")} min at ${at(one, "mb").toFixed(1)} MB`;
}

/** An hour tells; of ten minutes only what is beyond twice its error; of less only how much it is. */
function doesNotRise(one: Figures, minutes: number): boolean {
  if (minutes < 3) return at(one, "mb") <= 120;
  return at(one, "perHour") - (minutes < 60 ? 2 * at(one, "error") : 0) < 1;
}

/** What it was with the moments in which the machine itself stood still. */
function withStalls(one: Figures): string | undefined {
  if (at(one, "stalled") === 0) return undefined;
  const [stalled, adverts, wrong] = [at(one, "stalled"), at(one, "adverts"), at(one, "rawFalse")];
  return (
    `without ${stalled} of ${adverts} spans in which the machine itself stood still (up to ${ms(one["machine"])}); ` +
    `with them p99 ${ms(one["rawP99"])}, latest ${ms(one["rawWorst"])}, ${wrong} false takeovers`
  );
}

/** Three digits, in the unit that fits. */
function ms(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "?";
  if (Math.abs(value) >= 1000) return `${(value / 1000).toFixed(2)} s`;
  return `${value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)} ms`;
}
