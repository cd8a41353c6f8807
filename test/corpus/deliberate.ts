/**
 * Where vipd and keepalived -t come to different ends on purpose: docs/moving-from-keepalived.md tells admins the same. A difference
 * that no row here explains is a defect of vipd.
 */
export type Deliberate = {
  readonly result: "stricter" | "laxer";
  /** In what vipd says (stricter) or what keepalived says (laxer). */
  readonly pattern: RegExp;
  readonly why: string;
};

/** No pattern tells it: keepalived says nothing. */
export const NO_NAMESPACE =
  "a network namespace that is not there: keepalived -t reads no further and exits 0, whatever the file says";

export const deliberate: readonly Deliberate[] = [
  {
    result: "stricter",
    pattern: /^1: \/\S* is empty/,
    why: "an empty file is one that is being written, or that a full disk cut off",
  },
  {
    result: "stricter",
    pattern: /^\d+: (delay_loop|delay_before_retry|warmup|connect_timeout) \d{5,} is not a number from/,
    why: "timers above 4294 s: keepalived takes them and counts in 32 bits of microseconds",
  },
  {
    result: "stricter",
    pattern: /lacks what it needs/,
    why: "a keyword without its value: keepalived ignores some of them silently",
  },
  {
    result: "stricter",
    pattern: /has no port to connect to/,
    why: "a check of port 0 can never succeed",
  },
  {
    result: "stricter",
    pattern: /has words after user and group/,
    why: "words behind user and group of a command: keepalived drops them, and they were meant as arguments",
  },
  {
    result: "stricter",
    pattern: /persistence_granularity \S+ is not a netmask/,
    why: "a netmask with holes: it would spread clients by bits that nobody means",
  },
  {
    result: "laxer",
    pattern: /^(\([^|]*\) Unknown keyword '\\'( \| |$))+$/,
    why: "a comment that ends in a backslash is a comment; keepalived 2.2.7 takes the backslash for a keyword",
  },
  {
    result: "laxer",
    pattern: /Unknown interface!/,
    why: "an interface that is found by unicast_src_ip, an address that this machine lacks, concerns this machine",
  },
  {
    result: "laxer",
    pattern: /^\(Line \d+\) Invalid smtp server \S+ \d+$/,
    why: "names are looked up when mail is sent, not when the file is read",
  },
];
